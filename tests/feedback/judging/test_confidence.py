"""Fitted confidence: monotone, per source, and silent about sources that it does not know."""

import itertools

import numpy as np
import pytest

from tactful.errors import DataError, UserError
from tactful.feedback.judging.confidence import (
    ConfidenceMap,
    Step,
    fit_confidence,
    load_confidence,
)
from tactful.feedback.judging.refit import refit
from tactful.feedback.labels import Label
from tactful.feedback.types import FeedbackConfig, LabelledTurn, TurnJudgement
from tactful.types import Provenance

BY = Provenance(model="judge", generator="rules")
CONFIG = FeedbackConfig()


def sample(count: int, *, source: str = "a", seed: int = 0, share: bool = False):
    """Turns of a judge that states c and is right with probability c², so it is too sure."""
    rng = np.random.default_rng(seed)
    turns, judgements = [], []
    for at in range(count):
        stated = float(rng.uniform(0.2, 1.0))
        right = rng.random() < stated**2
        turns.append(
            LabelledTurn(
                id=f"{source}{at}",
                dialogue_id=f"{source}-{at // 3}",
                source=source,
                q_t="q",
                a_t="a",
                user_next="n",
                label7=Label.POS_PRAISE if right else Label.NEUTRAL,
            )
        )
        more = {"share": 1.0 if right else 0.5} if share else {}
        judgements.append(
            TurnJudgement.scored(f"{source}{at}", Label.POS_PRAISE, stated, CONFIG, provenance=BY, **more)
        )
    return turns, judgements


@pytest.mark.parametrize("method", ["platt", "isotonic", "auto"])
def test_the_map_is_monotone_and_better_calibrated_out_of_fold(method):
    found, left_out = fit_confidence(*sample(600), judge="judge", method=method)
    fit = found.sources["a"]
    values = [fit.probability(stated, None) for stated in np.linspace(0, 1, 101)]
    assert all(one <= two + 1e-12 for one, two in itertools.pairwise(values))
    assert all(0 <= value <= 1 for value in values)
    assert fit.brier < fit.brier_stated
    assert fit.ece < fit.ece_stated / 2
    assert abs(fit.probability(0.9, None) - 0.81) < 0.1
    assert left_out == {}


def test_a_higher_share_of_a_panel_never_lowers_the_probability():
    fit = fit_confidence(*sample(300, share=True), judge="judge")[0].sources["a"]
    assert fit.weight_share > 0
    assert fit.probability(0.6, 1.0) > fit.probability(0.6, 0.5)


def test_another_source_or_another_judge_gets_nothing():
    found, _ = fit_confidence(*sample(200), judge="judge")
    _, [judgement, *_] = sample(1)
    assert found.probability(judgement, "a") is not None
    assert found.probability(judgement, "b") is None
    assert "was fitted on a, not on 'b', and does not carry over" in found.refusal("b")
    other = judgement.model_copy(update={"provenance": BY.model_copy(update={"model": "other"})})
    assert found.probability(other, "a") is None
    assert refit(judgement, "b", CONFIG, found).fitted is False
    assert refit(judgement, "b", CONFIG, found, precision=0.5).should_update is False


def test_a_target_precision_gives_the_lowest_threshold_that_reaches_it():
    turns, judgements = sample(900)
    found, _ = fit_confidence(turns, judgements, judge="judge")
    tau = found.threshold("a", 0.7)
    assert tau is not None
    kept = [
        turn.label7 is judgement.label
        for turn, judgement in zip(turns, judgements, strict=True)
        if found.probability(judgement, "a") >= tau
    ]
    assert np.mean(kept) >= 0.65
    assert found.threshold("a", 0.5) <= tau
    assert found.threshold("a", 1.0) is None
    assert found.threshold("b", 0.1) is None


def test_a_source_with_too_few_turns_is_left_out_and_said():
    turns, judgements = (one + two for one, two in zip(sample(100), sample(10, source="b"), strict=True))
    found, left_out = fit_confidence(turns, judgements, judge="judge")
    assert set(found.sources) == {"a"}
    assert left_out == {"b": "10 scored turns, at least 40 are needed"}


