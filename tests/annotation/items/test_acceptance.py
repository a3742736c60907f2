from collections.abc import Sequence

import pytest
from tests.annotation.items.sources import hidden_sources, moment, obs, rows

from tactful.annotation.items.acceptance import with_acceptance
from tactful.annotation.items.reading import read_items
from tactful.reward.types import Acceptance
from tactful.types import Moment, ProposalHistory


class Told:
    """Judges by a table, and keeps what it was shown."""

    def __init__(self, **said: float | None) -> None:
        self.said = said
        self.shown: list[Moment] = []

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        self.shown += moments
        said = (self.said[str(moment.proposal).lower()] for moment in moments)
        return [Acceptance(moment_id=moment.id, p_accept=p) for moment, p in zip(moments, said, strict=True)]


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        (("a", "b"), 0.4),  # |0.4 - 0.5| < |0.9 - 0.5|: the doubtful one decides, whichever comes first
        (("b", "a"), 0.4),
        (("a", "c"), 0.9),  # c could not be scored
        (("c",), None),
        ((None,), 0.7),
    ],
)
def test_the_candidate_that_is_least_sure_decides(tmp_path, offers, expected):
    judge = Told(a=0.9, b=0.4, c=None, none=0.7)
    events = obs(*(f"The user does {at}." for at in range(5)))
    before = {"shown": 2, "accepted": 1}
    path = rows(tmp_path / "a.jsonl", [moment(events, one, valid=True, history=before) for one in offers])
    [item] = with_acceptance(read_items(path, window=2), judge)
    assert item.acceptance == expected
    assert [event.text for event in judge.shown[0].events] == [row["event"] for row in events]
    assert judge.shown[0].history == ProposalHistory(shown=2, accepted=1)


def test_other_kinds_have_none_and_stay_in_order(tmp_path):
    files = hidden_sources(tmp_path)
    given = list(read_items([files["pairs"], files["traces"], files["states"]]))
    judge = Told(**{"fix it.": 0.3})
    found = list(with_acceptance(given, judge))
    assert [item.id for item in found] == [item.id for item in given]
    assert [item.acceptance for item in found] == [None, 0.3, None]
