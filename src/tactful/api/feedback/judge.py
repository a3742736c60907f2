"""Every follow-up message of a chat log gets a label and a reward."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tactful.api.feedback.chats import chats
from tactful.api.feedback.pairs import FeedbackPairsOptions, feedback_pairs
from tactful.api.feedback.report import feedback_report
from tactful.api.options import ModelOptions, RunSettings, configured, reader_setup, spec_of, takes
from tactful.api.runs import Run, worked_over
from tactful.api.tables import Table
from tactful.errors import UsageError, UserError

if TYPE_CHECKING:
    from tactful.api.data.conversations import LogReading
    from tactful.feedback.chats import Turns
    from tactful.feedback.forecast import FeedbackForecast
    from tactful.feedback.pipeline import JudgeConfig
    from tactful.feedback.report.outcome import JudgingOutcome
    from tactful.feedback.report.page import Reported
    from tactful.feedback.training.data import TrainingData
    from tactful.feedback.types import FeedbackConfig, JudgedTurn
    from tactful.runs import RunSummary


class JudgingOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `judge` beside the chats."""

    model: str | None
    """Model name; `embedded` needs no network, `offline` rehearses; default gpt-5-nano."""
    judges: Sequence[str] | None
    """A panel instead of `model`."""
    votes: int
    """Draws from every judge."""
    reader: str | None
    """In place of `model`: who reads the turns, by the names of `tf.reader`."""
    samples: int
    """reader: replies drawn for a turn; default 5."""
    tau_c: float | None
    """Confidence in [0, 1] below which a judgement counts for nothing."""
    config: FeedbackConfig | Path | str | None
    """`tau_c` and the rewards of the labels, or a TOML file with them."""
    trained: Path | str | None
    """embedded: what `feedback train` wrote, a reader's name or folder, or `lexicon`; default: the bundled reader."""
    confidence: Path | str | None
    """What `feedback fit-confidence` wrote."""
    max_chars: int | None
    """model, judges: longest text that is sent whole; of a longer one, the middle is left out."""
    precision: float | None
    """τ_c as the precision that labels above it must have; needs `confidence`."""
    skip_bad: bool
    reading: LogReading | None
    """How the log is read, as in `tf.conversations`."""


class JudgedRun(Run["JudgedTurn"]):
    """Judged turns, in order; of a panel, its final judgements. Rewards are in [−1, 1], None where nothing counts."""

    _counted: Callable[[RunSummary], JudgingOutcome] | None = None

    @cached_property
    def outcome(self) -> JudgingOutcome:
        """Counts, label shares and the panel's agreement; of a run that was just made."""
        if self._counted is not None:
            return self._counted(self.summary)
        raise UserError(
            f"{self.folder}: what was read of the log is known of a run that was just made; table() and report() go by "
            "what is stored"
        )

    def __iter__(self) -> Iterator[JudgedTurn]:
        from tactful.feedback.judged import open_judged

        return iter(open_judged(self.folder))

    def table(self) -> Table:
        """The share of every label among the scored turns, with its 95% interval over dialogues."""
        from tactful.feedback.report.outcome import shares_of

        shares = shares_of(self)
        cells = [
            (str(label), str(shares.counts[label]), share.percent())
            for label, share in shares.table().items()
        ]
        rows = [{"label": str(label), **values} for label, values in shares.as_dict().items()]
        note = f"Of {shares.scored} scored turns in {shares.dialogues} dialogues; {shares.unscored} unscored."
        return Table(("label", "turns", "share"), cells, rows, note)

    def report(self, path: Path | str, *, by: Sequence[str] = (), time_field: str | None = None) -> Reported:
        """Write one HTML page: shares over time and per field of the log, the worst turns to read first."""
        return feedback_report(self, path, by=by, time_field=time_field)

    @takes(FeedbackPairsOptions)
    def pairs(self, **options: Unpack[FeedbackPairsOptions]) -> TrainingData:
        """Training data: wanted and unwanted answers (KTO), and pairs where a need was answered twice (DPO)."""
        return feedback_pairs(self, **options)


@takes(JudgingOptions)
def judge(
    log: Turns | Iterable[Mapping[str, Any]] | Path | str, **options: Unpack[JudgingOptions]
) -> JudgedRun:
    """Every follow-up message of a chat log with one of seven labels, a confidence in [0, 1] and a reward.

    What cannot be read is unscored, never negative. Options: see `JudgingOptions`, `ModelOptions`, `RunSettings`.

    Raises DataError for a log without turns, UsageError for judges that cannot judge so, StopRun when a budget is
    spent or a key refused.

    >>> import tactful as tf
    >>> said = ["Write a haiku", "Leaves fall in autumn", "no, that is wrong", "Waves", "perfect, thank you"]
    >>> roles = ["user", "assistant", "user", "assistant", "user"]
    >>> talk = [{"role": role, "content": text} for role, text in zip(roles, said)]
    >>> run = tf.judge([{"id": "a", "conversation": talk}], model="embedded", out="runs/f", progress="off")
    >>> [str(item.judgement.label) for item in run]
    ['neg_correction', 'pos_praise']
    >>> run.report("report.html").overview.total.turns
    2
    >>> run.pairs(out="runs/training", valid=0, test=0).found.good
    1
    """
    from tactful.feedback.pipeline import open_judge_job
    from tactful.feedback.report.outcome import judging_outcome
    from tactful.feedback.types import JudgedTurn

    config, turns = _config(options), _turns(log, options)
    job = open_judge_job(config, turns)
    fix = "a turn is an answer of the assistant between two messages of the user"
    summary, again = worked_over(lambda: job, turns.rows.name, options, what="turn", fix=fix)
    run = JudgedRun(summary, JudgedTurn, source=turns.rows, again=again)
    run._counted = lambda now: judging_outcome(now, turns, config)
    return run


