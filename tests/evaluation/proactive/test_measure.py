"""Corrected scoring, worked out by hand."""

import pytest
from tests.evaluation.proactive_fixtures import SayingJudge, a_label, a_trace

from tactful.errors import DataError
from tactful.evaluation.proactive.measure import PointDecision, decide, difference, score, undecided
from tactful.evaluation.proactive.points import GENERIC, Judgements, Scene, scenes_of
from tactful.stats import FEWEST_GROUPS
from tactful.types import LabelledMoment

TEXTS = ["opens the ledger", "searches for sums", "reads a page", "types a formula"]


def judgements(scene: Scene, judge: SayingJudge, proposals: list[str | None]) -> Judgements:
    found = Judgements()
    moments = [scene.moment(at, text) for at in range(len(scene.trace.points)) for text in proposals]
    found.add(moments, judge.judge_all(moments))
    return found


def outcome(scene: Scene, judge: SayingJudge, *proposals: str) -> str:
    return decide(scene, 0, proposals, judgements(scene, judge, [*proposals, None])).outcome


def labelled(need: bool | None, proposal: str | None = None, accepted: bool = False) -> Scene:
    trace = a_trace("a", TEXTS)
    return scenes_of([trace], [a_label(trace, 0, proposal, accepted=accepted, need=need)])[0]


def test_an_accepted_proposal_is_a_hit_and_a_rejected_one_a_false_alarm() -> None:
    quiet = labelled(False)
    assert outcome(quiet, SayingJudge({"sum it": True}), "sum it") == "hit"
    assert outcome(quiet, SayingJudge({"sum it": False}), "sum it") == "false-alarm"


def test_a_rejected_proposal_where_help_was_wanted_is_a_miss_as_well() -> None:
    assert outcome(labelled(True), SayingJudge({"draw it": False}), "draw it") == "wrong-help"


def test_silence_goes_by_the_need_that_people_stated_not_by_the_judge() -> None:
    sure_it_is_fine = SayingJudge({None: True})
    assert outcome(labelled(True), sure_it_is_fine) == "miss"
    assert outcome(labelled(False), SayingJudge({None: False})) == "correct-silence"


def test_where_nobody_said_the_judge_decides_by_need_then_by_its_verdict_on_silence() -> None:
    bare = Scene(a_trace("a", TEXTS))
    assert outcome(bare, SayingJudge({None: True}, p_need=0.8)) == "miss"
    assert outcome(bare, SayingJudge({None: True})) == "correct-silence"
    assert outcome(bare, SayingJudge({None: False})) == "miss"
    assert outcome(bare, SayingJudge({None: None})) == "unscored"


def test_an_unreadable_judgement_is_unscored_and_neither_accepted_nor_rejected() -> None:
    assert outcome(labelled(True), SayingJudge({"sum it": None}), "sum it") == "unscored"


def test_a_point_whose_need_nobody_knows_is_left_out_whether_one_speaks_there_or_not() -> None:
    bare = Scene(a_trace("a", TEXTS))
    judge = SayingJudge({None: None, "sum it": True, "draw it": False})
    assert [outcome(bare, judge, *said) for said in ([], ["sum it"], ["draw it"])] == ["unscored"] * 3
    assert outcome(labelled(False), judge, "sum it") == "hit"


def test_what_people_said_of_these_very_words_stands_over_the_judge() -> None:
    scene = labelled(True, "sum it", accepted=True)
    found = decide(scene, 0, ["sum it"], judgements(scene, SayingJudge({"sum it": False}), ["sum it", None]))
    assert (found.outcome, found.accepted_by) == ("hit", "people")


def test_only_the_first_proposal_of_an_event_counts() -> None:
    judge = SayingJudge({"first": False, "second": True})
    scene = labelled(False)
    found = decide(scene, 0, ["first", "second"], judgements(scene, judge, ["first", "second", None]))
    assert (found.outcome, found.proposals) == ("false-alarm", 2)


# ---------------------------------------------------------------- figures


