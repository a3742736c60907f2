"""Each check alone, their order, and what must hold over any stream of candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.live.delivery import checks
from tactful.live.delivery.checks import ORDER, silence
from tactful.live.delivery.policy import DeliveryPolicy
from tactful.live.delivery.types import CHECKS, Candidate, Standing

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
ACT = DeliveryPolicy(mode="act", zone="UTC", new_days=0)
FIX = Candidate(kind="fix", text="Shall I fix it?")
FREE = Standing()


def ago(**span: float) -> datetime:
    return NOON - timedelta(**span)


CASES: dict[str, tuple[DeliveryPolicy, Standing, datetime]] = {
    "killed": (ACT, replace(FREE, killed=True), NOON),
    "muted": (ACT, replace(FREE, quiet_until={"fix": None}), NOON),
    "repeated": (ACT, replace(FREE, repeats={FIX.key: ago(hours=23)}), NOON),
    "snoozed": (ACT, replace(FREE, quiet_until={"": NOON + timedelta(minutes=1)}), NOON),
    "quiet": (ACT, FREE, NOON.replace(hour=23)),
    "busy": (ACT, replace(FREE, busy="a call"), NOON),
    "cooldown": (ACT, replace(FREE, dismissed=1, dismissed_at=ago(minutes=29)), NOON),
    "new": (
        ACT.model_copy(update={"new_days": 3.0, "per_day": 9, "per_hour": 9}),
        replace(FREE, first_at=ago(days=2), shown=(ago(hours=9), ago(hours=8), ago(hours=7))),
        NOON,
    ),
    "gap": (ACT, replace(FREE, shown=(ago(minutes=9),)), NOON),
    "hour": (ACT, replace(FREE, shown=(ago(minutes=50), ago(minutes=20))), NOON),
    "day": (ACT, replace(FREE, shown=tuple(ago(hours=hours) for hours in (22, 20, 18, 16, 14, 2))), NOON),
    "shadow": (ACT.model_copy(update={"mode": "shadow"}), FREE, NOON),
}


def test_what_nothing_keeps_back_goes_out() -> None:
    assert silence(ACT, FREE, FIX, NOON) is None


@pytest.mark.parametrize("name", CASES)
def test_each_check_keeps_an_offer_back_that_passes_all_others(name: str) -> None:
    policy, standing, at = CASES[name]
    found = silence(policy, standing, FIX, at)
    assert found is not None
    assert found.check == name
    without = tuple(check for check in ORDER if check.__name__ != name)
    assert silence(policy, standing, FIX, at, without) is None


def test_every_check_of_the_order_has_a_case_and_a_name_of_its_own() -> None:
    names = [check.__name__ for check in ORDER]
    assert sorted(names) == sorted(CASES)
    assert [name for name in CHECKS if name in names] == names


def test_of_several_the_first_in_the_order_gives_the_reason() -> None:
    standing = Standing(
        killed=True, busy="a call", dismissed=1, dismissed_at=NOON, quiet_until={"fix": None, "": None}
    )
    order = list(ORDER)
    seen = []
    while found := silence(ACT.model_copy(update={"mode": "shadow"}), standing, FIX, NOON, tuple(order)):
        seen.append(found.check)
        order = [check for check in order if check.__name__ != found.check]
    assert seen == ["killed", "muted", "snoozed", "busy", "cooldown", "shadow"]


WAITS = {"snoozed", "quiet", "busy", "cooldown", "new", "gap", "hour", "day"}


@pytest.mark.parametrize("name", CASES)
def test_what_fails_at_the_moment_waits_and_what_nobody_wants_does_not(name: str) -> None:
    policy, standing, at = CASES[name]
    found = silence(policy, standing, FIX, at)
    assert found is not None
    assert found.waits == (name in WAITS)


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("killed", "busy", "shadow")])
def test_a_silence_that_says_until_when_is_over_then(name: str) -> None:
    policy, standing, at = CASES[name]
    found = silence(policy, standing, FIX, at)
    assert found is not None
    if found.until is None:
        assert name == "muted"
        return
    check: Callable[..., object] = getattr(checks, name)
    assert check(policy, standing, FIX, found.until) is None
    assert check(policy, standing, FIX, found.until - timedelta(seconds=1)) is not None


def test_each_dismissal_in_a_row_doubles_the_cooldown_up_to_a_bound() -> None:
    ends = []
    for dismissed in (1, 2, 3, 40):
        found = checks.cooldown(ACT, replace(FREE, dismissed=dismissed, dismissed_at=NOON), FIX, NOON)
        assert found is not None
        assert found.until is not None
        ends.append((found.until - NOON) / timedelta(minutes=1))
    assert ends == [30, 60, 120, 24 * 60]


def test_what_waits_is_not_said_again() -> None:
    found = silence(ACT, replace(FREE, waiting={FIX.key: ago(hours=1)}), FIX, NOON)
    assert found is not None
    assert found.check == "repeated"


def test_the_same_offer_is_known_whatever_its_spaces_and_capitals() -> None:
    assert Candidate(kind="fix", text="shall  I FIX it?").key == FIX.key
    assert Candidate(kind="test", text=FIX.text).key != FIX.key


def test_a_policy_that_mutes_a_kind_mutes_it_for_everybody() -> None:
    found = silence(ACT.model_copy(update={"muted": ("fix",)}), FREE, FIX, NOON)
    assert found is not None
    assert found.check == "muted"


def test_budgets_of_zero_are_silence() -> None:
    for name in ("per_hour", "per_day"):
        assert silence(ACT.model_copy(update={name: 0}), FREE, FIX, NOON) is not None


policies = st.builds(
    DeliveryPolicy,
    mode=st.just("act"),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York"]),
    per_hour=st.integers(0, 4),
    per_day=st.integers(0, 8),
    gap_minutes=st.sampled_from([0.0, 5.0, 40.0]),
    new_days=st.sampled_from([0.0, 1.0]),
    new_per_day=st.integers(0, 3),
    quiet=st.sampled_from(
        [(), ("22:00-07:00",), ("sat,sun 00:00-24:00", "12:00-13:30"), ("fri-mon 23:30-00:30",)]
    ),
    repeat_hours=st.sampled_from([0.0, 24.0]),
)
steps = st.lists(
    st.tuples(st.integers(0, 5_000), st.sampled_from("abcdef"), st.booleans()), min_size=1, max_size=120
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(policy=policies, stream=steps, start=st.integers(0, 500 * 86_400))
def test_budgets_are_never_exceeded_nothing_comes_in_quiet_hours_and_nothing_is_lost(
    policy: DeliveryPolicy, stream: list[tuple[int, str, bool]], start: int
) -> None:
    at = NOON + timedelta(seconds=start)
    shown: list[datetime] = []
    went: list[tuple[str, datetime]] = []
    waiting: dict[str, datetime] = {}
    for seconds, text, dismissed in stream:
        at += timedelta(seconds=seconds)
        offer = Candidate(kind="k", text=text)
        standing = Standing(
            shown=tuple(one for one in shown if one > at - timedelta(hours=24)),
            first_at=shown[0] if shown else None,
            repeats={key: when for key, when in went if when > at - timedelta(hours=policy.repeat_hours)},
            waiting=dict(waiting),
            dismissed=1 if dismissed and shown else 0,
            dismissed_at=shown[-1] if dismissed and shown else None,
        )
        found = silence(policy, standing, offer, at)
        if found is None:
            shown.append(at)
            went.append((offer.key, at))
        elif found.waits:
            waiting[offer.key] = at
        else:  # not lost: it is there already, for the digest or before the person's eyes
            assert found.check == "repeated"
            assert offer.key in waiting or offer.key in {key for key, _ in went}
    for one in shown:
        assert policy.quiet_until(one) is None
        for span, most in ((timedelta(hours=1), policy.per_hour), (timedelta(hours=24), policy.per_day)):
            assert sum(one <= other < one + span for other in shown) <= most
    gaps = [after - before for before, after in pairwise(shown)]
    assert all(gap >= timedelta(minutes=policy.gap_minutes) for gap in gaps)
