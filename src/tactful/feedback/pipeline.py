"""Feedback, stage by stage:

chats ──Turns──▶ Turn ──JudgeStage──▶ JudgedTurn ──judged_turns──▶ JudgedTurn ──training rows, report

`judge_job` is the run over turns. Judges vote turn by turn; what several votes say together needs all of them, so
`judged_turns` reads a panel's run twice. One judge with one vote: what the run stored is final.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from tactful.data.io import Rows, write_jsonl
from tactful.errors import DataError, StopRun, UsageError
from tactful.feedback.judging.gating import refit
from tactful.feedback.judging.judge import EMBEDDED, MAX_CHARS, PROMPT, FeedbackJudge
from tactful.feedback.judging.panel import PanelReport, VoteTable, plain_judgement
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
from tactful.runs import Context, Job, OutsideHash, RunFolder, resolve_input
from tactful.types import Provenance

JUDGEMENTS = "judgements.jsonl"
"""A panel's final judgements, beside the run's `records.jsonl`, which holds its votes."""


class JudgeConfig(FeedbackConfig):
    """What `tactful feedback judge` does; `config.toml` of the run folder holds it."""

    judges: tuple[str, ...] = Field(min_length=1)
    """Names of the models; `embedded` needs none."""
    votes: int = Field(default=1, ge=1)
    """Draws from every judge."""
    max_chars: int = Field(default=MAX_CHARS, ge=200)
    """Longest text that is sent whole; of a longer one, the middle is left out."""
    embedded: str = ""
    """Folder or file of a trained embedded judge; empty: the one that ships."""
    embedded_hash: str = ""
    """Filled in when the run is made."""
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

    async def __call__(self, record: Turn, context: Context) -> JudgedTurn:
        """The turn and its judgement. Raises: ProviderError, when a judge stays out of reach; StopRun."""
        config = self.config
        if not config.is_panel:
            judge = self._judge(config.judges[0], context, fitted=self.fitted)
            judgement = await judge.judge(record)
            if not isinstance(judge, FeedbackJudge):
                judgement = self._finished(judgement, record, context)
            return JudgedTurn(turn=record, judgement=judgement)
        asked = [(name, sample) for name in config.judges for sample in range(self._draws(name))]
        replies = await asyncio.gather(
            *(self._vote(record, name, sample, context) for name, sample in asked), return_exceptions=True
        )
        votes = tuple(_or_raise(replies))
        plain = plain_judgement(record.id, votes, config, self._provenance(context))
        return JudgedTurn(turn=record, judgement=plain)

    def _draws(self, name: str) -> int:
        """The embedded judge says the same every time: it votes once."""
        return 1 if name == EMBEDDED else self.config.votes

    def _judge(
        self, name: str, context: Context, *, fitted: FittedConfidence | None
    ) -> FeedbackJudge | TurnJudge:
        if name == EMBEDDED:
            assert self.embedded is not None
            return self.embedded
        return FeedbackJudge(
            context.models[name],
            self.config,
            fitted=fitted,
            precision=self.config.precision,
            max_chars=self.config.max_chars,
            run_id=context.run_id,
        )

    def _finished(self, judgement: TurnJudgement, turn: Turn, context: Context) -> TurnJudgement:
        """The embedded judge's word, with the fitted confidence and this run's id."""
        provenance = judgement.provenance.model_copy(update={"run_id": context.run_id})
        judgement = judgement.model_copy(update={"provenance": provenance})
        if self.fitted is None:
            return judgement
        return refit(judgement, turn.source, self.config, self.fitted, precision=self.config.precision)

    async def _vote(self, turn: Turn, name: str, sample: int, context: Context) -> Vote:
        judge = self._judge(name, context, fitted=None)
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


def judge_name(config: JudgeConfig, embedded: TurnJudge | None = None) -> str:
    """Who judges, as judgements say it and fitted confidences know it: `m`, `a, b`, or `m ×3` for three draws."""
    names = (embedded.name if name == EMBEDDED and embedded else name for name in config.judges)
    return ", ".join(names) + (f" ×{config.votes}" if config.votes > 1 else "")


def _or_raise(replies: Sequence[Vote | BaseException]) -> Iterator[Vote]:
    """The votes; or, once all are in, what went wrong: what stops a run before what fails a record."""
    errors = [reply for reply in replies if isinstance(reply, BaseException)]
    if errors:
        raise next((error for error in errors if isinstance(error, StopRun)), errors[0])
    yield from (reply for reply in replies if isinstance(reply, Vote))


def judge_job(
    config: JudgeConfig,
    turns: Iterable[Turn],
    *,
    embedded: TurnJudge | None = None,
    fitted: FittedConfidence | None = None,
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
        stage=JudgeStage(config, embedded, None if config.is_panel else fitted),
        models=models,
        prompts=[PROMPT] if models else [],
    )


# ---------------------------------------------------------------- reading a run


@dataclass
class JudgedTurns:
    """The final judgements of a run, or of a file of judged turns, in order; iterating again starts over.

    A panel's run is read twice: once for its votes, once for the judgements in their light.

    Raises, while iterating: DataError, for a folder that is another run or a bad line (unless `skip_bad`).
    """

    source: Path | str
    fitted: FittedConfidence | None = None
    """Panels: maps the posterior to the probability of being right."""
    skip_bad: bool = False
    bad: int = 0
    problems: list[str] = field(default_factory=list)
    panel: PanelReport | None = None
    """Known once a panel's run is being read."""

    def __post_init__(self) -> None:
        self._folder: RunFolder | None = None
        self._config: JudgeConfig | None = None
        if str(self.source) != "-" and Path(self.source).is_dir():
            self._folder = RunFolder.open(self.source)
            self._config = _config_of(self._folder)

    @property
    def config(self) -> JudgeConfig | None:
        """The run's; None for a file."""
        return self._config

    def __iter__(self) -> Iterator[JudgedTurn]:
        if self._folder is None:
            yield from self._from_file(resolve_input(self.source))
        elif self._config is not None and self._config.is_panel:
            yield from self._from_panel(self._folder, self._config)
        else:
            yield from self._folder.records(JudgedTurn)

    def _from_file(self, path: Path) -> Iterator[JudgedTurn]:
        rows = Rows(path, parse_judged, skip_bad=self.skip_bad, kind="judged turn")
        yield from rows
        self.bad, self.problems = rows.bad, rows.problems

    def _from_panel(self, folder: RunFolder, config: JudgeConfig) -> Iterator[JudgedTurn]:
        table = VoteTable()
        for record in folder.records(JudgedTurn):
            table.add(record.judgement.votes)
        panel = table.fit()
        self.panel = panel.report
        for at, record in enumerate(folder.records(JudgedTurn)):
            judgement = panel.judgement(at, record.judgement, config)
            if self.fitted is not None:
                judgement = refit(
                    judgement, record.turn.source, config, self.fitted, precision=config.precision
                )
            yield JudgedTurn(turn=record.turn, judgement=judgement)


