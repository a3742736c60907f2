"""Moments, reward models and gates as a script writes them."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from tests.api.test_names import HEAVY, loaded
from tests.cli.bench.test_suggestions import some_rows, write
from tests.evaluation.proactive_fixtures import a_trace, write_trace

import tactful as tf
from tactful import aio
from tactful.api.reward.judge import forecast_asking
from tactful.errors import ConfigError, DataError, UsageError, UserError
from tactful.evaluation.judges.training import TrainedReward


@pytest.fixture(scope="module")
def trained() -> TrainedReward:
    """A model of the first sessions among the bundled moments."""
    return tf.train_reward(tf.moments(), limit=120, evaluate=False)


def test_moments_are_saved_and_read_again(tmp_path: Path) -> None:
    found = tf.moments(limit=5)
    found.save(tmp_path / "m.jsonl")
    assert list(tf.moments(tmp_path / "m.jsonl")) == list(found) == list(tf.moments(found.rows()))
    with pytest.raises(UsageError, match="exists already"):
        found.save(tmp_path / "m.jsonl")


def test_rows_that_cannot_be_used_are_refused_or_counted(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no 'valid'"):
        tf.moments([{"obs": [{"event": "x"}], "pred_task": None}])
    tf.moments(limit=3).save(tmp_path / "m.jsonl")
    with (tmp_path / "m.jsonl").open("a") as file:
        file.write("{}\n")
    found = tf.moments(tmp_path / "m.jsonl", skip_bad=True)
    assert (len(found), found.bad) == (3, 1)
    with pytest.raises(DataError, match="holds no labelled moment"):
        tf.moments([])


def test_moments_given_twice_would_count_twice_and_are_refused() -> None:
    found = tf.moments(limit=3)
    with pytest.raises(
        DataError, match="<the records given>: moment 4 is moment 2 again, which would count twice"
    ):
        tf.train_reward([*found, found[1]])


@pytest.mark.slow
def test_a_model_knows_what_it_is_worth_out_of_session() -> None:
    done = tf.train_reward(tf.moments(), limit=110)  # 8 sessions: fewer give no interval
    assert done.measured is not None
    assert done.measured.row.equal["auroc"].value is not None
    assert done.figures[0].name == "balanced accuracy (1)"
    assert "balanced accuracy" in done.card


def test_a_model_is_saved_once_loaded_and_judges_alike(trained: TrainedReward, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    new = tf.moments()[300:305]
    judged = tf.judge_moments(new, tf.load(tmp_path / "model"))
    assert judged == tf.judge_moments(new, trained) == tf.judge_moments(new, tmp_path / "model")
    assert [row["moment_id"] for row in judged.rows()] == [item.moment.id for item in new]
    judged.save(tmp_path / "said.jsonl")
    with pytest.raises(UserError, match="exists already"):
        trained.save(tmp_path / "model")


@pytest.mark.slow
def test_a_gate_is_set_saved_loaded_and_decides(trained: TrainedReward, tmp_path: Path) -> None:
    new = tf.moments()[200:]
    report = tf.set_gate(trained, new, cost_false_alarm=2)
    report.save(tmp_path / "gate")
    gate = tf.load(tmp_path / "gate")
    assert gate == report.gate
    said = tf.judge_moments(new[:1], trained)[0]
    assert gate.decide(said).threshold == pytest.approx(2 / (2 + (said.p_need or 1)))
    assert "always-speak" in str(report)
    assert report._repr_html_().startswith("<pre>")
    assert {row["name"] for row in report.rows()} >= {"always-speak", "never-speak"}


@pytest.mark.slow
def test_a_promise_that_cannot_be_made_leaves_no_gate(trained: TrainedReward, tmp_path: Path) -> None:
    report = tf.set_gate(trained, tf.moments()[200:], cost_false_alarm=2, promise=0.01)
    assert report.gate is None
    with pytest.raises(UserError, match="the promise cannot be made"):
        report.save(tmp_path / "gate")
    with pytest.raises(UsageError, match="--cost-false-alarm is 0"):
        tf.set_gate(trained, tf.moments(), cost_false_alarm=0)


def test_moments_to_judge_may_be_rows_and_what_is_none_is_a_sentence(trained: TrainedReward) -> None:
    row = {"obs": [{"event": "The tests fail"}], "pred_task": "Show the log"}
    [said] = tf.judge_moments([row], trained)
    assert said.p_accept is not None
    with pytest.raises(DataError, match="<the records given>: moment has obs"):
        tf.judge_moments([{**row, "obs": []}], trained)
    with pytest.raises(UsageError, match="is no reward model"):
        tf.judge_moments([row], tf.moments(limit=1))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"form": "prsm"}, "form is 'prsm', expected one of prism, utility"),
        ({"need": "sure"}, "the call has need 'sure': expected 'judged' or 'certain'"),
        ({"of": "rates", "promise": 0.2}, "of is 'rates', expected one of rate, ratio, session-ratio"),
        ({"cost_miss": -1}, "the call has miss -1: expected greater than or equal to 0"),
        ({"abstain": (0.8, 0.2)}, "abstain band 0.8..0.2 ends before it begins"),
    ],
)
def test_a_gate_that_nobody_can_set_is_a_sentence(trained: TrainedReward, options: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        tf.set_gate(trained, tf.moments(), **{"cost_false_alarm": 2, **options})


def test_a_limit_takes_one_moment_at_least() -> None:
    with pytest.raises(UsageError, match="limit is -1, expected 1 or more"):
        tf.moments(limit=-1)
    with pytest.raises(UsageError, match="limit is 0, expected 1 or more"):
        tf.train_reward(tf.moments(), limit=0)


def test_a_prompted_model_judges_as_a_run_that_load_knows(tmp_path: Path) -> None:
    new = tf.moments()[:6]
    run = tf.ask_moments(new, model="offline", votes=3, out=tmp_path / "run", progress="off")
    assert run.summary.done == 6
    assert [said.moment_id for said in tf.load(tmp_path / "run")] == [item.moment.id for item in new]
    assert forecast_asking(new, model="offline", votes=3).calls == 18
    assert run.retry().summary.failed == 0
    with pytest.raises(UsageError, match="--temperature 0"):
        tf.ask_moments(new, model="offline", votes=3, temperature=0)


@pytest.mark.slow
def test_a_judge_is_measured_beside_baselines(trained: TrainedReward, tmp_path: Path) -> None:
    new = tf.moments()[300:360]
    found = tf.measure_judge(new, model=trained)
    assert not found.seen
    assert {row["name"] for row in found.rows()} >= {"always-accept", "look-up"}
    assert [path.name for path in found.save(tmp_path / "bench")] == ["results.json", "report.html"]
    with pytest.raises(UsageError, match=r"results\.json: exists already; give --out a new folder"):
        found.save(tmp_path / "bench")
    with pytest.raises(UsageError, match="was trained on"):
        tf.measure_judge(tf.moments(), model=trained)
    with pytest.raises(UsageError, match="name one judge"):
        tf.measure_judge(new, model=trained, judge="offline")


def test_assistants_are_scored_along_traces(tmp_path: Path) -> None:
    offer = "Offer to sum the column."
    for name in ("code_1", "writing_1"):
        trace = a_trace(name, [f"{name} opens", f"{name} searches", f"{name} types"], {1: [offer]})
        write_trace(tmp_path / "traces" / f"{name}.json", trace)
    runs: list[int] = []
    found = tf.bench_assistants(
        tmp_path / "traces",
        model="offline",
        policies=["always"],
        judge="offline",
        out=tmp_path / "out",
        progress="off",
        on_run=lambda summary: runs.append(summary.done),
    )
    assert runs[0] == 6
    assert "always-propose" in str(found)
    assert {row["name"] for row in found.result.rows()} >= {"offline", "policy always", "look-up"}
    assert (tmp_path / "out" / "decisions.jsonl").is_file()
    said = list(tf.load(tmp_path / "out" / "assistant"))
    assert [one.trace for one in said] == ["code_1"] * 3 + ["writing_1"] * 3
    assert next(iter(tf.load(tmp_path / "out" / "judge"))).acceptance.moment_id
    with pytest.raises(UsageError, match="nothing to score"):
        tf.bench_assistants(tmp_path / "traces")


def test_a_part_of_the_traces_is_not_scored_as_if_it_were_all(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="limit=2 would leave records out of figures that are of whole traces"
    ):
        tf.bench_assistants(tmp_path, model="offline", limit=2)


def test_the_doctor_says_what_is_there() -> None:
    assert all(check.state != "failed" for check in tf.doctor())


def test_it_works_inside_an_event_loop_and_as_coroutines(trained: TrainedReward) -> None:
    async def all_of_it() -> tuple[int, int]:
        new = (await aio.moments())[300:330]
        bench = tf.measure_judge(new, judge="offline")
        judged = await aio.judge_moments(new, trained)
        return bench.measured.items, len(judged)

    assert asyncio.run(all_of_it()) == (30, 30)


@pytest.mark.slow
def test_deciding_needs_numpy_and_pydantic_alone(trained: TrainedReward, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    tf.set_gate(trained, tf.moments()[200:], cost_false_alarm=2).save_gate(tmp_path / "model")
    found = loaded(
        "import tactful as tf; from tactful.types import Event, Moment\n"
        f"model = tf.load({str(tmp_path / 'model')!r})\n"
        f"gate = tf.load({str(tmp_path / 'model' / 'gate.json')!r})\n"
        "moment = Moment(id='a', session='s', events=(Event(at=None, text='The tests fail again'),), "
        "proposal='Show the log of the tests')\n"
        "gate.decide(model.judge_now([moment], explain=True)[0])"
    )
    assert HEAVY & set(found["roots"]) == {"numpy", "pydantic"}  # type: ignore[arg-type]
    assert float(found["mb"]) < 80  # type: ignore[arg-type]


def test_thoughts_are_written_loaded_and_exported(tmp_path: Path) -> None:
    run = tf.reasons(tf.moments()[:8], model="offline", out=tmp_path / "reasons", progress="off")
    found = tf.load(tmp_path / "reasons").as_dict()
    assert sum(found["categories"].values()) == run.summary.done
    assert run.export("trl", tmp_path / "training").records == run.summary.done
    with pytest.raises(UsageError, match="--temperature 0"):
        tf.reasons(tf.moments()[:8], model="offline", temperature=0)


def test_a_reader_judges_moments_without_training() -> None:
    [said] = tf.judge_moments(tf.moments()[:1], "encoder")
    assert said.accepted in (True, False, None)


@pytest.mark.slow
def test_suggestions_are_trained_on_judged_and_benched(tmp_path: Path) -> None:
    data = write(tmp_path / "decisions.jsonl", some_rows())
    trained = tf.train_suggestions(data, evaluate=False)
    trained.save(tmp_path / "model")
    said = tf.judge_suggestions(data, tmp_path / "model")
    assert (len(said), len(said.seen)) == (48, 4)
    found = tf.bench_suggestions([data], bar=0.2)
    assert "always-show" in str(found)
    assert [path.name for path in found.save(tmp_path / "bench")] == ["results.json", "report.html"]
    with pytest.raises(UsageError, match=r"results\.json: exists already; give --out a new folder"):
        found.save(tmp_path / "bench")


def test_a_server_answers_until_its_block_ends(trained: TrainedReward, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    with tf.serve(tmp_path / "model") as served, urlopen(served.address + "/health") as answer:
        assert json.load(answer) == {"status": "ok"}
    with pytest.raises(URLError):
        urlopen(served.address + "/health")
    with (
        pytest.raises(ConfigError, match="TACTFUL_NO_KEY is not set"),
        tf.serve(judge="offline", api_key_env="TACTFUL_NO_KEY"),
    ):
        pass

    async def block() -> str:
        async with aio.serve(judge="offline") as served:
            return served.name

    assert asyncio.run(block()) == "offline"
