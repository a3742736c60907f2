"""What goes wrong at once leaves nothing behind: the corrected command can be given as it is."""

import json
from pathlib import Path

import pytest
from tests.chat_server import serving
from tests.commands import Command

WRONG = {
    "an unknown persona": (["--personas", "nobody"], "nobody"),
    "a bad persona file": (["--personas", "bad.toml"], "bad.toml"),
    "a cache that is none": (["--model", "m", "--base-url", "http://127.0.0.1:1/v1", "--cache", "bad.toml"], "bad.toml: not a call cache"),
    "a cache in no folder": (["--model", "m", "--base-url", "http://127.0.0.1:1/v1", "--cache", "/proc/none/c.sqlite"], "--cache"),
    "a bad address": (["--model", "m", "--base-url", "nonsense"], "nonsense"),
    "a missing key": (["--model", "gpt-4.1-mini"], "OPENAI_API_KEY"),
    "a budget at an unknown price": (["--model", "m", "--base-url", "http://127.0.0.1:1/v1", "--budget-usd", "1"], "price of 'm'"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tactful: Command) -> Path:
    """A working folder with states, a chat log, and files that are wrong in their own ways."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    done = tactful("calibrate", "states", "--mode", "synthetic", "--domain", "planning", "--n", 2, "--out", "s.jsonl")  # fmt: skip
    assert done.returncode == 0
    Path("bad.toml").write_text("this is = = no TOML\n")
    Path("table.csv").write_text("query,tests\nwrite it,none\n")
    Path("noise.bin").write_bytes(bytes(range(256)) * 20)
    said = [("user", "Write it."), ("assistant", "Here."), ("user", "Thanks!"), ("assistant", "Bye."), ("user", "Go on")]  # fmt: skip
    chat = {"id": "c1", "conversation": [{"role": role, "content": text} for role, text in said]}
    Path("chats.jsonl").write_text(json.dumps(chat) + "\n")
    return tmp_path


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_option_leaves_no_folder_and_the_corrected_command_runs(tactful: Command, case: str) -> None:
    words, named = WRONG[case]
    model = [] if "--model" in words else ["--model", "offline"]
    failed = tactful("calibrate", "rollout", "s.jsonl", *model, *words, "--out", "q/1")
    assert failed.returncode in (1, 2)
    assert named in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "read 0" not in failed.stderr
    assert not Path("q").exists()
    assert tactful("calibrate", "rollout", "s.jsonl", "--model", "offline", "--out", "q/1").returncode == 0


@pytest.mark.parametrize("source", ["table.csv", "noise.bin"])
@pytest.mark.parametrize(
    "command",
    [
        ["calibrate", "rollout", "--model", "offline"],
        ["calibrate", "reward"],
        ["calibrate", "pairs"],
        ["feedback", "judge", "--model", "embedded"],
        ["utterance", "synthesize", "--model", "offline"],
    ],
    ids=" ".join,
)
def test_a_file_of_another_kind_leaves_no_folder(
    tactful: Command, command: list[str], source: str
) -> None:  # fmt: skip
    failed = tactful(*command, source, "--out", "q/1")
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"tactful: {source}:")
    assert "read 0" not in failed.stderr
    assert not Path("q").exists()


@pytest.mark.parametrize(
    "command",
    [["feedback", "judge", "chats.jsonl"], ["utterance", "synthesize", "chats.jsonl"]],
    ids=" ".join,
)
def test_siblings_leave_no_folder_without_a_key(tactful: Command, command: list[str]) -> None:
    failed = tactful(*command, "--model", "gpt-4.1-mini", "--out", "q/1")
    assert (failed.returncode, "OPENAI_API_KEY" in failed.stderr) == (1, True)
    assert not Path("q").exists()


def test_a_refused_key_leaves_no_folder_and_says_so(
    tactful: Command, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-wrong")
    with serving(key="sk-right-right") as server:
        failed = tactful("calibrate", "rollout", "s.jsonl", "--model", "m", "--base-url", server.base_url, "--out", "q/1")  # fmt: skip
    assert failed.returncode == 1
    assert "nothing was stored, so nothing stays behind" in failed.stderr
    assert not Path("q").exists()


def test_a_folder_that_existed_is_emptied_but_stays(tactful: Command) -> None:
    Path("kept").mkdir()
    assert tactful("calibrate", "rollout", "s.jsonl", "--model", "gpt-4.1-mini", "--out", "kept").returncode
    assert list(Path("kept").iterdir()) == []
    assert tactful("calibrate", "rollout", "s.jsonl", "--model", "offline", "--out", "kept").returncode == 0
    before = sorted(Path("kept").iterdir())
    words = ["calibrate", "rollout", "s.jsonl", "--model", "offline", "--resume", "--out", "kept"]
    assert tactful(*words, "--personas", "nobody").returncode
    assert sorted(Path("kept").iterdir()) == before


UNWRITABLE = [
    ["calibrate", "states", "--mode", "synthetic", "--domain", "coding", "--n", "2", "--out", "/proc/foo"],
    ["calibrate", "rollout", "s.jsonl", "--model", "offline", "--out", "/proc/foo"],
    ["calibrate", "rollout", "s.jsonl", "--model", "offline", "--out", "bad.toml/foo"],
    ["calibrate", "demo", "--out", "/proc/foo"],
    ["feedback", "judge", "chats.jsonl", "--model", "embedded", "--out", "/proc/foo"],
    ["utterance", "synthesize", "chats.jsonl", "--model", "offline", "--out", "/proc/foo"],
]


@pytest.mark.parametrize("command", UNWRITABLE, ids=lambda words: " ".join([*words[:2], words[-1]]))
def test_an_unwritable_place_is_named_in_one_sentence(tactful: Command, command: list[str]) -> None:
    failed = tactful(*command)
    assert failed.returncode == 1, failed.stderr
    last = failed.stderr.splitlines()[-1]
    assert last.startswith(f"tactful: {command[-1]}: ")
    assert "(" in last
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("command", [["rollout", "s.jsonl", "--model", "offline"], ["demo"]], ids=" ".join)
def test_an_unwritable_working_folder_is_named_in_one_sentence(
    tactful: Command, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [str(tmp_path / word) if word == "s.jsonl" else word for word in command]
    monkeypatch.chdir("/proc")
    failed = tactful("calibrate", *command)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("tactful: runs/calibrate-")
    assert "--out" in failed.stderr


@pytest.mark.parametrize(
    ("option", "value"), [("--budget-usd", "inf"), ("--budget-usd", "nan"), ("--requests-per-minute", "inf")]
)
def test_a_number_without_end_is_refused(tactful: Command, option: str, value: str) -> None:
    failed = tactful("calibrate", "rollout", "s.jsonl", "--model", "offline", option, value, "--out", "q")
    assert failed.returncode == 2
    assert option in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.slow
def test_files_of_results_in_unwritable_places_are_named_in_one_sentence(tactful: Command) -> None:
    steps = [
        ["calibrate", "rollout", "s.jsonl", "--model", "offline", "--out", "roll"],
        ["calibrate", "reward", "roll", "--out", "reward"],
        ["calibrate", "pairs", "reward", "--select", "all", "--min-margin", "0", "--out", "pairs"],
        ["calibrate", "evaluate", "--states", "s.jsonl", "--policies", "rule", "--passes", "1", "--model", "offline", "--folds", "2", "--no-sweep", "--out", "eval"],
    ]  # fmt: skip
    for step in steps:
        done = tactful(*step)
        assert done.returncode == 0, done.stderr
    for words in (["policy", "train", "pairs"], ["bench", "report", "eval"]):
        failed = tactful(*words, "--out", "/proc/foo.html")
        assert failed.returncode == 1, words
        assert failed.stderr.splitlines()[-1].startswith("tactful: /proc/"), failed.stderr
        assert "Traceback" not in failed.stderr
