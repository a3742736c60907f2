"""Episodes built by hand, small enough to count by eye."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tactful.gym.types import GymEpisode, GymStep, Outcome
from tactful.types import Event, ProposalHistory, Provenance

START = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)


def event(second: float, text: str) -> Event:
    """An event so many seconds after nine."""
    at = START + timedelta(seconds=second)
    return Event(at=at, text=text, time=str(at.timestamp()))


def step(
    index: int,
    *seconds: float,
    offer: str | None = None,
    verdict: str | None = None,
    timing: str | None = "flow",
    wanted: bool | None = False,
    shown: bool | None = None,
    done: Sequence[float] = (),
    history: ProposalHistory | None = None,
    about: str = "",
) -> GymStep:
    """A round whose events happen at these seconds, with what was offered and what came of it."""
    return GymStep(
        index=index,
        act=f"act {index}",
        events=tuple(event(second, f"The user types line {second:g}{about}.") for second in seconds),
        proposal=offer,
        shown=offer is not None if shown is None else shown,
        carried_out=tuple(event(second, f"The assistant writes {second:g}.") for second in done),
        history=history or ProposalHistory(),
        outcome=Outcome(timing=timing, help_wanted=wanted, verdict=verdict, reason="so it is"),
    )


def episode(name: str, *steps: GymStep, **more: Any) -> GymEpisode:
    """An episode of these rounds."""
    told = {
        "id": f"{name}/p0",
        "scene_id": name,
        "group": name,
        "setting": "coding",
        "assistant": "always",
        "goal": "to be done",
        "end": "goal",
        "provenance": Provenance(model="rules", generator="rules"),
    }
    return GymEpisode(**{**told, "steps": steps, **more})


def day(name: str, **more: Any) -> GymEpisode:
    """Four rounds: an offer taken when stuck, a silence, an offer refused in the flow, one ignored at a boundary."""
    here = {"about": f" of {name}"}
    stuck, between = {"timing": "stuck", "wanted": True}, {"timing": "boundary", "wanted": True}
    return episode(
        name,
        step(0, 0, 5, offer="Fix the error.", verdict="accepted", done=(6, 7), **stuck, **here),
        step(1, 10, 11, 12, **here),
        step(2, 70, offer="Rename it.", verdict="rejected", **here),
        step(3, 71, 80, offer="Write a note.", verdict="ignored", **between, **here),
        **more,
    )
