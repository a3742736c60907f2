"""OpenAI messages: `{"messages": [{"role", "content"}, …]}`, also WildChat, LMSYS, LangChain and bare lists of messages.

A row may also be one exchange with what the user wrote next: `q_t`, `a_t`, `user_next`, or messages and `user_next`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.exchanges import answers_in
from tactful.data.logs.drafting.messages import add_messages, time_of
from tactful.data.logs.keys import first_filled, first_text
from tactful.data.logs.readers.rows import IDS, LISTS, whole
from tactful.data.logs.shown import shown
from tactful.data.logs.tables import as_written
from tactful.data.logs.types import Format, Notes, Numbered, Row, each

_ANSWERS = ("response", "completion")
_TEXTS = ("q_t", "a_t", "user_next", "conversation", "messages")


def _read(row: Row, notes: Notes) -> Draft:
    if isinstance(row.get("messages"), list) and isinstance(row.get("conversation"), list):
        raise ValueError("has both 'conversation' and 'messages'; keep one")
    if row.get("user_next") is not None or row.get("q_t") is not None:
        return _exchange(row, notes)
    key = next((key for key in LISTS if isinstance(row.get(key), list)), None)
    if key is None:
        raise ValueError(
            f"holds no 'conversation' (or 'messages'), and no 'q_t', 'a_t', 'user_next': {shown(dict(row))}"
        )
    draft = Draft(first_text(row, IDS), skipped=notes.skipped, **whole(row))
    add_messages(draft, row[key])
    _answer(draft, row)
    draft.begun(time_of(row))
    return draft


def _answer(draft: Draft, row: Row) -> None:
    """What came back to messages that end before it."""
    last = draft.turns[-1] if draft.turns else {}
    if last.get("role") == "assistant" and not last.get("calls"):
        return
    row = as_written(row, *_ANSWERS)
    answer = first_filled(row, _ANSWERS)
    if isinstance(answer, str):
        draft.say("assistant", answer)
    else:
        add_messages(draft, answers_in(answer))


def _exchange(row: Row, notes: Notes) -> Draft:
    row = as_written(row, "q_t", "a_t", "user_next")
    history = row.get("conversation") or row.get("messages") or ()
    if row.get("q_t") is not None and history:
        raise ValueError("has both 'conversation' and 'q_t'; keep one")
    if row.get("user_next") is None and not history:
        raise ValueError("holds no 'conversation' (or 'messages'), and no 'q_t', 'a_t', 'user_next'")
    if row.get("q_t") is None and not history:
        raise ValueError("has 'user_next' but neither a 'conversation' nor 'q_t' and 'a_t'")
    if row.get("q_t") is not None and row.get("a_t") is None:
        raise ValueError("has 'q_t' but no 'a_t'")
    known = whole({key: value for key, value in row.items() if key not in _TEXTS})
    draft = Draft(
        first_text(row, ("id",)), skipped=notes.skipped, verbatim=True, **{**known, "format": "exchanges"}
    )
    add_messages(draft, history)
    for role, key in (("user", "q_t"), ("assistant", "a_t")):
        if row.get(key) is not None:
            draft.say(role, str(row[key]))
    heard = [turn["role"] for turn in draft.turns if turn["role"] in ("user", "assistant")]
    if heard and heard[-1] != "assistant":
        raise ValueError("has 'user_next', but its conversation does not end with the assistant")
    draft.turns.append({"role": "user", "content": str(row["user_next"])})
    return draft


def _is_messages(row: Row) -> bool:
    if row.get("user_next") is not None or row.get("q_t") is not None:
        return bool({"a_t", "conversation", "messages"} & row.keys())
    rows = next((row[key] for key in LISTS if isinstance(row.get(key), list)), None)
    return rows is not None and all(isinstance(item, Mapping) for item in rows[:1])


def _rows(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
    wrapped = ((number, {"messages": row} if isinstance(row, list) and row else row) for number, row in rows)
    return each(_read)(wrapped, notes)


OPENAI = Format("openai", _is_messages, _rows)
