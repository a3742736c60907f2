"""People at work: episodes of the gym, what was tried at a moment, judgements of moments, decisions along traces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tactful.viewer.strips.plain import Row, facts, number, part, parts, words, yes_no
from tactful.viewer.types import Did, Other, Strip

_P = "acceptance"


def episode_strips(row: Row) -> Iterator[Strip]:
    """A strip per round. An offer that a gate held back was not shown, so the assistant stayed silent."""
    common = facts(row, "setting", "lang", "group", "assistant", "end")
    common |= {f"user_{name}": value for name, value in facts(part(row, "traits")).items()}
    for turn, step in enumerate(parts(row, "steps")):
        outcome = part(step, "outcome")
        shown = yes_no(step.get("shown"))
        yield Strip(
            turn=turn,
            id=words(row.get("id")),
            did=None if shown is None else "offered" if shown else "silent",
            p=number(step.get("acceptance")),
            p_of=_P if number(step.get("acceptance")) is not None else "",
            reason=words(outcome.get("reason")),
            said=words(step.get("proposal")),
            outcome=words(outcome.get("verdict")),
            needed=yes_no(outcome.get("help_wanted")),
            facts=common
            | facts(outcome, "timing")
            | {"held_back": bool(step.get("proposal")) and shown is False},
        )


def point_strips(row: Row) -> Iterator[Strip]:
    """One strip: the candidate that was accepted, else the last one tried, with the others beside it."""
    tries = parts(row, "tries")
    if not tries:
        return
    last = tries[-1]
    yield Strip(
        id=words(row.get("id")),
        did=_offered(last),
        p=number(last.get("p_accept")),
        p_of=_P if number(last.get("p_accept")) is not None else "",
        reason=words(last.get("reason")),
        said=words(last.get("proposal")),
        outcome=_verdict(last.get("accepted")),
        needed=yes_no(row.get("help_wanted")),
        others=tuple(
            Other(did=_offered(one), said=words(one.get("proposal")), outcome=_verdict(one.get("accepted")))
            for one in tries[:-1]
        ),
        facts=facts(row, "setting", "lang", "group", "timing", "repeated", "unreadable", "judge")
        | {"tries": len(tries)},
    )


def acceptance_strips(row: Row) -> Iterator[Strip]:
    """One strip: whether what was proposed would be accepted. What it was stands in the moment, not here."""
    row = part(row, "acceptance") or row
    p = number(row.get("p_accept"))
    yield Strip(
        id=words(row.get("moment_id")),
        p=p,
        p_of=_P if p is not None else "",
        reason=words(row.get("reason")),
        outcome=_verdict(row.get("accepted")),
        facts=facts(row, "p_need", "judge"),
    )


def decision_strips(row: Row) -> Iterator[Strip]:
    """One strip of `bench proactive`: what an assistant did at one event, and, once it was judged, what came of it."""
    p = number(row.get("p_accept"))
    yield Strip(
        id=f"{words(row.get('trace'))}#{row.get('at')}",
        did=_offered(row),
        p=p,
        p_of=_P if p is not None else "",
        said=words(row.get("proposal")),
        outcome=words(row.get("outcome")),
        needed=yes_no(row.get("need")),
        facts=facts(row, "assistant", "trace", "at", "accepted", "accepted_by", "need_by", "proposals"),
    )


def moment_strips(row: Row) -> Iterator[Strip]:
    """One strip of a moment, labelled or not: what was proposed, and what people said about it."""
    moment = part(row, "moment") or row
    label = part(row, "label")
    yield Strip(
        id=words(moment.get("id")),
        did=_offered(moment),
        said=words(moment.get("proposal")),
        outcome=_verdict(label.get("accepted")),
        needed=yes_no(label.get("help_needed")),
        facts=facts(moment, "session", "user") | facts(row, "category", "accepted", "tries", "checks"),
    )


def judged_row_strips(row: Row) -> Iterator[Strip]:
    """One strip of a row of ProactiveBench: what was proposed, whether the annotators held with it."""
    said, valid = row.get("pred_task"), yes_no(row.get("valid"))
    yield Strip(
        id=words(row.get("id")),
        did="silent" if said is None else "offered",
        said=words(said),
        outcome=_verdict(valid) if said is not None else "",
        needed=yes_no(row.get("help_needed")),
        facts=facts(row, "session", "user", "category", "valid", "judge"),
    )


def _offered(row: Row) -> Did | None:
    if "proposal" not in row:
        return None
    return "silent" if row["proposal"] is None else "offered"


def _verdict(accepted: Any) -> str:
    return "" if not isinstance(accepted, bool) else "accepted" if accepted else "rejected"
