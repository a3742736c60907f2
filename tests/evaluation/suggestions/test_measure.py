"""Hiding suggestions: thresholds chosen without the users they are measured on, baselines in every table, honest bars."""

import math
import os
import random
from pathlib import Path

import numpy as np
import pytest
from tests.data.formats.test_suggestions import decision

from tactful.data.formats.suggestions import suggestion_rows
from tactful.errors import UserError
from tactful.evaluation.suggestions.cross import (
    NOTHING,
    CrossFit,
    Users,
    by_look_up,
    cross_fit,
    hidden_by,
    loosest_cut,
    nested_cuts,
    split_users,
)
from tactful.evaluation.suggestions.measure import (
    BEFORE,
    CONFIDENCE,
    LOOK_UP,
    MODEL,
    PROMISED,
    _hiding,
    _promises,
    measure_suggestions,
)
from tactful.evaluation.suggestions.measures import Measures, best_cuts
from tactful.evaluation.suggestions.report import SuggestionBench, headline, render_page, suggestion_tables
from tactful.evaluation.suggestions.results import BASELINES
from tactful.reward.gate.promise import promise
from tactful.stats.bootstrap import group_draws

DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))


def made_up(users=5, each=40, *, seed=0):
    """Decisions that the confidence tells: below 0.5 nearly none is accepted, above it most are."""
    rng, rows = random.Random(seed), []
    for user in range(users):
        for at in range(each):
            confidence = rng.random()
            accepted = rng.random() < (0.01 if confidence < 0.5 else 0.8)
            rows.append(decision(20 * at, accepted=accepted, user=user, confidence=confidence))
    return rows


def some_users(accepted, user):
    user = np.array(user)
    return Users(np.array(accepted, dtype=float), user, user)


def measures(users, bar=0.05):
    return Measures(users, group_draws(users.count, 200, 0), bar, 0)


@pytest.fixture(scope="module")
def bench() -> SuggestionBench:
    return measure_suggestions(made_up(), data="made up", resamples=200)


# ---------------------------------------------------------------- cuts and folds


def test_the_loosest_cut_keeps_the_bar_exactly():
    p = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    accepted = np.array([0, 0, 0, 1, 1])
    # hidden up to 0.3: 0 of 3; up to 0.4: 1 of 4; up to 0.5: 2 of 5
    assert loosest_cut(p, accepted, 0.05) == 0.3
    assert loosest_cut(p, accepted, 0.25) == 0.4
    assert loosest_cut(p, accepted, 0.4) == 0.5


def test_the_loosest_cut_may_pass_over_a_stretch_that_breaks_the_bar():
    accepted = np.array([1] + [0] * 19)
    assert loosest_cut(np.linspace(0.1, 0.9, 20), accepted, 0.05) == pytest.approx(0.9)  # 1 of 20


def test_equal_probabilities_are_hidden_together_or_not_at_all():
    assert loosest_cut(np.array([0.1, 0.1, 0.1]), np.array([0, 0, 1]), 0.05) == NOTHING


def test_nothing_is_hidden_where_the_bar_cannot_be_kept():
    assert loosest_cut(np.array([0.1, 0.9]), np.array([1, 0]), 0.05) == NOTHING
    assert loosest_cut(np.zeros(0), np.zeros(0), 0.05) == NOTHING


def test_no_model_and_no_cut_sees_the_users_it_is_measured_on():
    users = some_users([0, 1] * 5, np.repeat(np.arange(5), 2))
    trained: list[tuple[frozenset[int], frozenset[int]]] = []

    def learn(train):
        known = frozenset(users.user[train].tolist())

        def says(rows):
            trained.append((known, frozenset(users.user[rows].tolist())))
            return np.full(int(rows.sum()), 0.5)

        return says

    found = cross_fit(learn, users)
    assert all(not known & judged for known, judged in trained)
    assert len({known for known, _ in trained}) == 5 + 10  # without one, and without each pair
    for fold in range(5):
        here = users.fold == fold
        assert np.isnan(found.nested[fold][here]).all()
        assert np.isfinite(found.nested[fold][~here]).all()
    judged_without = [(known, judged) for known, judged in trained if len(known) == 3]
    assert all(len(judged) == 1 for _, judged in judged_without)


