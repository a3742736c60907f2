"""What is believed of a user, from what they did."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from tactful.live.learning.patience import (
    SPELLS,
    Belief,
    Population,
    believed,
    counted_on,
    known_from,
    learned,
    learned_offer,
    offer_belief,
    personal,
    present,
    question_belief,
    refusal,
)
from tactful.live.types import Counted, Taste
from tactful.mend.types import Outcome

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STEADY = Population(no=1.0, yes=3.0, changes=0.0, half_life_days=1e9, needless=0.0)


def after(outcomes: list[Outcome], population: Population = STEADY, days: float = 0.0) -> Taste:
    taste = Taste(user="u")
    for number, outcome in enumerate(outcomes):
        taste = learned(taste, outcome, NOW + timedelta(days=days * number), population)
    return taste


def test_a_new_user_is_believed_to_be_like_the_population() -> None:
    assert question_belief(None, STEADY, NOW).parts == ((1.0, 1.0, 3.0),)
    assert question_belief(Taste(user="u"), STEADY, NOW).mean == 0.25


def test_without_change_the_belief_is_the_plain_beta_posterior() -> None:
    belief = question_belief(after(["rejected", "welcome", "needless", "rejected"]), STEADY, NOW)
    assert belief.mean == pytest.approx((1 + 2) / (4 + 4))  # (a + no) / (a + b + n)
    assert belief.below(0.3) == pytest.approx(0.3529305, abs=1e-6)  # Beta(3, 5)


def test_what_says_nothing_of_questions_changes_no_belief() -> None:
    taste = after(["fine", "guess", "faulty", "not judged", "nothing said next"])
    assert (taste.questions, taste.seen, taste.streak) == (Counted(), 5, 0)


def test_a_patient_user_who_turns_is_soon_believed_to_have_changed() -> None:
    answers: list[Outcome] = ["welcome"] * 40
    changing = STEADY.model_copy(update={"changes": 0.02})
    one_count = question_belief(after([*answers, *["rejected"] * 3]), STEADY, NOW).mean
    spells = question_belief(after([*answers, *["rejected"] * 3], changing), changing, NOW).mean
    assert one_count == pytest.approx(4 / 47)
    assert spells > 0.4


def test_one_bad_day_does_not_undo_many_good_ones() -> None:
    changing = STEADY.model_copy(update={"changes": 0.02})
    assert question_belief(after([*["welcome"] * 40, "rejected"], changing), changing, NOW).mean < 0.2


def test_whoever_was_away_for_long_is_met_anew() -> None:
    fading = STEADY.model_copy(update={"half_life_days": 60.0})
    taste = after(["rejected"] * 6, fading)
    soon, later, much_later = (
        question_belief(taste, fading, NOW + timedelta(days=days)).mean for days in (0, 60, 6000)
    )
    assert soon == pytest.approx(0.7)
    assert later == pytest.approx((0.7 + 0.25) / 2)  # even odds that they changed
    assert much_later == pytest.approx(0.25)


def test_what_is_kept_of_a_user_stays_small() -> None:
    changing = STEADY.model_copy(update={"changes": 0.1})
    taste = after(["welcome", "rejected"] * 100, changing, days=1.0)
    assert len(taste.questions.spells) == SPELLS
    assert sum(one.weight for one in taste.questions.spells) == pytest.approx(1)
    assert (taste.questions.no, taste.questions.yes) == (100, 100)


def test_a_rejection_counts_by_how_far_it_is_the_users_own() -> None:
    assert refusal("welcome", "", 0.9, 0.2, 0.25) == 0
    assert refusal("not judged", "", 0.9, 0.2, 0.25) is None
    assert refusal("rejected", "just do it", None, 0.2, 0.25) == 1
    assert refusal("rejected", "just do it", 1.0, 0.2, 0.25) == 1  # surely needed
    # need 0.5: p + 0.5·(1 − p)·0.25 = 0.2 + 0.1, of which 0.2 is the user's own
    assert refusal("rejected", "just do it", 0.5, 0.2, 0.25) == pytest.approx(2 / 3)
    assert refusal("left", "", 1.0, 0.2, 0.25) == 0.5
    assert refusal("rejected", "answered with annoyance", 1.0, 0.2, 0.25) == pytest.approx(0.1)


def test_rejections_in_a_row_are_counted_until_an_answer() -> None:
    assert after(["rejected", "rejected"]).streak == 2
    assert after(["rejected", "left"]).streak == 1.5
    assert after(["rejected", "fine", "rejected"]).streak == 2
    assert after(["rejected", "welcome", "rejected"]).streak == 1
    mild = learned(after(["rejected"]), "rejected", NOW, STEADY, subject="answered with annoyance")
    assert mild.streak == 1


def test_draws_follow_the_belief() -> None:
    belief = Belief(((0.3, 2.0, 8.0), (0.7, 6.0, 2.0)))
    rng = random.Random(1)
    drawn = [belief.draw(rng) for _ in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(belief.mean, abs=0.01)
    assert sum(p <= 0.4 for p in drawn) / len(drawn) == pytest.approx(belief.below(0.4), abs=0.012)


def test_further_reactions_weigh_the_spells_anew() -> None:
    belief = Belief(((0.5, 1.0, 9.0), (0.5, 9.0, 1.0))).after(1, 0)
    # the weights go as P(rejects): 0.1 and 0.9
    assert belief.parts[0] == pytest.approx((0.1, 2.0, 9.0))
    assert belief.mean == pytest.approx(0.1 * 2 / 11 + 0.9 * 10 / 11)


def test_a_clock_that_runs_backwards_harms_nothing() -> None:
    late = learned(Taste(user="u"), "rejected", NOW, STEADY)
    early = learned(late, "rejected", NOW - timedelta(days=9), STEADY)
    assert early.questions.at == NOW
    assert question_belief(early, STEADY, NOW - timedelta(days=20)).mean == pytest.approx(0.5)


def test_present_counts_leave_out_what_was_before_a_change() -> None:
    assert present(known_from(2, 6, NOW)) == (2, 6)
    changed = Counted(no=3, yes=40, spells=({"weight": 1.0, "no": 3.0, "yes": 0.0},), at=NOW)  # type: ignore[arg-type]
    assert present(changed) == (3, 0)
    assert believed(changed, (1.0, 3.0), STEADY, NOW).mean == pytest.approx(4 / 7)


class TestOffers:
    population = STEADY.model_copy(update={"offers": {"mail": (1.0, 3.0)}, "any_offer": (1.0, 1.0)})

    def dismissed(self, kind: str, times: int) -> Taste:
        taste = Taste(user="u")
        for _ in range(times):
            taste = learned_offer(taste, kind, False, NOW, self.population)
        return taste

    def test_each_kind_has_a_belief_of_its_own(self) -> None:
        taste = self.dismissed("mail", 4)
        assert offer_belief(taste, "mail", self.population, NOW).mean == pytest.approx(5 / 8)
        assert offer_belief(None, "mail", self.population, NOW).mean == 0.25

    def test_other_kinds_lend_what_a_kind_has_not_shown(self) -> None:
        usual = offer_belief(None, "calendar", self.population, NOW).mean
        lent = offer_belief(self.dismissed("mail", 8), "calendar", self.population, NOW).mean
        own = offer_belief(self.dismissed("calendar", 8), "calendar", self.population, NOW).mean
        assert usual == 0.5
        assert usual < lent < own

    def test_a_models_probability_moves_as_far_as_the_user_differs(self) -> None:
        alike = Belief(((1.0, 1.0, 3.0),))
        impatient = Belief(((1.0, 3.0, 1.0),))
        assert personal(0.6, alike, (1.0, 3.0)) == pytest.approx(0.6)
        # odds of dismissing 0.4/0.6, times (3/1)/(1/3) = 9: 6 to 1
        assert personal(0.6, impatient, (1.0, 3.0)) == pytest.approx(1 / 7)


def test_a_reaction_counts_the_same_whole_or_in_parts() -> None:
    whole = counted_on(Counted(), 1.0, (1.0, 3.0), STEADY, NOW)
    assert whole.spells[0].no == 1
    half = counted_on(Counted(), 0.5, (1.0, 3.0), STEADY, NOW)
    assert (half.no, half.yes) == (0.5, 0.5)