def made(
    outcome: str, need: bool | None, *, trace: str = "a", weight: float = 1.0, at: int = 0
) -> PointDecision:
    proposal = None if outcome in ("miss", "correct-silence") else "sum it"
    return PointDecision(  # type: ignore[arg-type]
        trace=trace, group=trace, at=at, proposal=proposal, outcome=outcome, need=need, weight=weight
    )


HAND = [
    *[made("hit", True)] * 3,
    *[made("hit", False)] * 1,
    *[made("false-alarm", False)] * 2,
    *[made("wrong-help", True)] * 1,
    *[made("miss", True)] * 4,
    *[made("correct-silence", False)] * 5,
]


def test_figures_by_hand() -> None:
    found = {name: one.value for name, one in score("x", HAND).figures.items()}
    # hits 4 (3 where wanted), false alarms 2 + 1, misses 4 + 1, correct silences 5; wanted 8, others 8
    assert found["served"] == pytest.approx(3 / 8)
    assert found["undisturbed"] == pytest.approx(6 / 8)
    assert found["balanced_accuracy"] == pytest.approx((3 / 8 + 6 / 8) / 2)
    assert found["recall"] == pytest.approx(4 / (4 + 5))
    assert found["precision"] == pytest.approx(4 / (4 + 3))
    assert found["f1"] == pytest.approx(8 / (8 + 3 + 5))
    assert found["accuracy"] == pytest.approx(9 / 16)
    assert found["false_alarm_rate"] == pytest.approx(3 / (3 + 5))
    assert found["false_alarm_ratio"] == pytest.approx(3 / (4 + 3))
    assert found["speaks"] == pytest.approx(7 / 16)


def test_failed_absent_and_unscored_events_are_left_out_and_counted() -> None:
    scene = Scene(a_trace("a", TEXTS))
    more = [*HAND, undecided(scene, 0, "failed"), undecided(scene, 1, "absent"), made("unscored", None)]
    row = score("x", more)
    assert (row.counts["failed"], row.counts["absent"], row.counts["unscored"]) == (1, 1, 1)
    assert row.figures["accuracy"] == score("x", HAND).figures["accuracy"].model_copy(update={"unscored": 1})


def test_nothing_scored_has_no_value_and_one_class_only_has_no_balanced_accuracy() -> None:
    assert all(one.value is None for one in score("x", []).figures.values())
    quiet = score("x", [made("correct-silence", False)] * 3).figures
    assert quiet["undisturbed"].value == 1
    assert quiet["served"].value is None
    assert quiet["balanced_accuracy"].value is None


def test_a_coin_between_two_assistants_lies_halfway() -> None:
    always = [made("hit", True)] * 2 + [made("wrong-help", True)] + [made("false-alarm", False)] * 3
    never = [made("miss", True)] * 3 + [made("correct-silence", False)] * 3
    coin = [one.model_copy(update={"weight": 0.5}) for one in always + never]
    values = [score("x", one).figures["balanced_accuracy"].value for one in (always, never, coin)]
    assert values[2] == pytest.approx((values[0] + values[1]) / 2)  # type: ignore[operator]


def many_sessions(count: int) -> list[PointDecision]:
    found = []
    for at in range(count):
        good, name = at + 1, f"s{at}"
        found += [made("hit", True, trace=name)] * good + [made("wrong-help", True, trace=name)] * 3
        found += [made("correct-silence", False, trace=name)] * 2 + [made("false-alarm", False, trace=name)]
    return found


def test_intervals_are_over_sessions_and_not_estimable_from_few() -> None:
    enough = score("x", many_sessions(FEWEST_GROUPS)).figures["balanced_accuracy"]
    assert enough.low is not None
    assert enough.high is not None
    assert enough.low < enough.value < enough.high  # type: ignore[operator]
    few = score("x", many_sessions(FEWEST_GROUPS - 1)).figures["balanced_accuracy"]
    assert few.value is not None
    assert (few.low, few.high, few.groups) == (None, None, FEWEST_GROUPS - 1)


def test_equal_seeds_give_equal_intervals() -> None:
    one, two = (score("x", many_sessions(9), seed=3).figures["f1"] for _ in range(2))
    assert one == two


