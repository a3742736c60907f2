"""Labelled texts of any origin, gathered per head: what readers are trained, calibrated and measured on."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from tactful.data.corpora import HELD_OUT, load_followups, load_moments, load_requests
from tactful.data.corpora.types import FollowUpRow, MomentRow, RequestRow
from tactful.data.formats.chats import ASSISTANT, USER, Dialogue
from tactful.data.formats.moments import parse_labelled
from tactful.data.io import STDIN, Rows, shorten
from tactful.errors import UserError
from tactful.reading.types import REACTIONS
from tactful.sources import whole
from tactful.types import content_hash

_log = logging.getLogger(__name__)
Row = RequestRow | FollowUpRow | MomentRow
_OWN = ("id", "group", "writer", "lang", "domain")
_NEEDED = ("text", "label", "label7", "needs_clarification", "q_t", "a_t", "user_next", "pred_task", "valid")
"""Keys of which null is told as what it is; of the others it says nothing."""
FEWEST = 50
"""Labelled texts of one judgement that fitting its probabilities needs."""


@dataclass(frozen=True)
class Labelled:
    """Rows of the three judgements; any may be empty."""

    requests: tuple[RequestRow, ...] = field(default=())
    followups: tuple[FollowUpRow, ...] = field(default=())
    moments: tuple[MomentRow, ...] = field(default=())

    @property
    def writers(self) -> tuple[str, ...]:
        """Everybody who wrote any of it."""
        return tuple(sorted({row.writer for row in self}))

    def by(self, writers: Collection[str]) -> Labelled:
        """What these writers wrote."""
        return self._those(lambda row: row.writer in writers)

    def without(self, writers: Collection[str]) -> Labelled:
        """What everybody else wrote."""
        return self.by(set(self.writers) - set(writers))

    def kept_aside(self) -> tuple[Labelled, Labelled]:
        """(three groups in four, the fourth), by the hash of the group's name: the same cut on every machine."""
        return self._those(lambda row: not _is_aside(row)), self._those(_is_aside)

    @property
    def groups(self) -> frozenset[str]:
        """What no cut parts."""
        return frozenset(map(_group_of, self))

    def __add__(self, other: Labelled) -> Labelled:
        return Labelled(
            self.requests + other.requests, self.followups + other.followups, self.moments + other.moments
        )

    def __iter__(self) -> Iterator[Row]:
        return chain(self.requests, self.followups, self.moments)

    def __len__(self) -> int:
        return len(self.requests) + len(self.followups) + len(self.moments)

    def _those(self, keep: Callable[[Row], bool]) -> Labelled:
        return Labelled(
            tuple(filter(keep, self.requests)),
            tuple(filter(keep, self.followups)),
            tuple(filter(keep, self.moments)),
        )


def _group_of(row: Row) -> str:
    return row.labelled.moment.session if isinstance(row, MomentRow) else row.group


def _is_aside(row: Row) -> bool:
    return int(hashlib.sha256(_group_of(row).encode()).hexdigest(), 16) % 4 == 0


def corpora() -> Labelled:
    """The bundled corpora, whole."""
    return Labelled(load_requests(), load_followups(), load_moments())


def read_labelled(
    paths: Sequence[Path | str], *, skip_bad: bool = False, on_bad: Callable[[Rows[Any]], None] | None = None
) -> tuple[Labelled, list[str]]:
    """The labelled texts of JSONL files, each row recognised by its keys, and the problems of rows left out.

    | keys | row |
    |---|---|
    | `text`, `label` (`open` or `complete`) | request; `context`, `missing`, `group`, `writer`, `lang` if known |
    | `query`, `needs_clarification` | request, as IN3 and Abg-CoQA have it; a passage in `context`, pairs in `history` |
    | `q_t`, `a_t`, `user_next`, `label7` | follow-up, also as `conversation` with `user_next` |
    | `obs`, `pred_task`, `valid` | moment, ProactiveBench's form and ours |

    Without `group` equal requests, turns of one dialogue (`dialogue_id`) and questions about one passage are a group;
    without `writer` the writer is the file's name; a file that is given twice counts once. `on_bad` is given each file that had unusable rows, after reading it.
    Raises, at the first unusable row unless `skip_bad`: DataError.
    """
    total, problems = Labelled(), []
    for path in {str(path) if str(path) == STDIN else whole(path): path for path in paths}.values():
        rows = labelled_texts(path, skip_bad=skip_bad)
        found = list(rows)
        problems += rows.problems
        if rows.bad and on_bad is not None:
            on_bad(rows)
        total = total + Labelled(
            tuple(row for row in found if isinstance(row, RequestRow)),
            tuple(row for row in found if isinstance(row, FollowUpRow)),
            tuple(row for row in found if isinstance(row, MomentRow)),
        )
    return total, problems


def labelled_texts(path: Path | str, *, skip_bad: bool = False) -> Rows[Row]:
    """The labelled texts of one file, one after the other."""
    return Rows(path, partial(_parsed, name=Path(path).stem), skip_bad=skip_bad, kind="labelled text")


