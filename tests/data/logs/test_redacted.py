"""Whatever is planted in whatever field of whatever log: it reaches neither a record, nor a file, nor a message."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.logs.shapes import SHAPES
from tests.data.logs.test_shapes import TALKS
from tests.data.logs.vintages import VINTAGES

from tactful.data.formats.chats import ChatRows, Dialogue
from tactful.data.logs import read_conversations
from tactful.data.logs.users import project_salt

PLANTED = (
    "sk-proj-Zx81kQm20LpWv73TnRb5",
    "ghp_Zx81kQm20LpWv73TnRb5Yc64HsUe9",
    "AKIAZX81KQM20LPWV73T",
    "xoxb-918273645546-ZxkQmLpWvTnRb",
    "postgres://ann:Zx81kQm2@db.example.com/shop",
    "zoe.quill@example.org",
    "5555 5555 5555 4444",
    "378282246310005",
    "+44 20 7946 0958",
    "/home/me/zebra/quince.txt",
    "４１１１\u3000１１１１\u3000１１１１\u3000１１１１",
    "zoe.quill%40example.org",
    "%2B44%2020%207946%200958",
    "file%3A%2F%2F%2Fhome%2Fme%2Fzebra%2Fquince.txt",
    "\\u0073k-proj-Zx81kQm20LpWv73TnRb5",
)
ALL = SHAPES | {name: make for name, make in VINTAGES.items() if not name.endswith("_table")}
PRIVATE = {
    "４１１１\u3000１１１１\u3000１１１１\u3000１１１１": "１１１１",
    "zoe.quill%40example.org": "zoe.quill",
    "%2B44%2020%207946%200958": "7946",
    "file%3A%2F%2F%2Fhome%2Fme%2Fzebra%2Fquince.txt": "zebra",
    "\\u0073k-proj-Zx81kQm20LpWv73TnRb5": "Zx81kQm20",
    "postgres://ann:Zx81kQm2@db.example.com/shop": "Zx81kQm2",
    "/home/me/zebra/quince.txt": "zebra",
}
"""What of it must not be seen, where that is not all."""


def leaves(value, place=()):
    """Every text in a JSON value, and every key."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*place, key), None
            yield from leaves(item, (*place, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from leaves(item, (*place, at))
    elif isinstance(value, str):
        yield place, value


def planted(value, place, text, old):
    """The value with `text` at that place; in place of a key where there was no text."""
    at = value
    for step in place[:-1]:
        at = at[step]
    if old is None:
        at[text] = at[place[-1]]
    else:
        at[place[-1]] = text
    return value


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_nothing_planted_in_any_field_of_any_format_comes_through(data):
    shape = data.draw(st.sampled_from(sorted(ALL)))
    secret = data.draw(st.sampled_from(PLANTED))
    raw = ALL[shape](TALKS)
    try:
        rows = [json.loads(raw)]
        whole = True
    except json.JSONDecodeError:
        rows, whole = [json.loads(line) for line in raw.splitlines()], False
    place, old = data.draw(st.sampled_from([leaf for leaf in leaves(rows) if leaf[0]]))
    if old is None and len(place) < 2:
        return
    around = data.draw(
        st.sampled_from(("{}", "{} {old}", "{old} {}", "{old}\n{}, {old}", '"{}"', "({})", "{old}用{}吧"))
    )
    rows = planted(rows, place, around.replace("{}", secret).replace("{old}", old or ""), old)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "log.json"
        file.write_text(json.dumps(rows[0]) if whole else "".join(json.dumps(row) + "\n" for row in rows))
        log = read_conversations(file)
        seen = [item.model_dump_json() for item in log] + log.problems
        dialogues = ChatRows(file, Dialogue, skip_bad=True)
        try:
            seen += [item.model_dump_json() for item in dialogues] + dialogues.problems
        except Exception as error:
            seen.append(str(error))
    for text in seen:
        assert PRIVATE.get(secret, secret) not in text, (shape, place)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PLANTED), st.text(max_size=40), st.text(max_size=40))
