"""Feedback, stage by stage:

chats ──Turns──▶ Turn ──JudgeStage──▶ JudgedTurn ──JudgedTurns──▶ JudgedTurn ──training rows, report

`judge_job` is the run over turns. Judges vote turn by turn; what several votes say together needs all of them, so
`judged.JudgedTurns` reads a panel's run twice. One judge with one vote: what the run stored is final.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tactful.data.io import digest_of
from tactful.data.logs import LogOptions
from tactful.errors import UsageError
from tactful.feedback.chats import Turns
from tactful.feedback.embedded import LEXICON, open_embedded
from tactful.feedback.judging.confidence import read_fit
from tactful.feedback.judging.judge import EMBEDDED, MAX_CHARS, PROMPT, FeedbackJudge
from tactful.feedback.judging.panel import plain_judgement
from tactful.feedback.judging.refit import refit
from tactful.feedback.types import (
    FeedbackConfig,
    FittedConfidence,
    JudgedTurn,
    Turn,
    TurnJudge,
    TurnJudgement,
    Vote,
)
from tactful.llm import ModelSpec
from tactful.llm.judging import all_of
from tactful.reading.opening import NAMES
from tactful.runs import Context, Job, OutsideHash
from tactful.types import Provenance

if TYPE_CHECKING:
    from tactful.reading.by_calls import ReaderByCalls


class JudgeConfig(FeedbackConfig):
    """What `tactful feedback judge` does; `config.toml` of the run folder holds it."""

    judges: tuple[str, ...] = Field(min_length=1)
    """Names of the models; `embedded` needs none."""
    votes: int = Field(default=1, ge=1)
    """Draws from every judge."""
    max_chars: int = Field(default=MAX_CHARS, ge=200)
    """Longest text that is sent whole; of a longer one, the middle is left out."""
    embedded: str = ""
    """embedded: a reader by its name or folder, the file of a trained judge, or `lexicon`; empty: the bundled reader."""
    embedded_hash: str = ""
    """Filled in when the run is made."""
    reader: str = ""
    """Reader that asks the one judge's model, by its name or the folder of its calibration; empty: the judge's own prompt."""
    reader_hash: str = ""
    """Filled in when the run is made: its calibration's; empty for none."""
    samples: int = Field(default=5, ge=1)
    """reader: replies drawn for a turn."""
    confidence: str = ""
    """File of `feedback fit-confidence`; empty: confidences stay as stated."""
    confidence_hash: str = ""
    """Filled in when the run is made."""
    precision: float | None = Field(default=None, gt=0, le=1)
    """τ_c as the precision that labels above it must have; needs `confidence`."""
    models: Annotated[tuple[ModelSpec, ...], OutsideHash()] = ()
    """How the judges are reached. (The runner hashes the models by itself.)"""

    @property
    def is_panel(self) -> bool:
        """More than one vote on a turn."""
        return len(self.judges) * self.votes > 1


@dataclass(frozen=True)
class JudgeStage:
    """Every judge's votes on one turn."""

    config: JudgeConfig
    embedded: TurnJudge | None = None
    fitted: FittedConfidence | None = None
    reading: ReaderByCalls | None = None

    async def __call__(self, record: Turn, context: Context) -> JudgedTurn:
        """The turn and its judgement. Raises: ProviderError, when a judge stays out of reach; StopRun."""
        config = self.config
        if not config.is_panel:
            judgement = await self._judge(config.judges[0], context).judge(record)
            return JudgedTurn(turn=record, judgement=self._finished(judgement, record, context))
        asked = [(name, sample) for name in config.judges for sample in range(self._draws(name))]
        votes = await all_of(*(self._vote(record, name, sample, context) for name, sample in asked))
        plain = plain_judgement(record.id, votes, config, self._provenance(context))
        return JudgedTurn(turn=record, judgement=plain)

    def _draws(self, name: str) -> int:
        """The embedded judge says the same every time: it votes once."""
        return 1 if name == EMBEDDED else self.config.votes

    def _judge(self, name: str, context: Context) -> FeedbackJudge | TurnJudge:
        if name == EMBEDDED:
            assert self.embedded is not None
            return self.embedded
        if self.reading is not None:
            from tactful.feedback.embedded.reading_judge import TurnReader

            model = context.models[name]
            reader = self.reading.over(model)
            provenance = Provenance(
                model=judge_name(self.config, reading=self.reading),
                generator=model.generator,
                prompt_hashes=dict(reader.prompts),
            )
            return TurnReader(reader, config=self.config, provenance=provenance)
        return FeedbackJudge(context.models[name], self.config, max_chars=self.config.max_chars)

    def _finished(self, judgement: TurnJudgement, turn: Turn, context: Context) -> TurnJudgement:
        """A judge's word, with the fitted confidence and this run's id."""
        provenance = judgement.provenance.model_copy(update={"run_id": context.run_id})
        judgement = judgement.model_copy(update={"provenance": provenance})
        if self.fitted is None:
            return judgement
        return refit(judgement, turn.source, self.config, self.fitted, precision=self.config.precision)

    async def _vote(self, turn: Turn, name: str, sample: int, context: Context) -> Vote:
        judge = self._judge(name, context)
        said = await (
            judge.judge(turn, sample=sample) if isinstance(judge, FeedbackJudge) else judge.judge(turn)
        )
        return Vote(
            judge=name,
            sample=sample,
            label=said.label,
            confidence=said.stated_confidence,
            rationale=said.rationale,
            reason=said.unscored_reason,
        )

    def _provenance(self, context: Context) -> Provenance:
        names = self.config.judges
        generators = {"rules" if name == EMBEDDED else context.models[name].generator for name in names}
        return Provenance(
            model=judge_name(self.config, self.embedded),
            generator="offline"
            if "offline" in generators
            else "endpoint"
            if "endpoint" in generators
            else "rules",
            prompt_hashes={PROMPT.prompt_id: PROMPT.hash} if any(name != EMBEDDED for name in names) else {},
            run_id=context.run_id,
        )


