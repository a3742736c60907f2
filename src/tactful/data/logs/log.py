"""Logs as conversations: files found, opened, recognised by their first rows, read, redacted, and everything accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from tactful.data.io import STDIN
from tactful.data.logs.beside import HOLDS_NO_TALK, NO_TALK, is_score, score_of
from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.opening import files_of, is_zip, open_parts, rows_of
from tactful.data.logs.options import LogOptions
from tactful.data.logs.readers import FORMATS, reader_of
from tactful.data.logs.shown import shown
from tactful.data.logs.types import Format, Notes, Numbered, why
from tactful.data.logs.users import Names
from tactful.data.recognise import Recognised, foreign_bytes, foreign_row
from tactful.data.seen import Seen
from tactful.errors import DataError, UsageError, UserError
from tactful.sources import is_folder, url_of
from tactful.text.redaction import Redaction
from tactful.types import Conversation

EMPTY = "a conversation in which nobody speaks"
AGAIN = "a conversation that was there already"
_SHOWN = 20
_LOOKED_AT = 20
"""Rows of a file that are looked at for its format."""


OnBad = Callable[[str, int | None, str, Recognised | None], None]
"""Told of a row that cannot be read, in place of the log's own counting: the file, the place in it, the problem, and what
the whole file is where it is recognised as no log."""


class Log:
    """The conversations of files and folders, read as they are asked for; iterating again starts over.

    After the last one the counts are whole: `conversations` were given, `skipped` says by reason what was passed over,
    `bad` rows could not be read (`problems` says why of the first 20), `formats` says how many came from which product,
    `cut` how many texts of each kind were redacted in the conversations; what is cut from a problem is not among them.
    """

    def __init__(
        self,
        paths: Sequence[Path | str] | Path | str,
        options: LogOptions | None = None,
        *,
        on_bad: OnBad | None = None,
    ) -> None:
        self._on_bad = on_bad
        given = [paths] if isinstance(paths, str | Path) else paths
        self.paths = [url_of(path) or path for path in given]
        self.options = options or LogOptions()
        known = {form.name: form for form in FORMATS}
        if self.options.format is not None and self.options.format not in known:
            raise UsageError(f"--format {self.options.format}: not known; choose one of {', '.join(known)}")
        self._given = known.get(self.options.format or "")
        if self.options.columns.any:
            self._given = Format("table", lambda row: True, reader_of(self.options.columns))
        self._names = Names(keep=self.options.keep_users)
        self._in_messages = Redaction()
        self._start()

    def _start(self) -> None:
        self.conversations = 0
        self.turns = 0
        self.bad = 0
        self.problems: list[str] = []
        self.skipped: Counter[str] = Counter()
        self.formats: Counter[str] = Counter()
        self.files = 0
        self.redaction = Redaction()

    @property
    def cut(self) -> Counter[str]:
        """Kind → how many were redacted: `secret`, `email`, `phone`, `card`, `path`."""
        return self.redaction.cut

    def __iter__(self) -> Iterator[Conversation]:
        for _, conversation in self.read():
            yield conversation

    def read(self) -> Iterator[tuple[int, Conversation]]:
        """The conversations, each with the place in its file where it began."""
        self._start()
        files = self._files()
        several = len(files) > 1 or (str(files[0]) != STDIN and is_zip(files[0]))
        ratings = self._ratings(files) if several else {}
        with closing(Seen()) as whole, closing(Seen()) as ids:
            for file in files:
                for name, part in self._parts(file):
                    self.files += 1
                    for number, conversation in self._part(name, part, ratings):
                        if whole.first(_all_of(conversation, name), self.conversations) != self.conversations:
                            self.skipped[AGAIN] += 1
                            continue
                        self._count(conversation)
                        yield number, self._apart(conversation, ids)

    def _apart(self, conversation: Conversation, ids: Seen) -> Conversation:
        """The conversation, under another id where an earlier file had this one for another conversation."""
        source, id = conversation.source, conversation.id
        for name in (id, f"{source}/{id}", f"{source}-{self.files}/{id}"):
            if ids.first(name, self.files) == self.files:
                break
        return conversation if name == id else conversation.model_copy(update={"id": name})

    def read_rows(self, name: str, rows: Iterator[Numbered]) -> Iterator[tuple[int, Conversation]]:
        """The same of rows in memory."""
        self._start()
        for number, conversation in self._recognised_rows(name, rows, self._notes(name, {})):
            self._count(conversation)
            yield number, conversation

    def _count(self, conversation: Conversation) -> None:
        self.conversations += 1
        self.turns += len(conversation.spoken)
        self.formats[conversation.format] += 1

    def _files(self) -> list[Path | str]:
        files: list[Path | str] = []
        for path in self.paths:
            files += [path] if str(path) == STDIN else files_of(path)
        if not files:
            named = ", ".join(map(str, self.paths))
            raise UserError(
                f"{named}: no logs in it; give a folder with .json, .jsonl, .csv, .parquet, .gz or .zip files"
            )
        return files

    def _parts(self, file: Path | str) -> Iterator[tuple[str, IO[bytes]]]:
        """What a file holds, unpacked. Of what was found in a folder, that which cannot be is counted as bad."""
        try:
            yield from open_parts(file)
        except DataError as error:
            if file in self.paths:
                raise
            name, _, problem = str(error).partition(": ")
            self._bad(name, None, problem)

    def format_of(self, name: str, file: IO[bytes]) -> Format | None:
        """What one opened file is; None for no log that is known."""
        if foreign_bytes(file.peek(32)[:32], name) is not None:  # type: ignore[attr-defined]
            return None
        return self._recognised(name, rows_of(file, self._notes(name, {})))[1]

    def _notes(self, name: str, ratings: Mapping[str, list[dict[str, Any]]]) -> Notes:
        return Notes(
            bad=lambda number, problem: self._bad(name, number, problem),
            skipped=self.skipped,
            ratings=dict(ratings),
        )

    def _part(
        self, name: str, file: IO[bytes], ratings: Mapping[str, list[dict[str, Any]]]
    ) -> Iterator[tuple[int, Conversation]]:
        other = foreign_bytes(file.peek(32)[:32], name)  # type: ignore[attr-defined]
        if other is not None:
            self._bad(name, None, other.name, other)
            return iter(())
        notes = self._notes(name, ratings)
        return self._recognised_rows(name, rows_of(file, notes), notes)

    @cached_property
    def _are_several(self) -> bool:
        """Whether the log is more than one file. Asked once: of a URL its store is asked."""
        return len(self.paths) > 1 or any(is_folder(path) for path in self.paths)

    def _recognised_rows(
        self, name: str, rows: Iterator[Numbered], notes: Notes
    ) -> Iterator[tuple[int, Conversation]]:
        """The conversations of one file's rows; the first of them that is known tells the format."""
        head, form = self._recognised(name, rows)
        if form is None:
            return
        source = _source(name)
        for number, draft in form.read(chain(head, rows), notes):
            try:
                conversation = self._finished(draft, number, form, source)
            except (ValueError, RecursionError) as error:
                self._bad(name, number, why(error))
                continue
            if conversation.spoken or self.options.empty:
                yield number, conversation
            else:
                self.skipped[EMPTY] += 1

    def _finished(self, draft: Draft, number: int, form: Format, source: str) -> Conversation:
        """The record: redacted, its user and folder hashed."""
        fields = {"source": source, "format": form.name, **draft.as_dict(number)}
        if not draft.id and self._are_several:
            fields["id"] = f"{source}/{fields['id']}"
        names = {key: fields.pop(key, "") for key in ("user", "project")}
        if self.options.redact:
            own = fields["id"]
            fields = self.redaction.tree(fields)
            if fields["id"] != own:  # two of them must not become one
                fields["id"] = self._names.hashed(own, "id", always=True)
        fields["user"] = self._names.hashed(names["user"])
        fields["project"] = self._names.hashed(names["project"], "p")
        return Conversation.model_validate(fields)

    def _recognised(self, name: str, rows: Iterator[Numbered]) -> tuple[list[Numbered], Format | None]:
        """The rows that were looked at, and the format; None where there is none, and it was said so."""
        if self._given is not None:
            return [], self._given
        head: list[Numbered] = []
        for numbered in islice(rows, _LOOKED_AT):
            head.append(numbered)
            row: Any = {"messages": numbered[1]} if isinstance(numbered[1], list) else numbered[1]
            if isinstance(row, Mapping):
                form = next((form for form in FORMATS if form.is_one(row)), None)
                if form is not None:
                    return head, form
                if is_score(row):
                    return head, None
                if (other := foreign_row(row, name)) is not None:
                    self._bad(name, None, other.name, other)
                    return head, None
        if head and Path(name).name in HOLDS_NO_TALK:
            self.skipped[NO_TALK] += 1
        elif head:
            row = head[0][1]
            keys = f"the keys {', '.join(list(row)[:8])}" if isinstance(row, Mapping) else shown(row)
            self._bad(name, head[0][0], f"is no log that is known: holds {keys}{_how_to_name(name)}")
        return head, None

    def _ratings(self, files: Sequence[Path | str]) -> dict[str, list[dict[str, Any]]]:
        """Id of a message, a call, a trace or a conversation → its ratings, from the files that hold nothing else."""
        found: dict[str, list[dict[str, Any]]] = {}
        for file in files:
            if str(file) == STDIN:
                continue
            with suppress(DataError):  # told where its conversations are read
                for _, part in open_parts(file):
                    rows = rows_of(part, Notes(bad=lambda number, problem: None))
                    first = next(rows, None)
                    if first is None or not isinstance(first[1], Mapping) or not is_score(first[1]):
                        continue
                    for _, row in chain([first], rows):
                        about, rating = score_of(row) if isinstance(row, Mapping) else ("", None)
                        if rating is not None:
                            found.setdefault(about, []).append(rating)
        return found

    def _bad(self, name: str, number: int | None, problem: str, other: Recognised | None = None) -> None:
        if self.options.redact:
            problem = self._in_messages.text(problem)
            given = max((str(path) for path in self.paths if name.startswith(str(path))), key=len, default="")
            found = name.removeprefix(given)  # in a folder or an archive
            name = given + self._in_messages.file_name(found)
        if self._on_bad is not None:
            self._on_bad(name, number, problem, other)
            return
        if self.options.strict:
            raise DataError.at(
                name, number, problem, fix="correct it, or read without strict: such rows are then counted"
            )
        self.bad += 1
        if len(self.problems) < _SHOWN:
            place = name if number is None else f"{name}:{number}"
            self.problems.append(f"{place}: {problem}")

    def counts(self) -> dict[str, Any]:
        """For summaries."""
        return {
            "files": self.files,
            "conversations": self.conversations,
            "turns": self.turns,
            "formats": dict(self.formats),
            "skipped": dict(self.skipped),
            "bad": self.bad,
            "problem": self.problems[0] if self.problems else "",
            "cut": dict(self.cut),
        }


def read_conversations(paths: Sequence[Path | str] | Path | str, **reading: Any) -> Log:
    """The conversations of logs: files of any known format, folders of them, `-` for standard input; `reading`: `LogOptions`.

    Raises: UsageError for a format that is not known; while iterating, UserError for what cannot be opened, and with
    `strict` DataError at the first bad row.
    """
    return Log(paths, LogOptions.of(reading))


def _source(name: str) -> str:
    """What a file is called as the source of its conversations."""
    return "stdin" if name == STDIN else Path(name).name.split(".")[0]


def _all_of(conversation: Conversation, name: str) -> str:
    """All by which two are the same: not the file's name, where words and times are, as in an export that was saved twice."""
    if not any(turn.at is not None for turn in conversation.turns):
        return conversation.model_dump_json()
    source = _source(name)
    unsaid = {"id", "source"} if conversation.source == source else {"id"}
    return conversation.id.removeprefix(f"{source}/") + conversation.model_dump_json(exclude=unsaid)


def _how_to_name(name: str) -> str:
    """What to do about a table whose columns are not known."""
    if not name.lower().endswith((".csv", ".tsv", ".parquet")):
        return ""
    return "; name its columns, as in --role-column COLUMN --text-column COLUMN --conversation-column COLUMN"
