"""A stored record as a row of `results`."""

from tactful.llm.types import Usage
from tactful.runs.result import Result
from tactful.runs.store.rows import Row, packed, unpacked


def test_long_lines_are_stored_pressed_and_come_back_whole_also_from_before() -> None:
    line = b'{"text": "' + b"the same again, " * 400 + b'"}\n'
    row = Row(0, "a", "h", Result(state="done", lines=line, outputs=1))
    columns = packed(row)
    assert len(columns[4]) < len(line) / 5
    assert unpacked(columns).result.lines == line
    assert not unpacked(columns).damaged
    flipped = (*columns[:4], columns[4][:9] + b"\0\0\0" + columns[4][12:], *columns[5:])
    assert unpacked(flipped).damaged
    short = packed(Row(0, "a", "h", Result(state="done", lines=b'{"a": 1}\n', outputs=1)))
    assert short[4] == b'{"a": 1}\n'  # as folders of before hold all of theirs


def test_what_a_record_cost_is_read_where_its_lines_cannot_be_opened() -> None:
    usage = Usage(calls=2, prompt_tokens=10, cost_usd=0.25)
    columns = packed(Row(0, "a", "h", Result(state="done", lines=b"x" * 3000, outputs=1, usage=usage)))
    found = unpacked((*columns[:4], b"xxx", *columns[5:]))
    assert (found.damaged, found.result.usage) == (True, usage)