def test_nothing_planted_between_any_texts_comes_through(secret, before, after):
    row = {
        "id": "a",
        "messages": [
            {"role": "user", "content": f"{before} {secret} {after}"},
            {"role": "assistant", "content": "ok"},
        ],
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "log.jsonl"
        file.write_text(json.dumps(row))
        for item in read_conversations(file):
            assert PRIVATE.get(secret, secret) not in item.model_dump_json()


def test_a_row_that_cannot_be_read_is_told_without_what_is_secret_in_it(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"messages": []}\n{"messages": [{"role": "sk-proj-Zx81kQm20LpWv73TnRb5", "content": "x"}]}\n{"k": "zoe.quill@example.org'
    )
    log = read_conversations(tmp_path / "a.jsonl")
    assert list(log) == []
    assert log.bad == 2
    assert not any(secret in problem for secret in PLANTED for problem in log.problems)


def test_a_file_of_an_archive_or_folder_that_cannot_be_read_is_named_without_what_is_secret(tmp_path):
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    (tmp_path / "logs").mkdir()
    with ZipFile(tmp_path / "logs" / "some.zip", "w") as archive:
        archive.writestr(f"of ann@example.org/{secret}.txt", "no log")
    (tmp_path / "logs" / f"{secret}.json").write_text("no log")
    log = read_conversations(tmp_path / "logs")
    assert list(log) == []
    assert len(log.problems) == 2
    assert str(tmp_path / "logs" / "some.zip") in log.problems[1]  # where it lies is still told
    assert not any(secret in problem or "ann@example" in problem for problem in log.problems)


def test_what_is_cut_from_a_message_or_the_name_of_a_file_is_not_counted_as_cut_from_the_log(tmp_path):
    (tmp_path / "jane@example.org.jsonl").write_text(
        json.dumps({"messages": [{"role": "user", "content": "write to ann@example.org"}]})
        + '\n{"k": "bob@example.org' * 50
    )
    log = read_conversations(tmp_path)
    assert len(list(log)) == 1
    assert log.bad == 50
    assert not any("@example" in problem for problem in log.problems)
    assert log.counts()["cut"] == {"email": 1}


def test_a_folder_that_was_given_is_named_as_it_was_given_beside_one_whose_name_begins_alike(tmp_path):
    folders = [tmp_path / "logs", tmp_path / "logs of ann@example.org"]
    for folder in folders:
        folder.mkdir()
        (folder / "bob@example.org.json").write_text("no log")
    log = read_conversations(folders)
    assert list(log) == []
    assert [problem.partition("[EMAIL]")[0] for problem in log.problems] == [
        str(folder) for folder in folders
    ]
    assert not any("bob" in problem for problem in log.problems)


def test_a_user_is_a_hash_that_is_the_same_in_the_project_and_another_elsewhere(tmp_path, monkeypatch):
    log = tmp_path / "a.jsonl"
    log.write_bytes(SHAPES["openai"](TALKS))
    for place in ("one", "two"):
        (tmp_path / place / ".git").mkdir(parents=True)  # a project of its own, whatever lies above
    users = {}
    for place in ("one", "two"):
        monkeypatch.chdir(tmp_path / place)
        users[place] = [item.user for item in read_conversations(log)]
        assert users[place] == [item.user for item in read_conversations(log)]
        assert (tmp_path / place / ".tactful" / ".gitignore").read_text() == "*\n"
    assert all(user.startswith("u-") and len(user) == 12 for user in users["one"])
    assert len({*users["one"], *users["two"]}) == 4
    assert [item.user for item in read_conversations(log, keep_users=True)] == ["u0", "u1"]


def test_an_id_that_is_an_address_becomes_a_hash_and_two_stay_two(tmp_path):
    rows = [
        {"id": f"{name}@example.org", "messages": [{"role": "user", "content": "hi"}]}
        for name in ("ann", "bob")
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ids = [item.id for item in read_conversations(tmp_path / "a.jsonl")]
    assert len(set(ids)) == 2
    assert not any("@" in id for id in ids)
    assert [item.id for item in read_conversations(tmp_path / "a.jsonl", keep_users=True)] == ids


@pytest.mark.parametrize("held", ["", "\n", "no hex", "é"])
def test_a_salt_that_is_none_is_made_anew(tmp_path, monkeypatch, held):
    (tmp_path / ".tactful").mkdir()
    (tmp_path / ".tactful" / "salt").write_text(held, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    salt = project_salt()
    assert len(salt) == 16
    assert (tmp_path / ".tactful" / "salt").read_text() == salt.hex() + "\n"
    assert (tmp_path / ".tactful" / "salt").stat().st_mode & 0o777 == 0o600
    assert project_salt() == salt


def test_where_no_salt_can_be_kept_it_is_said_and_users_are_hashed(tmp_path, monkeypatch, caplog):
    (tmp_path / ".tactful").write_text("")
    monkeypatch.chdir(tmp_path)
    assert len(project_salt()) == 16
    (tmp_path / ".tactful").unlink()
    (tmp_path / ".tactful" / "salt").mkdir(parents=True)
    assert len(project_salt()) == 16
    assert len(caplog.messages) == 2
    assert all("users get other hashes in the next run" in said for said in caplog.messages)


def test_a_log_whose_users_and_ids_are_hashed_says_once_that_no_salt_can_be_kept(
    tmp_path, monkeypatch, caplog
):
    (tmp_path / ".tactful").write_text("")
    monkeypatch.chdir(tmp_path)
    row = {"id": "ann@example.org", "user": "ann", "messages": [{"role": "user", "content": "hi"}]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    (found,) = read_conversations(tmp_path / "a.jsonl")
    assert (found.id[:3], found.user[:2]) == ("id-", "u-")
    assert len(caplog.messages) == 1


def test_texts_stay_as_they_are_where_that_is_asked_for(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        json.dumps({"messages": [{"role": "user", "content": "zoe.quill@example.org"}]})
    )
    (found,) = read_conversations(tmp_path / "a.jsonl", redact=False)
    assert found.turns[0].content == "zoe.quill@example.org"
