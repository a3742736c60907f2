from __future__ import annotations

from pathlib import Path

import orjson
from tests.evaluation.utterance_fixtures import item

from tactful.evaluation.utterance.measure import Settings
from tactful.evaluation.utterance.pipeline import Measured, PredictionSources, evaluate_sources
from tactful.utterance.predict.predictor import Prediction


def evaluated(path: Path, *items: Prediction, k: int = 4) -> Measured:
    rows = [orjson.dumps(one.model_dump(mode="json")) for one in items]
    path.write_bytes(b"\n".join(rows))
    return evaluate_sources(
        PredictionSources([path]),
        Settings(k=k, resamples=50),
        encoder="none",
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
