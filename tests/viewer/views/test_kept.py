"""What takes seconds is worked out once, and not kept for ever."""

from __future__ import annotations

from tactful.viewer.views.kept import MOST_KEPT, Kept


def test_the_same_is_made_once_and_the_oldest_makes_room() -> None:
    kept, made = Kept(), list[int]()

    def make(number: int) -> str:
        def now() -> str:
            made.append(number)
            return f"result {number}"

        return kept.get(number, now)

    assert [make(0), make(0)] == ["result 0", "result 0"]
    assert made == [0]
    for number in range(1, MOST_KEPT):
        make(number)
    make(0)  # asked for again: the youngest now
    make(MOST_KEPT)
    assert made == [0, *range(1, MOST_KEPT), MOST_KEPT]
    make(0)
    make(1)
    assert made[-1] == 1