# ---------------------------------------------------------------- scenes


def test_always_propose_says_what_the_trace_suggests_latest_then_something_general() -> None:
    scene = Scene(a_trace("a", TEXTS, {1: ["sum it", "draw it"]}))
    assert [scene.generic_proposal(at) for at in range(3)] == [GENERIC, "sum it", "sum it"]


def test_two_traces_of_one_session_are_refused() -> None:
    trace = a_trace("a", TEXTS)
    twin = trace.model_copy(update={"id": "b"})
    with pytest.raises(Exception, match="a session counts once"):
        scenes_of([trace, twin], [a_label(trace, 0, None, accepted=True, need=False)])


def test_plays_of_one_session_by_several_users_have_their_own_labels_and_count_as_one_session() -> None:
    first, second = a_trace("p0", TEXTS), a_trace("p1", [TEXTS[0], "makes a table", "sorts it", "prints it"])
    labels = [
        _by(a_label(first, 2, None, accepted=True, need=False, session="accounts"), "accounts/p0"),
        _by(a_label(second, 2, None, accepted=False, need=True, session="accounts"), "accounts/p1"),
    ]
    scenes = scenes_of([first, second], labels)
    assert [scene.need(2) for scene in scenes] == [False, True]
    assert [scene.group for scene in scenes] == ["p0", "p0"]
    decisions = [decide(scene, 2, [], Judgements()) for scene in scenes]
    assert score("x", decisions).figures["accuracy"].groups == 1
    twin = second.model_copy(update={"id": "p2"})
    with pytest.raises(DataError, match=r"'p1' and 'p2' hold .* \('accounts' of user 'accounts/p1'\)"):
        scenes_of([first, second, twin], labels)


def _by(item: LabelledMoment, user: str) -> LabelledMoment:
    return item.model_copy(update={"moment": item.moment.model_copy(update={"user": user})})


def test_a_judge_sees_the_events_up_to_the_point_and_no_later_one() -> None:
    scene = Scene(a_trace("a", TEXTS))
    assert [event.text for event in scene.moment(1, "sum it").events] == TEXTS[:2]


def test_two_proposals_at_one_event_are_two_moments_and_silence_is_a_third() -> None:
    scene = Scene(a_trace("a", TEXTS))
    assert len({scene.moment(1, text).id for text in ("sum it", "draw it", None)}) == 3


def test_a_difference_is_taken_on_the_same_sessions_and_draws() -> None:
    mine = many_sessions(9)
    silent = [made("miss", True, trace=f"s{at}") for at in range(9)]
    silent += [made("correct-silence", False, trace=f"s{at}") for at in range(9)]
    value = score("x", mine).figures["balanced_accuracy"].value
    found = difference(mine, silent)
    assert found.value == pytest.approx(value - 0.5)  # type: ignore[operator]
    assert found.low is not None
    assert difference(mine, mine).value == 0
    few = difference(many_sessions(2), silent)
    assert (few.low, few.groups) == (None, 2)


def test_a_difference_is_taken_at_the_events_that_both_decided() -> None:
    # the assistant is absent where speaking would have been wrong; at the two events that it decided both do alike
    easy = [made("hit", True, at=0), made("false-alarm", False, at=1)]
    hard = [made("wrong-help", True, at=at) for at in (2, 3)]
    gone = [made("absent", True, at=2), made("failed", True, at=3)]
    found = difference([*easy, *gone], [*easy, *hard])
    assert (found.value, found.items) == (0, 2)


def test_the_mean_probability_is_over_proposals_alone() -> None:
    rows = [
        made("hit", True).model_copy(update={"p_accept": 0.8}),
        made("false-alarm", False).model_copy(update={"p_accept": 0.2}),
        made("false-alarm", False).model_copy(update={"p_accept": 0.2}),
        made("correct-silence", False).model_copy(update={"p_accept": 0.9}),
    ]
    assert score("x", rows).figures["mean_p_accept"].value == pytest.approx(1.2 / 3)
    assert score("x", rows[3:]).figures["mean_p_accept"].value is None
