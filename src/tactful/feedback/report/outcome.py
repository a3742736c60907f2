"""What a run of `feedback judge` found, in counts: for `summary.json`, the terminal and scripts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tactful.data.io import write_jsonl
from tactful.feedback.chats import Turns
from tactful.feedback.judged import JUDGEMENTS, JudgedTurns
from tactful.feedback.judging.confidence import read_fit
from tactful.feedback.judging.panel import PanelReport
from tactful.feedback.pipeline import JudgeConfig
from tactful.feedback.report.shares import LabelShares
from tactful.feedback.types import JudgedTurn
from tactful.runs import RunSummary


@dataclass(frozen=True)
class JudgingOutcome:
    """Counts of a run, the label shares, and where several judged, how far they agree."""

    summary: RunSummary
    turns: Turns
    config: JudgeConfig
    shares: LabelShares
    panel: PanelReport | None

    def warnings(self) -> list[str]:
        """What speaks against trusting these verdicts; a panel and the embedded judge give no confidences of their own."""
        return (
            [] if self.config.is_panel or "embedded" in self.config.judges else self.shares.signs.warnings()
        )

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` holds."""
        summary, shares = self.summary, self.shares
        return {
            "run": str(summary.folder.path),
            "turns": {
                **summary.counts(),
                "unscored": shares.unscored,
                "above_the_cut": shares.updates,
                "confidence_not_fitted": shares.not_fitted if self.config.confidence else None,
            },
            "dialogues": self.turns.count.as_dict() | {"bad_lines": self.turns.rows.bad},
            "labels": shares.as_dict(),
            "mean_reward": shares.mean_reward,
            "warnings": self.warnings(),
            "panel": self.panel.model_dump(mode="json") if self.panel else None,
            "usage": summary.usage.model_dump(mode="json"),
        }


def judging_outcome(summary: RunSummary, turns: Turns, config: JudgeConfig) -> JudgingOutcome:
    """The outcome of a run that has ended; writes `summary.json`, and a panel's judgements, beside its records."""
    folder = summary.folder
    judged = JudgedTurns(folder.path, fitted=read_fit(config.confidence)[0])
    if config.is_panel:
        write_jsonl(folder.path / JUDGEMENTS, judged)
        shares = shares_of(JudgedTurns(folder.path / JUDGEMENTS))
    else:
        shares = shares_of(judged)
    outcome = JudgingOutcome(summary, turns, config, shares, judged.panel)
    folder.save_summary(outcome.as_dict())
    return outcome


def shares_of(judged: Iterable[JudgedTurn]) -> LabelShares:
    """The label shares of judged turns, those of a dialogue one after another."""
    shares = LabelShares()
    for record in judged:
        shares.add(record)
    return shares
