"""The embedded judge: reads the user's next message without a chat model and without a network.

- `open_embedded()` reads with the bundled reader: the whole exchange, calibrated, unscored where it does not know
- `open_embedded(PATH)` uses a reader by its name or folder, or a linear model that `tactful feedback train` made
- `open_embedded("lexicon")` is the floor: a lexicon with negation, the message's shape, what it shares with the exchange

numpy, onnxruntime and scikit-learn load only with what needs them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tactful.feedback.embedded.judge import EmbeddedJudge
from tactful.feedback.types import FeedbackConfig
from tactful.reading.opening import DEFAULT, NAMES

if TYPE_CHECKING:
    from tactful.feedback.embedded.reading_judge import ReadingJudge

LEXICON = "lexicon"


def open_embedded(
    path: Path | str | None = None, config: FeedbackConfig | None = None
) -> EmbeddedJudge | ReadingJudge:
    """The embedded judge that `path` names; the one that reads with the bundled reader by default.

    Raises: DataError when `path` holds neither a reader nor a trained model.
    """
    if str(path) == LEXICON:
        return EmbeddedJudge(config=config)
    if path is None or Path(path).is_dir() or str(path) in NAMES:
        from tactful.feedback.embedded.reading_judge import ReadingJudge
        from tactful.reading.opening import open_embedded_reader

        return ReadingJudge(open_embedded_reader(DEFAULT if path is None else str(path)), config=config)
    return EmbeddedJudge.load(path, config=config)


__all__ = ["LEXICON", "EmbeddedJudge", "open_embedded"]
