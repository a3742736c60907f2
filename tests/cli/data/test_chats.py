"""`tactful data import chats`: what it writes, what it tells, what it refuses, and that its file is read again."""

import json

import pytest
from tests.commands import tactful  # noqa: F401

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
    assert "2 conversations (2 openai), 6 turns, from 1 files" in done.stderr
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


def test_an_audit_reads_a_table_by_the_same_flags(tactful, project):  # noqa: F811
    rows = [
        ("customer", "Rename a.txt to b.txt."),
        ("bot", "Shall I keep the content?"),
        ("customer", "I already said: just rename it."),
    ]
    (project / "t.csv").write_text("n,who,said\n" + "".join(f"1,{who},{said}\n" for who, said in rows))
    columns = ("--conversation-column", "n", "--role-column", "who", "--text-column", "said")
    done = tactful("audit", "t.csv", "--out", "page", "--json", *columns)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["read"]["conversations"] == 1


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