def _parsed(row: Any, *, name: str) -> Row:
    if not isinstance(row, dict):
        raise ValueError("is no JSON object")
    row = {key: value for key, value in row.items() if value is not None or key in _NEEDED}
    own = {
        "id": content_hash(json.dumps(row, sort_keys=True))[:16],
        "writer": name,
        "lang": "",
        "domain": "own",
        **_names(row),
    }
    if "label" in row and "text" in row:
        group = _group_of_text(row["text"], row.get("context"))
        return RequestRow.model_validate({**row, "group": group, **own})
    if "needs_clarification" in row:
        return RequestRow.model_validate({**_asked(row), **own})
    if "label7" in row:
        _refuse_unknown_labels(row)
        said = _exchange(row)
        labels = {key: row[key] for key in ("accept", "label7") if key in row}
        return FollowUpRow.model_validate({"group": _dialogue(row), **own, **labels, **said})
    if "obs" in row:
        known = {key: row[key] for key in row if key not in {"writer", "lang", "domain"}}
        given = {key: own[key] for key in ("writer", "lang", "domain")}
        return MomentRow(labelled=parse_labelled(known), **given)
    raise ValueError(
        "is no labelled text: expected 'text' and 'label', or 'query' and 'needs_clarification', or 'q_t', 'a_t', "
        "'user_next' and 'label7', or 'obs' and 'valid'"
    )


def _names(row: dict[str, Any]) -> dict[str, Any]:
    """What the row says of itself; a number is a name too, and an empty text says nothing."""
    given = {key: row[key] for key in _OWN if row.get(key, "") != ""}
    return {key: str(value) if type(value) is int else value for key, value in given.items()}


def _group_of_text(text: Any, context: Any) -> str:
    """Equal texts after equal turns are one group, whatever their ids: nobody trains on one and measures on the other."""
    return content_hash(json.dumps([text, context or []], sort_keys=True))[:16]


def _refuse_unknown_labels(row: dict[str, Any]) -> None:
    for key, labels in (("label7", [row["label7"]]), ("accept", row.get("accept", []))):
        unknown = (
            [label for label in labels if label not in REACTIONS] if isinstance(labels, list) else [labels]
        )
        if unknown:
            raise ValueError(f"has {key} {shorten(unknown[0])}, expected {', '.join(REACTIONS)}")


def _exchange(row: dict[str, Any]) -> dict[str, Any]:
    """q_t, a_t and user_next of a row; from its `conversation`, up to the last answer, where it has one."""
    missing = [key for key in ("q_t", "a_t", "user_next") if key not in row]
    if "conversation" not in row and not missing:
        return {key: row[key] for key in ("q_t", "a_t", "user_next")}
    if "conversation" not in row or "user_next" in missing:
        raise ValueError(f"has a label7 and no '{missing[-1]}', expected 'q_t', 'a_t' and 'user_next'")
    said = Dialogue.model_validate({"conversation": row["conversation"]}).conversation
    last = max((at for at, one in enumerate(said) if one.role == ASSISTANT), default=None)
    if last is None:
        raise ValueError("has a conversation without an answer of the assistant, which the label is about")
    query = next((one.content for one in reversed(said[:last]) if one.role == USER), "")
    return {"q_t": query, "a_t": said[last].content, "user_next": row["user_next"]}


def _asked(row: dict[str, Any]) -> dict[str, Any]:
    """A request of the sets of clarification; texts about one passage are one group."""
    passage = row.get("context") or ""
    if not isinstance(passage, str):
        raise ValueError(
            f"has context {passage!r:.60}, expected the text of a passage; talk stands in 'history'"
        )
    if not isinstance(row["needs_clarification"], bool):
        raise ValueError(
            f"has needs_clarification {row['needs_clarification']!r:.60}, expected true or false"
        )
    context = [{"role": "user", "content": passage}] if passage else []
    history = row.get("history") or []
    for pair in history if isinstance(history, list) else [history]:
        if not isinstance(pair, list) or [type(one) for one in pair] != [str, str]:
            raise ValueError(f"has in history {pair!r:.60}, expected pairs of texts: a question, its answer")
        asked, answered = pair
        context += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    text = str(row.get("query", ""))
    return {
        "text": text,
        "context": context,
        "label": "open" if row["needs_clarification"] else "complete",
        "group": content_hash(passage or text)[:16],
    }


def _dialogue(row: dict[str, Any]) -> str:
    """Turns of one `dialogue_id`, else of conversations that begin with the same two messages, are one group.

    The shipped reader has learnt from three in four of these groups of public sets: others would cut those elsewhere.
    """
    if row.get("dialogue_id", "") != "":
        return str(row["dialogue_id"])
    opening = [str(turn.get("content", "")) for turn in row.get("conversation") or ()][:2]
    return content_hash("\n".join(opening or [str(row.get("user_next", "")), str(row.get("q_t", ""))]))[:16]


def held_out() -> Labelled:
    """What the writers of `HELD_OUT` wrote: no shipped reader was trained on them."""
    return corpora().by(HELD_OUT)


def fittable(labels: Mapping[str, Sequence[int]]) -> list[str]:
    """The judgements with `FEWEST` labelled texts of more than one kind. Raises: UserError, when none has."""
    found = [head for head, own in labels.items() if len(own) >= FEWEST and len(set(own)) > 1]
    if not found:
        counts = ", ".join(f"{head} {len(own)}" for head, own in labels.items() if own) or "none"
        raise UserError(
            f"no judgement has {FEWEST} labelled texts of more than one kind that the reader knows: found {counts}; "
            "label some more"
        )
    return found


def tell_unfitted(labelled: Mapping[str, int], fitted: Mapping[str, int]) -> None:
    """Say which labels counted for nothing: of judgements with too few, and of texts that the reader does not know."""
    for head, texts in labelled.items():
        if texts and head not in fitted:
            _log.warning(
                "%s: stays as it is: of its %d labelled texts fewer than %d are known, or all say one thing",
                head,
                texts,
                FEWEST,
            )
        elif texts and fitted[head] < texts:
            left = texts - fitted[head]
            _log.warning(
                "%s: %d of %d labelled texts are not known to the reader and count for nothing",
                head,
                left,
                texts,
            )
