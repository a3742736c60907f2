"""Feedback as a script writes it: chats from memory or a file, judged, reported, made into training data."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.feedback.chats import chat, write_rows

import tactful as tf
from tactful import aio
from tactful.errors import DataError, UsageError

ROWS = [
    {
        "id": f"d{at}",
        "conversation": chat(f"soup {at}", "beef", "no, that is wrong", "leek", "thank you, perfect"),
    }
    for at in range(6)
]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Twelve turns of six dialogues, judged without a network."""
    folder = tmp_path_factory.mktemp("api") / "run"
    return tf.judge(ROWS, model="embedded", out=folder, progress="off")


def test_turns_are_read_from_memory_as_from_a_file(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "log.jsonl", ROWS)
    from_file, from_memory = list(tf.chats(path)), list(tf.chats(ROWS))
    assert [turn.user_next for turn in from_memory] == [turn.user_next for turn in from_file]
    assert from_memory[0].source == "memory"


def test_a_row_in_memory_that_is_no_dialogue_is_named_by_its_number() -> None:
    with pytest.raises(DataError, match=r"<the rows given>:2: .*skip_bad=True"):
        list(tf.chats([ROWS[0], {"id": "x", "conversation": [{"role": "ghost", "content": "Hi"}]}]))


def test_a_judged_run_is_iterated_has_a_table_and_its_counts(judged: Any) -> None:
    assert [str(item.judgement.label) for item in judged][:2] == ["neg_correction", "pos_praise"]
    shares = {row["label"]: row["count"] for row in judged.table().rows()}
    assert shares["neg_correction"] == shares["pos_praise"] == 6
    assert judged.outcome.turns.count.turns == judged.details["turns"]["read"] == 12
    assert judged.retry().outcome.turns.count.turns == 12


def test_a_page_and_training_data_come_from_the_run(judged: Any, tmp_path: Path) -> None:
    assert judged.report(tmp_path / "report.html").overview.total.turns == 12
    assert "<html" in (tmp_path / "report.html").read_text()
    data = judged.pairs(out=tmp_path / "training")
    assert data.found.pairs == {"correction": 6}
    assert all(path.is_file() for path in data.files)


def test_a_value_that_training_data_cannot_take_is_a_sentence(judged: Any) -> None:
    with pytest.raises(UsageError, match="the call has similar 3: expected less than or equal to 1"):
        judged.pairs(similar=3)


def test_the_run_is_loaded_again_from_its_folder(judged: Any) -> None:
    again = tf.load(judged.folder)
    assert str(again.table()) == str(judged.table())


def test_a_panels_run_gives_its_final_judgements(tmp_path: Path) -> None:
    run = tf.judge(ROWS, judges=["embedded", "offline"], votes=2, out=tmp_path / "run", progress="off")
    assert run.outcome.panel is not None
    assert all(item.judgement.posterior for item in run)


def test_judging_works_inside_a_running_loop_and_as_a_coroutine(tmp_path: Path) -> None:
    async def both() -> tuple[int, int]:
        one = tf.judge(ROWS, model="offline", out=tmp_path / "one", progress="off")
        two = await aio.judge(ROWS, model="offline", out=tmp_path / "two", progress="off")
        return one.summary.done, two.summary.done

    assert asyncio.run(both()) == (12, 12)


def test_options_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        tf.judge(ROWS, model="embedded", judges=["offline"])
    with pytest.raises(UsageError, match="--trained belongs to the judge 'embedded'"):
        tf.judge(ROWS, model="offline", trained="judge.npz")
    with pytest.raises(UsageError, match="method is 'plat', expected one of auto, platt, isotonic"):
        tf.fit_confidence("probes", method="plat")  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_judge_is_trained_fitted_and_measured_on_labelled_turns(tmp_path: Path) -> None:
    tf.train_feedback_judge("probes").save(tmp_path / "judge.npz")
    run = tf.judge(
        ROWS, model="embedded", trained=tmp_path / "judge.npz", out=tmp_path / "run", progress="off"
    )
    assert run.summary.done == 12
    found = tf.fit_confidence("probes", trained=tmp_path / "judge.npz", cross_fit=5)
    assert found.judge == next(iter(run)).judgement.provenance.model
    with pytest.raises(UsageError, match="was trained on"):
        tf.evaluate_feedback_judge("probes", trained=tmp_path / "judge.npz")


@pytest.mark.soak  # the command is tried in every gate
def test_a_judge_is_measured_under_attacks() -> None:
    assert tf.evaluate_feedback_judge(["probes"], attacks=True).attacks


def test_the_endpoint_of_the_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    from tactful.api.feedback.labelled import _choice

    monkeypatch.setenv("OPENAI_BASE_URL", "http://here/v1")
    chosen = _choice({"model": "gpt-5-nano"}).model
    assert chosen is not None
    assert chosen.base_url == "http://here/v1"
