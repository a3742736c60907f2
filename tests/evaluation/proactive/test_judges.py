"""The judge of a trace has not seen that trace."""

from collections.abc import Sequence

import pytest
from tests.evaluation.proactive_fixtures import SayingJudge, a_label, a_trace

from tactful.errors import UserError
from tactful.evaluation.proactive.judges import held_out_judge, seen_traces
from tactful.evaluation.proactive.points import Scene, scenes_of
from tactful.reward.types import MomentJudge
from tactful.types import LabelledMoment

ONE = a_trace("one", ["opens the ledger", "searches for sums", "reads a page"])
TWO = a_trace("two", ["starts a letter", "looks up an address", "prints it"])
THREE = a_trace("three", ["films a bird", "cuts the film", "adds a title"])
LABELS = [a_label(trace, 2, None, accepted=True, need=False) for trace in (ONE, TWO, THREE)]


async def test_every_trace_is_judged_by_a_judge_trained_without_its_session() -> None:
    trained: list[list[str]] = []

    def train(items: Sequence[LabelledMoment]) -> MomentJudge:
        trained.append(sorted({item.moment.session for item in items}))
        return SayingJudge({})

    judge, told = held_out_judge([ONE, TWO], LABELS, train, name="ours")
    await judge.judge_batch(
        [Scene(ONE).moment(0, None), Scene(TWO).moment(1, None), Scene(ONE).moment(2, None)]
    )
    assert trained == [["films a bird", "starts a letter"], ["films a bird", "opens the ledger"]], (
        "once per trace"
    )
    assert "2 of 2 traces are among them" in told


async def test_a_session_held_under_two_names_is_left_out_under_both() -> None:
    trained: list[list[str]] = []

    def train(items: Sequence[LabelledMoment]) -> MomentJudge:
        trained.append(sorted({item.moment.session for item in items}))
        return SayingJudge({})

    again = a_label(ONE, 2, None, accepted=True, need=False, session="the same, imported twice")
    judge, _ = held_out_judge([ONE], [*LABELS, again], train, name="ours")
    await judge.judge(Scene(ONE).moment(0, None))
    assert trained == [["films a bird", "starts a letter"]]


async def test_a_trace_that_the_labels_do_not_hold_is_judged_by_all_of_them() -> None:
    trained: list[list[str]] = []

    def train(items: Sequence[LabelledMoment]) -> MomentJudge:
        trained.append(sorted({item.moment.session for item in items}))
        return SayingJudge({})

    judge, told = held_out_judge([ONE], LABELS[1:], train, name="ours")
    await judge.judge(Scene(ONE).moment(0, None))
    assert trained == [["films a bird", "starts a letter"]]
    assert "0 of 1 traces" in told


def test_labels_of_the_judged_session_alone_cannot_train_its_judge() -> None:
    with pytest.raises(UserError, match="trace 'one' is all that the judge's training data hold"):
        held_out_judge([ONE], LABELS[:1], lambda items: SayingJudge({}), name="ours")


def test_a_saved_model_that_has_seen_a_trace_is_found_out() -> None:
    sessions = ("starts a letter",)
    assert seen_traces(scenes_of([ONE, TWO], LABELS), sessions) == ["two"]
    assert seen_traces([Scene(TWO)], sessions) == ["two"], "by its first event, where there are no labels"
