import numpy as np
import pytest
from tests.feedback.chats import PROVENANCE

from tactful.feedback.judging.panel import VoteTable, dawid_skene, disagreement, plain_judgement, shares
from tactful.feedback.labels import LABELS, Label
from tactful.feedback.types import FeedbackConfig, Vote

GOOD, BAD, SHIFT = Label.POS_PRAISE, Label.NEG_CORRECTION, Label.TOPIC_SHIFT
CONFIG = FeedbackConfig()


def votes(*labels, confidence=0.9):
    return tuple(
        Vote(
            judge=f"j{at}",
            label=label,
            confidence=None if label is None else confidence,
            reason="" if label else "x",
        )
        for at, label in enumerate(labels)
    )


def panel_of(*rows):
    table = VoteTable()
    for row in rows:
        table.add(row)
    return table.fit()


def test_one_step_of_dawid_and_skene_equals_the_matrix_worked_by_hand():
    # Judges A, B, C on three items: (0,0,0), (0,1,0), (1,1,1). Shares of the votes: (1,0), (2/3,1/3), (0,1).
    # Prior (5/9, 4/9). A and C: given 0 always 0; given 1 they say 0 in (1/3)/(4/3) = 1/4.
    # B: given 0 it says 1 in (2/3)/(5/3) = 2/5; given 1 always 1.
    # Item 2: 5/9 · 1 · 2/5 · 1 = 8/36 against 4/9 · 1/4 · 1 · 1/4 = 1/36, so 8/9 and 1/9.
    said = [(0, 0, 0), (0, 1, 0), (1, 1, 1)]
    counts = np.array([[[vote == label for label in range(2)] for vote in row] for row in said], dtype=float)
    fit = dawid_skene(counts, pseudo_votes=0, most_iterations=1)
    assert fit.prior == pytest.approx([5 / 9, 4 / 9])
    assert fit.confusion[0] == pytest.approx(np.array([[1, 0], [1 / 4, 3 / 4]]))
    assert fit.confusion[1] == pytest.approx(np.array([[3 / 5, 2 / 5], [0, 1]]))
    assert fit.posterior == pytest.approx(np.array([[1, 0], [8 / 9, 1 / 9], [0, 1]]))


def test_easy_cases_follow_the_majority():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, len(LABELS), 400)
    counts = np.zeros((400, 5, len(LABELS)))
    for item, label in enumerate(truth):
        for judge in range(5):
            said = label if rng.random() < 0.85 else rng.integers(0, len(LABELS))
            counts[item, judge, said] = 1
    fit = dawid_skene(counts)
    majority = counts.sum(axis=1).argmax(axis=1)
    clear = np.sort(counts.sum(axis=1), axis=1)[:, -1] >= 3
    found = fit.posterior.argmax(axis=1)
    assert fit.converged
    assert (found == majority)[clear].mean() > 0.98
    assert (found == truth).mean() >= (majority == truth).mean()
    assert fit.posterior.sum(axis=1) == pytest.approx(np.ones(400))


def test_a_reliable_judge_outvotes_two_that_guess():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 500)
    counts = np.zeros((500, 4, 2))
    for item, label in enumerate(truth):
        for judge, right in enumerate((0.97, 0.95, 0.5, 0.5)):
            counts[item, judge, label if rng.random() < right else 1 - label] = 1
    fit = dawid_skene(counts)
    tied = counts.sum(axis=1).max(axis=1) == 2
    assert tied.sum() > 100
    assert (fit.posterior.argmax(axis=1) == truth)[tied].mean() > 0.9


def test_draws_of_one_model_are_votes_of_one_judge():
    draws = [Vote(judge="m", sample=at, label=GOOD if at < 2 else BAD, confidence=0.7) for at in range(3)]
    panel = panel_of(draws, draws)
    assert panel.report.judges == ("m",)
    judgement = panel.judgement(0, plain_judgement("t", draws, CONFIG, PROVENANCE), CONFIG)
    assert judgement.label is GOOD
    assert judgement.share == pytest.approx(2 / 3)
    assert len(judgement.votes) == 3
    assert sum(judgement.posterior.values()) == pytest.approx(1)