def test_a_cut_of_a_fold_does_not_depend_on_its_own_verdicts():
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(5), 20)
    accepted, p = (rng.random(100) < 0.3).astype(float), rng.random(100)
    nested = np.where(user == np.arange(5)[:, None], np.nan, p)
    cuts = nested_cuts(CrossFit(some_users(accepted, user), p, nested), 0.2)
    flipped = np.where(user == 2, 1 - accepted, accepted)
    again = nested_cuts(CrossFit(some_users(flipped, user), p, nested), 0.2)
    assert cuts[2] == again[2]


def test_more_than_twelve_users_share_folds():
    rows = [(str(user), bool(at % 2)) for user in range(30) for at in range(2)]
    users = split_users([name for name, _ in rows], [accepted for _, accepted in rows], seed=0)
    assert (users.count, users.folds) == (30, 12)
    for user in range(30):
        assert len(set(users.fold[users.user == user].tolist())) == 1


@pytest.mark.parametrize(
    ("names", "accepted", "said"),
    [
        ([], [], "there is no suggestion"),
        (["ann"] * 3, [True, False, True], r"of 1 user \(ann\); at least 4"),
        (["a", "b", "c"], [True, False, True], r"of 3 users \(a, b, c\); at least 4"),
        (["a", "b", "c", "d"], [True] * 4, "all 4 suggestions were accepted"),
        (["a", "b", "c", "d"], [False] * 4, "all 4 suggestions were rejected"),
        (
            ["a", "b", "c", "d"],
            [True, False, False, False],
            "without one or two users all 3 suggestions were rejected",
        ),
    ],
)
def test_too_little_to_measure_on_is_said_in_a_sentence(names, accepted, said):
    with pytest.raises(UserError, match=said):
        split_users(names, accepted, seed=0)


def test_the_look_up_knows_its_training_part_alone():
    users = some_users([1, 0, 1, 1], [0, 1, 2, 3])
    says = by_look_up(["a", "a", "b", "c"], users)(users.user < 3)
    # 'a' is 1 of 2, 'b' 1 of 1; 'c' is not known: 2 of 3
    np.testing.assert_allclose(says(users.user >= 0), [0.5, 0.5, 1.0, 2 / 3])


# ---------------------------------------------------------------- figures


def test_figures_of_hiding_are_those_counted_by_hand():
    users = some_users([1, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1])
    row = measures(users).hiding("m", "by hand", np.array([1, 1, 0, 0, 0, 1, 1, 0], dtype=float))
    assert (row.hidden, row.would_accept) == (4, 1)
    assert row.hidden_share.value == 0.5
    assert row.wrong_share.value == 0.25
    assert row.lost_share.value == 0.5
    assert row.bar == "broken here"
    # Clopper-Pearson: the share at which at most 1 of 4 has probability 0.05
    share = row.wrong_at_most
    assert (1 - share) ** 4 + 4 * share * (1 - share) ** 3 == pytest.approx(0.05)


def test_hiding_nothing_is_no_success_at_keeping_the_bar():
    users = some_users([1, 0, 1, 0], [0, 0, 1, 1])
    row = measures(users).hiding("m", "none", np.zeros(4))
    assert row.bar == "nothing hidden"
    assert row.wrong_share.value is None
    assert row.wrong_at_most is None


def test_a_bar_is_shown_to_hold_only_where_the_whole_interval_is_within_it():
    accepted = np.tile([0.0] * 9 + [1.0], 20)
    users = some_users(accepted, np.repeat(np.arange(20), 10))
    hidden = 1 - accepted
    assert (
        measures(users, 0.5).hiding("m", "x", np.ones(200)).bar == "holds here"
    )  # all users alike: no interval
    mixed = hidden.copy()
    mixed[accepted > 0] = np.arange(20) < 5
    assert measures(users, 0.5).hiding("m", "x", mixed).bar == "shown to hold"
    assert measures(users, 0.02).hiding("m", "x", mixed).bar == "broken here"
    assert measures(users, 0.001).hiding("m", "x", mixed).bar == "shown to be broken"


def test_hindsight_takes_the_best_cut_of_these_very_users():
    users = some_users([0, 0, 1, 0, 0, 1], [0, 0, 0, 1, 1, 1])
    row, drawn = measures(users).hindsight("h", "best", np.array([0.1, 0.2, 0.9, 0.1, 0.3, 0.8]))
    assert (row.hidden, row.would_accept) == (4, 0)
    assert row.hidden_share.value == pytest.approx(4 / 6)
    assert drawn == pytest.approx(np.full(200, 4 / 6))


