"""A trained judge of moments by its folder, which says itself what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tactful.errors import DataError
from tactful.reward.embedded.model import RewardModel, load_model
from tactful.reward.suggestions.model import holds_suggestions
from tactful.weights.types import MANIFEST_FILE

if TYPE_CHECKING:
    from tactful.reward.tuned.judge import TunedJudge


def open_judge(folder: Path | str) -> RewardModel | TunedJudge:
    """What `tactful reward train` or, for moments, `tactful train reward` wrote.

    Raises: DataError or UserError when there is neither, or it is damaged; MissingExtra when what it needs is missing.
    """
    if holds_suggestions(Path(folder)):
        fix = "judge decisions with 'tactful reward judge', and say what hiding would come to with 'tactful bench suggestions'"
        raise DataError.at(
            folder, None, "holds a model of suggestions in an editor, which judges no moments", fix=fix
        )
    if (Path(folder) / MANIFEST_FILE).is_file():
        from tactful.reward.tuned.judge import TunedJudge

        return TunedJudge.load(folder)
    return load_model(folder)
