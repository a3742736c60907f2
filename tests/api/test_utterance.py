"""Predicting the user's next message as a script writes it: dialogues from memory or a file, data, predictions, figures."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.utterance.fakes import rows, write_rows

import tactful as tf
from tactful import aio
from tactful.errors import UsageError
from tactful.runs import RunFolder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Pairs and predictions for the last message of eight dialogues."""
    folder = tmp_path_factory.mktemp("api")
    talks = tf.dialogues(rows(8))
    pairs = tf.synthesize(talks, model="offline", targets="last", out=folder / "s", progress="off")
    said = tf.predict(talks, model="offline", targets="last", out=folder / "p", progress="off")
    return {"folder": folder, "talks": talks, "pairs": pairs, "said": said}


def test_dialogues_are_read_from_memory_as_from_a_file(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "talks.jsonl", 4)
    one, two = tf.dialogues(path).examples("all"), tf.dialogues(rows(4)).examples("all")
    assert [example.id for example in one] == [example.id for example in two]
    assert [talk.id for talk in tf.dialogues(rows(4))] == [row["id"] for row in rows(4)]


def test_synthesis_and_prediction_take_the_same_targets(made: dict[str, Any]) -> None:
    assert [pair.id for pair in made["pairs"]] == [one.id for one in made["said"]]
    assert made["pairs"].made.records == made["pairs"].details["targets"]["done"] == 8
    assert made["said"].details["unparsable"] == 0


def test_pairs_are_exported_for_a_trainer(made: dict[str, Any], tmp_path: Path) -> None:
    done = tf.export(made["pairs"], "trl", tmp_path / "training")
    assert done.pairs == made["pairs"].made.pairs - done.equal_sides - done.repeated
    assert tf.check(tmp_path / "training").bad == 0


def test_predictions_are_measured_beside_baselines(made: dict[str, Any], tmp_path: Path) -> None:
    result = tf.evaluate_predictions(
        made["said"], labels=made["pairs"], encoder="none", out=tmp_path / "e", progress="off"
    )
    assert len(result.rows()) == 5
    assert result.table().heads[:2] == ("system", "chrf_best")
    assert "8 read = 8 evaluated + 0 without an answer" in str(result.table())
    assert "note: A rehearsal, not a language model, spoke" in str(result.table())
    result.page(tmp_path / "page.html")
    assert tf.load(tmp_path / "e" / "evaluation.json").headline() == result.headline()
    for taken in (tmp_path / "e", tmp_path / "page.html"):
        with pytest.raises(UsageError, match="give --out a new folder"):
            tf.evaluate_predictions(made["said"], encoder="none", out=taken)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"k": 0}, "k is 0, expected 1 or more"),
        (
            {"limit": 2},
            "limit=2 would leave records out of figures that are of all predictions; limit the run",
        ),
        ({"side": "chosn"}, "side is 'chosn', expected one of insight, chosen, rejected"),
        ({"thresholds": {"chrff": 0.5}}, "--hit chrff=0.5: expected MEASURE=VALUE"),
        ({"thresholds": {"chrf": 3}}, r"--hit chrf=3: expected MEASURE=VALUE, .* and a value in \[0, 1\]"),
    ],
)
def test_what_would_score_nothing_or_everything_is_refused(
    made: dict[str, Any], options: Any, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        tf.evaluate_predictions(made["said"], **options)


def test_runs_are_loaded_again(made: dict[str, Any]) -> None:
    assert tf.load(made["folder"] / "s").rows() == made["pairs"].rows()
    assert tf.load(made["folder"] / "p").rows() == made["said"].rows()
    assert tf.load(made["folder"] / "s").made == made["pairs"].made


def test_the_folder_of_a_judged_evaluation_gives_the_evaluation(made: dict[str, Any], tmp_path: Path) -> None:
    result = tf.evaluate_predictions(
        made["said"], encoder="none", judge_model="offline", out=tmp_path / "e", progress="off"
    )
    assert tf.load(tmp_path / "e").headline() == result.headline()


def test_a_run_of_dialogues_in_memory_is_no_other_processes_to_retry(made: dict[str, Any]) -> None:
    assert RunFolder.open(made["folder"] / "p").info().resume_args == {}
    assert made["said"].retry(progress="off").summary.failed == 0


def test_prediction_works_inside_a_running_loop_and_as_a_coroutine(tmp_path: Path) -> None:
    async def both() -> tuple[int, int]:
        one = tf.predict(rows(3), model="offline", out=tmp_path / "one", progress="off")
        two = await aio.predict(rows(3), model="offline", out=tmp_path / "two", progress="off")
        return one.summary.done, two.summary.done

    assert asyncio.run(both()) == (3, 3)
