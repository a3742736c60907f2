"""Readers: opened by name, trained, calibrated and measured on labels of yours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.api.runs import outside_loop
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.readers.table import ReadersTable
    from tactful.reading.encoder.card import ReaderCard
    from tactful.reading.labelled import Labelled
    from tactful.reading.opening import EmbeddedReader


def reader(name: str = "encoder") -> EmbeddedReader:
    """A reader that needs neither key nor network: `encoder`, `surface`, or the folder of one that you trained.

    >>> import tactful as tf
    >>> from tactful.reading import Request
    >>> [timer] = tf.reader("surface").needs_now([Request(text="Set a timer for 10 minutes.")])
    >>> 0 <= timer.need <= 1
    True
    """
    from tactful.reading.opening import open_embedded_reader

    return open_embedded_reader(name)


def labels(*paths: Path | str, skip_bad: bool = False) -> Labelled:
    """Labelled texts of JSONL files; without any, those of the writers that no shipped reader was trained on."""
    from tactful.reading.labelled import held_out, read_labelled

    if not paths:
        return held_out()
    found, _ = read_labelled(paths, skip_bad=skip_bad)
    if not len(found):
        raise UsageError(f"{', '.join(map(str, paths))}: no labelled text in there")
    return found


def measure_readers(readers: Sequence[str], labelled: Labelled, *, seed: int = 0) -> ReadersTable:
    """Readers side by side on the same labelled texts: figures with intervals, latency, size.

    Every table holds the surface reader as baseline.
    """
    from tactful.evaluation.readers.table import readers_table

    names = [*readers, *(["surface"] if "surface" not in readers else [])]
    opened = [reader(name) for name in names]
    return outside_loop(lambda: asyncio.run(readers_table(opened, labelled, seed=seed)))


def train_reader(
    *paths: Path | str,
    base: Path | str,
    out: Path | str,
    with_corpora: bool = True,
    calibrate_on: Sequence[str] = (),
    epochs: int = 3,
    learning_rate: float = 1.5e-4,
    threads: int = 1,
    seed: int = 0,
    skip_bad: bool = False,
    on_step: Callable[[int, int], None] | None = None,
) -> ReaderCard:
    """A small encoder tuned on labelled texts, written to the folder `out`; needs the extra `[train]`.

    `base` is the folder of a BERT-like encoder, all-MiniLM-L6-v2 for instance. Held-out writers are left out. The
    writers of `calibrate_on` only fit probabilities and limits; by default those that the corpora set aside for it.
    """
    from tactful.data.corpora import CALIBRATION, HELD_OUT, load_words
    from tactful.reading.encoder.learning import LearningSettings
    from tactful.reading.encoder.training import train_encoder
    from tactful.reading.labelled import Labelled, corpora, read_labelled

    own = read_labelled(paths, skip_bad=skip_bad)[0] if paths else Labelled()
    texts = (corpora().without(HELD_OUT) if with_corpora else Labelled()) + own
    aside = set(calibrate_on) or (set(CALIBRATION) if with_corpora else set())
    return train_encoder(
        texts.without(aside),
        texts.by(aside),
        Path(base),
        Path(out),
        words=load_words(),
        settings=LearningSettings(epochs=epochs, learning_rate=learning_rate, threads=threads, seed=seed),
        on_step=on_step,
    )


def calibrate_reader(
    *paths: Path | str, out: Path | str, reader: str = "encoder", skip_bad: bool = False
) -> dict[str, int]:
    """Fit a reader's probabilities to 50 labelled texts or more; gives judgement → texts it was fitted on."""
    from tactful.reading.encoder.reader import WEIGHTS
    from tactful.reading.encoder.recalibration import recalibrate
    from tactful.reading.labelled import read_labelled

    found, _ = read_labelled(paths, skip_bad=skip_bad)
    return recalibrate(found, Path(out), source=WEIGHTS if reader == "encoder" else Path(reader))