def test_items_without_votes_are_refused():
    with pytest.raises(ValueError, match="at least one vote"):
        dawid_skene(np.zeros((2, 1, 3)))
    with pytest.raises(ValueError, match="at least one vote"):
        dawid_skene(np.zeros((0, 1, 3)))


def test_plain_judgement_is_the_share_and_ties_go_to_the_surer_votes():
    said = (
        Vote(judge="a", label=GOOD, confidence=0.6, rationale="weak"),
        Vote(judge="b", label=BAD, confidence=0.9, rationale="strong"),
    )
    judgement = plain_judgement("t", said, CONFIG, PROVENANCE)
    assert (judgement.label, judgement.confidence, judgement.rationale) == (BAD, 0.5, "strong")
    assert not judgement.should_update
    assert plain_judgement("t", votes(GOOD, GOOD, BAD), CONFIG, PROVENANCE).share == pytest.approx(2 / 3)


def test_unreadable_votes_count_for_nothing_and_none_readable_is_unscored():
    panel = panel_of(votes(GOOD, None, GOOD), votes(None, None, None))
    one = panel.judgement(0, plain_judgement("a", votes(GOOD, None, GOOD), CONFIG, PROVENANCE), CONFIG)
    none = panel.judgement(1, plain_judgement("b", votes(None, None, None), CONFIG, PROVENANCE), CONFIG)
    assert (one.label, one.share) == (GOOD, 1.0)
    assert none.unscored
    assert "no vote of 3 is readable" in none.unscored_reason
    report = panel.report
    assert (report.turns, report.unscored, report.votes, report.unreadable_votes) == (1, 1, 6, 4)


def test_panel_without_any_readable_vote_or_turn_is_fitted_on_nothing():
    for panel in (panel_of(), panel_of(votes(None, None))):
        assert panel.report.turns == 0
        assert panel.report.reliability == {}
        assert panel.report.disagreement is None
        assert not panel.report.converged


def test_one_class_only_converges():
    report = panel_of(*[votes(GOOD, GOOD, GOOD)] * 5).report
    assert report.converged
    assert (report.unanimous, report.disagreement) == (1.0, 0.0)
    assert report.prior[GOOD] > 0.9


def test_disagreement_is_the_entropy_over_that_of_all_different_votes():
    # Two of three: entropy of (2/3, 1/3) is 0.6365, of three different ones ln 3 = 1.0986.
    assert disagreement(votes(GOOD, GOOD, BAD)) == pytest.approx(0.6365 / 1.0986, abs=1e-3)
    assert disagreement(votes(GOOD, BAD, SHIFT)) == pytest.approx(1.0)
    assert disagreement(votes(GOOD, GOOD)) == 0.0
    assert disagreement(votes(GOOD, None)) is None
    assert shares(()) == {}


def test_topic_shift_of_a_panel_never_updates():
    said = votes(SHIFT, SHIFT, SHIFT)
    judgement = panel_of(said, said).judgement(0, plain_judgement("t", said, CONFIG, PROVENANCE), CONFIG)
    assert (judgement.label, judgement.reward, judgement.should_update) == (SHIFT, 0.0, False)


def test_alpha_equals_the_value_worked_by_hand_and_is_undefined_for_one_label():
    # Two judges, four turns: AA, AB, BB, BB. Coincidences: o_AA = 2, o_AB = o_BA = 1, o_BB = 4; n_A = 3, n_B = 5, n = 8.
    # Observed disagreement 2/8; expected 2·3·5/(8·7) = 30/56; alpha = 1 − (2/8)/(30/56) = 1 − 7/15 = 8/15.
    found = panel_of(votes(GOOD, GOOD), votes(GOOD, BAD), votes(BAD, BAD), votes(BAD, BAD))
    assert found.report.alpha == pytest.approx(8 / 15, abs=1e-9)
    assert panel_of(votes(GOOD, GOOD), votes(GOOD, GOOD)).report.alpha is None
    assert panel_of(votes(GOOD), votes(BAD)).report.alpha is None  # nobody voted twice on one turn
