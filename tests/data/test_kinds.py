"""Rows of ours say what they are; rows of before and of others are recognised."""

from pathlib import Path
from typing import ClassVar

import orjson
import pytest

from tactful.api.data.kinds import READERS
from tactful.data.check import detect_kind
from tactful.data.io import one_of, read_jsonl, to_line, write_jsonl
from tactful.data.recognise import MARKS, kind_of
from tactful.errors import DataError
from tactful.runs.result import Failure
from tactful.runs.store.identity import record_hash
from tactful.types import TAG, Conversation, Message, PreferencePair, Record, Trajectory, Written

FAILURE = Failure(id="a", stage="s", error="E", reason="r", attempts=1, input_hash="h")
BEFORE = b'{"id":"a","stage":"s","error":"E","reason":"r","attempts":1,"input_hash":"h","detail":""}\n'


def _written(empty: Path) -> list[type[Written]]:
    empty.touch()
    for rows_of in READERS.values():  # loads every room that writes rows
        assert list(rows_of(empty)) == []
    return [one for one in Written.__subclasses__() if one.__module__.startswith("tactful.")]


def test_a_row_of_ours_begins_with_its_kind_and_any_other_does_not():
    assert to_line(FAILURE) == b'{"tactful":"failures",' + BEFORE[1:]
    assert to_line(Message(role="user", content="x")) == b'{"role":"user","content":"x"}\n'


def test_rows_with_and_without_a_kind_read_alike(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(to_line(FAILURE) + BEFORE)
    assert list(read_jsonl(tmp_path / "a.jsonl", Failure)) == [FAILURE, FAILURE]
    assert Failure.model_validate_json(to_line(FAILURE)) == FAILURE


def test_the_kind_is_the_lines_and_not_the_records():
    class Untagged(Record):
        __annotations__ = Failure.__annotations__
        detail = ""

    assert TAG not in FAILURE.model_dump()
    assert record_hash(FAILURE) == record_hash(Untagged(**FAILURE.model_dump()))


def test_every_kind_that_is_written_can_be_checked(tmp_path):
    kinds = [one.row_kind for one in _written(tmp_path / "empty.jsonl")]
    assert len(kinds) == len(set(kinds)) >= 17
    assert set(kinds) <= MARKS.keys() & READERS.keys()


def test_a_row_of_another_kind_is_refused_by_its_name(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", [FAILURE])
    with pytest.raises(DataError, match=r"a\.jsonl:1: Trajectory is of the kind 'failures'; expected 'traj"):
        list(read_jsonl(tmp_path / "a.jsonl", Trajectory))
    for row, said in (
        (
            {TAG: "pairs"},
            "Failure is of the kind 'pairs', which 'tactful policy train' takes; expected 'fail",
        ),
        ({TAG: "moods"}, "Failure names the unknown kind 'moods'; expected 'failures'"),
    ):
        write_jsonl(tmp_path / "b.jsonl", [row])
        with pytest.raises(DataError, match=said):
            list(read_jsonl(tmp_path / "b.jsonl", Failure))


@pytest.mark.parametrize("kind", ["states", "moments", "labelled-moments", "suggestions"])
def test_readers_of_rows_that_name_no_kind_say_what_a_row_of_ours_is(tmp_path, kind):
    write_jsonl(tmp_path / "a.jsonl", [{TAG: "pairs"}])
    rows = READERS[kind](tmp_path / "a.jsonl")
    assert list(rows) == []
    assert "is of the kind 'pairs', which 'tactful policy train' takes; expected one of" in rows.problems[0]


def test_check_believes_the_kind_before_the_keys(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", [{TAG: "trees", "query": "x"}])
    assert detect_kind(tmp_path / "a.jsonl") == "trees"
    assert kind_of({TAG: "moods", "query": "x"}) == kind_of({"query": "x"}) == "states"
    assert kind_of({TAG: ["pairs"], "query": "x"}) == "states"


@pytest.mark.parametrize(
    "row",
    [
        {"text": "Book a table", "label": "open"},
        {"text": "Book a table", "label": "open", "context": []},
        {"query": "Book a table", "needs_clarification": True},
    ],
)
def test_requests_that_people_labelled_are_known_in_every_form_that_readers_take(tmp_path, row):
    write_jsonl(tmp_path / "a.jsonl", [row])
    assert detect_kind(tmp_path / "a.jsonl") == "labelled-requests"
    assert len(list(READERS["labelled-requests"](tmp_path / "a.jsonl"))) == 1
    assert kind_of({"text": "What a film", "label": "pos"}) is None


def test_a_reader_of_several_kinds_goes_by_the_name_and_else_by_the_keys():
    class Cup(Written):
        row_kind: ClassVar[str] = "cups"
        id: str
        tea: str

    class Plate(Written):
        row_kind: ClassVar[str] = "plates"
        id: str
        bread: str

    either = one_of(Cup, Plate)
    assert either.validate_python({TAG: "plates", "id": "a", "bread": "rye"}) == Plate(id="a", bread="rye")
    assert either.validate_python({"id": "a", "bread": "rye"}) == Plate(id="a", bread="rye")
    assert either.validate_python({"id": "a", "tea": "mint"}) == Cup(id="a", tea="mint")


def test_a_conversation_is_read_with_its_kind():
    row = orjson.loads(to_line(Conversation(id="a", turns=(), format="x")))
    assert row[TAG] == "conversations"
    assert Conversation.model_validate(row).id == "a"
    assert PreferencePair.row_kind == "pairs"
