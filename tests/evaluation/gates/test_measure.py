from __future__ import annotations

import functools
import os
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.acceptance_fixtures import item, said
from tests.evaluation.gating_fixtures import calibrated

from tactful.data.formats.moments import labelled_rows
from tactful.errors import UserError
from tactful.evaluation.gates.measure import (
    BASELINES,
    ELSEWHERE,
    FIGURES,
    GATE,
    HINDSIGHT,
    SHARES,
    measure_gate,
)
from tactful.reward.embedded.training import TrainConfig, cross_judge
from tactful.reward.gate.rule import Costs, GateConfig

CONFIG = GateConfig(costs=Costs(false_alarm=1, miss=1), need="certain")
# session a: hit 0.9, false alarm 0.8, hit 0.3; session b: false alarm 0.6, false alarm 0.2; threshold 0.5
ITEMS = [
    item(1, "hit", session="a"),
    item(2, "false-alarm", session="a"),
    item(3, "hit", session="a"),
    item(4, "false-alarm", session="b"),
    item(5, "false-alarm", session="b"),
]
SAID = said(ITEMS, [0.9, 0.8, 0.3, 0.6, 0.2])


def test_the_figures_are_the_worked_ones():
    found = measure_gate(ITEMS, SAID, CONFIG)
    figures = {name: one.value for name, one in found.rows[0].figures.items()}
    assert found.rows[0].name == GATE
    assert figures == {
        "speaks_per_session": 1.5,  # 0.9, 0.8 and 0.6 in two sessions
        "false_alarm_rate": pytest.approx(2 / 3),
        "false_alarm_ratio": pytest.approx(2 / 3),
        "recall": 0.5,
        "abstained": 0.0,
        "utility": pytest.approx(-(2 + 1) / 2 / 5),  # 2 false alarms, 1 withheld, unit 2, 5 moments
    }
    best = next(row for row in found.rows if row.name == HINDSIGHT)
    assert best.figures["utility"].value == pytest.approx(-1 / 2 / 5)  # only 0.9: one withheld


def test_an_unscored_judgement_is_a_moment_at_which_the_gate_does_not_decide():
    more = [
        item(6, "hit", session="b"),
        item(7, "false-alarm", session="c"),
        item(8, "correct-silence", session="d"),
    ]
    found = measure_gate(
        [*ITEMS, *more],
        [*SAID, *said(more, [None, None, 0.9])],
        CONFIG.model_copy(update={"abstain_low": 0.25, "abstain_high": 0.5}),
    )
    figures = {name: one.value for name, one in found.rows[0].figures.items()}
    assert figures["abstained"] == 3 / 7  # 0.3, and two unscored, of seven proposals
    assert figures["speaks_per_session"] == 1.5  # 0.9, 0.8 and 0.6 in the two sessions with a scored proposal
    assert figures["recall"] == 1.0
    assert (found.moments, found.sessions, found.unscored, found.silences) == (5, 2, 2, 1)
    assert {name: one.groups for name, one in found.rows[0].figures.items()} == {
        **dict.fromkeys(FIGURES, 2),
        "abstained": 3,
    }


@pytest.mark.parametrize("missing", BASELINES)
def test_every_table_of_figures_has_its_baselines(missing):
    found = measure_gate(ITEMS, SAID, CONFIG)
    assert missing in {row.name for row in found.rows if row.baseline}
    assert missing in {row.name for row in found.utilities if row.baseline}


def test_the_best_threshold_of_other_sessions_is_chosen_without_the_session_itself():
    # Best for a: to speak at 0.9 and not at 0.3. Best for b: to speak from 0.3 on, at the price of the false alarm at 0.9.
    items = [
        item(1, "hit", session="a"),
        item(2, "false-alarm", session="a"),
        item(3, "false-alarm", session="b"),
        item(4, "hit", session="b"),
        item(5, "hit", session="b"),
    ]
    found = measure_gate(items, said(items, [0.9, 0.3, 0.9, 0.3, 0.35]), CONFIG)
    rows = {row.name: np.array(row.utilities) for row in found.utilities}
    at = SHARES.index(0.5)
    # in hindsight: from 0.3 on, two false alarms. Chosen on b: a speaks from 0.3 on, one false alarm. Chosen on a, from
    # 0.35 on, the first of equals: b has one false alarm and withholds 0.3. Each of these counts 0.5.
    assert rows[HINDSIGHT][at] == pytest.approx(-2 * 0.5 / 5)
    assert rows[ELSEWHERE][at] == pytest.approx(-3 * 0.5 / 5)


def test_the_mean_utility_is_over_the_whole_grid():
    found = measure_gate(ITEMS, SAID, CONFIG)
    never = next(row for row in found.utilities if row.name == "never-speak")
    # 2 of 5 proposals are withheld, at cost 1 − share
    assert never.utilities == pytest.approx([-(1 - share) * 2 / 5 for share in SHARES])
    assert never.mean.value == pytest.approx(-0.5 * 2 / 5)
    assert found.thresholds == pytest.approx(SHARES)


