"""No table about judges can be made without its baselines."""

import pytest
from pydantic import ValidationError
from tests.evaluation.acceptance_fixtures import said
from tests.reward.synthetic import make_items

from tactful.evaluation.judges.baselines import BASELINES
from tactful.evaluation.judges.measure import measure
from tactful.evaluation.judges.tables import Table, TableRow, cell, judge_tables, table_text
from tactful.stats import Estimate


def rows(*names: str, cells: int = 1) -> tuple[TableRow, ...]:
    return tuple(TableRow(name=name, baseline=name in BASELINES, cells=("0",) * cells) for name in names)


@pytest.mark.parametrize("missing", BASELINES)
def test_a_table_without_a_baseline_is_refused(missing):
    names = ["judge", *(name for name in BASELINES if name != missing)]
    with pytest.raises(ValidationError, match=f"lacks the baseline rows {missing}"):
        Table(title="t", columns=("a",), rows=rows(*names))


def test_a_judge_that_calls_itself_a_baseline_does_not_count_as_one():
    named = [
        *rows("always-accept", "always-reject", "random"),
        TableRow(name="look-up", baseline=False, cells=("0",)),
    ]
    with pytest.raises(ValidationError, match="look-up"):
        Table(title="t", columns=("a",), rows=tuple(named))


def test_a_table_cannot_waive_the_look_up_or_the_always_row():
    with pytest.raises(ValidationError, match="must name"):
        Table(title="t", columns=("a",), rows=rows("judge"), baselines=())
    with pytest.raises(ValidationError, match="must name"):
        Table(title="t", columns=("a",), rows=rows("judge", "random"), baselines=("random", "look-up"))


def test_rows_have_a_cell_for_every_column():
    with pytest.raises(ValidationError, match="does not have 2 cells"):
        Table(title="t", columns=("a", "b"), rows=rows("judge", *BASELINES))


def test_every_table_of_a_judge_has_all_baselines_and_f1_stands_beside_always_accepts():
    items = make_items(6, 6)
    found = measure(items, said(items, [0.6] * len(items)), judge="flat", resamples=50)
    tables = judge_tables(found)
    assert len(tables) == 7
    for table in tables:
        text = "\n".join(table_text(table))
        for name in BASELINES:
            assert f"\n  {name} " in text, table.title
    assert any(note.startswith("F1 minus always-accept's") for note in tables[0].notes)
    titles = [table.title for table in tables]
    assert "The four categories weighted equally (weights, no resampling)" in titles
    assert any(title.startswith("As published") for title in titles)


def test_a_wide_table_is_broken_into_blocks_that_all_have_every_row():
    table = Table(
        title="t",
        columns=("one column", "another column", "a third column"),
        rows=rows("judge", *BASELINES, cells=3),
        notes=("a note",),
    )
    lines = list(table_text(table, width=50))
    assert max(map(len, lines)) <= 50
    assert sum("look-up" in line for line in lines) == 2
    assert lines[-1].strip() == "a note"


def test_cells_say_what_is_missing():
    sizes = {"items": 4, "groups": 2}
    assert cell(None) == "–"
    assert cell(Estimate(value=None, low=None, high=None, **sizes)) == "–"
    assert cell(Estimate(value=0.5, low=None, high=None, **sizes)) == "0.500"
    assert cell(Estimate(value=0.5, low=0.25, high=0.75, **sizes)) == "0.500 [0.250, 0.750]"
    assert cell(0.25) == "0.250"


def test_a_missing_category_and_unscored_moments_are_told():
    items = [one for one in make_items(6, 6) if one.category != "missed-need"]
    found = measure(items, said(items, [None, *[0.6] * (len(items) - 1)]), judge="flat", resamples=50)
    notes = " ".join(judge_tables(found)[0].notes)
    assert "none is missed-need, the others share the weight" in notes
    assert f"Left out as unscored: flat 1 of {len(items)}." in notes
