"""The checks that an offer has to pass, in their order; the first that fails says why there is silence.

What was asked for comes first (kill switch, mute), then what would be said twice, then the moment (snooze, quiet hours, calls),
then how much there has been; what passes all of it in shadow would have gone out. What fails at the moment or at an amount waits
for the digest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tactful.live.delivery.policy import DeliveryPolicy
from tactful.live.delivery.types import Candidate, Silence, Standing

ALL = ""
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def killed(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether the kill switch is on."""
    return Silence("killed", "the kill switch is on") if standing.killed else None


def muted(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether policy or person want none of this kind."""
    if offer.kind in policy.muted:
        return Silence("muted", f"the policy mutes offers of the kind '{offer.kind}'")
    wished, until = _wished(standing, offer.kind, at)
    return Silence("muted", f"this person muted offers of the kind '{offer.kind}'", until) if wished else None


def repeated(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether the same went out lately, or waits for the digest."""
    if offer.key in standing.waiting:
        return Silence("repeated", "the same offer waits for the digest already")
    last = standing.repeats.get(offer.key)
    until = None if last is None else last + timedelta(hours=policy.repeat_hours)
    return Silence("repeated", "the same offer was made lately", until) if until and at < until else None


def snoozed(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether the person asked for a pause."""
    wished, until = _wished(standing, ALL, at)
    return Silence("snoozed", "this person asked for a pause", until, waits=True) if wished else None


def quiet(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether it is a quiet hour."""
    until = policy.quiet_until(at)
    told = f"quiet hours ({policy.zone or 'local time'})"
    return Silence("quiet", told, until, waits=True) if until else None


def busy(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether events tell of a call, a presentation or a time of focus."""
    return Silence("busy", f"in {standing.busy}", waits=True) if standing.busy else None


def cooldown(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether offers were dismissed a short while ago."""
    if standing.dismissed_at is None or not standing.dismissed:
        return None
    minutes = policy.cooldown_minutes * 2.0 ** min(standing.dismissed - 1, 40)
    until = standing.dismissed_at + timedelta(minutes=min(minutes, policy.cooldown_most_hours * 60))
    told = (
        f"the last {standing.dismissed} offers were dismissed"
        if standing.dismissed > 1
        else "the last offer was dismissed"
    )
    return Silence("cooldown", told, until, waits=True) if at < until else None


def new(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether somebody new has had enough for a day."""
    until = (standing.first_at or at) + timedelta(days=policy.new_days)
    if at >= until:
        return None
    return _used_up("new", standing, at, _DAY, policy.new_per_day, "24 hours of somebody new")


def gap(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether the last offer is too fresh."""
    until = standing.shown[-1] + timedelta(minutes=policy.gap_minutes) if standing.shown else at
    told = f"the last offer is less than {policy.gap_minutes:g} minutes old"
    return Silence("gap", told, until, waits=True) if at < until else None


def hour(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether the hour's offers are used up."""
    return _used_up("hour", standing, at, _HOUR, policy.per_hour, "60 minutes")


def day(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether the day's offers are used up."""
    return _used_up("day", standing, at, _DAY, policy.per_day, "24 hours")


def shadow(policy: DeliveryPolicy, standing: Standing, offer: Candidate, at: datetime) -> Silence | None:
    """Whether only watching is wanted."""
    told = "it would have gone out, but the mode is shadow"
    return Silence("shadow", told) if policy.mode == "shadow" else None


Checking = Callable[[DeliveryPolicy, Standing, Candidate, datetime], Silence | None]
ORDER: tuple[Checking, ...] = (
    killed, muted, repeated, snoozed, quiet, busy, cooldown, new, gap, hour, day, shadow
)  # fmt: skip
FOR_A_DIGEST: tuple[Checking, ...] = (killed, snoozed, quiet, busy, shadow)
"""A digest comes at its own time, and counts towards no budget."""


def silence(
    policy: DeliveryPolicy,
    standing: Standing,
    offer: Candidate,
    at: datetime,
    order: tuple[Checking, ...] = ORDER,
) -> Silence | None:
    """Why this offer is kept back at `at`; None: it may go out."""
    return next((found for check in order if (found := check(policy, standing, offer, at))), None)


def _wished(standing: Standing, kind: str, at: datetime) -> tuple[bool, datetime | None]:
    if kind not in standing.quiet_until:
        return False, None
    until = standing.quiet_until[kind]
    return until is None or at < until, until


def _used_up(
    check: str, standing: Standing, at: datetime, span: timedelta, most: int, named: str
) -> Silence | None:
    inside = [one for one in standing.shown if one > at - span]
    if len(inside) < most:
        return None
    until = inside[-most] + span if most else None
    told = f"{len(inside)} of {most} offers in {named} are used up"
    return Silence(check, told, until, waits=True)  # type: ignore[arg-type]
