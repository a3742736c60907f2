"""`tactful data import chats`: what it writes, what it tells, what it refuses, and that its file is read again."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
from tests.commands import tactful  # noqa: F401

from tactful.data.logs import Columns

TALK = [
    {"role": "user", "content": "Mail zoe.quill@example.org, my key is sk-proj-Zx81kQm20LpWv73TnRb5"},
    {"role": "assistant", "content": "Now?"},
    {"role": "user", "content": "no, tomorrow please"},
]
ROW = {"id": "a", "user": "zoe", "messages": TALK}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.jsonl").write_text(
        json.dumps(ROW) + "\n" + json.dumps({**ROW, "id": "b"}) + '\n{"id": "c\n'
    )
    return tmp_path


def test_a_log_becomes_conversations_and_all_of_it_is_accounted_for(tactful, project):  # noqa: F811
    done = tactful("data", "import", "chats", "log.jsonl", "--out", "c.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert (counts["conversations"], counts["turns"], counts["bad"]) == (2, 6, 1)
    assert counts["cut"] == {"secret": 2, "email": 2}
    text = (project / "c.jsonl").read_text()
    assert "zoe" not in text
    assert "sk-proj" not in text
    assert "Mail [EMAIL], my key is [SECRET]" in text


def test_what_was_found_skipped_and_cut_is_told_to_the_person(tactful):  # noqa: F811
    done = tactful("data", "import", "chats", "log.jsonl", "--out", "c.jsonl")
    assert done.stdout == ""
    assert "2 conversations (2 openai), 6 turns, from 1 file\n" in done.stderr
    assert "could not be read: 1; the first: log.jsonl:3: not JSON" in done.stderr
    assert "redacted: 2 secret, 2 email" in done.stderr
    assert "next: tactful feedback judge c.jsonl" in done.stderr


def test_its_file_is_read_again_as_it_is(tactful, project):  # noqa: F811
    tactful("data", "import", "chats", "log.jsonl", "--out", "c.jsonl")
    done = tactful("data", "import", "chats", "c.jsonl", "--out", "d.jsonl")
    assert done.returncode == 0, done.stderr
    assert (project / "c.jsonl").read_bytes() == (project / "d.jsonl").read_bytes()
    checked = tactful("data", "check", "c.jsonl")
    assert checked.stdout == "c.jsonl: conversations: 2 read = 2 good + 0 bad\n"


def test_a_folder_of_logs_is_checked_as_a_whole(tactful, project):  # noqa: F811
    (project / "logs").mkdir()
    (project / "logs" / "a.jsonl").write_text(json.dumps(ROW))
    (project / "logs" / "b.json").write_text(json.dumps([{**ROW, "id": "b"}]))
    checked = tactful("data", "check", "logs")
    assert (checked.returncode, checked.stdout) == (0, "logs: chats: 2 read = 2 good + 0 bad\n")


def test_columns_are_named_by_flags(tactful, project):  # noqa: F811
    (project / "t.csv").write_text(
        "ticket;who;said\n7;customer;hi\n7;bot;hello\n8;customer;yo\n", encoding="utf-8"
    )
    columns = ("--conversation-column", "ticket", "--role-column", "who", "--text-column", "said")
    done = tactful("data", "import", "chats", "t.csv", "--out", "-", *columns)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [[turn["content"] for turn in row["turns"]] for row in rows] == [["hi", "hello"], ["yo"]]
    refused = tactful("data", "import", "chats", "t.csv", "--out", "x.jsonl", "--role-column", "nobody")
    assert "has no column 'nobody'; its columns are ticket, who, said" in refused.stderr


FIELDS = [item.name for item in fields(Columns)]
NAMED = {"conversation": "n", "role": "who", "text": "said"}
COLUMNS = ("--conversation-column", "n", "--role-column", "who", "--text-column", "said")


@pytest.fixture
def table(project):
    """A table of one conversation whose columns have names of its own."""
    rows = [
        ("customer", "Rename a.txt to b.txt."),
        ("bot", "Shall I keep the content?"),
        ("customer", "I already said: just rename it."),
        ("bot", "Done, b.txt."),
    ]
    (project / "t.csv").write_text("n,who,said\n" + "".join(f'1,{who},"{said}"\n' for who, said in rows))
    return "t.csv"


def test_an_audit_reads_a_table_by_the_same_flags(tactful, table):  # noqa: F811
    done = tactful("audit", table, "--out", "page", "--json", *COLUMNS)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["read"]["conversations"] == 1


@pytest.mark.parametrize(
    "command",
    [
        ("feedback", "judge", "--model", "embedded"),
        ("utterance", "synthesize", "--model", "offline"),
        ("utterance", "predict", "--model", "offline"),
    ],
)
def test_a_run_reads_a_table_by_the_same_flags_and_its_retry_too(tactful, table, command):  # noqa: F811
    done = tactful(*command[:2], table, *command[2:], "--out", "run", *COLUMNS)
    assert done.returncode == 0, done.stderr
    texts = [path.read_text() for path in sorted(Path("run").glob("records*.jsonl"))]
    assert "I already said: just rename it." in "".join(texts)
    again = json.loads(Path("run/run.json").read_text())["resume_args"]
    assert again["reading"] == {"columns": {**dict.fromkeys(FIELDS), **NAMED}}
    assert tactful("runs", "retry", "run").returncode == 0


def test_a_log_is_learned_from_and_replayed_by_the_same_flags(tactful, table):  # noqa: F811
    learned = tactful("learn", table, "--out", "learned", "--json", *COLUMNS)
    assert learned.returncode == 0, learned.stderr
    assert json.loads(learned.stdout)["turns"] == 2
    assert tactful("runs", "retry", "learned").returncode == 0
    replayed = tactful("replay", table, "--policy", "rule", "--json", *COLUMNS)
    assert replayed.returncode == 0, replayed.stderr
    assert json.loads(replayed.stdout)["turns"] == 2


def test_what_is_not_to_be_redacted_reaches_a_judge_as_it_is(tactful, project):  # noqa: F811
    for flag, mail in (("--redact", "[EMAIL]"), ("--no-redact", "zoe.quill@example.org")):
        done = tactful(
            "feedback", "judge", "log.jsonl", "--skip-bad", "--model", "embedded", "--out", flag[2:], flag
        )
        assert done.returncode == 0, done.stderr
        assert f"Mail {mail}" in "".join(path.read_text() for path in Path(flag[2:]).glob("records*.jsonl"))


def test_a_table_of_unknown_columns_and_a_file_that_is_no_log_are_named_by_the_audit(tactful, project):  # noqa: F811
    (project / "mine.csv").write_text("ticket,who,said\n1,user,book a table\n1,assistant,which day?\n")
    refused = tactful("audit", "mine.csv", "--out", "audited")
    assert "mine.csv:2: is no log that is known: holds the keys ticket, who, said" in refused.stderr
    assert "--role-column COLUMN --text-column COLUMN --conversation-column COLUMN" in refused.stderr
    (project / "folder").mkdir()
    (project / "log.jsonl").rename(project / "folder" / "log.jsonl")
    (project / "folder" / "note.txt").write_text("hello")
    for command in (("audit",), ("learn",)):
        done = tactful(*command, "folder", "mine.csv", "--out", f"{command[0]}-out")
        assert "the first: " in done.stderr
        assert "log.jsonl:3: not JSON" in done.stderr


def test_nothing_is_overwritten_and_an_unknown_file_or_format_is_refused(tactful, project):  # noqa: F811
    again = tactful("data", "import", "chats", "log.jsonl", "--out", "log.jsonl")
    assert (again.returncode, "log.jsonl: exists already" in again.stderr) == (2, True)
    unknown = tactful("data", "import", "chats", "log.jsonl", "--out", "c.jsonl", "--format", "pigeon")
    assert "--format pigeon: not known; choose one of" in unknown.stderr
    (project / "other.jsonl").write_text('{"temperature": 3}\n')
    other = tactful("data", "import", "chats", "other.jsonl", "--out", "c.jsonl")
    assert other.returncode == 1
    assert "no conversation was found" in other.stderr
    assert not (project / "c.jsonl").exists()
