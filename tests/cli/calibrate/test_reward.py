import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.calibration.reward_fixtures import make_state, make_step, make_trajectory, requirement

from tactful.calibration.reward.rewards import RewardConfig, load_reward_config
from tactful.calibration.types import Rewarded
from tactful.cli.main import main
from tactful.data.io import read_jsonl, write_jsonl
from tactful.types import Hidden, PreferencePair

PLAN = Hidden(
    requirements=(
        requirement("day", 0.3, checks=("tuesday",)),
        requirement("food", 0.7, checks=("vegetarian",), open=True, answer="SECRET-7731"),
    )
)


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def tactful(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """The command line in this process: `tactful("calibrate", "reward", path)`."""

    def call(*words: object, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "argv", ["tactful", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(ended.value.code or 0, *capsys.readouterr())

    return call


def plans(tasks: int = 3):
    """LOW is right when the wording is complete, MID when it is open."""
    for task in range(tasks):
        for wording in ("complete", "open"):
            for persona in ("calm", "hurried"):
                state = make_state(f"t{task}-{wording}", domain="planning")
                for action in ("LOW", "MID"):
                    asks = action == "MID"
                    informed = asks or wording == "complete"
                    yield make_trajectory(
                        make_step(
                            action,
                            questions=int(asks),
                            answered=asks and persona == "calm",
                            revealed=("food",) if asks and wording == "open" else (),
                            rejected=asks and persona == "hurried",
                            solves=True,
                            state=state,
                        ),
                        id=f"{state.id}/{persona}/p0/{action}",
                        persona=persona,
                        domain="planning",
                        solution="vegetarian on tuesday" if informed else "steak on tuesday",
                        hidden=PLAN,
                        wording=wording,
                    )


@pytest.fixture
def trajectories(tmp_path: Path) -> Path:
    write_jsonl(tmp_path / "trajectories.jsonl", plans())
    return tmp_path / "trajectories.jsonl"


def test_reward_then_pairs_from_files_to_files(tactful, trajectories: Path, tmp_path: Path):
    done = tactful("calibrate", "reward", trajectories, "--out", tmp_path / "r", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["trajectories"]["read"] == result["trajectories"]["done"] == 24
    assert result["programs_run"] == 0
    assert {probe["name"]: probe["holds"] for probe in result["probes"]}["question_spam"]
    # complete: LOW 1, MID 1 − (0.1 + 0.8)/2 = 0.55; open: LOW 0.3, MID 1 + (0.2 − 0.8)/2 = 0.7
    # informed 0.85, best fixed LOW 0.65 (MID 0.625)
    (information,) = result["value_of_information"]
    assert information["value"]["value"] == pytest.approx(0.2)
    assert information["best_fixed"] == "LOW"
    assert load_reward_config(tmp_path / "r" / "config.toml") == RewardConfig()
    assert json.loads((tmp_path / "r" / "summary.json").read_text()) == result

    done = tactful(
        "calibrate", "pairs", tmp_path / "r", "--out", tmp_path / "p", "--view", "policy", "--json"
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    groups = result["groups"]
    assert groups["read"] == groups["done"] + sum(groups["dropped"].values()) == 12
    pairs = list(read_jsonl(tmp_path / "p" / "records.jsonl", PreferencePair))
    assert len(pairs) == result["pairs"] == 12
    # open: calm prefers MID (1.2 to 0.3), hurried LOW (0.3 to 0.2): all six pairs contradict
    assert result["contradicting_pairs"] == 6
    assert "contradicting pairs: 6 (50.0%)" in done.stderr
    assert "SECRET" not in (tmp_path / "p" / "records.jsonl").read_text()


def test_table_and_value_of_information_go_to_stdout(tactful, trajectories: Path, tmp_path: Path):
    done = tactful("calibrate", "reward", trajectories, "--out", tmp_path / "r")
    assert "value of information, planning: 0.20" in done.stdout
    assert "LOW when complete, MID when open" in done.stdout
    assert "24 trajectories read: 24 rewarded, 0 unscored, 0 failed" in done.stderr
    assert f"next: tactful calibrate pairs {tmp_path / 'r'}" in done.stderr


@pytest.mark.slow
def test_rewarded_run_is_scored_again_under_another_configuration(
    tactful, trajectories: Path, tmp_path: Path
):
    tactful("calibrate", "reward", trajectories, "--out", tmp_path / "r")
    (tmp_path / "R.toml").write_text('form = "weighted"\nalpha = 0.6\n')
    done = tactful(
        "calibrate",
        "reward",
        tmp_path / "r",
        "--config",
        tmp_path / "R.toml",
        "--out",
        tmp_path / "w",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trajectories"]["scores_reused"] == 24
    first = {row.id: row for row in read_jsonl(tmp_path / "r" / "records.jsonl", Rewarded)}
    for row in read_jsonl(tmp_path / "w" / "records.jsonl", Rewarded):
        assert row.task_score == first[row.id].task_score
        assert row.reward_form == "weighted"
    # the pairs of that run take its configuration from its folder
    assert tactful("calibrate", "pairs", tmp_path / "w", "--out", tmp_path / "p").returncode == 0
    # a bare file of it does not say how it was rewarded
    done = tactful("calibrate", "pairs", tmp_path / "w" / "records.jsonl", "--out", tmp_path / "q")
    assert done.returncode == 1
    assert "--config" in done.stderr
    assert not (tmp_path / "q").exists()


def test_little_value_of_information_is_warned_of(tactful, trajectories: Path, tmp_path: Path):
    (tmp_path / "R.toml").write_text("delta = 5\n")
    done = tactful(
        "calibrate", "reward", trajectories, "--config", tmp_path / "R.toml", "--out", tmp_path / "r"
    )
    assert done.returncode == 0
    assert "warning: planning" in done.stderr
    assert "nothing to learn" in done.stderr


def test_hackable_reward_exits_1_with_figures_and_leaves_nothing(tactful, trajectories: Path, tmp_path: Path):
    (tmp_path / "R.toml").write_text("gamma_cap = 1000\n")
    done = tactful(
        "calibrate", "reward", trajectories, "--config", tmp_path / "R.toml", "--out", tmp_path / "r"
    )
    assert done.returncode == 1
    assert "thirty_answered_questions: FAILS" in done.stderr
    assert "passed_test 1" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "r").exists()


def test_offline_judge_scores_plans_by_rubric(tactful, trajectories: Path, tmp_path: Path):
    done = tactful(
        "calibrate", "reward", trajectories, "--judge-model", "offline", "--out", tmp_path / "r", "--json"
    )
    assert done.returncode == 0, done.stderr
    rows = list(read_jsonl(tmp_path / "r" / "records.jsonl", Rewarded))
    assert {row.judge for row in rows} == {"offline"}
    assert {row.task_score for row in rows} == {1.0, 0.3}
    assert all("calibration/rubric" in row.provenance.prompt_hashes for row in rows)


@pytest.mark.slow
def test_out_is_never_overwritten(tactful, trajectories: Path, tmp_path: Path):
    tactful("calibrate", "reward", trajectories, "--out", tmp_path / "r")
    before = (tmp_path / "r" / "records.jsonl").read_bytes()
    done = tactful("calibrate", "reward", trajectories, "--out", tmp_path / "r")
    assert done.returncode == 2
    assert (tmp_path / "r" / "records.jsonl").read_bytes() == before


@pytest.mark.slow
def test_equal_runs_write_equal_bytes(tactful, trajectories: Path, tmp_path: Path):
    for name in ("a", "b"):
        tactful("calibrate", "reward", trajectories, "--out", tmp_path / name)
        tactful("calibrate", "pairs", tmp_path / name, "--select", "all", "--out", tmp_path / f"{name}-pairs")
    for name in ("{}", "{}-pairs"):
        first, second = ((tmp_path / name.format(run) / "records.jsonl").read_bytes() for run in "ab")
        assert first == second


def test_trajectories_come_through_a_pipe(tactful, trajectories: Path, tmp_path: Path):
    done = tactful("calibrate", "reward", "-", "--out", tmp_path / "r", stdin=trajectories.read_bytes())
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["reward", "pairs"])
def test_bad_line_is_named_and_can_be_skipped(tactful, trajectories: Path, tmp_path: Path, verb: str):
    source = trajectories
    if verb == "pairs":
        tactful("calibrate", "reward", trajectories, "--out", tmp_path / "r")
        source = tmp_path / "r" / "records.jsonl"
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(source.read_bytes() + b'{"trajectory": 3}\n')
    done = tactful("calibrate", verb, bad, "--out", tmp_path / "x")
    assert done.returncode == 1
    assert f"{bad}:25:" in done.stderr
    assert "Traceback" not in done.stderr
    done = tactful("calibrate", verb, bad, "--out", tmp_path / "y", "--skip-bad", "--json")
    assert done.returncode == 0, done.stderr
    assert "1 unusable lines left out" in done.stderr


@pytest.mark.parametrize("verb", ["reward", "pairs"])
def test_empty_and_missing_input_are_one_sentence(tactful, tmp_path: Path, verb: str):
    (tmp_path / "empty.jsonl").write_text("")
    for name, words in (("empty.jsonl", "holds no"), ("none.jsonl", "no such file")):
        done = tactful("calibrate", verb, tmp_path / name, "--out", tmp_path / "x")
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("verb", ["reward", "pairs"])
def test_help_opens_with_an_example_and_loads_nothing_heavy(tactful, verb: str):
    done = tactful("calibrate", verb, "--help")
    assert done.returncode == 0
    assert f"tactful calibrate {verb} runs/" in done.stdout.replace("\n", " ")
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, tactful.cli.calibrate.reward\n"
            "print([m for m in ('numpy', 'scipy', 'aiohttp', 'tactful.calibration') if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
    )
    assert loaded.stdout.strip() == "[]"


def test_pairs_of_another_run_are_refused_by_what_it_holds(tactful, trajectories: Path, tmp_path: Path):
    tactful("calibrate", "reward", trajectories, "--out", tmp_path / "r")
    tactful("calibrate", "pairs", tmp_path / "r", "--out", tmp_path / "p")
    done = tactful("calibrate", "pairs", tmp_path / "p", "--out", tmp_path / "x")
    assert done.returncode == 1
    assert "holds preference pairs of 'calibrate pairs', expected rewarded trajectories" in done.stderr
    done = tactful("calibrate", "pairs", trajectories, "--out", tmp_path / "x")
    assert done.returncode == 1
    assert f"expected rewarded trajectories; run: tactful calibrate reward {trajectories}" in done.stderr


def test_a_file_of_another_kind_is_named(tactful, tmp_path: Path):
    (tmp_path / "chats.jsonl").write_text('{"messages": [{"role": "user", "content": "Hi"}]}\n')
    for verb, wanted in (("reward", "trajectories"), ("pairs", "rewarded trajectories")):
        done = tactful("calibrate", verb, tmp_path / "chats.jsonl", "--out", tmp_path / "x")
        assert f"chats.jsonl: holds 'chats', expected {wanted}; give what 'tactful calibrate" in done.stderr


@pytest.mark.slow
def test_judge_run_can_be_taken_up_again(tactful, trajectories: Path, tmp_path: Path):
    words = ("calibrate", "reward", trajectories, "--judge-model", "offline", "--out", tmp_path / "r")
    assert tactful(*words, "--limit", 5).returncode == 0
    done = tactful(*words, "--resume", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trajectories"]["done"] == 24
    changed = tactful("calibrate", "reward", trajectories, "--out", tmp_path / "r", "--resume")
    assert changed.returncode == 1
    assert "another configuration" in changed.stderr


@pytest.mark.slow
def test_unscored_trajectories_are_counted_by_reason_and_retried(tactful, tmp_path: Path):
    nothing = make_trajectory(make_step(solves=True), domain="planning", hidden=Hidden(), id="x")
    write_jsonl(tmp_path / "t.jsonl", [*plans(1), nothing])
    done = tactful("calibrate", "reward", tmp_path / "t.jsonl", "--out", tmp_path / "r", "--json")
    counted = json.loads(done.stdout)["trajectories"]
    assert (counted["unscored"], counted["done"], counted["read"]) == (1, 9, 9)
    assert "unscored: 1 (the task has neither tests nor requirements)" in done.stderr
    done = tactful("runs", "retry", tmp_path / "r", "--unscored")
    assert done.returncode == 0, done.stderr
    assert "read 9 = 9 done" in done.stderr


def test_unscored_trajectories_are_not_called_rewarded(tactful, tmp_path: Path):
    bare = [item.model_copy(update={"hidden": Hidden()}) for item in list(plans())[:3]]
    write_jsonl(tmp_path / "bare.jsonl", bare)
    done = tactful("calibrate", "reward", tmp_path / "bare.jsonl", "--out", tmp_path / "r")
    assert "3 trajectories read: 0 rewarded, 3 unscored, 0 failed" in done.stderr
    assert "next:" not in done.stderr
