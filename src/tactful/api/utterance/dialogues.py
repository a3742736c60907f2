"""Dialogues whose user messages are predicted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tactful.api.data.conversations import LogReading
    from tactful.data.formats.chats import Dialogue
    from tactful.utterance.dialogues import Examples


class Dialogues:
    """Dialogues of a file or in memory; iterated as often as wished (but for stdin)."""

    def __init__(
        self, source: Path | Sequence[Any], *, skip_bad: bool = False, reading: LogReading | None = None
    ) -> None:
        self.source = source
        self.skip_bad = skip_bad
        self.reading = reading

    def __iter__(self) -> Iterator[Dialogue]:
        from tactful.utterance.dialogues import open_examples

        return iter(open_examples(self.source, skip_bad=self.skip_bad, reading=self.reading).rows)

    def examples(self, targets: str = "sample:1", *, seed: int = 0) -> Examples:
        """The user messages that are predicted, with what stands before each: `sample:N` a dialogue, `last` or `all`."""
        from tactful.utterance.dialogues import open_examples

        return open_examples(self.source, targets, seed=seed, skip_bad=self.skip_bad, reading=self.reading)


def dialogues(
    source: Dialogues | Path | str | Iterable[Mapping[str, Any] | Dialogue],
    *,
    skip_bad: bool = False,
    reading: LogReading | None = None,
) -> Dialogues:
    """Dialogues from a file (`id`, `conversation` of messages with role and content in each row), or in memory.

    `reading`: how a log is read, as in `tf.conversations`.

    Raises, while iterating: DataError for a row that cannot be used (unless `skip_bad`).

    >>> import tactful as tf
    >>> talk = [{"role": "user", "content": "Plan a week in Rome"}, {"role": "assistant", "content": "Gladly. When?"},
    ...         {"role": "user", "content": "In May, with two children"}]
    >>> [(example.id, len(example.context)) for example in tf.dialogues([{"id": "a", "conversation": talk}]).examples("all")]
    [('a#1', 2)]
    """
    from tactful.data.logs import log_input

    if isinstance(source, Dialogues):
        return source
    place = log_input(Path(source)) if isinstance(source, str | os.PathLike) else list(source)
    return Dialogues(place, skip_bad=skip_bad, reading=reading)
