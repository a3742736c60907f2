"""Bad input anywhere: one sentence with the file, the line, the value and the next move; never a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.commands import Command, Done

FILE_COMMANDS: dict[str, tuple[str, ...]] = {
    "calibrate states": ("calibrate", "states", "--mode", "dataset", "--domain", "coding", "--input", "FILE"),
    "calibrate rollout": ("calibrate", "rollout", "FILE", "--model", "offline", "--out", "OUT"),
    "calibrate reward": ("calibrate", "reward", "FILE", "--out", "OUT"),
    "calibrate pairs": ("calibrate", "pairs", "FILE", "--out", "OUT"),
    "calibrate evaluate": (
        "calibrate", "evaluate", "--states", "FILE", "--model", "offline", "--policies", "rule", "--out", "OUT",
    ),
    "policy train": ("policy", "train", "FILE", "--out", "OUT"),
    "policy act": ("policy", "act", "rule", "FILE"),
    "data check": ("data", "check", "FILE", "--type", "states"),
    "data export": ("data", "export", "FILE", "--to", "trl", "--out", "OUT"),
    "data import mbpp": ("data", "import", "mbpp", "FILE", "--out", "OUT"),
}  # fmt: skip
"""Command → how it is typed; all of them read a file line by line."""

WHOLE_FILE_COMMANDS: dict[str, tuple[str, ...]] = {
    "policy explain": ("policy", "explain", "FILE"),
    "policy act": ("policy", "act", "FILE", "--query", "Sort my list."),
    "bench report": ("bench", "report", "FILE", "--out", "OUT"),
    "runs show": ("runs", "show", "FILE"),
    "runs retry": ("runs", "retry", "FILE"),
    "runs export": ("runs", "export", "FILE"),
}  # fmt: skip

WRONG_TYPE = {
    "calibrate states": '{"query": 7}',
    "calibrate rollout": '{"id": "a", "domain": "coding", "query": 7}',
    "calibrate reward": '{"id": "a", "steps": 7}',
    "calibrate pairs": '{"trajectory": 7}',
    "calibrate evaluate": '{"id": "a", "domain": "coding", "query": 7}',
    "policy train": '{"id": "a", "margin": "wide"}',
    "policy act": '{"query": 7}',
    "data check": '{"id": "a", "domain": "coding", "query": 7}',
    "data export": '{"id": "a", "margin": "wide"}',
    "data import mbpp": '{"task_id": "seven", "text": 7}',
}


def one_sentence(done: Done, out: Path) -> str:
    """What the command said, after checking that it is for a person and that nothing was left behind."""
    assert done.returncode in (1, 2), done.stdout + done.stderr
    said = done.stderr + done.stdout
    assert "Traceback" not in said
    assert not re.search(r"\b(?:KeyError|ValueError|TypeError|ValidationError|JSONDecodeError)\b", said), said
    assert said.strip()
    assert not out.exists()
    return said


def filled(words: tuple[str, ...], file: object, out: Path) -> list[object]:
    return [{"FILE": file, "OUT": out}.get(word, word) for word in words]


@pytest.mark.parametrize("name", FILE_COMMANDS)
def test_a_missing_file_is_named(tactful: Command, tmp_path: Path, name: str) -> None:
    missing, out = tmp_path / "nowhere.jsonl", tmp_path / "out"
    said = one_sentence(tactful(*filled(FILE_COMMANDS[name], missing, out)), out)
    assert str(missing) in said


@pytest.mark.parametrize("name", FILE_COMMANDS)
def test_a_line_that_is_not_json_is_named_with_its_number(
    tactful: Command, tmp_path: Path, name: str
) -> None:
    file, out = tmp_path / "input.jsonl", tmp_path / "out"
    file.write_text('\n{"query": "oh dear"\n')  # a blank line first: line numbers are those of an editor
    said = one_sentence(tactful(*filled(FILE_COMMANDS[name], file, out)), out)
    assert f"{file}:2: not JSON" in said
    assert "oh dear" in said


@pytest.mark.slow
@pytest.mark.parametrize("name", FILE_COMMANDS)
def test_a_value_of_the_wrong_type_is_shown(tactful: Command, tmp_path: Path, name: str) -> None:
    file, out = tmp_path / "input.jsonl", tmp_path / "out"
    file.write_text(WRONG_TYPE[name] + "\n")
    said = one_sentence(tactful(*filled(FILE_COMMANDS[name], file, out)), out)
    assert f"{file}:1:" in said
    assert re.search(r"7|wide|seven|'id'|has no ", said), said


@pytest.mark.parametrize("name", FILE_COMMANDS)
@pytest.mark.parametrize("content", ["[1, 2]", '"text"', "null", "1e999", "NaN"])
def test_a_line_that_is_no_object_is_named(tactful: Command, tmp_path: Path, name: str, content: str) -> None:
    file, out = tmp_path / "input.jsonl", tmp_path / "out"
    file.write_text(content + "\n")
    said = one_sentence(tactful(*filled(FILE_COMMANDS[name], file, out)), out)
    assert f"{file}:1:" in said or f"{file}: is a JSON array" in said


@pytest.mark.parametrize("name", FILE_COMMANDS)
def test_an_empty_file_is_never_a_success(tactful: Command, tmp_path: Path, name: str) -> None:
    file, out = tmp_path / "input.jsonl", tmp_path / "out"
    file.write_text("")
    one_sentence(tactful(*filled(FILE_COMMANDS[name], file, out)), out)


@pytest.mark.parametrize("name", FILE_COMMANDS)
def test_bytes_that_are_no_text_are_one_sentence(tactful: Command, tmp_path: Path, name: str) -> None:
    file, out = tmp_path / "input.jsonl", tmp_path / "out"
    file.write_bytes(b"\x00\xff\xfe\x80\x02}q\x00.\n")
    said = one_sentence(tactful(*filled(FILE_COMMANDS[name], file, out)), out)
    assert str(file) in said
    assert "\x00" not in said


@pytest.mark.parametrize("name", WHOLE_FILE_COMMANDS)
@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"format": 7}', b"\x80\x02}q\x00."])
def test_what_is_no_run_policy_or_evaluation_is_named(
    tactful: Command, tmp_path: Path, name: str, content: bytes | None
) -> None:  # fmt: skip
    file, out = tmp_path / "thing", tmp_path / "out"
    if content is not None:
        file.write_bytes(content)
    said = one_sentence(tactful(*filled(WHOLE_FILE_COMMANDS[name], file, out)), out)
    assert str(file) in said


@pytest.mark.parametrize("name", [*FILE_COMMANDS, *WHOLE_FILE_COMMANDS])
def test_a_folder_that_is_no_run_is_named(tactful: Command, tmp_path: Path, name: str) -> None:
    folder, out = tmp_path / "folder", tmp_path / "out"
    folder.mkdir()
    words = FILE_COMMANDS.get(name) or WHOLE_FILE_COMMANDS[name]
    said = one_sentence(tactful(*filled(words, folder, out)), out)
    assert str(folder) in said
