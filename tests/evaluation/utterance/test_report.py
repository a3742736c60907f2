from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.evaluation.utterance.test_measure import evaluated
from tests.evaluation.utterance_fixtures import MADE, item

from tactful.errors import DataError
from tactful.evaluation.utterance.measure import Settings
from tactful.evaluation.utterance.report import (
    is_utterance_evaluation,
    read_utterance_evaluation,
    render_utterance_report,
    table_lines,
    utterance_svg,
    write_utterance_report,
)

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


def small(**more):
    items = [
        item("a", "book it", ("book it", HOSTILE)),
        item("b", HOSTILE, ("thanks",), source="other", lang="zh", said=(HOSTILE, "yes")),
        item("c", "thanks", ()),
    ]
    if more:
        items = [one.model_copy(update=more) for one in items]
    return evaluated(items, Settings(resamples=50))


@pytest.mark.slow
def test_the_page_is_self_contained_and_escapes_everything_that_was_said() -> None:
    page = render_utterance_report([small(), small()])
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_the_page_says_when_no_language_model_spoke() -> None:
    rehearsed = MADE.model_copy(update={"generator": "offline"})
    assert "A rehearsal, not a language model" in render_utterance_report([small(provenance=rehearsed)])
    assert "A rehearsal" not in render_utterance_report([small()])


def test_the_page_says_what_was_counted_and_measured() -> None:
    page = re.sub(r"\s+", " ", render_utterance_report([small()]))
    assert "3 messages predicted in 3 dialogues, k = 4" in page
    assert "Replies without a readable prediction: 1" in page
    assert "cross-fitted in folds by dialogue" in page
    assert "chrF2, in [0, 1]" in page
    assert "category" not in page.split("What is measured")[1].split("Messages to read")[0].lower().replace(
        "most common category", ""
    )  # nothing was labelled, so nothing is claimed


def test_the_picture_leaves_out_parts_that_repeat_another() -> None:
    drawn = utterance_svg(small())
    assert "source: other" in drawn
    assert "lang: zh" not in drawn


def test_the_table_has_a_block_for_each_part_and_a_line_for_each_system() -> None:
    lines = table_lines(small())
    assert lines[0] == "overall: 3 messages of 3 dialogues"
    assert lines[1].split()[:2] == ["system", "chrf_best"]
    assert [line.split()[0] for line in lines[2:7]] == ["model", "repeat", "nearest", "common", "random"]
    assert "source: other: 1 messages of 1 dialogues" in lines


def test_an_evaluation_is_found_in_a_folder_or_a_file_and_told_from_others(tmp_path: Path) -> None:
    evaluation = small()
    (tmp_path / "evaluation.json").write_text(evaluation.model_dump_json())
    assert is_utterance_evaluation(tmp_path)
    assert read_utterance_evaluation(tmp_path / "evaluation.json") == evaluation
    (tmp_path / "other.json").write_text('{"format": "tactful-evaluation-1"}')
    assert not is_utterance_evaluation(tmp_path / "other.json")
    assert not is_utterance_evaluation(tmp_path / "missing")
    with pytest.raises(DataError, match="tactful utterance evaluate"):
        read_utterance_evaluation(tmp_path / "other.json")
    with pytest.raises(DataError, match="cannot read"):
        read_utterance_evaluation(tmp_path / "missing")


@pytest.mark.slow
def test_writing_twice_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        write_utterance_report([small()], tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
