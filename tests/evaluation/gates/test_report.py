from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.evaluation.gating_fixtures import calibrated

from tactful.evaluation.gates.measure import BASELINES
from tactful.evaluation.gates.report import (
    GateReport,
    gate_tables,
    render_page,
    rule_words,
    utility_svg,
    write_report,
)
from tactful.evaluation.gates.setup import Asked, JudgedMoments, set_gate
from tactful.reward.gate.rule import Costs, GateConfig

COSTS = Costs(false_alarm=2, miss=1)


@pytest.fixture(scope="module")
def report() -> GateReport:
    items, said = calibrated(40, 30)
    case = JudgedMoments(judge="<b>fake</b>", items=items, said=said, regime="made up", held_out=True)
    return set_gate(case, GateConfig(costs=COSTS), Asked(0.2, 0.1), data="made up")


@pytest.mark.parametrize("missing", BASELINES)
def test_a_table_that_lacks_a_baseline_cannot_be_made(report: GateReport, missing: str):
    for table in gate_tables(report):
        rows = tuple(row for row in table.rows if row.name != missing)
        with pytest.raises(ValidationError, match=missing):
            type(table)(**{**table.model_dump(), "rows": rows})


def test_the_lines_hold_rule_figures_utility_and_the_promise_in_words(report: GateReport):
    text = "\n".join(report.lines())
    assert "speak iff p(accept) ≥ 2 / (2 + p(need) · 1), which is 0.667 where help is surely needed" in text
    assert "never below" in text
    for name in (
        "Expected figures",
        "Utility per moment",
        *BASELINES,
        "best fixed, hindsight",
        "Regret of the gate",
    ):
        assert name in text
    assert (
        "for new sessions drawn like these, the mean false-alarm rate is at most 0.2, with confidence 0.9"
        in text
    )
    assert "not for each session, and not under shift" in text
    assert "on average over calibration sets like this one" in text


def test_a_report_without_a_promise_promises_nothing(report: GateReport):
    text = "\n".join(report.model_copy(update={"promise": None, "on_average": None}).lines())
    assert "Promise" not in text
    assert "for new sessions" not in text


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (GateConfig(form="fixed", threshold=0.7), "speak iff p(accept) ≥ 0.7"),
        (GateConfig(costs=COSTS, need="certain"), "2 / (2 + 1 · 1), which is 0.667"),
        (GateConfig(form="utility", costs=Costs(false_alarm=3)), "p(accept) ≥ 0.750"),
        (GateConfig(costs=COSTS, abstain_low=0.4, abstain_high=0.6), "from 0.4 to 0.6"),
    ],
)
def test_the_rule_is_told_in_words(config: GateConfig, words: str):
    assert words in rule_words(config)


def test_the_page_stands_alone_and_escapes_what_it_shows(report: GateReport, tmp_path: Path):
    figures, page = write_report(report, tmp_path / "new")
    text = page.read_text()
    assert "<b>fake</b>" not in text
    assert "&lt;b&gt;fake&lt;/b&gt;" in text
    assert not re.search(r"(src|href)=\"http", text)
    assert "<svg" in text
    assert GateReport.model_validate_json(figures.read_bytes()) == report


@pytest.mark.slow
def test_the_drawing_names_every_policy_and_is_the_same_twice(report: GateReport):
    svg = utility_svg(report.measured, report.config)
    assert svg == utility_svg(report.measured, report.config)
    for row in report.measured.utilities:
        assert row.name in svg


@pytest.mark.slow
def test_a_page_without_promise_has_no_banner(report: GateReport):
    assert 'class="banner' in render_page(report)
    assert 'class="banner' not in render_page(report.model_copy(update={"promise": None}))


def test_the_utility_form_names_its_own_grid():
    items, said = calibrated(4, 20)
    case = JudgedMoments(judge="fake", items=items, said=said, regime="made up", held_out=True)
    report = set_gate(case, GateConfig(form="utility", costs=COSTS), data="made up")
    assert gate_tables(report)[1].title.startswith("Utility per moment, by c / (1 + c)")


def test_what_cannot_be_promised_is_said_first_thing():
    items, said = calibrated(16, 10)
    case = JudgedMoments(judge="fake", items=items, said=said, regime="made up", held_out=True)
    report = set_gate(case, GateConfig(costs=COSTS), Asked(0.1, 0.1), data="made up")
    assert any(line.startswith("Cannot promise: 16 calibration sessions") for line in report.lines())
