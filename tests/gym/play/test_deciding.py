"""Who decides on offers: never, always, every N events, the proposer itself."""

import asyncio

import pytest

from tactful.errors import UsageError
from tactful.gym.play.deciding import Always, Every, Never, OwnJudgement, plain_decider
from tactful.gym.play.parts import Proposed, Seen
from tactful.types import Event, Moment

OFFER = "Shall I sort the list?"


def seen(events: int, *, fresh: int = 1, since: int = 1) -> Seen:
    moment = Moment(
        id="m", session="s", events=tuple(Event(text=f"event {at}") for at in range(events)), proposal=None
    )
    return Seen(
        moment,
        operations=(),
        setting="coding",
        lang="en",
        key=(0,),
        rehearsal={},
        fresh=fresh,
        since_asked=since,
    )


def decided(decider, at: Seen, offer: str | None = OFFER) -> tuple[Proposed, list[bool]]:
    """What came of it, and how the proposer was asked."""
    asked = []

    async def words(due: bool) -> str | None:
        asked.append(due)
        return offer

    return asyncio.run(decider.decide(at, words)), asked


def test_never_asks_nobody():
    assert decided(Never(), seen(3)) == (Proposed(None, shown=False), [])


def test_always_shows_the_best_that_the_proposer_has():
    assert decided(Always(), seen(3)) == (Proposed(OFFER, shown=True), [True])


def test_the_proposer_may_choose_silence_only_where_it_decides():
    assert decided(OwnJudgement("m"), seen(3), offer=None) == (Proposed(None, shown=False), [False])
    assert decided(OwnJudgement("m"), seen(3)) == (Proposed(OFFER, shown=True), [False])


def test_every_n_events_counts_events_and_not_rounds():
    every = Every(10)
    # Rounds of three events: the tenth event is in the round that ends at the twelfth, the twentieth at the 21st.
    spoke = [now for now in range(3, 31, 3) if decided(every, seen(now, since=3))[0].shown]
    assert spoke == [12, 21, 30]
    assert every.label == "every:10"


def test_a_name_of_a_decider_or_of_somebody_else():
    assert plain_decider("none") == Never()
    assert plain_decider("always") == Always()
    assert plain_decider("every:7") == Every(7)
    assert plain_decider("gpt-4.1-mini") is None
    for wrong in ("every:0", "every:", "every:ten", "every:-3"):
        with pytest.raises(UsageError, match=f"--assistant {wrong}: .* is no number of events"):
            plain_decider(wrong)
    with pytest.raises(UsageError, match="is no number of events"):
        plain_decider("every:" + 5000 * "9")
