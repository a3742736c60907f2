"""The calibration pipeline as a script writes it: every step from memory, from a run and from a file."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tactful as tf
from tactful import aio
from tactful.errors import DataError, UsageError, UserError
from tactful.llm import ModelSpec
from tactful.runs import RunFolder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A rollout of eight coding tasks, its rewards and pairs, each in `folder`."""
    folder = tmp_path_factory.mktemp("api")
    states = tf.states("coding", n=8)
    run = tf.rollout(states, model="offline", out=folder / "rollout", progress="off", tasks_per_user=4)
    rewards = tf.reward(run, out=folder / "reward", progress="off")
    pairs = tf.pairs(rewards, select="all", out=folder / "pairs")
    return {"folder": folder, "states": states, "run": run, "rewards": rewards, "pairs": pairs}


def test_a_run_is_iterated_and_tells_how_it_stands(made: dict[str, Any]) -> None:
    run = made["run"]
    assert run.folder == made["folder"] / "rollout"
    assert run.summary.done > 0
    assert run.summary.failed == 0
    assert run.failures() == []
    first = next(iter(run))
    assert run.rows()[0]["id"] == first.id
    assert "Trajectory" in repr(run)
    assert str(run.folder) in run._repr_html_()


def test_rewards_come_as_a_table(made: dict[str, Any]) -> None:
    table = made["rewards"].table()
    lines = str(table).splitlines()
    assert lines[0].split()[:3] == ["domain", "point", "action"]
    assert {row["action"] for row in table.rows()} == {"LOW", "MID", "HIGH"}
    assert "<table>" in table._repr_html_()
    assert made["rewards"].details["trajectories"]["unscored"] == 0


def test_a_loaded_run_says_what_the_one_just_made_said(made: dict[str, Any]) -> None:
    rewards, pairs = tf.load(made["folder"] / "reward"), tf.load(made["folder"] / "pairs")
    assert [one.domain for one in rewards.information] == ["coding"]
    assert rewards.information == made["rewards"].information
    assert list(rewards.probes) == list(made["rewards"].probes)
    assert rewards.modes == made["rewards"].modes == {"multi"}
    assert pairs.made == made["pairs"].made


@pytest.mark.slow
def test_records_in_memory_and_the_folder_give_the_same_pairs(made: dict[str, Any], tmp_path: Path) -> None:
    by_folder = tf.pairs(made["folder"] / "reward", select="all", out=tmp_path / "f")
    by_records = tf.pairs(list(made["rewards"]), select="all", out=tmp_path / "m")
    ids = [pair.id for pair in made["pairs"]]
    assert [pair.id for pair in by_folder] == [pair.id for pair in by_records] == ids


def test_a_policy_is_trained_saved_loaded_and_asked(made: dict[str, Any], tmp_path: Path) -> None:
    policy = tf.train_policy(made["pairs"], l2=0.1)
    policy.save(tmp_path / "policy.json")
    again = tf.load(tmp_path / "policy.json")
    state = made["states"][0]
    assert again.act(state) == policy.act(state.public())
    with pytest.raises(UsageError, match="'Sort my people' is no state"):
        again.act("Sort my people")
    with pytest.raises(UserError, match="exists already"):
        policy.save(tmp_path / "policy.json")


def test_pairs_given_twice_would_weigh_twice_and_are_refused(made: dict[str, Any], tmp_path: Path) -> None:
    pairs, file = list(made["pairs"]), tmp_path / "pairs.jsonl"
    with pytest.raises(DataError, match=f"pair {len(pairs) + 1} is pair 3 again, which would count twice"):
        tf.train_policy([*pairs, pairs[2]])
    lines = (made["folder"] / "pairs" / "records.jsonl").read_text()
    file.write_text(lines * 2)
    with pytest.raises(DataError, match=r"pairs.jsonl: pair \d+ is pair 1 again"):
        tf.train_policy(file)