def parse_judged(row: Any) -> JudgedTurn:
    """A judged turn. Raises ValueError that says what the row is instead, where that shows."""
    if isinstance(row, Mapping) and "judgement" not in row:
        what = "a dialogue" if {"conversation", "messages"} & row.keys() else "no judged turn"
        raise ValueError(f"the row is {what}; run 'tactful feedback judge' on it first")
    return JudgedTurn.model_validate(row)


def _config_of(folder: RunFolder) -> JudgeConfig:
    info = folder.info()
    if (info.noun, info.verb) != ("feedback", "judge"):
        raise DataError(
            f"{folder.path}: is a run of '{info.noun} {info.verb}', expected one of 'feedback judge'; "
            "give the folder that 'tactful feedback judge' wrote"
        )
    return JudgeConfig.model_validate(info.config)


def write_judgements(judged: JudgedTurns, folder: RunFolder) -> int:
    """Write a panel's final judgements beside its votes, whole or not at all; how many there were."""
    return write_jsonl(folder.path / JUDGEMENTS, judged)


def judgements_for(turns: Sequence[Turn], judged: Iterable[JudgedTurn]) -> list[TurnJudgement]:
    """The judgement on each of `turns`, in their order, from a run over the same file: how a panel is measured.

    Raises: DataError when a turn was not judged, or was judged with other texts.
    """
    found = {record.id: record for record in judged}
    for turn in turns:
        record = found.get(turn.id)
        if record is None:
            raise DataError(
                f"turn '{turn.id}' is not among the judgements; judge the same file, and take failures again"
            )
        texts = (turn.q_t, turn.a_t, turn.user_next)
        if texts != (record.turn.q_t, record.turn.a_t, record.turn.user_next):
            raise DataError(f"turn '{turn.id}' was judged with other texts; judge the same file")
    return [found[turn.id].judgement for turn in turns]