def judge_name(
    config: JudgeConfig, embedded: TurnJudge | None = None, reading: ReaderByCalls | None = None
) -> str:
    """Who judges, as judgements say it and fitted confidences know it: `m`, `a, b`, `m ×3` for three draws; of a reader
    that asks a model, `reader m ×5` for five."""
    if reading is not None:
        draws = f" ×{reading.setup.samples}" if reading.asked.way == "prompted" else ""
        return f"reader {reading.name}{draws}"
    names = (embedded.name if name == EMBEDDED and embedded else name for name in config.judges)
    return ", ".join(names) + (f" ×{config.votes}" if config.votes > 1 else "")


def judge_job(
    config: JudgeConfig,
    turns: Iterable[Turn],
    *,
    embedded: TurnJudge | None = None,
    fitted: FittedConfidence | None = None,
    reading: ReaderByCalls | None = None,
) -> Job:
    """The run that judges `turns` as `config` says.

    Raises: UsageError when a judge is named twice or has no model, or a precision is asked for without a fit.
    """
    if len(set(config.judges)) < len(config.judges):
        raise UsageError(
            f"the judges {', '.join(config.judges)} are not distinct; for several draws use --votes"
        )
    models = {spec.name: spec for spec in config.models}
    lacking = [name for name in config.judges if name != EMBEDDED and name not in models]
    if lacking or (EMBEDDED in config.judges and embedded is None):
        raise UsageError(f"the judge '{(lacking or [EMBEDDED])[0]}' has no model")
    if config.votes > 1 and not models:
        raise UsageError(
            f"the judge '{EMBEDDED}' says the same every time: --votes {config.votes} needs a model"
        )
    if config.precision is not None and fitted is None:
        raise UsageError(
            "a target precision needs a fitted confidence; run 'tactful feedback fit-confidence' first"
        )
    return Job(
        noun="feedback",
        verb="judge",
        config=config,
        source=turns,
        stage=JudgeStage(config, embedded, None if config.is_panel else fitted, reading),
        models=models,
        prompts=list(reading.prompts) if reading else [PROMPT] if models else [],
    )


def open_judge_job(config: JudgeConfig, turns: Iterable[Turn]) -> Job:
    """`judge_job` with the embedded judge and the fitted confidence that `config` names; of a file, its total.

    Raises: UsageError for judges that cannot judge so; DataError for a model or map that cannot be read.
    """
    if config.embedded and EMBEDDED not in config.judges:
        raise UsageError(
            f"--trained belongs to the judge '{EMBEDDED}', but the judges are: {', '.join(config.judges)}"
        )
    if config.votes > 1 and any(spec.options.temperature == 0 for spec in config.models):
        raise UsageError(
            f"--votes {config.votes} at --temperature 0 draws the same reply {config.votes} times; raise it"
        )
    embedded, digest = _embedded(config)
    reading = _reading(config)
    fitted, fit_digest = read_fit(config.confidence)
    if fitted is not None:
        fitted.refuse_other(judge_name(config, embedded, reading), config.confidence)
    config = config.model_copy(
        update={
            "embedded_hash": digest,
            "confidence_hash": fit_digest,
            "reader_hash": reading.fit.content_hash if reading and reading.fit else "",
        }
    )
    job = judge_job(config, turns, embedded=embedded, fitted=fitted, reading=reading)
    return turns.job(job) if isinstance(turns, Turns) else job


def _reading(config: JudgeConfig) -> ReaderByCalls | None:
    """The reader that asks the judge's model, where one is named. Raises: UsageError, when it cannot judge so."""
    if not config.reader:
        return None
    from tactful.reading.by_calls import ReaderByCalls
    from tactful.reading.setup import ReaderSetup

    if config.is_panel:
        raise UsageError(
            "a reader judges alone: leave out --judges and --votes; --samples says how often it asks"
        )
    reading = ReaderByCalls(config.reader, ReaderSetup(samples=config.samples))
    if reading.asked.way == "consistency":
        raise UsageError(f"reader '{config.reader}' reads requests for code, not reactions")
    return reading


def _embedded(config: JudgeConfig) -> tuple[TurnJudge | None, str]:
    """The embedded judge, where it is one of the judges, and the hash of what it was trained to."""
    if EMBEDDED not in config.judges:
        return None, ""
    judge = open_embedded(Path(config.embedded) if config.embedded else None, config)
    trained = trained_file(config)
    return judge, judge.name if trained is None else digest_of(trained)


def trained_file(config: JudgeConfig) -> Path | None:
    """What `feedback train` wrote and the embedded judge was opened from; None for a reader or the lexicon."""
    path = Path(config.embedded)
    if config.embedded in ("", LEXICON, *NAMES) or path.is_dir():
        return None
    return path


def retry_judge(
    config: Mapping[str, Any], source: str, skip_bad: bool, reading: Mapping[str, Any] | None = None
) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    turns = Turns(source, skip_bad=skip_bad, reading=LogOptions.of(reading))
    return open_judge_job(JudgeConfig.model_validate(config), turns)