@pytest.mark.slow
def test_an_evaluation_has_a_headline_a_table_and_a_picture(made: dict[str, Any], tmp_path: Path) -> None:
    policy = tf.train_policy(made["pairs"], l2=0.1)
    result = tf.evaluate(
        tf.states("coding", n=12, seed=1),
        policies=[policy],
        passes=1,
        users_per_task=1,
        out=tmp_path / "e",
        progress="off",
    )
    assert "learned-dpo" in result.headline()
    for said in (
        "of these 12 base tasks: its figures are not held out.",
        "A rehearsal, not a language model, spoke.",
    ):
        assert said in result.headline()
        assert said in str(result.table())
    assert "always-LOW" in str(result.table())
    assert {row["policy"] for row in result.rows()} >= {"learned-dpo", "rule", "random"}
    result.plot(tmp_path / "pareto.pdf")
    assert (tmp_path / "pareto.pdf").read_bytes().startswith(b"%PDF")
    again = tf.load(tmp_path / "e")
    assert again.headline() == result.headline()
    assert next(iter(again)).leaves


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda made: tf.pairs(made["rewards"], select="al"), "the call has select 'al': expected 'best-worst', 'all'"),
        (lambda made: tf.rollout(made["states"], model="offline", passes=0), "the call has passes 0: expected greater"),
        (lambda made: tf.rollout(made["states"], model="offline", personas="calm"), r"expected a list: personas=\['calm'\]"),
        (lambda made: tf.evaluate(made["states"], max_turns=0), "the call has max_turns 0"),
        (lambda made: tf.evaluate(made["states"], policies="rule"), r"expected a list: policies=\['rule'\]"),
        (lambda made: tf.measure_readers("encoder", tf.labels()), r"expected a list: readers=\['encoder'\]"),
        (lambda made: tf.rollout(["hi"], model="offline"), "holds 'hi', expected states; tf.states"),
        (lambda made: tf.evaluate([{"query": "hi"}]), "holds {'query': 'hi'}, expected states"),
        (lambda made: tf.train_policy(["hi"]), "holds 'hi', expected pairs; tf.pairs"),
        (lambda made: tf.reward(["hi"]), "holds 'hi', expected trajectories; give the file or the run"),
        (lambda made: tf.rollout(made["states"], model="offline", limit=0), "the call has limit 0: expected greater"),
        (lambda made: tf.rollout(made["states"], model="offline", budget_usd=-1), "the call has budget_usd -1"),
        (lambda made: tf.rollout(made["states"], model="offline", progress="of"), "the call has progress 'of': expected 'auto'"),
        (lambda made: tf.rollout(made["states"], model="offline", seed="x"), "the call has seed 'x', expected a whole number"),
        (lambda made: tf.states(["Sort"], reader="surface", samples=0), "the call has samples 0"),
        (lambda made: tf.reward(made["states"], task_score="al"), "task_score is 'al', expected one of all-or-nothing, share"),
        (lambda made: tf.train_policy(made["pairs"], head="rigde"), "head is 'rigde', expected one of dpo, ridge"),
        (lambda made: tf.evaluate(made["states"], policies=[made["states"]]), "States is no policy; tf.load"),
        (lambda made: tf.serve_policy(made["states"]).__enter__(), "States is no policy; tf.load"),
        (lambda made: tf.evaluate(made["states"], policies=[made["folder"]]), "is no folder of 'tactful train'"),
        (lambda made: tf.states("Sort my list"), r"'Sort my list' is no domain and no file; check the path, or, for one request, give a list: \['Sort my list'\]"),
        (lambda made: tf.states(["a\ud800b"], domain="coding"), "<the requests given>: str is not valid UTF-8"),
        (lambda made: tf.states(5), "5 is neither a file nor a run nor a list of records"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_a_sentence(made: dict[str, Any], call: Callable[[Any], object], said: str) -> None:
    with pytest.raises(tf.TactfulError, match=said):
        call(made)


@pytest.mark.slow
def test_a_policy_is_given_by_its_path_and_two_files_go_by_theirs(
    made: dict[str, Any], tmp_path: Path
) -> None:
    policy = tf.train_policy(made["pairs"], l2=0.1)
    files = [tmp_path / "one.json", tmp_path / "policy.json"]
    for file in files:
        policy.save(file)
    options: Any = {"passes": 1, "users_per_task": 1, "sweep": False, "progress": "off"}
    result = tf.evaluate(made["states"], policies=files, out=tmp_path / "e", **options)
    assert {str(file) for file in files} <= {row["policy"] for row in result.rows()}
    with pytest.raises(DataError, match=f"is a folder; give {files[1]}"):
        tf.evaluate(made["states"], policies=[tmp_path])


def test_learned_needs_something_to_learn_from(made: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="rewarded"):
        tf.evaluate(made["states"], policies=["learned"])


@pytest.mark.slow
def test_requests_in_memory_become_states() -> None:
    plain, row = tf.states(["Sort my list", {"query": "Add numbers", "query_clarity": 0.5}], domain="coding")
    assert plain.domain == "coding"
    assert plain.query_clarity is not None
    assert row.query_clarity == 0.5
    with pytest.raises(DataError, match="names no domain"):
        tf.states(["Sort my list"])


@pytest.mark.parametrize("option", [{"skip_bad": True}, {"base_url": "http://127.0.0.1:9/v1"}])
def test_what_only_rows_of_ones_own_need_is_refused_beside_bundled_tasks(option: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="bundled tasks of coding have neither: leave both out"):
        tf.states("coding", n=2, **option)


def test_a_number_of_tasks_beside_rows_of_ones_own_is_refused() -> None:
    with pytest.raises(UsageError, match="n = 3: that many are drawn of bundled tasks"):
        tf.states(["Sort my list"], n=3, domain="coding")


@pytest.mark.slow
def test_failures_in_memory_are_taken_again(
    made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tactful.calibration.play.rollout import RolloutStage

    real = RolloutStage.__call__

    async def failing(self: Any, session: Any, context: Any) -> Any:
        if session.states[0].id == made["states"][0].id:
            raise DataError("not today")
        return await real(self, session, context)

    with monkeypatch.context() as patched:
        patched.setattr(RolloutStage, "__call__", failing)
        run = tf.rollout(made["states"], model="offline", out=tmp_path / "r", progress="off")
    assert run.summary.failed == len(run.failures()) > 0
    assert run.failures()[0].reason == "not today"
    with pytest.raises(
        UserError, match=r"of records in memory, .* make the same call with resume=True and retry"
    ):
        tf.load(tmp_path / "r").retry()
    again = tf.rollout(made["states"], model="offline", out=tmp_path / "r", resume=True, progress="off")
    assert again.summary.failed == run.summary.failed
    assert again.retry(progress="off").summary.failed == 0
    assert run.retry(progress="off").summary.failed == 0
    assert tf.load(tmp_path / "r").retry().summary.failed == 0


@pytest.mark.slow
def test_figures_are_of_the_records_as_they_stand_after_a_retry(
    made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tactful.evaluation.policies.walking.tree import ExpandTree

    real, options = ExpandTree.__call__, {"passes": 1, "users_per_task": 1, "sweep": False, "progress": "off"}
    made["states"].save(tmp_path / "states.jsonl")

    async def failing(self: Any, record: Any, context: Any) -> Any:
        if record.id.startswith(made["states"][0].id):
            raise DataError("not today")
        return await real(self, record, context)

    with monkeypatch.context() as patched:
        patched.setattr(ExpandTree, "__call__", failing)
        result = tf.evaluate(tmp_path / "states.jsonl", out=tmp_path / "e", **options)
        assert result.found.failed == result.summary.failed > 0
    before = tf.load(tmp_path / "e")
    before.retry(progress="off")
    with pytest.raises(
        DataError, match=r"was measured when \d+ trees had failed, now 0 have; measure it again"
    ):
        before.headline()
    assert result.retry(progress="off").found.failed == 0
    assert tf.load(tmp_path / "e").table().rows() == result.table().rows()


def test_everything_works_inside_a_running_loop_and_as_coroutines(tmp_path: Path) -> None:
    async def notebook() -> tuple[int, int]:
        states = tf.states("coding", n=1)
        here = tf.rollout(states, model="offline", out=tmp_path / "here", progress="off")
        there = await aio.rollout(states, model="offline", out=tmp_path / "there", progress="off")
        return len(here.rows()), len(there.rows())

    here, there = asyncio.run(notebook())
    assert here == there > 0


def test_the_seed_reaches_the_model_that_rehearses(tmp_path: Path) -> None:
    states = tf.states("coding", n=1)
    run = tf.rollout(states, model="offline", seed=7, out=tmp_path / "r", progress="off")
    spec = ModelSpec.model_validate(RunFolder.open(run.folder).info().models["assistant"])
    assert spec.seed == 7


def test_what_is_none_of_ours_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"format": "else"}))
    with pytest.raises(DataError, match="is no policy"):
        tf.load(tmp_path / "x.json")
    with pytest.raises(DataError, match="no such file"):
        tf.load(tmp_path / "nowhere.json")