def test_many_weightings_at_once_find_the_cuts_that_one_by_one_finds():
    rng = np.random.default_rng(1)
    p, accepted = rng.random(40).round(1), (rng.random(40) < 0.2).astype(float)
    chosen = rng.random((30, 40)) < 0.5
    cuts, hidden, wrong = best_cuts(p, accepted, chosen.astype(float), 0.1)
    for at, rows in enumerate(chosen):
        cut = loosest_cut(p[rows], accepted[rows], 0.1)
        assert (p[rows] <= cut).sum() == hidden[at]
        assert accepted[rows][p[rows] <= cut].sum() == wrong[at]
        assert (cut == NOTHING) == (cuts[at] == NOTHING)


def test_the_interval_of_a_nested_rule_covers_the_choice_of_the_cut():
    rng = np.random.default_rng(3)
    user, p = np.repeat(np.arange(8), 30), rng.random(240)
    accepted = (rng.random(240) < p * 0.6).astype(float)
    users = some_users(accepted, user)
    found = CrossFit(users, p, np.where(user == np.arange(8)[:, None], np.nan, p))
    row, drawn = measures(users, 0.1).nested("m", "others", found)
    as_if_given = measures(users, 0.1).hiding("m", "given", hidden_by(found, nested_cuts(found, 0.1)))
    assert row.hidden == as_if_given.hidden
    assert len(drawn) == 200
    width = row.hidden_share.high - row.hidden_share.low
    assert width > as_if_given.hidden_share.high - as_if_given.hidden_share.low


def test_the_hiding_curve_ends_at_the_rate_of_all():
    users = some_users([0, 1, 0, 1], [0, 0, 1, 1])
    points = measures(users).curve(np.array([0.1, 0.9, 0.1, 0.8]))
    assert [(point.hidden_share, point.wrong_share) for point in points] == [
        (0.5, 0.0),
        (0.75, pytest.approx(1 / 3)),
        (1.0, 0.5),
    ]


# ---------------------------------------------------------------- the whole


def test_what_confidence_tells_can_be_hidden(bench):
    row = bench.nested
    assert row.hidden_share.value > 0.3  # half of them, 1% of which would be accepted
    assert row.wrong_share.value <= 0.08
    assert bench.probabilities[0].auroc.value > 0.8
    assert bench.row("model, in hindsight").wrong_share.value <= 0.05 + 1e-9
    assert bench.row("always-hide").wrong_share.value == pytest.approx(bench.accepted / bench.decisions)


def test_five_users_can_promise_nothing_and_the_tool_says_so(bench):
    assert bench.promised_folds == 0
    assert bench.row("model, promised").bar == "nothing hidden"
    # ln 0.1 / ln 0.95 = 44.9
    assert "needs at least 45 calibration users" in bench.promise
    assert math.ceil(math.log(0.1) / math.log(0.95)) == 45


def test_every_table_has_its_baselines(bench):
    tables = suggestion_tables(bench)
    assert len(tables) == 3
    for table in tables:
        assert {row.name for row in table.rows if row.baseline} == set(BASELINES), table.title


def test_published_hiding_stands_beside_ours(bench):
    names = [row.name for row in bench.hiding]
    assert [name for name in names if name.startswith("p(accept)")] == [
        "p(accept) < 0.1",
        "p(accept) < 0.2",
        "p(accept) < 0.3",
        "p(accept) < 0.5",
    ]
    assert "two steps, 0.2" in names


def test_a_looser_bar_hides_more_in_hindsight(bench):
    row = next(one for one in bench.bars if one.name == "model, in hindsight")
    shares = [at.hidden_share for at in row.at]
    assert shares == sorted(shares)
    assert all(at.wrong_share is None or at.wrong_share <= at.bar + 1e-9 for at in row.at)


@pytest.mark.slow
def test_equal_seeds_give_equal_figures_and_the_record_reads_back(bench):
    again = measure_suggestions(made_up(), data="made up", resamples=200)
    assert again == bench
    assert SuggestionBench.model_validate_json(bench.model_dump_json()) == bench


@pytest.mark.slow
def test_the_verdict_of_a_user_does_not_move_the_users_own_cut(bench):
    rows = made_up()
    flipped = [
        decision(20 * at, accepted=not row.outcome.accepted, user=4, confidence=row.suggestion.confidence)
        for at, row in enumerate(rows[160:])
    ]
    other = measure_suggestions(rows[:160] + flipped, data="x", resamples=50)
    assert bench.cuts["4"] == other.cuts["4"]
    assert bench.cuts["0"] != other.cuts["0"]


