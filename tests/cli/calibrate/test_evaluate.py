"""`tactful calibrate evaluate` as a user types it."""

import json
import os
import sys
from pathlib import Path

import pytest
from tests.calibration.playing import planning_state
from tests.chat_server import serving
from tests.commands import Command

from tactful.data.io import write_jsonl
from tactful.evaluation.policies.report import read_evaluation
from tactful.evaluation.policies.walking.tree_job import FRESH
from tactful.runs import RunFolder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `states.jsonl` (12 planning states), `rollout`, `reward`, `pairs` and `policy.json`."""
    from tactful.cli.main import app

    folder = tmp_path_factory.mktemp("made")
    states = str(folder / "states.jsonl")
    stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        for words in (
            ["calibrate", "states", "--mode", "synthetic", "--domain", "planning", "--n", "60", "--out", states],
            ["calibrate", "rollout", states, "--model", "offline", "--out", f"{folder}/rollout",
             "--personas", "retired-teacher,working-parent,startup-lead", "--tasks-per-user", "6"],
            ["calibrate", "reward", f"{folder}/rollout", "--out", f"{folder}/reward"],
            ["calibrate", "pairs", f"{folder}/reward", "--select", "all", "--out", f"{folder}/pairs"],
            ["policy", "train", f"{folder}/pairs", "--out", f"{folder}/policy.json"],
        ):  # fmt: skip
            app(words, standalone_mode=False)
    finally:
        sys.stdout = stdout
    lines = Path(states).read_text().splitlines()
    (folder / "few.jsonl").write_text("\n".join(lines[:12]) + "\n")
    return folder


def words(made: Path, out: Path, *more: object, states: str = "few.jsonl") -> list[object]:
    """A quick evaluation: one pass, two users a task."""
    return [
        "calibrate", "evaluate", "--states", made / states, "--model", "offline", "--out", out,
        "--passes", "1", "--users-per-task", "2", *more,
    ]  # fmt: skip


@pytest.fixture
def learned(made: Path) -> tuple[object, ...]:
    return ("--rewarded", made / "reward", "--no-sweep")


@pytest.mark.slow
def test_an_evaluation_prints_a_table_and_stores_what_it_found(
    tactful: Command, made: Path, learned: tuple[object, ...], tmp_path: Path
) -> None:  # fmt: skip
    done = tactful(*words(made, tmp_path / "e", *learned, "--json"))
    assert done.returncode == 0, done.stderr
    found = read_evaluation(tmp_path / "e")
    result = json.loads(done.stdout)
    assert result["headline"] == found.headline()
    assert "samples" not in result
    # 12 states, one pass, two users of training and one unseen
    assert (found.trees, found.passes, found.states, found.failed, found.unscored) == (36, 1, 12, 0, 0)
    assert [item.name for item in found.policies] == [
        "learned", "learned-ridge", "always-LOW", "always-MID", "always-HIGH", "random", "rule", "cost",
    ]  # fmt: skip
    assert set(found.unseen_personas) <= {"graduate-student", "harried-shift-manager"}
    assert not set(found.personas) & set(found.unseen_personas)
    for line in (
        "A rehearsal, not a language model, spoke.",
        found.headline(),
        "36 trees",
        "next: tactful bench report",
    ):
        assert line in done.stderr
    prompts = found.provenance.prompt_hashes
    assert {"levels/planning/solve", "levels/planning/mid-ask", "levels/planning/high-ask"} <= set(prompts)
    stored = (tmp_path / "e" / "records.jsonl").read_text().splitlines()
    assert {json.loads(line)["pass_index"] for line in stored} == {FRESH}


@pytest.mark.slow
def test_measuring_again_makes_no_call_and_gives_the_same_figures(
    tactful: Command, made: Path, learned: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    tactful(*words(made, tmp_path / "e", *learned))
    before = (tmp_path / "e" / "evaluation.json").read_bytes()

    def forbidden(*args: object, **more: object) -> None:
        raise AssertionError("measuring again must not roll out")

    monkeypatch.setattr("tactful.evaluation.policies.walking.tree.ExpandTree.__call__", forbidden)
    done = tactful(*words(made, tmp_path / "e", *learned, "--resume"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "e" / "evaluation.json").read_bytes() == before
    # other policies, rewards and folds are read off the same trees
    (tmp_path / "R.toml").write_text('form = "weighted"\n')
    done = tactful(
        *words(made, tmp_path / "e", "--resume", "--policies", "rule", "--config", tmp_path / "R.toml")
    )
    assert done.returncode == 0, done.stderr
    again = read_evaluation(tmp_path / "e")
    assert again.reward.form == "weighted"
    assert again.main_policy is None
    assert "No learned policy was evaluated." in done.stderr


@pytest.mark.slow
def test_the_trees_are_those_of_the_folder_or_refused(tactful: Command, made: Path, tmp_path: Path) -> None:
    tactful(*words(made, tmp_path / "e", "--policies", "rule"))
    taken = tactful(*words(made, tmp_path / "e", "--policies", "rule"))
    assert taken.returncode == 2
    assert "--resume" in taken.stderr
    other = tactful(*words(made, tmp_path / "e", "--policies", "rule", "--resume", "--max-turns", "2"))
    assert other.returncode == 1
    assert "config.max_turns: 4 → 2" in other.stderr


@pytest.mark.slow
def test_given_policies_go_by_their_paths_and_tell_what_they_were_trained_on(
    tactful: Command, made: Path, tmp_path: Path
) -> None:  # fmt: skip
    second = tmp_path / "other.json"
    second.write_bytes((made / "policy.json").read_bytes())
    first = made / "policy.json"
    done = tactful(*words(made, tmp_path / "e", "--policies", f"policy:{first},policy:{second}"))
    assert done.returncode == 0, done.stderr
    found = read_evaluation(tmp_path / "e")
    assert [item.name for item in found.policies if item.kind == "given"] == [str(first), str(second)]
    assert f"note: {first} was trained on 12 of these 12 base tasks" in done.stderr
    report = tactful("bench", "report", tmp_path / "e", "--out", tmp_path / "r.html")
    assert report.returncode == 0, report.stderr
    assert f"{first} against each other policy" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        (("--policies", "learned"), 2, "give --rewarded RUN"),
        (("--policies", "learned,policy:{made}/policy.json"), 2, "give --rewarded RUN"),
        (("--policies", "clever"), 1, "policy 'clever' is unknown"),
        (("--policies", "always-SHOUT"), 1, "no action 'SHOUT'"),
        (("--policies", "policy:nowhere.json"), 1, "nowhere.json: cannot read the policy"),
        (("--policies", "policy:{made}/policy.json", "--actions", "clarify-execute"), 1, "chooses among"),
        (("--policies", "rule", "--actions", "nowhere"), 1, "action space 'nowhere'"),
        (("--policies", "rule", "--personas", "nobody"), 1, "no built-in persona of this name"),
        (("--policies", "rule", "--unseen-personas", "retired-teacher"), 2, "is among --personas too"),
        (("--policies", "rule", "--config", "nowhere.toml"), 1, "nowhere.toml: cannot read"),
        (("--rewarded", "nowhere"), 1, "nowhere: no such file or run folder"),
        (
            ("--rewarded", "{made}/rollout"),
            1,
            "holds trajectories of 'calibrate rollout', expected rewarded trajectories",
        ),
        (("--rewarded", "{made}/states.jsonl"), 1, "holds states of 'calibrate states', expected re"),
        (("--rewarded", "{coding}"), 1, "no rewarded trajectory of this domain"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_before_anything_runs(
    tactful: Command, made: Path, tmp_path: Path, options: tuple[str, ...], code: int, complaint: str
) -> None:  # fmt: skip
    from tests.calibration.reward_fixtures import one_step

    write_jsonl(tmp_path / "coding.jsonl", [one_step("LOW", 1.0)])
    filled = [option.format(made=made, coding=tmp_path / "coding.jsonl") for option in options]
    done = tactful(*words(made, tmp_path / "e", *filled))
    assert done.returncode == code, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "e").exists()


def test_states_of_two_domains_none_or_bad_lines_are_told(
    tactful: Command, made: Path, tmp_path: Path
) -> None:
    first = (made / "few.jsonl").read_text().splitlines()[0]
    other = json.dumps({**json.loads(first), "id": "x", "domain": "coding"})
    for content, complaint in [
        (f"{first}\n{other}\n", "holds states of coding, planning; an evaluation is of one domain"),
        ("", "holds no state; make some with 'tactful calibrate states'"),
        (f"{first}\nnot json\n", "states.jsonl:2: not JSON"),
    ]:
        (tmp_path / "states.jsonl").write_text(content)
        done = tactful(
            "calibrate", "evaluate", "--states", tmp_path / "states.jsonl", "--model", "offline",
            "--policies", "rule", "--out", tmp_path / "e",
        )  # fmt: skip
        assert done.returncode == 1
        assert complaint in done.stderr
    done = tactful(
        "calibrate", "evaluate", "--states", tmp_path / "states.jsonl", "--model", "offline", "--policies", "rule",
        "--out", tmp_path / "e", "--skip-bad", "--passes", "1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 unusable lines left out" in done.stderr


@pytest.mark.slow
def test_too_few_base_tasks_to_learn_from_are_told(tactful: Command, made: Path, tmp_path: Path) -> None:
    rows = (made / "reward" / "records.jsonl").read_text().splitlines()
    group = json.loads(rows[0])["trajectory"]["group"]
    (tmp_path / "one.jsonl").write_text(
        "\n".join(row for row in rows if json.loads(row)["trajectory"]["group"] == group) + "\n"
    )
    done = tactful(*words(made, tmp_path / "e", "--rewarded", tmp_path / "one.jsonl"))
    assert done.returncode == 1
    assert "give rewarded rollouts of more tasks" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_failed_trees_are_counted_and_can_be_taken_again(
    tactful: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    write_jsonl(tmp_path / "s.jsonl", [planning_state(f"p{i}-open", group=f"p{i}") for i in range(4)])
    plan = "1. 在北京的公园。\n2. 两千元。\n3. 结束。"
    with serving(lambda ask: plan, faults={"400": 0.3}, seed=4) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        evaluate = (
            "calibrate", "evaluate", "--states", tmp_path / "s.jsonl", "--model", "m", "--policies", "rule",
            "--out", tmp_path / "e", "--passes", "2",
        )  # fmt: skip
        done = tactful(*evaluate)
        assert done.returncode == 0, done.stderr
        found = read_evaluation(tmp_path / "e")
        assert found.failed > 0
        assert found.trees + found.failed == 4 * 2 * 4
        assert not found.rehearsal
        assert "A rehearsal" not in done.stderr
        assert f"tactful runs retry {tmp_path / 'e'}" in done.stderr
        server.faults = {}
        monkeypatch.chdir(tmp_path / "e")
        done = tactful("runs", "retry", tmp_path / "e")
        assert done.returncode == 0, done.stderr
        sent = server.jobs
        done = tactful(*evaluate, "--resume")
        assert done.returncode == 0, done.stderr
        assert server.jobs == sent
    found = read_evaluation(tmp_path / "e")
    assert (found.trees, found.failed) == (32, 0)
    assert RunFolder.open(tmp_path / "e").info().resume_with == "calibrate evaluate"
    assert os.environ["OPENAI_API_KEY"] not in (tmp_path / "e" / "evaluation.json").read_text()


@pytest.mark.slow
def test_two_evaluations_are_compared_by_paired_differences(
    tactful: Command, made: Path, tmp_path: Path
) -> None:
    for name, turns in (("a", "4"), ("b", "2")):
        flags = ("--policies", "rule", "--max-turns", turns)
        assert tactful(*words(made, tmp_path / name, *flags)).returncode == 0
    done = tactful("bench", "compare", tmp_path / "a", tmp_path / "b", "--json")
    assert done.returncode == 0, done.stderr
    rows = {(row["run"], row["policy"]): row for row in json.loads(done.stdout)}
    assert rows["a", "rule"]["difference"] is None
    # at once is at once: whoever never asks meets the same futures, however many turns there might be
    assert rows["b", "always-LOW"]["difference"]["value"] == 0.0
    assert rows["b", "always-HIGH"]["difference"]["groups"] > 1
    assert tactful("bench", "compare", tmp_path / "a", tmp_path / "a").returncode == 2


@pytest.mark.slow
def test_several_models_have_a_run_each_and_one_table(tactful: Command, made: Path, tmp_path: Path) -> None:
    with serving() as server:
        base = ("--base-url", server.base_url, "--policies", "rule")
        more = ("--model", "other")
        done = tactful(*words(made, tmp_path / "m", *more, *base))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "m" / "offline" / "evaluation.json").is_file()
    assert (tmp_path / "m" / "other" / "outcomes.json").is_file()
    assert "minus offline" in done.stderr
    refused = tactful(
        *[word for word in words(made, tmp_path / "n", *more) if word not in ("--out", tmp_path / "n")]
    )
    assert refused.returncode == 2