def forecast_judge(
    log: Turns | Iterable[Mapping[str, Any]] | Path | str, **options: Unpack[JudgingOptions]
) -> FeedbackForecast:
    """Calls, tokens and cost that `judge` would take; every prompt is made and measured, nothing is sent."""
    from tactful.feedback.forecast import forecast
    from tactful.feedback.pipeline import open_judge_job

    config, turns = _config(options), _turns(log, options)
    open_judge_job(config, turns)
    return forecast(turns, config, limit=options.get("limit"))


def _turns(log: Turns | Iterable[Mapping[str, Any]] | Path | str, options: JudgingOptions) -> Turns:
    from tactful.feedback.chats import Turns

    if isinstance(log, Turns):
        return log
    return chats(log, skip_bad=options.get("skip_bad", False), reading=options.get("reading"))


def _config(options: JudgingOptions) -> JudgeConfig:
    from tactful.feedback.judging.judge import DEFAULT_MODEL
    from tactful.feedback.pipeline import JudgeConfig
    from tactful.feedback.settings import load_feedback_config
    from tactful.reading.setup import SAMPLES

    model, judges, reader = options.get("model"), options.get("judges"), options.get("reader")
    if model is not None and judges is not None:
        raise UsageError("--model and --judges exclude each other; name all judges in --judges")
    given, fitted = options.get("config"), options.get("confidence")
    base = load_feedback_config(Path(given)) if isinstance(given, str | Path) else given
    values = {} if base is None else base.model_dump()
    if (tau_c := options.get("tau_c")) is not None:
        if options.get("precision") is not None:
            raise UsageError("--tau-c and --precision both set the cut; name one of them")
        values["tau_c"] = tau_c
    if (max_chars := options.get("max_chars")) is not None:
        values["max_chars"] = max_chars
    if reader is None:
        by = _by_judges(tuple(judges) if judges is not None else (model or DEFAULT_MODEL,), options)
    elif (model, judges, options.get("trained")) != (None, None, None):
        raise UsageError("--reader judges in place of --model, --judges and --trained; name one of them")
    elif max_chars is not None:
        raise UsageError("--max-chars belongs to --model and --judges; a reader sets its own limit")
    else:
        by = _by_reader(reader, options)
    if options.get("samples", SAMPLES) != SAMPLES and "samples" not in by:
        raise UsageError(
            "--samples belongs to a --reader that asks a model; --votes draws from --model and --judges"
        )
    if max_chars is not None and not by.get("models"):
        raise UsageError("--max-chars belongs to a model; the judge 'embedded' is sent nothing")
    return configured(
        JudgeConfig,
        **values,
        **by,
        votes=options.get("votes", 1),
        confidence="" if fitted is None else str(Path(fitted).resolve()),
        precision=options.get("precision"),
    )


def _by_judges(names: tuple[str, ...], options: JudgingOptions) -> dict[str, Any]:
    """What a configuration says of judges by their names."""
    from tactful.feedback.embedded import LEXICON
    from tactful.feedback.judging.judge import EMBEDDED, MAX_TOKENS, SCRIPTS
    from tactful.reading.opening import NAMES

    trained, asked = options.get("trained"), {"max_tokens": MAX_TOKENS, **options}
    embedded = "" if trained is None else str(trained)
    if trained is not None and embedded not in (LEXICON, *NAMES):
        embedded = str(Path(trained).resolve())
    return {
        "judges": names,
        "embedded": embedded,
        "models": tuple(spec_of(name, SCRIPTS, asked) for name in names if name != EMBEDDED),
    }


def _by_reader(reader: str, options: JudgingOptions) -> dict[str, Any]:
    """What a configuration says of a reader as judge."""
    from tactful.feedback.judging.judge import EMBEDDED, MAX_TOKENS
    from tactful.reading.by_calls import ReaderByCalls
    from tactful.reading.opening import NAMES, open_reader

    place = str(Path(reader).resolve()) if Path(reader).is_dir() and reader not in NAMES else reader
    opened = open_reader(reader, reader_setup({"max_tokens": MAX_TOKENS, **options}))
    if not isinstance(opened, ReaderByCalls):
        return {"judges": (EMBEDDED,), "embedded": place}
    return {
        "judges": (opened.spec.name,),
        "models": (opened.spec,),
        "reader": place,
        "samples": opened.setup.samples,
    }
