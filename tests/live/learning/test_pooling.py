"""What a new user is believed to be like, estimated from all."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from tactful.live.learning.patience import Population, known_from
from tactful.live.learning.pooling import due, most_likely, pooled
from tactful.live.types import Taste

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def users(chances: list[float], questions: int = 20, seed: int = 0) -> list[tuple[float, float]]:
    rng = random.Random(seed)
    rejected = [sum(rng.random() < p for _ in range(questions)) for p in chances]
    return [(no, questions - no) for no in rejected]


def test_nobody_leaves_what_was_assumed() -> None:
    assert most_likely([], (0.65, 2.3)) == (0.65, 2.3)
    assert pooled([], Population()).source == "assumed"


def test_many_users_decide() -> None:
    rng = random.Random(1)
    a, b = most_likely(users([rng.betavariate(2, 6) for _ in range(800)]), (0.65, 2.3))
    assert a / (a + b) == pytest.approx(0.25, abs=0.02)
    assert a + b == pytest.approx(8, rel=0.25)


def test_one_user_moves_it_a_little() -> None:
    a, b = most_likely([(1, 0)], (0.65, 2.3))
    assert 0.22 < a / (a + b) < 0.30


def test_it_is_found_though_the_impatient_are_asked_less() -> None:
    """Every chance is as likely as any other, and each user is asked until the first rejection or 30 times: most questions meet
    the patient, so the share of questions rejected says little of users."""
    rng = random.Random(2)
    seen: list[tuple[float, float]] = []
    for _ in range(600):
        p, yes = rng.random(), 0
        while yes < 30 and rng.random() > p:
            yes += 1
        seen.append((float(yes < 30), yes))
    a, b = most_likely(seen, (0.65, 2.3))
    assert sum(no for no, _ in seen) / sum(map(sum, seen)) < 0.3
    assert a / (a + b) == pytest.approx(0.5, abs=0.05)


def test_users_who_are_alike_give_a_prior_that_holds_fast() -> None:
    alike, unlike = (
        most_likely(users([0.3] * 200), (0.65, 2.3)),
        most_likely(users([0.02, 0.8] * 100), (0.65, 2.3)),
    )
    assert sum(alike) > 20
    assert sum(unlike) < 2


def test_offers_are_estimated_by_kind() -> None:
    tastes = [
        Taste(user=f"u{n}", offers={"mail": known_from(9, 1, NOW), "plan": known_from(1, 9, NOW)})
        for n in range(40)
    ]
    found = pooled(tastes, Population())
    mail, plan = found.offers["mail"], found.offers["plan"]
    assert mail[0] > 4 * mail[1]
    assert plan[1] > 4 * plan[0]
    assert (found.no, found.yes) == (0.65, 2.3)
    assert (found.source, found.users, found.reactions) == ("users", 40, 800)


@pytest.mark.parametrize(
    ("known", "more", "expected"), [(0, 19, False), (0, 20, True), (800, 99, False), (800, 100, True)]
)
def test_it_is_estimated_again_after_an_eighth_more(known: int, more: int, expected: bool) -> None:
    assert due(Population(reactions=known), more) is expected
