"""One page about a judged chat log."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tactful.api.runs import Run

if TYPE_CHECKING:
    from tactful.feedback.report.page import Reported


def feedback_report(
    judged: Run[Any] | Path | str,
    path: Path | str,
    *,
    by: Sequence[str] = (),
    time_field: str | None = None,
    confidence: Path | str | None = None,
    skip_bad: bool = False,
) -> Reported:
    """What the page in `path` shows: label shares over time and per field of the log, the worst turns.

    `by` are fields of the log, default: the usual ones that it has. `JudgedRun.report` calls this.

    Raises UsageError when `path` exists; DataError when there is no turn, or a field occurs nowhere.
    """
    from tactful.feedback.judged import open_judged
    from tactful.feedback.report.page import report_on

    source = judged.folder if isinstance(judged, Run) else judged
    turns = open_judged(source, confidence, skip_bad=skip_bad)
    return report_on(turns, Path(path), fields=tuple(by), time_key=time_field)
