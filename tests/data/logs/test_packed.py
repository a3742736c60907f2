"""Whatever a log is packed in or broken by, its conversations are read and the rest is named."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tactful.data.logs import Log
from tactful.errors import DataError


def talk(id: str) -> dict[str, object]:
    said = ["Write a haiku.", "Rain on the roof.", f"No, about {id}."]
    return {
        "id": id,
        "messages": [
            {"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(said)
        ],
    }


TALKS = [talk("a"), talk("b")]
REQUEST = {
    "conversation": "a",
    "request": {"messages": [{"role": "user", "content": "Write a haiku."}]},
    "response": {"choices": [{"message": {"role": "assistant", "content": "Rain on the roof."}}]},
}
LINES = "".join(json.dumps(one) + "\n" for one in TALKS).encode()


def read(path: Path) -> tuple[list[str], list[str]]:
    """Ids of the conversations, and what was said of the rest."""
    log = Log(path)
    return [one.id for one in log], log.problems


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.jsonl.bz2", bz2.compress(LINES)),
        ("log.jsonl.xz", lzma.compress(LINES)),
        ("twice.jsonl.gz", gzip.compress(gzip.compress(LINES))),
        ("utf32.jsonl", LINES.decode().encode("utf-32")),
        ("lines of old Macs.jsonl", LINES.replace(b"\n", b"\r")),
        ("one behind the other.jsonl", LINES.replace(b"\n", b"")),
        ("a mark on each line.jsonl", LINES.replace(b'{"id"', b'\xef\xbb\xbf{"id"')),
        ("a list of rows on each line.jsonl", b"\n".join(json.dumps([one]).encode() for one in TALKS)),
        ("elements without their brackets.jsonl", LINES.replace(b"\n", b",\n")),
        ("under a key.json", json.dumps({"conversations": TALKS}).encode()),
        ("under another key.json", json.dumps({"total": 2, "results": TALKS}, indent=1).encode()),
        (
            "turns as text.jsonl",
            "\n".join(json.dumps({**one, "messages": json.dumps(one["messages"])}) for one in TALKS).encode(),
        ),
    ],
)  # fmt: skip
def test_it_is_read_whole(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert read(tmp_path / name) == (["a", "b"], [])


def many() -> bytes:
    draw = random.Random(7)  # the same bytes in every process: another byte is turned in others
    return "".join(
        json.dumps(talk(f"{number}-{draw.getrandbits(60)}")) + "\n" for number in range(2000)
    ).encode()


def cut(packed: bytes) -> bytes:
    return packed[: len(packed) // 2]


def flipped(packed: bytes) -> bytes:
    at = len(packed) // 2
    return packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]


@pytest.mark.slow
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("harm", [cut, flipped])
def test_a_damaged_archive_keeps_what_stands_before_the_damage(
    tmp_path: Path, pack: Callable[[bytes], bytes], harm: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "log.gz").write_bytes(harm(pack(many())))
    ids, problems = read(tmp_path / "log.gz")
    assert len(ids) < 2000
    assert problems
    if pack is gzip.compress:  # the others unpack block by block, and this log is one block
        assert len(ids) > 200


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_log_of_another_encoding_that_ends_too_early_is_said_to(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "log.gz").write_bytes(cut(gzip.compress(many().decode().encode(encoding))))
    ids, problems = read(tmp_path / "log.gz")
    assert 200 < len(ids) < 2000
    assert "ends too early, or is damaged" in problems[-1]


@pytest.mark.parametrize("turns", ["a list", "a text"])
def test_a_row_that_is_nested_without_end_costs_no_other(tmp_path: Path, turns: str) -> None:
    deep = '[{"score": NaN, "of": ' + "[" * 100_000 + "]" * 100_000 + "}]"
    row = f'{{"id": "deep", "messages": {deep if turns == "a list" else json.dumps(deep)}}}\n'
    (tmp_path / "log.jsonl").write_bytes(row.encode() + LINES)
    ids, problems = read(tmp_path / "log.jsonl")
    assert ids == ["a", "b"]
    assert len(problems) == 1


@pytest.mark.parametrize(
    "row",
    [
        '{"id": "deep", "messages": DEEP}',
        '{"id": "deep", "messages": [{"role": "user", "content": "Hi", "more": DEEP}]}',
        '{"conversation": "deep", "request": {"messages": DEEP}, "response": {"choices": []}}',
    ],
)
@pytest.mark.parametrize("depth", [300, 3000])
def test_an_element_that_is_nested_deeply_costs_no_other(tmp_path: Path, row: str, depth: int) -> None:
    deep = row.replace("DEEP", "[" * depth + "]" * depth)
    kind = json.dumps(TALKS[0] if "request" not in row else REQUEST)
    (tmp_path / "log.json").write_text(f"[{kind}, {deep}]")
    ids, problems = read(tmp_path / "log.json")
    assert ids[0] == "a"
    assert len(ids) + len(problems) == 2


def test_a_member_of_an_archive_that_is_damaged_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("one.jsonl", json.dumps(TALKS[0]) + "\n")
        archive.writestr("two.jsonl", json.dumps(TALKS[1]) + "\n")
    path.write_bytes(path.read_bytes().replace(b"about a.", b"about x."))
    ids, problems = read(path)
    assert ids[-1] == "b"
    assert any("one.jsonl" in problem and "damaged" in problem for problem in problems)


def test_a_spreadsheet_is_told_to_be_saved_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "log.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(DataError, match="is an office document; save its table as CSV"):
        list(Log(path))


def test_an_archive_under_a_password_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.jsonl", LINES)
    packed = bytearray(path.read_bytes())
    for flags in (6, packed.index(b"PK\x01\x02") + 8):
        packed[flags] |= 1
    path.write_bytes(packed)
    with pytest.raises(DataError, match=r"one\.jsonl.*cannot be unpacked .*encrypted.*unpack the archive"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "b.tar.gz",
            gzip.compress(tarfile.TarInfo("log").tobuf()),
            "b.tar.gz: is a tar archive; unpack it with tar -xf",
        ),
        ("b.zip", b"PK\x03\x04" + b"\0" * 100, "b.zip: is no whole zip archive"),
    ],
    ids=["tar", "zip"],
)
def test_an_archive_that_cannot_be_unpacked_costs_no_other_file_of_its_folder(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    for one, talk in zip(("a.jsonl", "c.jsonl"), TALKS, strict=False):
        (tmp_path / one).write_text(json.dumps(talk))
    ids, problems = read(tmp_path)
    assert (ids, len(problems)) == (["a", "b"], 1)
    assert str(tmp_path / said) in problems[0]
    with pytest.raises(DataError, match=name):
        read(tmp_path / name)


def test_an_archive_in_archives_without_end_is_refused(tmp_path: Path) -> None:
    packed = LINES
    for _ in range(8):
        packed = gzip.compress(packed)
    (tmp_path / "log.gz").write_bytes(packed)
    with pytest.raises(DataError, match="packed more than 5 times"):
        read(tmp_path / "log.gz")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("latin.jsonl", '{"id": "a", "text": "Schön"}'.encode("latin-1"), r"not UTF-8: byte 0xf6 at 25"),
        ("page.html", b"<!DOCTYPE html><html></html>", "is an HTML page"),
    ],
)
def test_it_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    ids, problems = read(tmp_path / name)
    assert not ids
    assert said in problems[0]


@pytest.mark.parametrize(
    "row",
    [
        {"contents": [
            {"role": "user", "parts": [{"text": "Write a haiku."}]},
            {"role": "model", "parts": [{"text": "Syllables…", "thought": True}, {"text": "Rain."}]},
        ]},
        {"id": "a", "messages": [
            {"sender": "user", "message": "Write a haiku."}, {"sender": "bot", "message": "Rain."},
        ]},
    ],
)  # fmt: skip
def test_messages_under_other_words_are_messages(tmp_path: Path, row: dict[str, object]) -> None:
    (tmp_path / "log.json").write_text(json.dumps(row))
    (found,) = Log(tmp_path / "log.json")
    assert [(turn.role, turn.content) for turn in found.turns] == [
        ("user", "Write a haiku."),
        ("assistant", "Rain."),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in a line.jsonl", LINES + b'{"n": ' + b"9" * 5_000 + b"}\n"),
        ("in a document.json", b'{"n": ' + b"9" * 5_000 + b', "rows": [' + LINES.split(b"\n")[0] + b"]}"),
        ("in an array.json", b"[\n" + LINES.replace(b"\n", b",\n") + b'{"n": ' + b"9" * 70_000 + b"}]"),
    ],
)
def test_a_number_of_thousands_of_digits_ends_its_row_and_not_the_process(tmp_path, name, content) -> None:
    (tmp_path / name).write_bytes(content)
    _, problems = read(tmp_path / name)
    assert len(problems) == 1


def test_a_tar_archive_and_text_of_an_older_encoding_are_named(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "logs.tar.gz", "w:gz") as archive:
        (tmp_path / "log.jsonl").write_bytes(LINES)
        archive.add(tmp_path / "log.jsonl", "log.jsonl")
    with pytest.raises(DataError, match=r"is a tar archive; unpack it with tar -xf"):
        read(tmp_path / "logs.tar.gz")
    for text, encoding in (("请帮我排序", "GB18030"), ("un café déjà bu", "LATIN1")):
        line = json.dumps({"messages": [{"role": "user", "content": text}]}, ensure_ascii=False)
        (tmp_path / "old.jsonl").write_bytes(line.encode(encoding))
        ((problem,),) = read(tmp_path / "old.jsonl")[1:]
        assert f"iconv -f {encoding} -t UTF-8" in problem


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"7z\xbc\xaf\x27\x1cxx", "a 7-Zip archive"),
        (b"\x89PNG\r\n", "a picture"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"data: {}\n", "a stream of server events"),
        (b"<?xml version='1.0'?>", "XML"),
    ],
)
def test_what_is_no_log_at_all_is_said_to_be_what_it_is(tmp_path: Path, start: bytes, name: str) -> None:
    (tmp_path / "log").write_bytes(start)
    assert read(tmp_path / "log") == ([], [f"{tmp_path / 'log'}: is {name}"])
