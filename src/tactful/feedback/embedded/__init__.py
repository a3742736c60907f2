"""The embedded judge: reads the user's next message without a model and without a network.

- `open_embedded()` is untrained: a lexicon with negation, the message's shape, what it shares with the exchange
- `open_embedded(PATH)` uses a linear model that `tactful feedback train` made
- `train_linear(turns)` and `LinearModel.save` in `linear.py` make one

numpy and scikit-learn load only with the linear model.
"""

from __future__ import annotations

from pathlib import Path

from tactful.feedback.embedded.judge import EmbeddedJudge
from tactful.feedback.types import FeedbackConfig


def open_embedded(path: Path | str | None = None, config: FeedbackConfig | None = None) -> EmbeddedJudge:
    """The embedded judge; with the linear model in `path` where one is given.

    Raises: DataError when `path` holds no such model.
    """
    return EmbeddedJudge(config=config) if path is None else EmbeddedJudge.load(path, config=config)


__all__ = ["EmbeddedJudge", "open_embedded"]
