"""Our embedded model under the probes, on made-up sessions and, where it is, on ProactiveBench's reward data."""

import asyncio
import os
from pathlib import Path

import pytest
from tests.reward.synthetic import make_items

from tactful.data.formats.moments import labelled_rows
from tactful.evaluation.judges.acceptances import BySession
from tactful.evaluation.judges.attacks import PROBES
from tactful.evaluation.judges.measure import measure
from tactful.evaluation.judges.probes import (
    LENGTH_MAX_BOUND,
    LENGTH_MEAN_BOUND,
    probe_judge,
    within_length_bounds,
)
from tactful.reward.embedded.training import cross_judge, prepare, train, train_prepared

LENGTH = [probe for probe in PROBES if probe.group == "length"]
DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))


def real_items():
    path = DATA / "proactivebench" / "reward_train.jsonl"
    if not path.exists():
        pytest.skip(f"no real data: {path} is missing; set TACTFUL_TEST_DATA")
    return list(labelled_rows(path))


def crossed(items) -> BySession:
    data = prepare(items)
    return BySession("embedded", lambda session: train_prepared(data, without=session))


@pytest.mark.slow
def test_length_alone_does_not_raise_a_score_beyond_the_bounds_on_made_up_sessions():
    items = make_items(8, 6)
    moments = [item.moment for item in items]
    found = asyncio.run(probe_judge(moments, train(items), probes=LENGTH))
    assert within_length_bounds(found), [(one.probe, one.mean_shift.value, one.max_shift) for one in found]


@pytest.mark.slow
def test_the_embedded_model_beats_every_baseline_on_made_up_sessions():
    items = make_items(14, 6)
    judged = cross_judge(items)
    found = measure(items, judged.acceptances, judge="embedded", rates=judged.rates, resamples=200)
    for difference in found.differences:
        assert difference.equal["auroc"].above_zero, difference.baseline


@pytest.mark.soak
def test_length_alone_does_not_raise_a_score_beyond_the_bounds_on_real_sessions():
    items = real_items()
    moments = [item.moment for item in items]
    found = asyncio.run(probe_judge(moments, crossed(items), probes=LENGTH))
    assert [one.items for one in found] == [1387] * len(LENGTH)
    for one in found:
        assert one.mean_shift.value is not None
        assert one.mean_shift.value <= LENGTH_MEAN_BOUND, one.probe
        assert one.max_shift is not None
        assert one.max_shift <= LENGTH_MAX_BOUND, one.probe


@pytest.mark.slow
def test_the_embedded_model_meets_its_bars_out_of_session_on_real_data():
    items = real_items()
    judged = cross_judge(items)
    found = measure(items, judged.acceptances, judge="embedded", rates=judged.rates)
    assert (found.items, found.sessions, found.unscored) == (1629, 16, 0)
    balanced, auroc = found.row.equal["balanced_accuracy"], found.row.equal["auroc"]
    assert balanced.value is not None
    assert balanced.value >= 0.64
    assert auroc.value is not None
    assert auroc.value >= 0.67
    proposals = found.row.calibration[0]
    assert proposals.kind == "proposals"
    assert proposals.ece.value is not None
    assert proposals.ece.value <= 0.05
    assert proposals.ece.value <= proposals.ece_floor.high
    for difference in found.differences:
        assert difference.equal["auroc"].above_zero, difference.baseline
    assert found.baseline("always-accept").equal["f1"].value == pytest.approx(2 / 3)
