"""Was the question needless? Was it a guess? What is the complaint about? Odds, multiplied by what each sign is worth.

The reader says how likely the request needed a question, and how likely the next message complains; the signs of that
message (`signs.py`) say the rest. Every factor is a number that stands here and was set by hand: round ones, but `informed`, which follows
what the bundled reader gives clear requests and was tried on the rehearsal.
"""

from __future__ import annotations

from tactful.audit.judging.signs import Signs, only_greets
from tactful.audit.types import Finding, Passage, Reason, Subject

NEEDLESS = {
    "said": 20.0,
    "push": 12.0,
    "stop": 12.0,
    "declined": 12.0,
    "delegates": 8.0,
    "elsewhere": 4.0,
    "left": 2.0,
    "bare": 0.3,
    "informed": 0.12,
    "greeted": 0.02,
}
"""How many times likelier it makes that a question was needless. A calm answer is `bare` where it tells nothing new, and
`informed` where it does: then the question was worth its while, unless a reader is all but sure (need below 0.11, and only
at the first request: later it is believed less) that nothing was missing. A request that only greets asks for nothing yet. An upset answer counts as much as the reader is
sure that it complains."""
COMPLAINT = {
    "objects": 20.0,
    "denies": 10.0,
    "said": 4.0,
    "corrects": 4.0,
    "error": 3.0,
    "informs": 2.0,
    "pleased": 0.2,
    "goes_on": 0.3,
}
"""… that a message complains."""
UNASKED = 3.0
"""… when it follows an answer to an open request, to which nobody had asked anything."""
OPEN = {"denies": 8.0, "corrects": 2.0, "error": 0.25, "said": 0.1}
"""… that what a complaint is about had been open."""
SUREST, LATER = 0.95, 0.8
"""No reader is believed beyond it, either way; of a request in the midst of a conversation, where its texts are few and
what went before counts, less."""
_MUCH = 0.5  # share of a complaint's words that the user had said before: then it restates
_OPEN = 0.5  # need from which a request counts as open
_HALVED = 0.5  # exponent of what an answer is worth that is upset
_UPSET = 0.5  # probability of a complaint from which a reply to a question counts as upset
_TOLD, _TOLD_MUCH, _MANY = 0.5, 0.1, 5
"""How many times likelier a reply to a question complains where it tells something new and repeats nothing, and where it
tells many new words. Readers learned from replies to answers, and take a bare fact for a correction."""
_SETTLED = 0.25  # need below which a question that was answered calmly was still needless


def judge(
    passage: Passage, signs: Signs | None, need: float | None, complaint: float | None, why: str
) -> Finding:
    """The finding for one passage; `need` and `complaint` are None where the reader does not know, for the reason `why`."""
    if passage.asked:
        return _judge_question(passage, signs, need, complaint, why)
    return _judge_answer(passage, signs, need, complaint, why)


def _judge_question(
    passage: Passage, signs: Signs | None, need: float | None, complaint: float | None, why: str
) -> Finding:
    declined = passage.ask is not None and passage.ask.declined
    clear = declined or (signs is not None and (signs.rejects or signs.elsewhere))
    if need is None and not clear:
        return Finding.of(passage, need=need, unjudged=why)
    if signs is None and not declined and need is not None and need >= _SETTLED:
        return Finding.of(passage, need=need, unjudged="the log ends with the question")
    odds = 1.0 if need is None else _odds(1 - need, SUREST if passage.first else LATER)
    if complaint is not None and signs is not None:
        complaint = _as_reply_to_question(complaint, signs)
    upset = not clear and signs is not None and _is_upset(signs, complaint)
    for sign in ["declined"] if declined else ["left"] if signs is None else _signs_of_reply(signs):
        odds *= NEEDLESS[sign] ** (_HALVED if upset else 1)
    odds *= NEEDLESS["greeted"] if only_greets(passage.request) else 1.0
    odds *= _odds(complaint) if upset and complaint is not None else 1.0
    needless = odds / (1 + odds)
    minds = signs is not None and (
        signs.stop
        or signs.said
        or (signs.push and signs.objects and not signs.tells)
        or (needless >= 0.5 and upset)
    )
    return Finding.of(
        passage,
        need=need,
        needless=needless,
        reason=_reason(signs, declined, upset) if needless >= 0.5 else None,
        complaint=None if signs is None else 0.9 if minds else 0.1,
        subject="being asked" if minds else None,
    )


def _signs_of_reply(signs: Signs) -> list[str]:
    found = [name for name in ("said", "push", "stop", "delegates", "elsewhere") if getattr(signs, name)]
    if signs.tells or not found:
        found.append("informed" if signs.new else "bare")
    return found


def _as_reply_to_question(complaint: float, signs: Signs) -> float:
    """What a reader says of a complaint, corrected by how much the reply tells, and by thanks."""
    odds = _odds(complaint) * (COMPLAINT["pleased"] if signs.pleased else 1.0)
    if signs.new >= _MANY:
        odds *= _TOLD_MUCH
    elif signs.new and not signs.given:
        odds *= _TOLD
    return odds / (1 + odds)


def _is_upset(signs: Signs, complaint: float | None) -> bool:
    return complaint is not None and complaint >= _UPSET and not signs.goes_on


def _reason(signs: Signs | None, declined: bool, upset: bool) -> Reason:
    if signs is None:
        return "unanswered"
    if signs.said or (upset and signs.given >= _MUCH):
        return "already said"
    if signs.push:
        return "just do it"
    if signs.stop or upset:
        return "answered with annoyance"
    if declined or signs.elsewhere:
        return "unanswered"
    return "a default would do"


def _judge_answer(
    passage: Passage, signs: Signs | None, need: float | None, complaint: float | None, why: str
) -> Finding:
    if signs is None:
        return Finding.of(passage, need=need, unjudged="the log ends with the answer")
    shown = [name for name in COMPLAINT if getattr(signs, name)]
    if complaint is None and not set(shown) - {"informs", "goes_on"}:
        return Finding.of(passage, need=need, unjudged=why)
    odds = 0.3 if complaint is None else _odds(complaint)
    for sign in shown:
        odds *= COMPLAINT[sign]
    odds *= UNASKED if passage.first and need is not None and need >= _OPEN else 1.0
    complains = odds / (1 + odds)
    openness = 1.0 if need is None else _odds(need, SUREST if passage.first else LATER)
    for sign, factor in OPEN.items():
        openness *= factor if getattr(signs, sign) else 1.0
    was_open = openness / (1 + openness)
    if complains >= 0.5 and need is None and not (signs.denies or signs.said or signs.error):
        return Finding.of(passage, need=need, complaint=complains, unjudged=why)
    return Finding.of(
        passage,
        need=need,
        complaint=complains,
        guess=min(complains, was_open),
        subject=_subject(signs, was_open) if complains >= 0.5 else None,
    )


def _subject(signs: Signs, was_open: float) -> Subject:
    if was_open >= 0.5:
        return "a wrong guess"
    if signs.said or signs.given >= _MUCH:
        return "an ignored constraint"
    if signs.error:
        return "an error"
    if signs.stop and not signs.corrects:
        return "something else"
    return "an error" if signs.corrects or signs.objects else "something else"


def _odds(p: float, surest: float = SUREST) -> float:
    bounded = min(surest, max(1 - surest, p))
    return bounded / (1 - bounded)
