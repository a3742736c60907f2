"""`tactful calibrate demo`: the loop in one command, made of commands that work by themselves."""

import json
from pathlib import Path

import pytest
from tests.commands import Command

from tactful.cli.calibrate import demo as calibrate_demo
from tactful.cli.calibrate.demo import DOMAINS, REQUESTS, commands
from tactful.evaluation.policies.report import read_evaluation

FULL = commands
SMALL = ("planning",)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo on 24 states of one domain, with one pass of evaluation."""

    def fewer(domain: str, out: Path, seed: int) -> list[list[str]]:
        made = []
        for command in FULL(domain, out, seed):
            words = ["24" if word == "100" else word for word in command]
            made.append([*words, "--passes", "1"] if "evaluate" in words else words)
        return made

    monkeypatch.setattr(calibrate_demo, "commands", fewer)
    monkeypatch.setattr(calibrate_demo, "DOMAINS", SMALL)


def same(path: Path) -> dict:
    """An evaluation without what names the run."""
    found = read_evaluation(path).model_dump(mode="json")
    found["provenance"].pop("run_id")
    return found


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_demo_ends_with_a_table_a_headline_and_the_report(tactful: Command, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    done = tactful("calibrate", "demo", "--out", out)
    assert done.returncode == 0, done.stderr
    found = {domain: read_evaluation(out / domain / "evaluate") for domain in DOMAINS}
    for domain, item in found.items():
        assert item.learned_wins, f"{domain}: {item.headline()}"
        assert done.stdout.count(f"\n{domain} ") == 1
        assert (item.failed, item.unscored) == (0, 0)
    assert "A rehearsal, not a language model, spoke, so this shows" in done.stdout
    *above, blank, last = done.stdout.splitlines()
    requests = above[-len(REQUESTS) :]
    assert [line.rpartition("   ")[2] for line in requests] == list(REQUESTS)
    assert [line.split()[0] for line in requests] == ["answer"] * 5 + ["ask"] * 5
    first, second, third = above[-len(REQUESTS) - 6 : -len(REQUESTS) - 3]
    assert first.startswith("Against the best fixed level, the learned policy is better than always-")
    assert second.startswith("Against the rule written by hand it is ")
    assert "users never seen in training" in third
    assert (blank, last.split("   ")[0]) == ("", f"report: {out / 'report.html'}")
    assert len((done.stdout + done.stderr).splitlines()) <= 60
    assert sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) <= 60_000_000
    page = (out / "report.html").read_text()
    assert all(item.headline() in page for item in found.values())


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_equal_seeds_give_equal_evaluations(
    tactful: Command, tmp_path: Path, small: None
) -> None:  # fmt: skip
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        done = tactful("calibrate", "demo", "--out", tmp_path / name, "--seed", seed, "--json")
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        for domain in SMALL:
            found = read_evaluation(tmp_path / name / domain / "evaluate")
            assert result["headlines"][domain] == found.headline()
            assert result["learned_wins"][domain] == found.learned_wins
    for domain in SMALL:
        first, second, third = (same(tmp_path / name / domain / "evaluate") for name in "abc")
        assert first == second
        assert first["policies"] != third["policies"]


@pytest.mark.slow
def test_every_step_is_a_command_that_works_by_itself(tactful: Command) -> None:
    for command in commands("coding", Path("out"), 7):
        assert command[0] == "tactful"
        verbs = command[1:3]
        assert tactful(*verbs, "--help").returncode == 0
        if verbs != ["calibrate", "reward"] and verbs != ["calibrate", "pairs"]:
            assert command[command.index("--seed") + 1] == "7"


def test_an_existing_folder_is_never_written_into(tactful: Command, tmp_path: Path) -> None:
    done = tactful("calibrate", "demo", "--out", tmp_path)
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_step_that_fails_ends_the_demo(
    tactful: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(domain: str, out: Path, seed: int) -> list[list[str]]:
        return [["tactful", "calibrate", "rollout", str(out / "nowhere.jsonl"), "--model", "offline"]]

    monkeypatch.setattr(calibrate_demo, "commands", failing)
    done = tactful("calibrate", "demo", "--out", tmp_path / "demo")
    assert done.returncode == 1
    assert "nowhere.jsonl: no such file" in done.stderr
