import io
import sys

import pytest

from tactful.data.io import read_jsonl, read_toml, to_line, write_jsonl
from tactful.errors import DataError, UserError
from tactful.types import Message, Record, State


def write(path, *lines):
    path.write_bytes(b"".join(line.encode() + b"\n" for line in lines))
    return path


GOOD = '{"role": "user", "content": "hi"}'


def test_records_come_back_as_they_were_written(tmp_path):
    records = [Message(role="user", content=f"line {i}\n你好\u2028") for i in range(3)]
    assert write_jsonl(tmp_path / "deep" / "a.jsonl", records) == 3
    rows = read_jsonl(tmp_path / "deep" / "a.jsonl", Message)
    assert list(rows) == records
    assert (rows.read, rows.bad) == (3, 0)


def test_equal_records_give_equal_bytes_in_the_order_of_the_model():
    state = State(id="s", domain="coding", query="q", query_clarity=0.5, task_complexity=0.25)
    line = to_line(state)
    assert line == to_line(State.model_validate_json(line))
    assert line.startswith(b'{"id":"s","domain":"coding","query":"q"')


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '{"role": "robot", "content": "x"}',
            r"a.jsonl:3: Message has role 'robot': expected 'system', 'user' or 'assistant'",
        ),
        ('{"role": "user"}', r"a.jsonl:3: Message has no 'content'"),
        ('{"role": "user", "content": "x", "mood": 1}', r"a.jsonl:3: Message has the unknown key 'mood'"),
        ('{"role": "user", "content": ', r"a.jsonl:3: not JSON .* at character"),
        ('{"role": "user", "content": NaN}', r"a.jsonl:3: not JSON"),
        ("[1, 2]", r"a.jsonl:3: Message is \[1, 2\], expected an object"),
    ],
)
def test_a_bad_line_is_named_with_its_value_and_the_next_move(tmp_path, line, message):
    path = write(tmp_path / "a.jsonl", GOOD, "", line, GOOD)
    with pytest.raises(DataError, match=message) as caught:
        list(read_jsonl(path, Message))
    assert "--skip-bad" in str(caught.value)
    assert f"tactful data check {path}" in str(caught.value)


def test_skip_bad_counts_what_it_leaves_out(tmp_path):
    path = write(tmp_path / "a.jsonl", GOOD, "{", '{"role": 1, "content": "x"}', "", GOOD)
    rows = read_jsonl(path, Message, skip_bad=True)
    assert len(list(rows)) == 2
    assert (rows.read, rows.bad) == (4, 2)
    assert [problem.split(": ")[0] for problem in rows.problems] == [f"{path}:2", f"{path}:3"]
    assert len(list(rows)) == 2
    assert rows.bad == 2  # reading again starts counting again


def test_a_torn_last_line_is_reported_not_taken(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(f'{GOOD}\n{{"role": "user", "con'.encode())
    with pytest.raises(DataError, match=r"a.jsonl:2: not JSON"):
        list(read_jsonl(path, Message))


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{GOOD}\r\n{GOOD}\r\n".encode())
    assert len(list(read_jsonl(path, Message))) == 2


def test_control_bytes_of_a_bad_line_do_not_reach_the_message(tmp_path):
    path = write(tmp_path / "a.jsonl", "\x1b[31mred\x07")
    with pytest.raises(DataError) as caught:
        list(read_jsonl(path, Message))
    assert "\x1b" not in str(caught.value)
    assert "\x07" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_the_users_to_fix(tmp_path):
    with pytest.raises(UserError, match=r"none.jsonl: cannot be read \(No such file"):
        list(read_jsonl(tmp_path / "none.jsonl", Message))
    with pytest.raises(UserError, match="is a folder"):
        list(read_jsonl(tmp_path, Message))


def test_dash_reads_stdin(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{GOOD}\n{{\n".encode())))
    rows = read_jsonl("-", Message)
    with pytest.raises(DataError, match="<stdin>:2: not JSON"):
        list(rows)


def test_dash_writes_stdout(capfdbinary):
    assert write_jsonl("-", [Message(role="user", content="hi")]) == 1
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == b'{"role":"user","content":"hi"}\n'


def test_a_failure_midway_leaves_the_old_file_whole(tmp_path):
    path = write(tmp_path / "a.jsonl", GOOD)

    def records():
        yield Message(role="user", content="new")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_jsonl(path, records())
    assert path.read_text() == GOOD + "\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_the_users_to_fix(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file: the folder cannot be made"):
        write_jsonl(tmp_path / "file" / "a.jsonl", [])


def test_reading_stays_lazy(tmp_path):
    path = write(tmp_path / "a.jsonl", GOOD, "{")
    assert next(iter(read_jsonl(path, Message))).content == "hi"


class Line(Record):
    """One of each kind of value."""

    names: tuple[str, ...]
    share: float
    count: int
    sure: bool
    message: Message


def test_every_problem_of_a_line_is_told_in_words_and_all_at_once(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"names": "x", "share": "wide", "count": 1.5, "sure": "so", "message": {"mood": null}}\n{}\n'
    )
    rows = read_jsonl(path, Line, skip_bad=True)
    assert list(rows) == []
    assert rows.problems == [
        f"{path}:1: Line message has no 'role', 'content'; Line has names 'x', expected a list; "
        "Line has share 'wide', expected a number; Line has count 1.5, expected a whole number; "
        "Line has sure 'so', expected true or false; Line message has the unknown key 'mood'",
        f"{path}:2: Line has no 'names', 'share', 'count', 'sure', 'message'",
    ]


def test_a_byte_order_mark_before_settings_is_no_part_of_them(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xef\xbb\xbfn = 1\n")
    assert read_toml(path) == {"n": 1}
