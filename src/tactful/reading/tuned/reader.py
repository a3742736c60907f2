"""A reader that a small language model was tuned to be, opened from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tactful.data.sealed import Sealed, load_document
from tactful.errors import UserError
from tactful.reading.encoder.card import read_card
from tactful.reading.encoder.reader import EncoderReader
from tactful.reading.encoder.scope import SCOPE_FILE, load_scope
from tactful.reading.tuned.inputs import LAYOUT, SHOWN, ModelTokens
from tactful.reading.tuned.network import load_network
from tactful.weights import Loaded, base_folder, load_tokenizer
from tactful.weights.base import fingerprint, open_model
from tactful.weights.extras import device, dtype_of

TUNED_FILE = "tuned.json"
_AGAIN = "train it again with: tactful reader train --base MODEL --lora --out DIR"


class TunedFile(Sealed):
    """`tuned.json`: which language model the adapters in this folder belong to."""

    format: Literal["tactful-tuned-reader-1"] = "tactful-tuned-reader-1"
    base: str
    """As the user named it."""
    base_folder: str
    base_fingerprint: str
    layers: int
    rank: int
    layout: str
    """What it was trained to be shown."""


class TunedReader(EncoderReader):
    """An `EncoderReader` whose network is a language model: calibrated and bounded in the same way."""

    show = SHOWN
    kind = "tuned"

    @classmethod
    def load(cls, folder: Path | str) -> TunedReader:  # type: ignore[override]  # none is bundled
        """The reader in `folder`, on its base.

        Raises: DataError, when a file is missing or changed; UserError, when the base is not to be had or another one;
        MissingExtra without the extra `[train]`.
        """
        place = Path(folder)
        card = read_card(place)
        card.check_files(place)
        tuned = _tuned(place)
        if tuned.layout != LAYOUT:
            raise UserError(f"{place}: was trained to be shown texts in another way; {_AGAIN}")
        near = load_scope(place / SCOPE_FILE, card)
        base, tokenizer = base_of(place, tuned), load_tokenizer(place, chat=False)
        model = open_model(base, tokenizer, head="lm", dtype=dtype_of("f32")).to(device())
        network = load_network(Loaded(model, tokenizer, base), place)
        return cls(card, ModelTokens(tokenizer), network, near)


def is_tuned(folder: Path | str) -> bool:
    """Whether a tuned reader lies in `folder`."""
    return (Path(folder) / TUNED_FILE).is_file()


def base_in(folder: Path) -> Path | None:
    """The folder of the base that the reader in `folder` needs; None for another kind of reader. Raises: as `base_of`."""
    return base_of(folder, _tuned(folder)) if is_tuned(folder) else None


def _tuned(place: Path) -> TunedFile:
    return load_document(place / TUNED_FILE, TunedFile, what="tuned reader", again=_AGAIN)


def base_of(place: Path, tuned: TunedFile) -> Path:
    """The folder of the base. Raises: UserError, when it is not to be had or has other weights now."""
    known = Path(tuned.base_folder)
    base = known if known.is_dir() else base_folder(tuned.base)
    if fingerprint(base) != tuned.base_fingerprint:
        raise UserError(
            f"{place}: was trained on '{tuned.base}' with other weights than {base} holds now; bring those back, or train "
            "again"
        )
    return base
