"""The items of all files, one after the other, each once, and what became of every row."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from tactful.annotation.items.asking import from_requests, from_states
from tactful.annotation.items.chats import from_chats, from_judged
from tactful.annotation.items.making import WINDOW, File, Tally, Wanted
from tactful.annotation.items.moments import from_episodes, from_labelled, from_moments
from tactful.annotation.items.recognising import refusal, what_it_is
from tactful.annotation.items.replies import from_pairs, from_trl
from tactful.annotation.items.traces import from_traces
from tactful.annotation.types import KINDS, Item, Kind
from tactful.data.seen import Seen
from tactful.errors import DataError, UsageError

Reader = Callable[[File], Iterator[Item]]


def _own(file: File) -> Iterator[Item]:
    """Items as they were exported."""
    return file.records(Item, "item", lambda one: one.id)


_PROPOSALS: tuple[Kind, ...] = ("proposals",)
_ASKING: tuple[Kind, ...] = ("asking",)
_CHATS: tuple[Kind, ...] = ("follow-up", "asking")
READERS: Mapping[str, tuple[tuple[Kind, ...], Reader]] = {
    "traces": (_PROPOSALS, from_traces),
    "moments": (_PROPOSALS, from_moments),
    "labelled-moments": (_PROPOSALS, from_labelled),
    "episodes": (_PROPOSALS, from_episodes),
    "pairs": (("replies",), from_pairs),
    "trl": (("replies",), from_trl),
    "states": (_ASKING, from_states),
    "requests": (_ASKING, from_requests),
    "labelled-turns": (_CHATS, from_chats),
    "judged-turns": (("follow-up",), from_judged),
    "conversations": (_CHATS, from_chats),
    "dialogues": (_CHATS, from_chats),
    "chats": (_CHATS, from_chats),
    "annotation-items": (KINDS, _own),
}
"""What a file holds → the kinds of items that it can give, and its reader."""


class Items(Tally):
    """The items of files, read as they are asked for; iterating again starts over.

    After the last one: `read` rows that were not blank (traces, for a trace is one), of which `bad` could not be used;
    `left_out` says by reason what gave no item; `again` items were there already.
    """

    def __init__(self, paths: Sequence[Path], wanted: Wanted, *, limit: int | None = None) -> None:
        self.paths = paths
        self.wanted = wanted
        self.limit = limit
        self._start()

    def _start(self) -> None:
        super().__init__()
        self.again = 0
        self.kinds: Counter[Kind] = Counter()
        """Kind → items that were given."""

    def __iter__(self) -> Iterator[Item]:
        self._start()
        for item in islice(self._each_once(), self.limit):
            self.kinds[item.kind] += 1
            yield item

    def _each_once(self) -> Iterator[Item]:
        with closing(Seen()) as seen:
            for number, item in enumerate(self._all(), start=1):
                if seen.first(item.id, number) == number:
                    yield item
                else:
                    self.again += 1

    def _all(self) -> Iterator[Item]:
        for path in self.paths:
            before = Counter(self.left_out)
            found = 0
            for item in self._of(path):
                found += 1
                yield item
            if not found:
                raise self._nothing(path, self.left_out - before)

    def _of(self, path: Path) -> Iterator[Item]:
        kind, place = what_it_is(path)
        if kind not in READERS:
            raise refusal(path, kind)
        gives, read = READERS[kind]
        wanted = self.wanted.kinds
        if wanted is not None and not wanted & set(gives):
            raise UsageError(
                f"{path}: holds '{kind}', which gives items of the kind {' or '.join(gives)}, not "
                f"{' or '.join(sorted(wanted))}; leave --kind out, or give another file"
            )
        source = path.name or path.resolve().name
        for item in read(File(place, source, self.wanted, self)):
            if wanted is not None and item.kind not in wanted:
                self.left_out["an item of a kind that is not wanted"] += 1
            elif self.wanted.gold and item.gold is None:
                self.left_out["an item whose right answer is not known"] += 1
            else:
                yield item

    def _nothing(self, path: Path, left: Counter[str]) -> DataError:
        """What to say of a file without an item."""
        why = [f"{count} × {reason}" for reason, count in left.most_common(3)]
        why += [f"the first of {self.bad} unusable rows: {self.problems[0]}"] if self.problems else []
        what = "no item whose right answer is known" if self.wanted.gold else "no item to annotate"
        fix = "give another file" if not self.wanted.gold else "give rows that people agree on"
        return DataError.at(path, None, f"holds {what}{': ' if why else ''}{'; '.join(why)}", fix=fix)


def read_items(
    paths: Path | str | Sequence[Path | str],
    *,
    kinds: Collection[Kind] | None = None,
    window: int = WINDOW,
    silent: bool = False,
    gold: bool = False,
    limit: int | None = None,
    skip_bad: bool = False,
) -> Items:
    """The items of files, folders and runs. `kinds` None: what each gives; of a chat log, follow-ups.

    `window` events are shown at most; `silent` takes points of traces without a candidate too; `gold` gives only items whose
    right answer is known, with it.
    Raises, while iterating: DataError for a file of another kind, without an item, or with an unusable row (unless
    `skip_bad`); UsageError for one that gives none of `kinds`.
    """
    if window < 1:
        raise UsageError(f"window is {window}, expected at least one event")
    if unknown := sorted(set(kinds or ()) - set(KINDS)):
        raise UsageError(f"--kind {unknown[0]}: not known; choose of {', '.join(KINDS)}")
    given = [paths] if isinstance(paths, str | os.PathLike) else paths
    chosen = None if kinds is None else frozenset(kinds)
    wanted = Wanted(kinds=chosen, window=window, silent=silent, gold=gold, skip_bad=skip_bad)
    return Items([Path(path) for path in given], wanted, limit=limit)
