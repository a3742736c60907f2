"""The embedded reader: a small encoder that was trained on our corpora, calibrated, and knows what it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tactful.errors import DataError
from tactful.reading.encoder.card import AGAIN, ReaderCard, read_card
from tactful.reading.encoder.inputs import ENCODER, Shown
from tactful.reading.encoder.network import WIDTH, Floats, Network, Runs
from tactful.reading.encoder.scope import SCOPE_FILE, Near, load_scope, unknown_because
from tactful.reading.encoder.sharpen import probabilities
from tactful.reading.encoder.tokens import Tokens
from tactful.reading.kinds import judged_text, kind_of
from tactful.reading.types import (
    GAPS,
    Exchange,
    Missing,
    Need,
    OfferReading,
    ReactionReading,
    ReaderAtOnce,
    Request,
    reaction_of,
    refuse_texts,
)
from tactful.types import Moment

if TYPE_CHECKING:
    from tactful.reading.labelled import Labelled

WEIGHTS = Path(__file__).parent / "weights"
NETWORK_FILE, TOKENS_FILE = "reader.onnx", "tokenizer.json"
_LIKELY = 0.5
"""Probability from which a kind of gap is named."""


class EncoderReader(ReaderAtOnce):
    """Reads requests, reactions and offers with one network; a `Reader`, and the same without waiting (`…_now`)."""

    show = ENCODER
    kind = "encoder"

    def __init__(self, card: ReaderCard, tokens: Any, network: Runs, near: dict[str, Near]) -> None:
        self.card = card
        self._tokens = tokens
        self._network = network
        self._near = near

    @classmethod
    def load(cls, folder: Path | str = WEIGHTS, *, threads: int = 1) -> EncoderReader:
        """The reader in `folder`; the bundled one by default.

        Raises: DataError, when a file is missing, does not match the hash on the card, or is no part of a reader.
        """
        place = Path(folder)
        card = read_card(place)
        try:
            # hashing and opening the network need no interpreter: the small files are opened meanwhile
            with ThreadPoolExecutor(1) as beside:
                opened = beside.submit(_checked_network, card, place / NETWORK_FILE, threads)
                card.check_files(place, but=NETWORK_FILE)
                near, tokens = load_scope(place / SCOPE_FILE, card), Tokens.load(place / TOKENS_FILE)
                reader = cls(card, tokens, opened.result(), near)
            if place != WEIGHTS:
                reader._reads_with_every_head()
        except DataError:
            raise
        except (
            Exception
        ) as error:  # onnxruntime and tokenizers raise kinds of their own for what a stranger wrote
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise DataError.at(place, None, f"its files are no reader ({reason})", fix=AGAIN) from error
        return reader

    def _reads_with_every_head(self) -> None:
        """Raises, where the network, the scope and the card do not fit each other."""
        tried = self.show.request(Request(text="Set a timer."), self._tokens)
        for head in self.card.heads:
            found = self._run(head, [tried], ["Set a timer."], (head, "gaps") if head == "need" else (head,))
            if found.logits[head].shape != (1, WIDTH[head]):
                raise ValueError(f"the head '{head}' gives {found.logits[head].shape} logits")

    @property
    def name(self) -> str:
        """Its kind, `encoder` or `tuned`, and the fingerprint of all that decides."""
        return f"{self.kind}:{self.card.fingerprint}"

    def needs_now(self, requests: Sequence[Request]) -> list[Need]:
        """Does each request need a question?"""
        refuse_texts(requests)
        shown = [self.show.request(request, self._tokens) for request in requests]
        found = self._run("need", shown, [request.text for request in requests], ("need", "gaps"))
        return [
            Need(need=None, unknown=why)
            if why
            else Need(
                need=float(p[1]),
                missing=_gaps(gaps) if p[1] >= _LIKELY else (),
                critical=_sigmoid(gaps[-1]) if p[1] >= _LIKELY else None,
            )
            for why, p, gaps in zip(found.unknown, found.probabilities, found.logits["gaps"], strict=True)
        ]

    def reactions_now(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """What does each next message say about the answer before it?"""
        shown = [self.show.exchange(exchange, self._tokens) for exchange in exchanges]
        found = self._run("reaction", shown, [exchange.next for exchange in exchanges], ("reaction",))
        return [
            ReactionReading(probabilities=None, unknown=why) if why else reaction_of(p)
            for why, p in zip(found.unknown, found.probabilities, strict=True)
        ]

    def offers_now(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """Would the person want what is proposed, or the silence, at each moment?"""
        readings: list[OfferReading | None] = [None] * len(moments)
        for head, silent in (("accept", False), ("silence", True)):
            places = [at for at, moment in enumerate(moments) if (moment.proposal is None) == silent]
            chosen = [moments[at] for at in places]
            texts = [judged_text(moment) for moment in chosen]
            found = self._run(head, [self.show.moment(one, self._tokens) for one in chosen], texts, (head,))
            for at, why, p in zip(places, found.unknown, found.probabilities, strict=True):
                readings[at] = OfferReading(accept=None if why else float(p[1]), unknown=why)
        return [reading for reading in readings if reading is not None]

    def logits_of(self, rows: Labelled) -> dict[str, tuple[Floats, list[int], list[str]]]:
        """Head → logits (n, classes), labels and judged texts of labelled rows: what calibration is fitted on.

        Texts that are not known are left out: they get no probability.
        """
        from tactful.reading.encoder.examples import examples_of, texts_of

        result: dict[str, tuple[Floats, list[int], list[str]]] = {}
        examples, texts = examples_of(rows, self._tokens, self.show), texts_of(rows)
        for head in self.card.heads:
            chosen = [one for one in examples if one.task == head]
            if not chosen:
                continue
            found = self._run(head, [one.shown for one in chosen], texts[head], (head,))
            known = [at for at, why in enumerate(found.unknown) if not why]
            result[head] = (
                found.logits[head][known],
                [int(np.argmax(chosen[at].target)) for at in known],
                [texts[head][at] for at in known],
            )
        return result

    def _run(
        self, head: str, shown: Sequence[Shown], texts: Sequence[str], outputs: tuple[str, ...]
    ) -> _Found:
        """Probabilities by `head`, and for each text why it is not known (empty: it is)."""
        if not shown or head not in self.card.heads:
            why = f"this reader was not trained to read {head}"
            empty = np.full((len(shown), 2), 0.5, dtype=np.float32)
            return _Found(empty, [why] * len(shown), dict.fromkeys(outputs, empty))
        found = self._network.run(shown, outputs)
        distances = self._near[head].distance(found.vector)
        unknown = [
            unknown_because(
                text,
                one,
                float(distance),
                self.card,
                head,
                glossed=self._tokens.is_glossed,
            )
            for text, one, distance in zip(texts, shown, distances, strict=True)
        ]
        sharp = self.card.heads[head].sharpness
        return _Found(
            probabilities(found.logits[head], [kind_of(text) for text in texts], sharp), unknown, found.logits
        )


@dataclass(frozen=True)
class _Found:
    probabilities: Floats
    """(n, classes)."""
    unknown: list[str]
    logits: dict[str, Floats]


def _checked_network(card: ReaderCard, path: Path, threads: int) -> Network:
    card.check_file(path)
    return Network(path, threads=threads)


@cache
def bundled_reader() -> EncoderReader:
    """The reader that ships with Tactful, loaded once a process."""
    return EncoderReader.load()


def _gaps(logits: Floats) -> tuple[Missing, ...]:
    """The kinds of gap that are likely, the likeliest first; at least the likeliest."""
    chances = sorted(
        ((_sigmoid(logit), kind) for kind, logit in zip(GAPS, logits, strict=False)), reverse=True
    )
    return tuple(Missing(kind=kind, p=p) for at, (p, kind) in enumerate(chances) if not at or p >= _LIKELY)


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-float(value))))
