"""Minimal pairs of a welcome and an unwelcome offer, written by hand by somebody whose texts train nothing (w29)."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from tactful.reading.opening import open_embedded_reader
from tactful.types import Event, Moment

pytestmark = pytest.mark.slow  # half a minute of reading
SAME_OFFER = {"redundant", "badtime", "annoyed"}


@pytest.fixture(scope="module")
def pairs() -> dict[str, list[tuple[float, float]]]:
    """Reason → probabilities of the welcome and of the unwelcome offer of each pair."""
    reader = open_embedded_reader()
    made: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for line in (Path(__file__).parent / "offers.jsonl").read_text(encoding="utf-8").splitlines():
        session = json.loads(line)
        events = [Event(text=text, time=time) for time, text in session["events"]]
        moments = [
            Moment(
                id=str(at),
                session=session["id"],
                events=tuple(events[: one["after"]]),
                proposal=one["proposal"],
            )
            for at, one in enumerate(session["offers"])
        ]
        read = [reading.accept for reading in reader.offers_now(moments)]
        for bad, p_bad in zip(session["offers"], read, strict=True):
            for good, p_good in zip(session["offers"], read, strict=True):
                reason = bad.get("reason")
                key = "proposal" if reason in SAME_OFFER else "after"
                partners = good["accepted"] and not bad["accepted"] and good[key] == bad[key]
                if partners and p_good is not None and p_bad is not None:
                    made[reason].append((p_good, p_bad))
    return made


def test_there_are_two_hundred_pairs_and_every_reason(pairs: dict[str, list[tuple[float, float]]]) -> None:
    assert sum(map(len, pairs.values())) >= 300
    assert min(map(len, pairs.values())) >= 10


def test_four_pairs_in_five_come_in_the_right_order(pairs: dict[str, list[tuple[float, float]]]) -> None:
    right = [good > bad for both in pairs.values() for good, bad in both]
    assert sum(right) / len(right) > 0.75


@pytest.mark.parametrize("reason", ["nonsense", "unrelated", "wrong", "redundant", "badtime"])
def test_each_reason_is_told_from_a_welcome_offer(
    reason: str, pairs: dict[str, list[tuple[float, float]]]
) -> None:
    right = [good > bad for good, bad in pairs[reason]]
    assert sum(right) / len(right) > 0.66
