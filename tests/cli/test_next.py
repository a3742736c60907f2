"""What a command proposes at its end works as it is printed: each is typed again until none is proposed."""

import shlex
import shutil
from pathlib import Path

import pytest
from tests.commands import Command, Done

import tactful.calibration.play
from tactful.calibration.play import actions

SPACES = Path(str(tactful.calibration.play.__file__)).parent / "spaces"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a name that a shell must be told."""
    folder = tmp_path / "r ü"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return folder


def followed(tactful: Command, *words: object) -> list[list[str]]:
    """The commands that were proposed one after the other, each run as it was printed."""
    done: Done = tactful(*words)
    seen: list[list[str]] = []
    while True:
        assert done.returncode == 0, (seen, done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("next: ")]
        if not lines:
            return seen
        seen.append(shlex.split(lines[-1].removeprefix("next: tactful ")))
        done = tactful(*seen[-1])


def verbs(commands: list[list[str]]) -> list[str]:
    return [" ".join(words[:2]) for words in commands]


@pytest.mark.slow
def test_from_states_to_a_policy_by_what_is_printed(tactful: Command) -> None:
    made = followed(
        tactful,
        "calibrate",
        "states",
        "--mode",
        "synthetic",
        "--domain",
        "planning",
        "--n",
        6,
        "--out",
        "s t.jsonl",
    )
    assert verbs(made) == [
        "calibrate rollout", "calibrate reward", "calibrate pairs", "policy train", "policy act",
    ]  # fmt: skip


@pytest.mark.slow
def test_an_action_space_of_ones_own_is_named_again_where_it_is_needed(
    tactful: Command, place: Path
) -> None:  # fmt: skip
    shutil.copytree(SPACES / "levels" / "planning", place / "my space")
    toml = (place / "my space" / "space.toml").read_text()
    for old, new in (("LOW", "QUIET"), ("MID", "ASK"), ("HIGH", "GRILL"), ('"levels"', '"mine"')):
        toml = toml.replace(old, new)
    (place / "my space" / "space.toml").write_text(toml)
    assert actions.load_action_space("my space", "planning").names == ("QUIET", "ASK", "GRILL")
    states = (
        "calibrate",
        "states",
        "--mode",
        "synthetic",
        "--domain",
        "planning",
        "--n",
        6,
        "--out",
        "s.jsonl",
    )
    assert tactful(*states).returncode == 0
    made = followed(tactful, "calibrate", "rollout", "s.jsonl", "--model", "offline", "--actions", "my space")
    assert verbs(made) == ["calibrate reward", "calibrate pairs", "policy train", "policy act"]
    assert all("my space" in words for words in made[1:3])


@pytest.mark.slow
def test_an_evaluation_proposes_its_report(tactful: Command) -> None:
    states = (
        "calibrate",
        "states",
        "--mode",
        "synthetic",
        "--domain",
        "coding",
        "--n",
        10,
        "--out",
        "s.jsonl",
    )
    assert tactful(*states).returncode == 0
    made = followed(
        tactful, "calibrate", "evaluate", "--states", "s.jsonl", "--model", "offline", "--policies", "rule",
        "--passes", 1, "--users-per-task", 1,
    )  # fmt: skip
    assert verbs(made) == ["bench report"]


def test_the_endpoint_of_a_checkup_is_named_again() -> None:
    from tactful.cli.options import EndpointFlags

    assert EndpointFlags().repeated() == ""
    at = EndpointFlags(base_url="http://localhost:8000/v1", api_key_env="MY_KEY")
    assert at.repeated() == " --base-url http://localhost:8000/v1 --api-key-env MY_KEY"
