"""Logs of chats: judged follow-ups, findings of an audit, logged decisions, predicted and synthesized utterances."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.mend.types import OUTCOMES, RIGHT, UNKNOWN
from tactful.viewer.strips.plain import Row, facts, number, part, parts, texts, weighed_facts, words, yes_no
from tactful.viewer.types import Did, Other, Strip

_HALF = 0.5
"""The audit calls a question needless, a guess a guess, from here on; so with needs."""
_JUDGED = frozenset(OUTCOMES) - UNKNOWN


def judged_turn_strips(row: Row) -> Iterator[Strip]:
    """One strip: an answer, and what the user's next message says about it."""
    turn, judgement = part(row, "turn"), part(row, "judgement")
    label = words(judgement.get("label"))
    yield Strip(
        id=words(turn.get("id")),
        p=number(judgement.get("confidence")),
        p_of="the label" if label else "",
        threshold=number(judgement.get("tau_c")),
        reason=words(judgement.get("rationale")) or words(judgement.get("unscored_reason")),
        said=words(turn.get("a_t")),
        reply=words(turn.get("user_next")),
        outcome=label,
        reward=number(judgement.get("reward")),
        facts=facts(turn, "dialogue_id", "source", "lang", "index")
        | facts(judgement, "label", "confidence", "should_update", "fitted", "share"),
    )


def finding_strips(row: Row) -> Iterator[Strip]:
    """One strip: whether the assistant asked, and whether it should have."""
    asked, need, needless = yes_no(row.get("asked")), number(row.get("need")), number(row.get("needless"))
    needed = None if need is None else need >= _HALF
    if asked and needless is not None:
        needed = needless < _HALF
    yield Strip(
        id=f"{words(row.get('conversation'))}#{row.get('turn')}",
        did=_asked(asked),
        p=need,
        p_of="need" if need is not None else "",
        threshold=_HALF if need is not None else None,
        reason=words(row.get("reason")) or words(row.get("unjudged")),
        needed=needed,
        facts=facts(row, "conversation", "need", "needless", "complaint", "guess", "subject", "unjudged"),
    )


def talk_strips(row: Row) -> Iterator[Strip]:
    """A strip per logged decision to ask, or to answer at once; the pair made of it, if any, is the other branch."""
    pairs = {words(pair.get("id")): pair for pair in parts(row, "pairs")}
    for turn, logged in enumerate(parts(row, "turns")):
        state = part(logged, "state")
        id_ = words(state.get("id"))
        propensity = number(logged.get("propensity"))
        pair = pairs.get(id_)
        yield Strip(
            turn=turn,
            id=id_,
            did=_asked(yes_no(logged.get("asked"))),
            p=propensity,
            p_of="the action" if propensity is not None else "",
            reason=words(logged.get("reason")),
            said=words(logged.get("answer")),
            reply=words(logged.get("reply")),
            outcome=words(logged.get("outcome")),
            needed=_needed_by(yes_no(logged.get("asked")), words(logged.get("outcome"))),
            others=() if pair is None else (Other(said=words(pair.get("chosen")), outcome=words(pair.get("link"))),),
            facts=facts(row, "user") | facts(logged, "sure") | facts(state, "query_clarity", "task_complexity", "domain", "lang"),
        )  # fmt: skip


def replayed_strips(row: Row) -> Iterator[Strip]:
    """One strip: what the log's assistant did and what followed, beside what the policies would have done there."""
    asked, need, outcome = yes_no(row.get("asked")), number(row.get("need")), words(row.get("outcome"))
    decisions = (("policy", "asks", words(row.get("effect"))), ("against", "against_asks", ""))
    yield Strip(
        id=words(row.get("id")),
        did=_asked(asked),
        p=need,
        p_of="need" if need is not None else "",
        said=words(row.get("answer")),
        reply=words(row.get("reply")),
        outcome=outcome,
        needed=_needed_by(asked, outcome),
        others=tuple(
            Other(action=words(row.get(who)), did=_asked(asks), outcome=effect)
            for who, decision, effect in decisions
            if (asks := yes_no(row.get(decision))) is not None
        ),
        facts=facts(row, "conversation", "asks", "against_asks", "effect", "need", "questions", "rejected")
        | weighed_facts(row),
    )


def prediction_strips(row: Row) -> Iterator[Strip]:
    """One strip: the first message that was predicted, beside the others, and the one that really came."""
    said = texts(row, "predictions")
    yield Strip(
        id=words(row.get("id")),
        said=said[0] if said else "",
        reply=words(part(row, "hindsight").get("message")),
        others=tuple(Other(said=text) for text in said[1:]),
        facts=facts(row, "dialogue_id", "source", "lang", "category") | {"predictions": len(said)},
    )


def utterance_strips(row: Row) -> Iterator[Strip]:
    """One strip: the best score of the chosen side, with the rejected one beside it."""
    chosen, rejected = (_side(part(row, side)) for side in ("chosen", "rejected"))
    yield Strip(
        id=words(row.get("id")),
        action=chosen.action,
        reward=chosen.reward,
        reason=words(row.get("dropped")),
        reply=words(part(row, "gold").get("message")),
        others=(rejected,) if part(row, "rejected") else (),
        facts=facts(row, "dialogue_id", "source", "lang", "branch", "contrast", "margin", "dropped"),
    )


def _side(side: Row) -> Other:
    scores = [score for one in parts(side, "scores") if (score := number(one.get("score"))) is not None]
    return Other(
        action=words(side.get("category")),
        reward=max(scores) if scores else None,
        outcome=words(side.get("origin")),
    )


def _needed_by(asked: bool | None, outcome: str) -> bool | None:
    """Whether a question was needed, by what followed what was done; None: nobody knows."""
    return None if asked is None else (outcome in RIGHT) == asked if outcome in _JUDGED else None


def _asked(asked: bool | None) -> Did | None:
    return None if asked is None else "asked" if asked else "answered"