@pytest.mark.slow
def test_the_page_is_whole_and_escapes_what_it_shows(bench):
    page = render_page(bench.model_copy(update={"data": "<script>alert(1)</script>"}))
    assert "<script>alert(1)" not in page
    assert page.count("<svg") == 2
    assert headline(bench) in page
    lines = str(bench)
    assert "200 suggestions of 5 users" in lines
    assert "in hindsight" in lines


@pytest.mark.soak
def test_other_features_are_measured_beside_the_model_and_the_baselines():
    found = measure_suggestions(made_up(9), data="made up", ablations=True, resamples=100)
    table = suggestion_tables(found)[3]
    assert {row.name for row in table.rows if row.baseline} == set(BASELINES)
    by_name = {one.name: one for one in found.ablations}
    assert by_name["without suggestion"].auroc_gain.high < 0  # confidence was all that told anything
    assert by_name["without history"].auroc.value > 0.8


@pytest.mark.soak
def test_on_real_decisions_five_in_a_hundred_cannot_be_kept_and_the_tool_does_not_pretend():
    path = DATA / "copilot_cups" / "decisions.jsonl"
    if not path.is_file():
        pytest.skip(f"no real data: {path} is missing; set TACTFUL_TEST_DATA")
    found = measure_suggestions(list(suggestion_rows(path)), data="decisions.jsonl")
    assert (found.decisions, found.users, found.accepted) == (372, 9, 131)
    assert found.nested.hidden_share.value < 0.05
    assert found.probabilities[0].auroc_within.value > 0.55
    assert found.probabilities[0].brier.value < 0.235
    assert "cannot promise" in found.promise


def test_many_users_and_a_model_that_knows_get_a_promise_for_users_that_took_no_part():
    accepted = np.tile([1.0] + [0.0] * 9, 130)
    users = split_users(np.repeat(np.arange(130), 10).astype(str).tolist(), (accepted > 0).tolist(), seed=0)
    trained = []

    def learn(train):
        trained.append(train)
        return lambda rows: np.where(users.accepted[rows] > 0, 0.99, 0.01)

    found, said = _promises(learn, users, 0.05, 0)
    assert said.tolist() == np.where(users.accepted > 0, 0.99, 0.01).tolist()
    assert len(found) == users.folds == len(trained)
    for fold, (one, train) in enumerate(zip(found, trained, strict=True)):
        assert one.threshold is not None
        assert one.threshold <= 0.95
        assert not (train & (users.fold == fold)).any()
        known = set(users.user[train].tolist())
        assert one.sessions + len(known) + len(set(users.user[users.fold == fold].tolist())) == 130


def test_the_fold_is_judged_by_the_very_model_that_the_promise_is_about():
    accepted = np.tile([1.0] + [0.0] * 9, 130)
    users = split_users(np.repeat(np.arange(130), 10).astype(str).tolist(), (accepted > 0).tolist(), seed=0)
    made = []

    def learn(train):
        made.append(int(train.sum()))
        number = len(made)  # every model has a mark of its own
        return lambda rows: np.where(users.accepted[rows] > 0, 0.99, 0.001 * number)

    _, said = _promises(learn, users, 0.05, 0)
    for fold in range(users.folds):
        mine = (users.fold == fold) & (users.accepted == 0)
        assert np.allclose(said[mine], 0.001 * (fold + 1))
        assert made[fold] < (users.fold != fold).sum(), "not the model of all other users"


def test_the_row_with_a_promise_hides_by_the_model_that_the_promise_is_about():
    accepted = np.tile([1.0, 0.0, 0.0, 0.0], 8)
    users = split_users(np.repeat(np.arange(8), 4).astype(str).tolist(), (accepted > 0).tolist(), seed=0)
    half = np.full(len(accepted), 0.5)
    unsure = CrossFit(users, half, np.tile(half, (users.folds, 1)))
    given = promise(half, accepted > 0, users.user.astype(str), alpha=0.05, of="ratio")
    promises = [given.model_copy(update={"threshold": 0.9})] * users.folds
    of_promised = np.where(accepted > 0, 0.99, 0.01)  # sure, where the model trained on all others is not
    found = dict.fromkeys((MODEL, BEFORE, CONFIDENCE, LOOK_UP), unsure)
    rows, _ = _hiding(measures(users), found, promises, of_promised)
    (row,) = [row for row in rows if row.name == PROMISED]
    assert (row.hidden, row.would_accept) == (24, 0)
