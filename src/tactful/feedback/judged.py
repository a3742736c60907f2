"""Reading what a run of `feedback judge` found; a panel's judgements are made when they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tactful.data.check import refuse_other_kind
from tactful.data.io import Rows, digest_of
from tactful.errors import DataError, UsageError
from tactful.feedback.judging.confidence import read_fit
from tactful.feedback.judging.panel import PanelReport, VoteTable
from tactful.feedback.judging.refit import refit
from tactful.feedback.pipeline import JudgeConfig
from tactful.feedback.types import FittedConfidence, JudgedTurn
from tactful.runs import RunFolder, resolve_input

JUDGEMENTS = "judgements.jsonl"
"""A panel's final judgements, beside the run's `records.jsonl`, which holds its votes."""


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
        self.config: JudgeConfig | None = None
        """The run's; None for a file."""
        if str(self.source) != "-" and Path(self.source).is_dir():
            self._folder = RunFolder.open(self.source)
            self.config = _config_of(self._folder)

    def __iter__(self) -> Iterator[JudgedTurn]:
        if self._folder is None:
            yield from self._from_file(resolve_input(self.source))
        elif self.config is not None and self.config.is_panel:
            yield from self._from_panel(self._folder, self.config)
        else:
            yield from self._folder.records(JudgedTurn)

    def _from_file(self, path: Path) -> Iterator[JudgedTurn]:
        if not self.skip_bad:
            refuse_other_kind(path, "judged-turns")
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


def open_judged(
    source: Path | str, confidence: Path | str | None = None, *, skip_bad: bool = False
) -> JudgedTurns:
    """The judgements in `source`; a panel's with the confidence map that its run was made with, or the one given.

    Raises: UsageError for the map of another judge, or with judgements that are final; DataError, also where the run's
    map is not the one that it was made with any more.
    """
    judged = JudgedTurns(source, skip_bad=skip_bad)
    config = judged.config
    if config is not None and config.is_panel:
        path = str(confidence or config.confidence)
        fitted, digest = read_fit(path)
        if confidence is None and digest != config.confidence_hash:
            fix = "give --confidence, the old one or this"
            raise DataError.at(path, None, f"is another map than {source} was judged with", fix=fix)
        if fitted is not None and (first := next(RunFolder.open(source).records(JudgedTurn), None)):
            fitted.refuse_other(first.judgement.provenance.model, path)
        judged.fitted = fitted
    elif confidence is not None:
        raise UsageError(
            "--confidence belongs to a panel's run, whose judgements are made when it is read; "
            "for others give it to 'tactful feedback judge'"
        )
    return judged


def origin_of(source: Path | str) -> str:
    """What judgements come from: run id and input hash, or the file's hash; empty for stdin."""
    if str(source) == "-":
        return ""
    if Path(source).is_dir():
        info = RunFolder.open(source).info()
        return f"{info.run_id}/{info.input_hash}"
    return digest_of(resolve_input(source))
