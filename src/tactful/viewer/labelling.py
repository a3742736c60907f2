"""A turn of a record as an item of annotation: the same item, by its id, as `tactful annotate serve` makes of the row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import ValidationError

from tactful.annotation.items.making import File, Tally, Wanted
from tactful.annotation.items.moments import unjudged_row
from tactful.annotation.items.reading import READERS
from tactful.annotation.types import Item
from tactful.errors import TactfulError
from tactful.types import Moment
from tactful.viewer.clusters.texts import audited, passages_at, place_of
from tactful.viewer.elsewhere import Missing, moment_at, moment_of, state_of
from tactful.viewer.strips.kinds import kind_of
from tactful.viewer.strips.plain import Row, part, parts, words

_LONGEST_NAME = 80
Chosen = tuple[str, Sequence[Any], Callable[[Item], bool]]
"""(what a reader of annotation takes, rows of it, which of their items is meant)."""
WhyNot = Literal["nothing", "unknown", Missing]
"""Why nobody can be asked: the row holds nothing of the kind; what the user said next is not known; as `Missing`."""


def item_at(row: Any, turn: int, *, source: str, path: Path) -> Item | WhyNot:
    """The item of this turn, or why nobody can be asked about it. `path` is of the run or file that holds the row."""
    chosen = _chosen(row, turn, path) if isinstance(row, Mapping) else "nothing"
    if isinstance(chosen, str):
        return chosen
    reader, rows, is_meant = chosen
    name = _log_of(row, path) if reader in ("conversations", "dialogues") else source
    found = [item for item in _read(reader, rows, name) if is_meant(item)]
    return found[-1] if found else "nothing"


def _chosen(row: Row, turn: int, path: Path) -> Chosen | WhyNot:
    kind = kind_of(row)
    if kind in ("trajectories", "rewarded"):
        return _state(part(_at(part(row, "trajectory") or row, "steps", turn), "state"))
    if kind == "trees":
        return _state(part(part(_at(row, "nodes", turn), "step"), "state"))
    if kind == "talks":
        return _state(part(_at(row, "turns", turn), "state"))
    if kind == "states":
        return _state(row)
    if kind == "replayed":
        return _state(state_of(row, path))
    if kind == "episodes":
        at = _at(row, "steps", turn).get("index")
        return "episodes", (row,), lambda item: item.origin.get("step") == at
    if kind == "judged-points":
        moment = part(row, "moment")
        tries = [one.get("proposal") for one in parts(row, "tries")]
        return _moments(
            {**moment, "id": f"{moment.get('id')}/{at}", "proposal": text} for at, text in enumerate(tries)
        )
    if kind == "findings":
        return _passage(row, path)
    if kind in ("predictions", "utterance"):
        return _came(row)
    if kind in ("moments", "reasoned-moments"):
        return _moments((part(row, "moment") or row,))
    if kind == "acceptances":
        return _found(moment_of(row, path))
    if kind in ("decisions", "proposals"):
        return _found(moment_at(row, path))
    return (kind, (row,), _any) if kind in ("pairs", "judged-turns", "labelled-moments") else "nothing"


def _at(row: Row, name: str, turn: int) -> Row:
    """The object of this turn in the list under `name`; empty where there is none."""
    found = parts(row, name)
    return found[turn] if turn < len(found) else {}


def _any(item: Item) -> bool:
    return True


def _found(moment: Moment | WhyNot) -> Chosen | WhyNot:
    return moment if isinstance(moment, str) else _moments((moment.model_dump(mode="json"),))


def _moments(moments: Iterable[Row]) -> Chosen | WhyNot:
    """What was proposed at one observation, without what was said of it."""
    try:
        found = [
            Moment.model_validate({name: one[name] for name in Moment.model_fields if name in one})
            for one in moments
        ]
    except ValidationError:
        return "nothing"
    return "moments", [unjudged_row(one) for one in found], _any


def _state(state: Row | WhyNot) -> Chosen | WhyNot:
    if isinstance(state, str):
        return state
    return ("states", (state,), _any) if state else "nothing"


def _came(row: Row) -> Chosen | WhyNot:
    """What the user really said next, as the follow-up that it is; the predictions are not shown."""
    came = words(part(row, "hindsight" if "hindsight" in row else "gold").get("message"))
    said = [*parts(row, "context"), {"role": "user", "content": came}]
    return ("dialogues", ({"id": row.get("dialogue_id"), "messages": said},), _any) if came else "unknown"


def _log_of(row: Row, path: Path) -> str:
    """The name of the log in which the conversation of a row stands."""
    logs = audited(path) if kind_of(row) == "findings" else ()
    return logs[0].name if logs else f"{words(row.get('source'))}.jsonl"


def _passage(row: Row, path: Path) -> Chosen | WhyNot:
    """What the assistant was asked, in the words of the log that was audited; what it did then is not shown."""
    place = place_of(row)
    logs = audited(path)
    passage = passages_at(logs, (place,)).get(place) if place is not None else None
    if passage is None:
        return "gone" if logs else "unnamed"
    said = [message.model_dump(mode="json") for message in passage.context]
    said.append({"role": "user", "content": passage.request})
    return "conversations", ({"id": passage.conversation, "messages": said},), _any


def _read(reader: str, rows: Sequence[Any], source: str) -> Iterator[Item]:
    """The items of rows, by the reader that annotation has for such a file; none where it refuses them."""
    with tempfile.TemporaryDirectory(prefix="tactful-") as folder:
        path = Path(folder) / f"{Path(source).stem[:_LONGEST_NAME] or 'rows'}.jsonl"
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        kinds = frozenset({"asking"}) if reader == "conversations" else None
        file = File(path, source, Wanted(kinds=kinds), Tally())  # type: ignore[arg-type]
        try:
            yield from READERS[reader][1](file)
        except TactfulError:
            return
