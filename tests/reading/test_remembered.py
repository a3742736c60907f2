"""A memory that is bounded."""

from tactful.reading.remembered import Remembered


def test_equal_questions_are_asked_once_and_the_first_are_forgotten_first():
    asked = []

    def ask(items):
        asked.extend(items)
        return [item.upper() for item in items]

    memory = Remembered(ask, most=2)
    assert memory.of(["a", "b", "a", "c"]) == ["A", "B", "A", "C"]  # more than it keeps, all the same
    assert memory.of(["b", "c"]) == ["B", "C"]
    assert memory.of([]) == []
    assert asked == ["a", "b", "c"]
    memory.of(["a"])
    assert asked == ["a", "b", "c", "a"]
