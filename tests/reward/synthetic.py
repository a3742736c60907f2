"""Made-up working sessions with votes, for any test of judges, gates and benchmarks that has no real data.

`from tests.reward.synthetic import make_items`; equal seeds give equal items. Known truth:

- help is wanted at a point more often when the user has just hit an error or keeps searching; `help_needed` is shared
  by all moments of the point, and agrees with the verdict on its silence;
- a proposal that picks up the last events is welcome more often (`strength` on the log-odds), one about something else
  less often, a vague one lies between; all are more welcome where help is wanted;
- every session shifts its own log-odds of acceptance by a normal draw of sd `session_sd`;
- three annotators vote; the verdict is their majority.

`truth(items)` gives the probability that people accept, by moment id, for whoever sees the moment and knows its session's
shift: a calibrated judge's best answer.
Texts are ours; no line of any data set is in here.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tactful.types import Event, LabelledMoment, Moment, MomentLabel, seeded

_TOPICS = {
    "csv import": ("reads a table from sales.csv in the notebook", "load the sales table with typed columns"),
    "slide deck": ("adds a chart to the quarterly slide deck", "lay out the chart slide of the deck"),
    "train journey": ("compares night trains to Lisbon", "list the night trains to Lisbon by price"),
    "unit test": (
        "runs the unit tests of the parser module",
        "write a unit test for the parser's empty input",
    ),
    "cover letter": (
        "edits the second paragraph of a cover letter",
        "tighten the cover letter's second paragraph",
    ),
    "database index": (
        "opens the slow query log of the orders database",
        "propose an index for the slow orders query",
    ),
    "recipe": ("scrolls through a lentil soup recipe", "turn the lentil soup recipe into a shopping list"),
    "thesis": ("marks a citation as missing in chapter three", "find the missing citation of chapter three"),
}
_TROUBLE = (
    "An error message appears: {topic} failed with exit code 1.",
    "The user searches the web for 'why does {topic} fail'.",
)
_CALM = (
    "The user switches to the music player.",
    "The user moves the mouse in the editor window.",
    "The user saves the file.",
)


def make_items(
    sessions: int = 12,
    steps: int = 8,
    *,
    seed: int = 0,
    strength: float = 1.5,
    session_sd: float = 0.3,
) -> list[LabelledMoment]:
    """Labelled moments: at each of `steps` points of a session two or three proposals and one silence."""
    return [
        item
        for at in range(sessions)
        for item in _session(f"session {at} of seed {seed}", steps, strength, session_sd)
    ]


def truth(
    items: Sequence[LabelledMoment], *, strength: float = 1.5, session_sd: float = 0.3
) -> dict[str, float]:
    """Moment id → probability of an accepting verdict; `strength` and `session_sd` as they were made with."""
    return {item.moment.id: _probability(item.moment, strength, session_sd) for item in items}


def _session(name: str, steps: int, strength: float, session_sd: float) -> list[LabelledMoment]:
    rng = seeded("synthetic session", name)
    topics = rng.sample(sorted(_TOPICS), 3)
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC) + timedelta(minutes=rng.randrange(300))
    events = [_event(start, f"The user begins {name} with {topics[0]}.")]
    items: list[LabelledMoment] = []
    for step in range(steps):
        topic = topics[min(step * 3 // max(steps, 1), 2)]
        for text in _happening(topic, rng):
            events.append(_event(_later(events[-1], rng), text))
        other = rng.choice([one for one in sorted(_TOPICS) if one != topic])
        offers = [f"Offer to {_TOPICS[topic][1]}.", f"Offer to {_TOPICS[other][1]}."]
        if step % 2:
            offers.append("Offer to summarise what was done so far.")
        silence = Moment(id=f"{name}/{step}/silence", session=name, events=tuple(events), proposal=None)
        votes = _votes(silence, _silent_odds(silence, strength, session_sd))
        needed = sum(votes) < 2
        items.append(_labelled(silence, votes, needed))
        for number, offer in enumerate(offers):
            moment = silence.model_copy(update={"id": f"{name}/{step}/{number}", "proposal": offer})
            votes = _votes(moment, _offer_odds(moment, strength, session_sd, needed=needed))
            items.append(_labelled(moment, votes, needed))
    return items


def _happening(topic: str, rng: random.Random) -> list[str]:
    last = rng.choice(_TROUBLE).format(topic=topic) if rng.random() < 0.4 else rng.choice(_CALM)
    work = f"The user {_TOPICS[topic][0]}."
    return [last, work] if rng.random() < 0.5 else [work, last]


def _event(at: datetime, text: str) -> Event:
    return Event(at=at, text=text, time=at.isoformat())


def _later(event: Event, rng: random.Random) -> datetime:
    assert event.at is not None
    return event.at + timedelta(seconds=rng.choice((5, 20, 60, 240)))


def _probability(moment: Moment, strength: float, session_sd: float) -> float:
    quiet = _majority(_logistic(_silent_odds(moment, strength, session_sd)))
    if moment.proposal is None:
        return quiet
    wanted, unwanted = (
        _majority(_logistic(_offer_odds(moment, strength, session_sd, needed=needed)))
        for needed in (True, False)
    )
    return (1 - quiet) * wanted + quiet * unwanted


def _silent_odds(moment: Moment, strength: float, session_sd: float) -> float:
    """Log-odds that one annotator finds silence right."""
    return _own(moment, session_sd) + (-strength if _trouble(moment) else strength)


def _offer_odds(moment: Moment, strength: float, session_sd: float, *, needed: bool) -> float:
    """Log-odds that one annotator accepts the proposal."""
    proposal = moment.proposal or ""
    on_topic = any(work in _recent(moment) and offer in proposal for work, offer in _TOPICS.values())
    fit = 0.0 if "summarise" in proposal else strength if on_topic else -strength
    return _own(moment, session_sd) - 0.5 + fit + (1.0 if needed else -1.0)


def _own(moment: Moment, session_sd: float) -> float:
    return seeded("session effect", moment.session).gauss(0, session_sd)


def _recent(moment: Moment) -> str:
    return " ".join(event.text for event in moment.events[-2:])


def _trouble(moment: Moment) -> bool:
    return "error message" in _recent(moment) or "searches the web" in _recent(moment)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def _majority(chance: float) -> float:
    return chance * chance * (3 - 2 * chance)


def _votes(moment: Moment, odds: float) -> tuple[bool, ...]:
    rng = seeded("votes", moment.id)
    return tuple(rng.random() < _logistic(odds) for _ in range(3))


def _labelled(moment: Moment, votes: tuple[bool, ...], needed: bool) -> LabelledMoment:
    label = MomentLabel(accepted=sum(votes) >= 2, help_needed=needed, votes=votes)
    return LabelledMoment(moment=moment, label=label)