def test_no_fixed_threshold_beats_the_best_one_in_hindsight():
    found = measure_gate(*calibrated(6, 40), CONFIG)
    rows = {row.name: np.array(row.utilities) for row in found.utilities}
    for name, values in rows.items():
        if name != "look-up":  # the look-up has probabilities of its own
            assert (values <= rows[HINDSIGHT] + 1e-12).all(), name
    assert found.regret.value is not None
    assert found.regret.value >= 0


@pytest.mark.parametrize("form", ["prism", "utility"])
@pytest.mark.parametrize("need", ["certain", "judged"])
@pytest.mark.parametrize("seed", range(5))
def test_regret_is_at_most_a_hundredth_where_probabilities_are_right(form, need, seed):
    # session effects of sd 0.1 and 16 sessions, as many and as long as ProactiveBench's
    config = GateConfig(form=form, need=need, costs=Costs(false_alarm=2, miss=1))
    found = measure_gate(*calibrated(seed=seed), config, resamples=50)
    assert found.regret.value is not None
    assert found.regret_elsewhere.value is not None
    assert found.regret.value <= 0.01
    assert found.regret_elsewhere.value <= found.regret.value


def test_abstained_moments_are_counted_apart():
    band = CONFIG.model_copy(update={"abstain_low": 0.25, "abstain_high": 0.85})
    found = measure_gate(ITEMS, SAID, band).rows[0].figures
    assert found["abstained"].value == pytest.approx(3 / 5)
    assert found["recall"].value == 1.0
    assert found["false_alarm_rate"].value == 0.0


def test_a_floor_shows_in_the_figures_and_beside_the_gate_without_it():
    floored = CONFIG.model_copy(update={"floor": 0.85})
    found = measure_gate(ITEMS, SAID, floored, others={"by costs alone": CONFIG})
    rows = {row.name: row.figures for row in found.rows}
    assert rows[GATE]["speaks_per_session"].value == 0.5
    assert rows["by costs alone"]["speaks_per_session"].value == 1.5
    assert {"gate", "by costs alone"} <= {row.name for row in found.utilities}
    assert min(found.thresholds) == 0.85


def test_a_fixed_threshold_stays_over_the_grid():
    fixed = GateConfig(form="fixed", threshold=0.7, costs=Costs(false_alarm=1, miss=1))
    assert set(measure_gate(ITEMS, SAID, fixed).thresholds) == {0.7}


def test_one_session_has_figures_without_intervals():
    found = measure_gate(ITEMS[:3], SAID[:3], CONFIG)
    assert found.sessions == 1
    assert all(one.low is None for one in found.rows[0].figures.values())


def test_all_of_one_class_leaves_the_undefined_figures_open():
    only = [item(number, "hit", session=f"s{number}") for number in range(4)]
    figures = measure_gate(only, said(only, [0.9] * 4), CONFIG).rows[0].figures
    assert figures["false_alarm_rate"].value is None
    assert figures["recall"].value == 1.0
    assert set(figures) == set(FIGURES)


def test_silences_alone_give_a_clear_sentence():
    silent = [item(1, "missed-need")]
    with pytest.raises(UserError, match="none of these 1 moments has a proposal with a scored judgement"):
        measure_gate(silent, said(silent, [0.5]), CONFIG)


def test_a_gate_without_costs_cannot_be_weighed():
    with pytest.raises(UserError, match="weighed by its costs"):
        measure_gate(ITEMS, SAID, GateConfig(form="fixed", threshold=0.5))


def test_very_many_probabilities_are_tried_at_a_thousand_levels():
    items, judged = calibrated(10, 300)
    found = measure_gate(items, judged, CONFIG, resamples=50)
    assert found.moments == 3000
    assert found.regret.value is not None
    assert -1e-3 <= found.regret.value <= 0.01


def test_equal_seeds_give_equal_intervals():
    assert measure_gate(ITEMS, SAID, CONFIG, seed=3) == measure_gate(ITEMS, SAID, CONFIG, seed=3)


DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["prism", "utility"])
@pytest.mark.parametrize("need", ["certain", "judged"])
def test_regret_on_sessions_that_the_model_did_not_see_is_at_most_a_hundredth(form, need):
    path = DATA / "proactivebench" / "reward_train.jsonl"
    if not path.exists():
        pytest.skip("real data is not here; set TACTFUL_TEST_DATA")
    items, judged = _cross_judged(path)
    found = measure_gate(items, judged, GateConfig(form=form, need=need, costs=Costs(false_alarm=2, miss=1)))
    assert found.regret.value is not None
    assert found.regret.value <= 0.01
    assert found.regret.high is not None
    assert found.regret.high <= 0.01


@functools.cache
def _cross_judged(path: Path):
    items = tuple(labelled_rows(path))
    return items, cross_judge(items, TrainConfig()).acceptances
