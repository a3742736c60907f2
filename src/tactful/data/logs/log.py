"""Logs as conversations: files found, opened, recognised by their first row, read, and everything accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import IO, Any

from tactful.data.io import STDIN
from tactful.data.logs.drafts import finished
from tactful.data.logs.opening import files_of, open_parts, rows_of
from tactful.data.logs.readers import FORMATS
from tactful.data.logs.types import Format, Notes, Numbered
from tactful.data.seen import Seen
from tactful.errors import DataError, UserError
from tactful.types import Conversation

EMPTY = "a conversation in which nobody speaks"
AGAIN = "a conversation that was there already"
_SHOWN = 20


class Log:
    """The conversations of files and folders, read as they are asked for; iterating again starts over.

    After the last one the counts are whole: `conversations` were given, `skipped` says by reason what was passed over,
    `bad` rows could not be read (`problems` says why of the first 20), `formats` says how many came from which product.
    With `strict`, the first bad row raises DataError.
    """

    def __init__(
        self, paths: Sequence[Path | str] | Path | str, *, strict: bool = False, format: str | None = None
    ) -> None:
        self.paths = [paths] if isinstance(paths, str | Path) else list(paths)
        self.strict = strict
        self.format = format
        """Name of the format to read them as; None: recognised."""
        self._start()

    def _start(self) -> None:
        self.conversations = 0
        self.turns = 0
        self.bad = 0
        self.problems: list[str] = []
        self.skipped: Counter[str] = Counter()
        self.formats: Counter[str] = Counter()
        self.files = 0

    def __iter__(self) -> Iterator[Conversation]:
        self._start()
        files = [
            (path, file)
            for path in self.paths
            for file in (files_of(Path(path)) if str(path) != STDIN else [path])
        ]
        if not files:
            raise UserError(
                f"{', '.join(map(str, self.paths))}: no logs in it; give a folder with .json, .jsonl, .csv, .parquet, .gz or .zip files"
            )
        with closing(Seen()) as seen:
            for _, file in files:
                for name, part in open_parts(file):
                    self.files += 1
                    yield from self._conversations(name, part, seen, several=len(files) > 1)

    def _conversations(
        self, name: str, file: IO[bytes], seen: Seen, *, several: bool
    ) -> Iterator[Conversation]:
        notes = Notes(bad=lambda number, problem: self._bad(name, number, problem), skipped=self.skipped)
        rows = rows_of(file, notes)
        first = next(rows, None)
        if first is None:
            return
        form = self._recognised(name, first)
        if form is None:
            return
        source = "stdin" if name == STDIN else Path(name).name.split(".")[0]
        for number, draft in form.read(chain([first], rows), notes):
            fields = draft.as_dict(number)
            if not draft.id and several:
                fields["id"] = f"{source}/{fields['id']}"
            try:
                conversation = finished({"source": source, **fields, "format": form.name})
            except ValueError as error:
                self._bad(name, number, str(error))
                continue
            if not conversation.spoken:
                self.skipped[EMPTY] += 1
                continue
            if seen.first(conversation.model_dump_json(), self.conversations) != self.conversations:
                self.skipped[AGAIN] += 1
                continue
            self.conversations += 1
            self.turns += len(conversation.spoken)
            self.formats[form.name] += 1
            yield conversation

    def _recognised(self, name: str, first: Numbered) -> Format | None:
        known = {form.name: form for form in FORMATS}
        if self.format is not None:
            return known[self.format]
        row: Any = {"messages": first[1]} if isinstance(first[1], list) else first[1]
        form = next((form for form in FORMATS if isinstance(row, Mapping) and form.is_one(row)), None)
        if form is None:
            keys = (
                f"the keys {', '.join(list(row)[:8])}"
                if isinstance(row, Mapping)
                else f"a {type(row).__name__}"
            )
            self._bad(name, None, f"is no log that is known: its first row has {keys}")
        return form

    def _bad(self, name: str, number: int | None, problem: str) -> None:
        if self.strict:
            raise DataError.at(name, number, problem, fix="correct it, or leave it out with --skip-bad")
        self.bad += 1
        if len(self.problems) < _SHOWN:
            self.problems.append(
                f"{name}:{number}: {problem}" if number is not None else f"{name}: {problem}"
            )

    def counts(self) -> dict[str, Any]:
        """For summaries."""
        return {
            "files": self.files,
            "conversations": self.conversations,
            "turns": self.turns,
            "formats": dict(self.formats),
            "skipped": dict(self.skipped),
            "bad": self.bad,
        }


def read_conversations(
    paths: Sequence[Path | str] | Path | str, *, strict: bool = False, format: str | None = None
) -> Log:
    """The conversations of logs: files of any known format, folders of them, `-` for standard input.

    Raises, while iterating: UserError for what cannot be opened; DataError, with `strict`, at the first bad row.
    """
    return Log(paths, strict=strict, format=format)
