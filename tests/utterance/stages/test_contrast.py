"""The contrast report."""

from __future__ import annotations

from tests.utterance.test_pipeline import made

from tactful.utterance.stages.contrast import FIELDS, ContrastCount, differing
from tactful.utterance.types import Category


async def test_sides_that_differ_in_one_view_are_told_field_by_field():
    record = await made()
    assert record.rejected is not None
    assert differing(record.chosen, record.rejected) == (
        "mining reasoning",
        "mining paths",
        "mining predictions",
    )
    other = record.chosen.model_copy(update={"category": Category.INSTRUCTION})
    assert differing(record.chosen, other) == ("category",)
    assert differing(record.chosen, record.chosen) == ()


async def test_kept_pairs_alone_are_counted():
    record = await made()
    count = ContrastCount()
    for one in (record, record, record.model_copy(update={"dropped": "no gap"})):
        count.add(one)
    report = count.report()
    assert (report.pairs, report.by_number) == (2, {3: 2})
    assert list(report.by_field) == list(FIELDS)
    assert report.by_field["mining paths"] == 2
    assert report.by_field["category"] == 0


def test_no_pair_gives_counts_of_zero():
    report = ContrastCount().report()
    assert (report.pairs, report.by_number, set(report.by_field.values())) == (0, {}, {0})
