"""The card of a reader: what its files must hash to, how its probabilities are calibrated, what it was trained on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path, PurePath
from typing import Literal

from pydantic import JsonValue, field_validator

from tactful.data.io import is_taken
from tactful.data.sealed import Fitted, Spread, load_document
from tactful.errors import DataError, UserError
from tactful.types import Record, content_hash

CARD_FILE = "card.json"
AGAIN = "clone again, or train it with: tactful reader train"
"""How a reader is had again."""


class Sharpness(Record):
    """How logits become probabilities: divided by `temperature`, after `bias` was added to the second of two, or to the
    complaints among the seven reactions."""

    temperature: Spread
    bias: Fitted = 0.0


class HeadCard(Record):
    """One head: its calibration per kind of text, and how far a text may lie from those it was trained on."""

    sharpness: Mapping[str, Sharpness]
    """`en-short`, `zh-long`, `other-short` … → calibration; `all` for every other text."""
    farthest: Spread
    """Distance beyond which the answer is "not known" (`scope.npz`)."""


class ReaderCard(Record):
    """`card.json`."""

    format: Literal["tactful-reader-1"] = "tactful-reader-1"
    files: Mapping[str, str]
    """Name of a file in the reader's folder → SHA-256."""
    heads: Mapping[str, HeadCard]
    scripts: tuple[str, ...]
    """Scripts of the training texts, by their Unicode names: `LATIN`, `CJK` …"""
    common: tuple[str, ...] = ()
    """The commonest words of the training texts, all languages together."""
    most_unknown: float = 0.3
    """Share of tokens without a word in the vocabulary, above which nothing is read."""
    training: Mapping[str, JsonValue] = {}
    """Corpora with hashes and sizes, writers held out, settings, figures on them."""

    @field_validator("files")
    @classmethod
    def _in_the_folder(cls, files: Mapping[str, str]) -> Mapping[str, str]:
        outside = [name for name in files if name != PurePath(name).name or name in {"", ".."}]
        if outside:
            raise ValueError(f"files must lie in the reader's own folder, found {outside[0]!r}")
        return files

    @cached_property
    def common_words(self) -> frozenset[str]:
        """`common`, to look words up in."""
        return frozenset(self.common)

    @property
    def fingerprint(self) -> str:
        """12 hex digits over all that decides."""
        return content_hash(json.dumps(self.model_dump(exclude={"training"}), sort_keys=True))[:12]

    def check_files(self, folder: Path, *, but: str | None = None) -> None:
        """Raises: as `check_file`, of the first of all files on this card (`but` one) that fails."""
        for name in self.files:
            if name != but:
                self.check_file(folder / name)

    def check_file(self, path: Path) -> None:
        """Raises: DataError, when the file is missing or its hash is not the one on this card."""
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise DataError.at(path, None, f"cannot be read ({error.strerror})", fix=AGAIN) from error
        if found != self.files.get(path.name):
            raise DataError.at(
                path, None, "does not match the hash on the card: it was changed or damaged", fix=AGAIN
            )


def read_card(folder: Path) -> ReaderCard:
    """The card in `folder`. Raises: DataError, when there is none or it is something else."""
    return load_document(folder / CARD_FILE, ReaderCard, what="card of a reader", again=AGAIN)


def refuse_used(folder: Path) -> None:
    """Raises: UserError, when something is in the folder already, or no folder stands there."""
    if is_taken(folder):
        raise UserError(f"{folder}: exists already; give --out a new folder")
