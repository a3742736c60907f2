"""What a policy would have decided, turn by turn, beside what the log's assistant did.

Nothing is said about how the conversations would have gone on: each turn is decided as the log reached it. Counted is
what the log knows: needless questions that would not have been put, wrong guesses before which it would have asked, and
what it would have changed for the worse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from tactful.mend.replaying.offpolicy import logged_decisions
from tactful.mend.situations import Part
from tactful.mend.types import LoggedTalk, LoggedTurn, Outcome
from tactful.policy.simple import RandomPolicy
from tactful.stats import Estimate
from tactful.stats.offpolicy import OffPolicyValue, off_policy_value
from tactful.types import Policy, Record, Written, seeded

THE_LOG = "the log"
MOST_SHOWN = 30
Effect = Literal["better", "worse", "not known"]


class Difference(Record):
    """A turn at which two would have decided differently."""

    turn: str
    conversation: str
    before: str
    """What the one that is compared with does: asks, answers."""
    after: str
    effect: Effect
    outcome: Outcome
    """What followed what the log did."""
    need: float | None
    """As the reader has it; None: not known."""
    weighed: Mapping[str, float] = Field(default={}, exclude_if=lambda found: not found)
    """What the policy compared, by name: need, worth, cost. Empty: it compares nothing that it could tell."""
    questions: int = 0
    """Put to this user before: in this task, and in earlier ones that the log shows."""
    rejected: int = 0
    """Of them."""
    request: str
    answer: str
    reply: str


class Decided(Written):
    """One turn of the log as the policy decides it; a row of `decisions.jsonl`."""

    row_kind = "replayed"

    id: str
    """Of the turn in its log."""
    conversation: str
    policy: str
    against: str
    asked: bool
    """What the log's assistant did: asked, or answered at once. What followed, followed that."""
    asks: bool
    """What the policy decides."""
    against_asks: bool | None
    """What the policy decides that it is compared with; None: it is compared with the log."""
    effect: Effect | None
    """Of the policy's decision; None where it is that of the log."""
    outcome: Outcome
    """What followed what the log did."""
    need: float | None
    """As the reader has it; None: not known."""
    weighed: Mapping[str, float] = Field(default={}, exclude_if=lambda found: not found)
    """What the policy compared, by name: need, worth, cost. Empty: it compares nothing that it could tell."""
    questions: int = 0
    """Put to this user before: in this task, and in earlier ones that the log shows."""
    rejected: int = 0
    """Of them."""
    request: str
    answer: str
    reply: str


class Change(Record):
    """A share of the log's turns that the policy would have decided otherwise."""

    name: str
    words: str
    share: Estimate


class Replay(Record):
    """One policy against the log, or against another policy."""

    format: Literal["tactful-replay-1"] = "tactful-replay-1"
    policy: str
    against: str
    conversations: int
    turns: int
    asks_before: int
    asks_after: int
    counts: Mapping[str, Mapping[str, int]]
    """What the log's turn led to → decision of the policy → turns."""
    changes: tuple[Change, ...]
    effects: Mapping[Effect, int]
    """Differences by what they would have done; those from `against` where it is a policy."""
    differences: tuple[Difference, ...]
    """The first of them, the clearest kinds first."""
    value: OffPolicyValue | None = None
    """Share of decisions that are right, where the log has propensities; None: it has none."""
    value_against: OffPolicyValue | None = None
    propensities: int
    """Turns with one."""
    talks: str = ""
    """The run in which the log was judged."""
    folder: str = Field(default="", exclude=True)
    """Where its page lies; empty: nothing was written."""


CHANGES: Mapping[str, tuple[str, tuple[Outcome, ...], bool]] = {
    "spared": ("needless questions that it would not put", ("needless", "rejected", "left"), False),
    "asked before a guess": ("wrong guesses before which it would ask", ("guess",), True),
    "lost": ("needed questions that it would not put", ("welcome",), False),
    "added": ("good answers before which it would ask", ("fine", "faulty"), True),
}
"""Name → in words, the outcomes of the log's turns, and whether it asks there."""


