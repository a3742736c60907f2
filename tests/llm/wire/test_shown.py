from __future__ import annotations

from tactful.llm.wire.shown import Shown


def shown(elapsed_s: float, prompt: int = 100, completion: int = 80, *, answers: int = 5) -> Shown:
    found = Shown()
    for _ in range(answers):
        found.learn(elapsed_s, (prompt, completion), 4 * prompt)
    return found


def test_nothing_known_leaves_ten_minutes_and_the_full_bounds() -> None:
    assert Shown().deadline_s(100) == 600
    assert Shown().most_prompt(1000, 1500) == 1500
    assert Shown().first_limit(4096) == 4096


def test_the_deadline_follows_the_speed_of_the_latest_answers() -> None:
    # 80 tokens, 10 for the prompt and 10 for the request: 100 units in 12.5 s are 8 a second
    slow = shown(12.5)
    # 4096 + 10 units at 8 a second take 513.25 s; four times that
    assert round(slow.deadline_s(4096)) == 2053
    assert slow.deadline_s(100_000) == 3600
    assert shown(0.1).deadline_s(4096) == 120


def test_an_endpoint_that_only_queues_is_told_from_one_that_works_side_by_side() -> None:
    alone_s = 10.0
    found = shown(alone_s, answers=1)
    assert not found.queues(alone_s, (100, 80), at_once=32)
    assert not found.queues(
        alone_s * 4, (100, 80), at_once=32
    )  # 32 at once in 4 times the time: 8 times as much
    assert found.queues(alone_s * 30, (100, 80), at_once=32)
    assert not found.queues(alone_s * 3, (100, 80), at_once=3)
    assert not shown(0.1, answers=1).queues(3.0, (100, 80), at_once=32)


def test_reservations_follow_what_calls_have_used() -> None:
    found = shown(1.0)
    # 100 tokens of 400 bytes, with a quarter to spare: 1000 bytes are 313 tokens, and 16 more
    assert found.most_prompt(1000, 1500) == 313 + 16
    assert found.most_prompt(1000, 200) == 200
    assert found.first_limit(4096) == 512
    assert shown(1.0, completion=700).first_limit(4096) == 1400
    assert shown(1.0, answers=4).first_limit(4096) == 4096
