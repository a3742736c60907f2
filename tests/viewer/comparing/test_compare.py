"""Two runs on the same inputs, joined by their indices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from tactful.errors import UsageError
from tactful.viewer.comparing.compare import Comparison
from tactful.viewer.look import View

Row = Mapping[str, Any]


@contextmanager
def compared(tmp_path: Path, a: Sequence[Row], b: Sequence[Row], *by: str) -> Iterator[Comparison]:
    paths = []
    for name, rows in (("a", a), ("b", b)):
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        with View.open(path) as view:
            assert view.wait(20)
            assert view.index_path is not None
            paths.append(view.index_path)
    with Comparison(*paths, by=by) as comparison:
        yield comparison


def row(id_: str, *, asked: bool, reward: float | None = None, group: str = "g") -> Row:
    known = {} if reward is None else {"reward": reward}
    return {"id": id_, "asked": asked, "group": group, **known}


def test_records_are_matched_by_their_input_in_whatever_order_they_stand(tmp_path: Path) -> None:
    a = [row("x", asked=True), row("y", asked=True), row("z", asked=False)]
    b = [row("y", asked=False), row("w", asked=True), row("x", asked=True)]
    with compared(tmp_path, a, b) as comparison:
        found = comparison.matched
        pairs, total = comparison.page()
        assert (found.pairs, found.differing, found.turns, found.only_a, found.only_b) == (2, 1, 2, 1, 1)
        assert found.by == ("turn_id",)
        assert total == 2
        assert [(one.a, one.b, one.key, one.differing) for one in pairs] == [(1, 0, "y", 1), (0, 2, "x", 0)]
        assert pairs[0].first == (0, 0, 0)
        assert comparison.only_in("a", 5) == (2,)
        assert comparison.only_in("b", 5) == (1,)


def test_figures_are_means_over_matched_records_with_their_difference(tmp_path: Path) -> None:
    a = [
        row("x", asked=True, reward=1.0),
        row("y", asked=False, reward=0.0),
        row("z", asked=True, reward=9.0),
    ]
    b = [row("x", asked=False, reward=2.0), row("y", asked=False, reward=1.5)]
    with compared(tmp_path, a, b) as comparison:
        figures = {one.fact: one for one in comparison.figures.figures}
        # z is only in a: rewards are (1 + 0) / 2 and (2 + 1.5) / 2
        assert figures["reward"].a.value == pytest.approx(0.5)
        assert figures["reward"].b.value == pytest.approx(1.75)
        assert figures["reward"].difference.value == pytest.approx(1.25)
        assert (figures["asked"].a.value, figures["asked"].b.value) == (0.5, 0.0)
        assert figures["asked"].share
        assert not figures["reward"].share


def test_intervals_go_by_groups_and_few_groups_have_none(tmp_path: Path) -> None:
    # 8 groups of two, of which b is better by 0, 1, …, 7; the mean difference is 3.5
    a = [row(f"r{n}", asked=False, reward=0.0, group=f"g{n // 2}") for n in range(16)]
    b = [row(f"r{n}", asked=False, reward=float(n // 2), group=f"g{n // 2}") for n in range(16)]
    with compared(tmp_path, a, b) as comparison:
        found = comparison.figures
        (reward,) = (one for one in found.figures if one.fact == "reward")
        assert (found.grouped_by, found.groups) == ("group", 8)
        assert reward.difference.value == pytest.approx(3.5)
        assert reward.difference.low is not None
        assert reward.difference.high is not None
        assert 0 < reward.difference.low < 3.5 < reward.difference.high < 7
    with compared(tmp_path, a[:14], b[:14]) as comparison:
        (reward,) = (one for one in comparison.figures.figures if one.fact == "reward")
        assert (reward.difference.groups, reward.difference.low) == (7, None)


def test_a_filter_speaks_of_both(tmp_path: Path) -> None:
    a = [row("x", asked=True, reward=1), row("y", asked=True, reward=2), row("z", asked=False, reward=3)]
    b = [row("x", asked=False, reward=5), row("y", asked=True, reward=1), row("z", asked=True, reward=3)]
    with compared(tmp_path, a, b) as comparison:

        def found(expression: str) -> list[str]:
            return sorted(one.key for one in comparison.page(expression)[0])

        assert found("a.asked and not b.asked") == ["x"]
        assert found("b.reward > a.reward") == ["x"]
        assert found("differs") == ["x", "z"]
        assert found('a.group == "g" and not differs') == ["y"]
        assert found('a.group ~ "a.b"') == []  # what is in quotes is no name
        with pytest.raises(UsageError, match=r"no record here has 'a\.aksed'; known are: differs"):
            comparison.page("a.aksed")
        with pytest.raises(UsageError, match="no record here has 'asked'"):
            comparison.page("asked")
        with pytest.raises(UsageError, match="searched in one run"):
            comparison.page('has("x")')


def test_the_same_input_several_times_is_matched_in_order_and_counted(tmp_path: Path) -> None:
    a = [row("x", asked=True), row("x", asked=False)]
    b = [row("x", asked=True), row("x", asked=True), row("x", asked=True)]
    with compared(tmp_path, a, b) as comparison:
        assert [(one.a, one.b) for one in comparison.page()[0]] == [(1, 1), (0, 0)]
        assert (comparison.matched.repeated, comparison.matched.only_b) == (2, 1)


def test_rows_without_a_name_do_not_match_by_their_line_number(tmp_path: Path) -> None:
    a, b = [{"trace": "t", "asked": True, "n": 1}], [{"trace": "u", "asked": True, "n": 1}]
    with compared(tmp_path, a, b) as comparison:
        assert comparison.matched.by == ()
        assert (comparison.matched.pairs, comparison.matched.only_a) == (0, 1)
        assert comparison.figures.figures == ()
        assert comparison.page() == ((), 0)
    with compared(tmp_path, a, b, "n", "asked") as comparison:
        assert comparison.matched.pairs == 1


def test_a_fact_to_match_by_is_one_that_both_have(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match=r"not both runs have 'scene' to match by; both have: asked, group"),
        compared(tmp_path, [row("x", asked=True)], [row("x", asked=True)], "scene"),
    ):
        pass


def test_branches_are_no_part_of_what_a_run_came_to(tmp_path: Path) -> None:
    def played(branch_asks: bool) -> list[Row]:
        step = {"questions": 0, "action": "LOW", "message": "m", "reaction": {}}
        asks = {**step, "questions": int(branch_asks)}
        common = {"state_id": "s", "action_space": "levels", "group": "s", "persona": "p"}
        return [
            {**common, "id": "main", "parent": "", "decision_point": 0, "steps": [step]},
            {**common, "id": "branch", "parent": "main", "decision_point": 0, "steps": [asks]},
        ]

    with compared(tmp_path, played(True), played(False)) as comparison:
        assert (comparison.matched.turns, comparison.matched.differing) == (2, 1)
        assert "asked" not in {one.fact for one in comparison.figures.figures}  # no mainline ever asks
