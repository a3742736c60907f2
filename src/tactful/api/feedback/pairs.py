"""Training data from judged turns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from tactful.api.options import configured, run_options
from tactful.api.runs import Run, outside_loop

if TYPE_CHECKING:
    from tactful.feedback.training.data import TrainingData


class FeedbackPairsOptions(TypedDict, total=False):
    """What may be given beside judged turns."""

    min_reward: float
    """Least size of a reward; default 0.05, and 0.5 leaves `pos_progress` out."""
    similar: float
    """Least similarity of two queries for the same need; default 0.6."""
    prompt: Literal["told", "query"]
    """Pairs: all that the user said on the way (default), or the first query alone."""
    group_by: str
    """Never in two splits: `dialogue` (default), or a key of the log such as a user id."""
    valid: float
    """Share of groups for validation; default 0.1."""
    test: float
    confidence: Path | str | None
    """Panels: what `feedback fit-confidence` wrote."""
    seed: int
    out: Path | str | None
    progress: Literal["auto", "rich", "plain", "off"]
    skip_bad: bool


def feedback_pairs(judged: Run[Any] | Path | str, **options: Unpack[FeedbackPairsOptions]) -> TrainingData:
    """Wanted and unwanted answers (KTO), and pairs where a need was answered twice (DPO), split by group.

    `judged` is a run of `judge`, or a file of judged turns; `JudgedRun.pairs` calls this.

    Raises UsageError for parts that leave nothing to train on; DataError where no turn was judged.
    """
    from tactful.feedback.judged import open_judged, origin_of
    from tactful.feedback.training.data import make_training_data
    from tactful.feedback.training.pairs import PairsConfig

    source = judged.folder if isinstance(judged, Run) else judged
    turns = open_judged(source, options.get("confidence"), skip_bad=options.get("skip_bad", False))
    chosen = {name: value for name, value in options.items() if name in PairsConfig.model_fields}
    config = configured(PairsConfig, **chosen, source=origin_of(source))
    return outside_loop(lambda: make_training_data(turns, config, run_options(options)))
