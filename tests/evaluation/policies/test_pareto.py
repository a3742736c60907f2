"""Which policies lie on the front."""

from hypothesis import given
from hypothesis import strategies as st

from tactful.evaluation.policies.pareto import Point, with_front


def point(name: str, cost: float, score: float) -> Point:
    return Point(name=name, interruption_cost=cost, task_score=score)


def front(*points: Point) -> list[str]:
    return [item.name for item in with_front(points) if item.on_front]


def test_cheaper_and_better_points_dominate():
    # quiet and good trade cost for success; bad costs as much as good and succeeds less; worst is worse in both.
    quiet, good, bad, worst = (
        point("quiet", 0.0, 0.5), point("good", 0.2, 0.8), point("bad", 0.2, 0.7), point("worst", 0.3, 0.4),
    )  # fmt: skip
    assert front(quiet, good, bad, worst) == ["quiet", "good"]


def test_equal_points_are_both_on_the_front():
    assert front(point("a", 0.1, 0.5), point("b", 0.1, 0.5)) == ["a", "b"]


def test_nothing_and_one_point():
    assert with_front([]) == []
    assert front(point("only", 0.3, 0.0)) == ["only"]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
def test_every_point_off_the_front_is_beaten_by_one_on_it(pairs):
    marked = with_front([point(str(i), c, s) for i, (c, s) in enumerate(pairs)])
    ahead = [item for item in marked if item.on_front]
    assert ahead
    for item in marked:
        beaten = any(
            other.interruption_cost <= item.interruption_cost
            and other.task_score >= item.task_score
            and (other.interruption_cost, other.task_score) != (item.interruption_cost, item.task_score)
            for other in ahead
        )
        assert beaten != item.on_front
