"""Small traces in our own words, and judges whose every verdict is given."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tactful.data.formats.traces import Answer, Trace, TracePoint
from tactful.reward.types import Acceptance
from tactful.types import Event, LabelledMoment, Moment, MomentLabel


def event(minute: int, text: str) -> Event:
    """An event on day 1, in minutes after 9."""
    from tactful.data.formats.moments import parse_event

    return parse_event({"time": f"Day 1, 9:{minute:02d} AM", "event": text}, "event")


def a_trace(name: str, texts: Sequence[str], candidates: Mapping[int, Sequence[str]] | None = None) -> Trace:
    """A trace with an event per minute."""
    shown = candidates or {}
    points = (
        TracePoint(event=event(at, text), candidates=tuple(shown.get(at, ())))
        for at, text in enumerate(texts)
    )
    return Trace(id=name, points=tuple(points))


def said(trace: Trace, *texts: str | list[str | None] | None) -> dict[int, Answer]:
    """One answer per event: a text, None for silence, or a list of several."""
    return {
        at: Answer(
            event=trace.events[at], state="answered", said=tuple(text) if isinstance(text, list) else (text,)
        )
        for at, text in enumerate(texts)
    }


def a_label(
    trace: Trace, at: int, proposal: str | None, *, accepted: bool, need: bool | None, session: str = ""
) -> LabelledMoment:
    """What people said about `proposal` at event `at`."""
    name = session or trace.events[0].text
    moment = Moment(
        id=f"label:{name}:{at}:{proposal}", session=name, events=trace.seen(at), proposal=proposal
    )
    label = MomentLabel(accepted=accepted, help_needed=need, votes=(accepted, accepted))
    return LabelledMoment(moment=moment, label=label)


class SayingJudge:
    """Accepts what it is told to accept, rejects the rest; None in the table is an unreadable verdict."""

    name = "saying"

    def __init__(self, verdicts: Mapping[str | None, bool | None], p_need: float | None = None) -> None:
        self.verdicts = verdicts
        self.p_need = p_need
        self.asked: list[Moment] = []

    async def judge(self, moment: Moment) -> Acceptance:
        return self.one(moment)

    async def judge_batch(self, moments: Sequence[Moment]) -> list[Acceptance]:
        return [self.one(moment) for moment in moments]

    def judge_all(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """As `run_bench` asks."""
        return [self.one(moment) for moment in moments]

    def one(self, moment: Moment) -> Acceptance:
        self.asked.append(moment)
        verdict = self.verdicts.get(moment.proposal, False)
        if verdict is None:
            return Acceptance.unscored(moment.id, reason="unreadable")
        return Acceptance(
            moment_id=moment.id, p_accept=0.9 if verdict else 0.1, p_need=self.p_need, accepted=verdict
        )


def write_trace(path: Path, trace: Trace, responses: Mapping[int, Any] | None = None) -> None:
    """A trace file, or with `responses` (event → `agent_response`; left out where missing) a file of responses."""
    rows: list[dict[str, Any]] = []
    for at, point in enumerate(trace.points):
        row: dict[str, Any] = {"observation": {"time": point.event.time, "event": point.event.text}}
        if responses is None:
            row["agent_response"] = {"candidate_task": list(point.candidates)}
        elif at in responses:
            row["agent_response"] = responses[at]
        rows.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), encoding="utf-8")
