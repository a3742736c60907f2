from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from tests.evaluation.utterance_fixtures import item

from tactful.errors import DataError, UsageError
from tactful.evaluation.utterance.measure import Settings
from tactful.evaluation.utterance.pipeline import Measured, PredictionSources, evaluate_sources
from tactful.runs import RunOptions
from tactful.utterance.predict.predictor import Prediction


def evaluated(path: Path, *items: Prediction, k: int = 4, out: Path | None = None) -> Measured:
    rows = [orjson.dumps(one.model_dump(mode="json")) for one in items]
    path.write_bytes(b"\n".join(rows))
    return evaluate_sources(
        PredictionSources([path]),
        Settings(k=k, resamples=50),
        encoder="none",
        options=RunOptions(out=out, resume=True, progress="off"),
    )


def test_baselines_give_no_more_predictions_than_the_model(tmp_path: Path) -> None:
    items = [item(f"d{n}", f"gold {n}", ("aaa", f"gold {n + 1}")[: n + 1]) for n in range(9)]
    two, many = (evaluated(tmp_path / "p.jsonl", *items, k=k).evaluation for k in (2, 20))
    assert many.k == 2
    assert many.slices == two.slices
    assert many.measures["chrf_best"].startswith("best of 2")
    assert "k is 2, not 20: no message has more predictions" in many.notes[-1]
    assert not two.notes


def test_k_stays_as_asked_where_no_message_has_a_prediction(tmp_path: Path) -> None:
    assert evaluated(tmp_path / "p.jsonl", item("a", "x"), item("b", "y")).evaluation.k == 4


def test_an_evaluation_is_written_anew_by_itself_and_by_no_other(tmp_path: Path) -> None:
    items, out = (
        [item("a", "book it", ("book", "thanks")), item("b", "thanks", ("book", "no"))],
        tmp_path / "e",
    )
    first = evaluated(tmp_path / "p.jsonl", *items, out=out)
    written = (out / "evaluation.json").read_bytes()
    assert evaluated(tmp_path / "p.jsonl", *items, out=out) == first
    with pytest.raises(
        UsageError, match="holds an evaluation that differs in source; give --out a new folder"
    ):
        evaluated(tmp_path / "q.jsonl", *items, out=out)
    with pytest.raises(UsageError, match="differs in k, measures"):
        evaluated(tmp_path / "p.jsonl", *items, k=1, out=out)
    assert (out / "evaluation.json").read_bytes() == written
    (out / "evaluation.json").write_text('{"format": "tactful-evaluation-1"}')
    with pytest.raises(DataError, match="evaluation"):
        evaluated(tmp_path / "p.jsonl", *items, out=out)


def test_no_evaluation_is_written_into_a_run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(UsageError, match="is the folder of a run, and nothing is to be resumed"):
        evaluated(tmp_path / "p.jsonl", item("a", "x", ("y",)), out=tmp_path / "run")
    assert not (tmp_path / "run" / "evaluation.json").exists()
