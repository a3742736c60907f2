"""Every pipeline's run command, offline: the same bytes and figures at 1, 2 and 4 workers on Ray as in one process."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.feedback.chats import many_chats
from tests.gym.players import scene
from tests.utterance.fakes import write_rows

from tactful.gym.scenes.reading import write_scenes

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra [ray])"),
]
ROOT = Path(__file__).resolve().parents[4]
OF_TIME = ("out", "elapsed_s", "run", "path", "started_at", "ended_at", "seconds")
"""What a summary says of its own making."""


def tactful(folder: Path, *words: object) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "TACTFUL_"))}
    done = subprocess.run(
        [sys.executable, "-m", "tactful", *map(str, words)],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, f"tactful {' '.join(map(str, words))}\n{done.stderr}"
    return done.stdout


def states(folder: Path) -> Path:
    tactful(
        folder,
        "calibrate",
        "states",
        "--mode",
        "synthetic",
        "--domain",
        "coding",
        "--n",
        4,
        "--out",
        "states.jsonl",
    )
    return folder / "states.jsonl"


def rollouts(folder: Path) -> Path:
    tactful(folder, "calibrate", "rollout", states(folder), "--model", "offline", "--out", "rollouts")
    return folder / "rollouts"


def scenes(folder: Path) -> Path:
    write_scenes(folder / "scenes.yaml", [scene(number) for number in range(6)])
    return folder / "scenes.yaml"


def played(folder: Path) -> Path:
    tactful(
        folder, "gym", "run", "bundled", "--model", "offline", "--assistant", "every:5", "--out", "played"
    )
    return folder / "played"


def dialogues(folder: Path) -> Path:
    return write_rows(folder / "talks.jsonl", 12)


def chats(folder: Path) -> Path:
    return many_chats(folder / "log.jsonl", 12)


def nothing(folder: Path) -> None:
    return None


COMMANDS = {
    "calibrate rollout": (states, []),
    "calibrate reward": (rollouts, None),
    "calibrate evaluate": (states, ["--policies", "rule"]),
    "gym scenes": (nothing, ["--per-task", 1]),
    "gym run": (lambda folder: "bundled", ["--assistant", "every:5"]),
    "gym trainset": (played, ["--judge", "user"]),
    "feedback judge": (chats, []),
    "utterance synthesize": (dialogues, []),
    "utterance predict": (dialogues, []),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[list[object]], str]]:
    """Runs commands in one process with one Ray, which takes longer to start than they take."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "TACTFUL_"))}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.runs.running.ray.many"],
        cwd=tmp_path_factory.mktemp("ray"),
        env={**clean, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def run(words: list[object]) -> str:
            process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
            process.stdin.flush()
            told = json.loads(process.stdout.readline())
            assert told["code"] == 0, f"tactful {words}\n{told['stderr']}"
            return told["stdout"]

        yield run
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("command", "workers"),
    [
        *(
            pytest.param(command, (2,), marks=pytest.mark.slow)
            for command in ("calibrate rollout", "gym run")
        ),
        pytest.param("feedback judge", (2, 4), marks=pytest.mark.slow),
        *(pytest.param(command, (1, 2, 4), marks=pytest.mark.soak) for command in COMMANDS),
    ],
)
def test_a_command_gives_the_same_bytes_and_figures_on_any_number_of_workers(
    tmp_path: Path, command: str, workers: tuple[int, ...], ran: Callable[[list[object]], str]
) -> None:
    make, more = COMMANDS[command]
    source = make(tmp_path)
    words: list[object] = command.split()
    if command == "calibrate evaluate":
        words += ["--states", source]
    elif source is not None:
        words.append(source)
    if more is not None:
        words += ["--model", "offline", *more]
    local = tactful(tmp_path, *words, "--out", place(command, "local"), "--json")
    for count in workers:
        out = tmp_path / place(command, f"ray{count}")
        ray = ran([*words, "--out", out, "--json", "--executor", "ray", "--workers", count])
        for one in (*(tmp_path / "local").rglob("*.jsonl"), *tmp_path.glob("local.yaml")):
            other = out if one.suffix == ".yaml" else out / one.relative_to(tmp_path / "local")
            if one.name in ("records.jsonl", "failures.jsonl", "local.yaml"):
                assert one.read_bytes() == other.read_bytes(), one
        assert figures(json.loads(ray), tmp_path) == figures(json.loads(local), tmp_path)


def place(command: str, name: str) -> str:
    return f"{name}.yaml" if command == "gym scenes" else name


def figures(value: object, folder: Path) -> object:
    """The summary without what names its folder and its time."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in OF_TIME and not k.endswith(("_s", "_at"))}
        return {k: figures(v, folder) for k, v in kept.items()}
    if isinstance(value, list):
        return [figures(one, folder) for one in value]
    if isinstance(value, str):
        return re.sub(r"(^|/)ray\d?(?=$|[./])", r"\1local", value.replace(f"{folder}/", ""))
    return value
