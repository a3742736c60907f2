"""Our p(accept) in somebody else's delivery policy: proactive-gate decides when, and a reader how welcome an offer is.

    pip install proactive-gate
    python examples/offers_through_proactive_gate.py

Its check `utilityFloor` wants the probability that an offer is accepted and ships no model; `candidate` fills it in. Offline; no
key, no model. An offer that the reader cannot judge is not handed on: without a probability, that check would let it pass.
"""

from __future__ import annotations

from datetime import UTC, datetime

from proactive_gate import Candidate, EvaluateInput, Gate, UserState

from tactful.reading.opening import open_embedded_reader
from tactful.reward.judging.reading import ReadingMomentJudge
from tactful.reward.types import JudgeAtOnce
from tactful.types import Event, Moment

POLICY = {
    "specVersion": "1.0.0",
    "checks": [
        {"id": "consent"},
        {"id": "quietHours"},
        {"id": "utilityFloor", "costFalseAlarm": 1, "costMissedHelp": 2},
        {"id": "dailyBudget", "limit": 1},
    ],
}
USER = UserState.from_dict(
    {"id": "u1", "consent": True, "timezone": "UTC", "quietHours": {"start": "22:00", "end": "08:00"}}
)
EVENTS = (
    "The user runs the tests in the terminal, and three of them fail.",
    "The user searches 'KeyError in pandas merge' and reads two answers.",
    "The user runs the tests again, and the same three fail.",
)
OFFERS = (
    ("fix", "Shall I find out why the three tests fail with a KeyError in the merge?"),
    ("tips", "Would you like general tips about programming?"),
    ("fix", "Shall I write a test for the merge that shows the KeyError?"),
)


def candidate(judge: JudgeAtOnce, kind: str, moment: Moment) -> Candidate | None:
    """The offer with its probabilities; None where the judge does not know."""
    (said,) = judge.judge_now([moment])
    if said.p_accept is None:
        return None
    return Candidate(id=moment.id, type=kind, p_accept=said.p_accept, p_need=said.p_need)


def main() -> None:
    """Three offers at noon, and one at night."""
    judge, gate = ReadingMomentJudge(open_embedded_reader()), Gate.from_policy(POLICY)
    events = tuple(Event(text=text) for text in EVENTS)
    at = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    for number, (kind, text) in enumerate([*OFFERS, OFFERS[0]]):
        now = at.replace(hour=23) if number == len(OFFERS) else at
        offer = candidate(judge, kind, Moment(id=str(number), session="s", events=events, proposal=text))
        if offer is None:
            print(f"silent   not judged  {text}")
            continue
        asked = EvaluateInput(USER, offer, now)
        decision = gate.evaluate(asked)
        goes = decision.allowed and gate.commit(decision, asked)
        why = "" if goes else f"  ({decision.rejected_by}: {decision.reason})"
        print(f"{'offered' if goes else 'silent'}  p(accept) {offer.p_accept:.2f}  {text}{why}")


if __name__ == "__main__":
    main()