def replay(
    talks: Iterable[LoggedTalk],
    policy: Policy,
    against: Policy | None = None,
    *,
    name: str = "",
    against_name: str = "",
    seed: int = 0,
) -> Replay:
    """`policy` at every turn of the log, against what was done there or against another policy."""
    parts = {key: Part() for key in CHANGES}
    counts: dict[str, Counter[str]] = {}
    effects: Counter[Effect] = Counter()
    shown: dict[Effect, list[Difference]] = {"better": [], "worse": [], "not known": []}
    decided: list[tuple[LoggedTurn, float, float]] = []
    before = after = turns = conversations = 0
    for talk in talks:
        conversations += 1
        for turn in talk.turns:
            turns += 1
            asks, weighed = _decide(policy, turn, seed)
            did = _decide(against, turn, seed)[0] if against else turn.asked
            before, after = before + did, after + asks
            counts.setdefault(turn.outcome, Counter())["asks" if asks else "answers"] += 1
            _count_changes(parts, talk, turn, asks)
            if turn.propensity is not None:
                decided.append((turn, _chance(policy, asks), _chance(against, did) if against else 0.0))
            if asks != did:
                one = _difference(talk, turn, did=did, asks=asks, weighed=weighed)
                effects[one.effect] += 1
                if len(shown[one.effect]) < MOST_SHOWN:
                    shown[one.effect].append(one)
    logged = [turn for turn, _, _ in decided]
    return Replay(
        policy=name or policy.name,
        against=against_name or (against.name if against else THE_LOG),
        conversations=conversations,
        turns=turns,
        asks_before=before,
        asks_after=after,
        counts={outcome: dict(found) for outcome, found in counts.items()},
        changes=tuple(
            Change(name=key, words=CHANGES[key][0], share=part.share()) for key, part in parts.items()
        ),
        effects={effect: effects[effect] for effect in shown},
        differences=tuple(_shown(shown)),
        propensities=len(decided),
        value=_value(logged, [chance for _, chance, _ in decided]),
        value_against=_value(logged, [chance for _, _, chance in decided]) if against else None,
    )


def decided(
    talks: Iterable[LoggedTalk],
    policy: Policy,
    against: Policy | None = None,
    *,
    found: Replay,
    seed: int = 0,
) -> Iterator[Decided]:
    """Every turn of the log, decided as `replay` decided it; `found` is what that came to."""
    for talk in talks:
        for turn in talk.turns:
            asks, weighed = _decide(policy, turn, seed)
            yield Decided(
                id=turn.id,
                conversation=talk.id,
                policy=found.policy,
                against=found.against,
                asked=turn.asked,
                asks=asks,
                against_asks=_decide(against, turn, seed)[0] if against else None,
                effect=None if asks == turn.asked else _effect(turn, asks),
                weighed=weighed,
                **_told(turn),
            )


def _decide(policy: Policy, turn: LoggedTurn, seed: int) -> tuple[bool, Mapping[str, float]]:
    """Whether the policy asks at this turn (any action but its first, which asks least), and what it compared."""
    found = policy.act(turn.state, seeded(seed, turn.id))
    return found.action != policy.actions[0], found.weighed


def _chance(policy: Policy, asks: bool) -> float:
    """Probability that the policy asks where it was seen to ask, or not: 0 or 1, but for one that draws its actions."""
    if isinstance(policy, RandomPolicy):
        return 1 - 1 / len(policy.actions)
    return float(asks)


def _count_changes(parts: Mapping[str, Part], talk: LoggedTalk, turn: LoggedTurn, asks: bool) -> None:
    for key, (_, outcomes, asking) in CHANGES.items():
        if turn.outcome in outcomes and turn.right is not None:
            parts[key].add(talk.group, talk.id, happened=asks is asking)


def _difference(
    talk: LoggedTalk, turn: LoggedTurn, *, did: bool, asks: bool, weighed: Mapping[str, float]
) -> Difference:
    return Difference(
        turn=turn.id,
        conversation=talk.id,
        before="asks" if did else "answers",
        after="asks" if asks else "answers",
        effect=_effect(turn, asks),
        weighed=weighed,
        **_told(turn),
    )


def _effect(turn: LoggedTurn, asks: bool) -> Effect:
    """By what followed what the log did: leaving a bad one is better, leaving a good one worse."""
    if turn.right is None:
        return "not known"
    return "better" if (asks == turn.asked) == bool(turn.right) else "worse"


def _told(turn: LoggedTurn) -> dict[str, Any]:
    """What was said and what followed, and what a policy knew of the request and of the user's way with questions."""
    state = turn.state
    return {
        "outcome": turn.outcome,
        "need": None if state.need_unknown else round(1 - state.query_clarity, 3),
        "questions": state.user.questions + state.questions_put,
        "rejected": state.user.rejected + state.prev_reject,
        "request": state.query,
        "answer": turn.answer,
        "reply": turn.reply,
    }


def _shown(found: Mapping[Effect, Sequence[Difference]]) -> Iterator[Difference]:
    """A third of each effect, or more where others have fewer."""
    left = MOST_SHOWN
    order = sorted(found.values(), key=len)
    taken: dict[int, int] = {}
    for at, group in enumerate(order):
        taken[id(group)] = min(len(group), left // (len(order) - at))
        left -= taken[id(group)]
    for group in found.values():
        yield from group[: taken[id(group)]]


def _value(turns: Sequence[LoggedTurn], asks: Sequence[float]) -> OffPolicyValue | None:
    return off_policy_value(logged_decisions(turns, asks)) if turns else None
