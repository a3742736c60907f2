"""Readers: opened by name, trained, calibrated and measured on labels of yours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tactful.api.options import ReaderOptions, listed, reader_setup, takes
from tactful.api.runs import outside_loop
from tactful.errors import UsageError, UserError

if TYPE_CHECKING:
    from tactful.data.io import Rows
    from tactful.evaluation.readers.table import ReadersTable
    from tactful.reading.encoder.card import ReaderCard
    from tactful.reading.labelled import Labelled
    from tactful.reading.setup import ReaderSetup
    from tactful.reading.types import ReaderAtOnce

_ANY_READER = ("api_key_env", "concurrency", "seed")
"""Of a reader's setup, what is no fault where no model is asked; the rest says how one is."""
_CALIBRATES = 400
"""Texts a judgement that calibrate however small `limit` is; each kind of text needs 60 for a calibration of its own."""


@takes(ReaderOptions)
def reader(name: str = "encoder", **options: Unpack[ReaderOptions]) -> ReaderAtOnce:
    """The reader of that name: `encoder`, `surface`, `estimate`, a folder, or one that asks a model.

    `MODEL` is prompted, `decisions:MODEL` asked at /v1/decisions, of `consistency:MODEL` solutions are compared; `options`
    say where it answers. It is first reached when it reads.

    >>> import tactful as tf
    >>> from tactful.reading import Request
    >>> [timer] = tf.reader("surface").needs_now([Request(text="Set a timer for 10 minutes.")])
    >>> 0 <= timer.need <= 1
    True
    """
    from tactful.reading.opening import open_reader

    return open_reader(name, _setup([name], options))


def _setup(names: Sequence[str], options: ReaderOptions) -> ReaderSetup:
    """How the readers of these names ask their models. Raises: UsageError for such options where none of them asks one."""
    from tactful.reading.opening import is_reader

    setup = reader_setup(options)
    if all(map(is_reader, names)):
        given = [name for name in setup.model_dump(exclude_defaults=True) if name not in _ANY_READER]
        if given:
            flag = given[0].removesuffix("_s").replace("_", "-")
            raise UsageError(f"--{flag} is for a reader that asks a model; name one: --reader MODEL")
    return setup


def labels(
    *paths: Path | str,
    aside: bool = False,
    skip_bad: bool = False,
    on_bad: Callable[[Rows[Any]], None] | None = None,
) -> Labelled:
    """Labelled texts of JSONL files; without any, those of the writers that no shipped reader was trained on.

    `aside`: of the files only the fourth of the groups that `train_reader` leaves out of them. With `skip_bad`, `on_bad`
    is given each file that had unusable rows: how many, and why.
    """
    from tactful.reading.labelled import held_out, read_labelled
    from tactful.text.counting import counted

    if not paths:
        if aside:
            raise UsageError("--aside cuts LABELS of yours: give files")
        return held_out()
    found, _ = read_labelled(paths, skip_bad=skip_bad, on_bad=on_bad)
    name = ", ".join(map(str, paths))
    if not len(found):
        raise UsageError(f"{name}: no labelled text in there")
    if not aside:
        return found
    cut = found.kept_aside()[1]
    if not len(cut):
        raise UsageError(
            f"{name}: of its {counted(len(found.groups), 'group')} none is among the fourth that `reader train` leaves out; "
            "label more, or measure on other labels"
        )
    return cut


@takes(ReaderOptions)
def measure_readers(
    readers: Sequence[str], labelled: Labelled, **options: Unpack[ReaderOptions]
) -> ReadersTable:
    """Every way to read side by side on the same labelled texts: figures with intervals, size, latency, memory, cost.

    `readers` and, as baselines, `surface` and `estimate`; `options` are for those that ask a model. A way that cannot run
    here (no endpoint, no key) is a row that says what it needs.
    """
    from tactful.evaluation.readers.table import readers_table

    names = tuple(dict.fromkeys((*listed("readers", readers), "surface", "estimate")))
    setup = _setup(names, options)
    return outside_loop(lambda: asyncio.run(readers_table(names, labelled, setup=setup, seed=setup.seed)))