def test_nothing_to_fit_on_is_an_error_that_says_why():
    with pytest.raises(UserError, match="a: 10 scored turns, at least 40 are needed"):
        fit_confidence(*sample(10), judge="judge")
    unscored = [
        TurnJudgement.not_scored(turn.id, reason="unreadable", provenance=BY) for turn in sample(50)[0]
    ]
    with pytest.raises(UserError, match="no scored turn"):
        fit_confidence(sample(50)[0], unscored, judge="judge")


def test_tolerable_labels_count_as_right_when_asked():
    turns, judgements = sample(100)
    kind = [turn.model_copy(update={"accept": (Label.POS_PRAISE,)}) for turn in turns]
    with pytest.raises(UserError, match="100 of 100 labels are right"):
        fit_confidence(kind, judgements, judge="judge", tolerant=True)


def test_a_saved_map_is_read_back_and_nothing_is_overwritten(tmp_path):
    found, _ = fit_confidence(*sample(200), judge="judge")
    found.save(tmp_path / "c.json")
    assert load_confidence(tmp_path / "c.json") == found
    with pytest.raises(UserError, match="exists already"):
        found.save(tmp_path / "c.json")


@pytest.mark.parametrize("content", [b"", b"{}", b"\x80\x04pickle", b'{"judge": "x", "sources": 3}'])
def test_a_file_that_is_no_map_is_refused(content, tmp_path):
    path = tmp_path / "c.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"c\.json: .*feedback fit-confidence"):
        load_confidence(path)
    with pytest.raises(DataError, match="cannot read"):
        load_confidence(tmp_path / "none.json")


@pytest.mark.slow
def test_no_threshold_is_handed_out_where_none_exists():
    # labels are right 67 times in 100 whatever is stated: no threshold has a precision of 0.7
    given = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        turns, judgements = sample(200, seed=seed)
        turns = [
            turn.model_copy(update={"label7": judgement.label if rng.random() < 0.67 else Label.NEUTRAL})
            for turn, judgement in zip(turns, judgements, strict=True)
        ]
        found, _ = fit_confidence(turns, judgements, judge="judge", seed=seed)
        given += found.threshold("a", 0.7) is not None
    assert given <= 2


def test_the_first_threshold_that_is_not_shown_ends_the_test():
    fit = fit_confidence(*sample(200), judge="judge")[0].sources["a"]
    steps = tuple(
        Step(threshold=at, kept=kept, precision=0.9, at_least=shown)
        for at, kept, shown in ((0.3, 400, 0.9), (0.5, 300, 0.7), (0.7, 200, 0.85), (0.9, 20, 0.6))
    )
    found = ConfidenceMap(judge="judge", sources={"a": fit.model_copy(update={"steps": steps})})
    # the strictest keeps too few to begin with (42 for 0.8); 0.7 passes; 0.5 does not, so 0.3 is never looked at
    assert found.threshold("a", 0.8) == 0.7
    assert found.threshold("a", 0.65) == 0.3
    assert found.threshold("a", 0.95) is None


def test_turns_of_one_dialogue_do_not_prove_a_precision_twice():
    turns, judgements = sample(900)
    alike = [turn.model_copy(update={"id": f"d{at // 90}/{at}"}) for at, turn in enumerate(turns)]
    alone = fit_confidence(turns, judgements, judge="judge")[0].sources["a"]
    lumped = [turn.model_copy(update={"dialogue_id": f"d{at // 90}"}) for at, turn in enumerate(alike)]
    few = fit_confidence(lumped, judgements, judge="judge")[0].sources["a"]
    assert few.dialogues == 10
    assert np.mean([step.at_least for step in few.steps]) < np.mean([step.at_least for step in alone.steps])


def test_a_map_without_sources_can_say_nothing():
    assert ConfidenceMap(judge="j", sources={}).threshold("a", 0.5) is None