def train_reader(
    *paths: Path | str,
    base: Path | str,
    out: Path | str,
    with_corpora: bool = True,
    keep_aside: bool = True,
    calibrate_on: Sequence[str] = (),
    lora: bool = False,
    layers: int | None = None,
    rank: int | None = None,
    share: float | None = None,
    stays: float | None = None,
    epochs: int | None = None,
    learning_rate: float | None = None,
    batch: int = 32,
    threads: int = 1,
    seed: int = 0,
    limit: int | None = None,
    skip_bad: bool = False,
    on_bad: Callable[[Rows[Any]], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> ReaderCard:
    """A small encoder, or with `lora` a language model, tuned on labelled texts into the folder `out`; extra `[train]`.

    `base` is `encoder`, the reader that ships, or the folder of one trained before: it learns further, from `share` (0.125) of
    the corpora beside your files, and of its weights `stays` (0.5) remain as they were. Or the folder of a BERT-like
    encoder, all-MiniLM-L6-v2 for instance, of which everything learns; with `lora` a
    language model (`smollm2`, a folder, a .gguf file, a name on the Hub), of which adapters of `rank` (16) on the
    uppermost `layers` (8) learn. `epochs`: 4, of a reader 3, of a language model 2; `learning_rate`: 1.5e-4, of a reader 6e-5,
    of a language model 5e-4. `limit` trains on whole contrast groups of about so many texts a judgement, and calibrates on no more
    (400 at least). Held-out writers are left out, and
    with `keep_aside` a fourth of the groups of your files, for `labels(…, aside=True)` to measure on. The
    writers of `calibrate_on` only fit probabilities and limits; by default those that the corpora set aside for it.
    """
    if not lora and (layers, rank) != (None, None):
        raise UsageError("--layers and --rank are of adapters; give --lora with them")
    further = None if lora else _reader_folder(base)
    if further is None and (share, stays) != (None, None):
        raise UsageError(
            "--share and --stays are for a reader that learns further; give --base encoder or a reader's folder"
        )
    from tactful.reading.tuned.reader import is_tuned

    if further is not None and is_tuned(further):
        raise UserError(
            f"{base}: is a tuned language model, which learns no further; give --base encoder, or --lora and the model it was tuned from"
        )
    from tactful.data.corpora import CALIBRATION, HELD_OUT, load_glosses, load_words
    from tactful.reading.encoder.training.learning import LearningSettings
    from tactful.reading.encoder.training.train import continue_encoder, train_encoder
    from tactful.reading.labelled import Labelled, corpora, read_labelled
    from tactful.weights.extras import need

    own = read_labelled(paths, skip_bad=skip_bad, on_bad=on_bad)[0] if paths else Labelled()
    if keep_aside:
        own = own.kept_aside()[0]
    aside = set(listed("calibrate_on", calibrate_on)) or (set(CALIBRATION) if with_corpora else set())
    if with_corpora:  # reading them takes seconds: what is lacking is told before
        need("torch", what="training a reader")
    bundled = corpora().without(HELD_OUT) if with_corpora else Labelled()
    if absent := sorted(aside - {*bundled.writers, *own.writers}):
        raise UsageError(
            f"--calibrate-on: none of the texts that may train is by {', '.join(absent)}; name writers among "
            f"{', '.join(sorted({*bundled.writers, *own.writers}))}"
        )
    if further is not None:
        from tactful.evaluation.readers.sample import part

        bundled = part(bundled.without(aside), 0.125 if share is None else share, seed) + bundled.by(aside)
    texts = bundled + own
    chosen = {
        **_given(epochs=epochs, learning_rate=learning_rate),
        "batch": batch,
        "threads": threads,
        "seed": seed,
    }
    training, calibration = texts.without(aside), texts.by(aside)
    if limit is not None:
        from tactful.evaluation.readers.sample import sampled

        training = sampled(training, limit, seed)
        calibration = sampled(calibration, max(limit, _CALIBRATES), seed)
    if lora:
        from tactful.reading.tuned.training import SETTINGS, Adapters, train_tuned

        return train_tuned(
            training,
            calibration,
            str(base),
            Path(out),
            adapters=Adapters(**_given(layers=layers, rank=rank)),
            settings=SETTINGS.model_copy(update=chosen),
            on_step=on_step,
        )
    if further is not None:
        return continue_encoder(
            training,
            calibration,
            further,
            Path(out),
            stays=0.5 if stays is None else stays,
            settings=LearningSettings(**{"epochs": 3, "learning_rate": 6e-5, **chosen}),
            on_step=on_step,
        )
    return train_encoder(
        training,
        calibration,
        Path(base),
        Path(out),
        words=load_words(),
        glosses=load_glosses(),
        settings=LearningSettings(**chosen),
        on_step=on_step,
    )


def _reader_folder(name: Path | str) -> Path | None:
    """Where the trained reader of this name lies; None: it is none."""
    from tactful.reading.encoder.card import CARD_FILE
    from tactful.reading.encoder.reader import WEIGHTS

    if str(name) == "encoder":
        return WEIGHTS
    return Path(name) if (Path(name) / CARD_FILE).is_file() else None


def _given(**options: Any) -> dict[str, Any]:
    """What was chosen; of the rest each way of training has its own."""
    return {name: value for name, value in options.items() if value is not None}


@takes(ReaderOptions)
def calibrate_reader(
    *paths: Path | str,
    out: Path | str,
    reader: str = "encoder",
    skip_bad: bool = False,
    on_bad: Callable[[Rows[Any]], None] | None = None,
    **options: Unpack[ReaderOptions],
) -> dict[str, int]:
    """Fit a reader's probabilities to 50 labelled texts or more; gives judgement → texts it was fitted on.

    Of a reader that asks a model, `out` gets one small file that names the model: `reader(out)` asks it again.
    Raises: UserError, when `out` exists, no judgement has enough labels, or the reader cannot be calibrated.
    """
    from tactful.reading.labelled import read_labelled
    from tactful.reading.opening import open_reader

    setup = _setup([reader], options)
    found, _ = read_labelled(paths, skip_bad=skip_bad, on_bad=on_bad)
    if (source := _reader_folder(reader)) is not None:
        from tactful.reading.encoder.recalibration import recalibrate
        from tactful.reading.opening import open_trained_reader

        return recalibrate(found, Path(out), reader=open_trained_reader(source), source=source)
    from tactful.reading.by_calls import ReaderByCalls
    from tactful.reading.calibrating import calibrate_asked

    opened = open_reader(reader, setup)
    if not isinstance(opened, ReaderByCalls):
        raise UsageError(f"--reader {reader} has no calibration; take encoder, a folder, or a model's name")
    return outside_loop(lambda: asyncio.run(calibrate_asked(opened, found, Path(out))))
