"""`tactful bench report` as a user types it."""

import json
import sys
from pathlib import Path

import pytest
from tests.commands import Command
from tests.evaluation.worlds import evaluation

from tactful.evaluation.policies.report import FILE_NAME


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two evaluations of one domain, and one of another."""
    found = []
    for name, domain in (("a", "coding"), ("b", "coding"), ("c", "planning")):
        (tmp_path / name).mkdir()
        (tmp_path / name / FILE_NAME).write_text(evaluation(domain=domain).model_dump_json())
        found.append(tmp_path / name)
    return found


@pytest.mark.slow
def test_a_report_of_several_runs_is_one_page(tactful: Command, runs, tmp_path: Path):
    out = tmp_path / "deep" / "report.html"
    done = tactful("bench", "report", *runs, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert out.read_text().count("<h2>") == 3
    found = json.loads(done.stdout)
    assert [(row["run"], row["domain"]) for row in found["evaluations"]] == [
        (str(runs[0]), "coding"), (str(runs[1]), "coding"), (str(runs[2]), "planning"),
    ]  # fmt: skip
    assert "coding: The learned policy" in done.stderr


@pytest.mark.slow
def test_a_report_is_replaced_only_when_told(tactful: Command, runs, tmp_path: Path):
    out = tmp_path / "report.html"
    out.write_text("mine")
    done = tactful("bench", "report", runs[0], "--out", out)
    assert done.returncode == 2
    assert "or --replace" in done.stderr
    assert out.read_text() == "mine"
    assert tactful("bench", "report", runs[0], "--out", out, "--replace").returncode == 0
    assert out.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot read the evaluation"), ("[]", "is no evaluation"), ("{}", "is no evaluation: domain")],
)
def test_what_is_no_evaluation_is_one_sentence(
    tactful: Command, tmp_path: Path, content, complaint
):  # fmt: skip
    (tmp_path / "run").mkdir()
    if content is not None:
        (tmp_path / "run" / FILE_NAME).write_text(content)
    done = tactful("bench", "report", tmp_path / "run", "--out", tmp_path / "report.html")
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "tactful calibrate evaluate" in done.stderr
    assert not (tmp_path / "report.html").exists()


@pytest.mark.slow
def test_a_folder_in_the_way_is_one_sentence(tactful: Command, runs, tmp_path: Path):
    (tmp_path / "b.html").mkdir()
    done = tactful("bench", "report", runs[0], "--out", tmp_path / "b.html", "--replace")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert sys.argv[1:3] == ["bench", "report"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("fig.svg", b"<?xml"),
        ("fig.pdf", b"%PDF"),
        ("fig.png", b"\x89PNG"),
        ("table.csv", b"domain,policy,kind,users,measure,value,"),
        ("table.md", b"| coding | reward |"),
        ("table.tex", b"\\begin{tabular}{lrrrrr}"),
    ],
)
def test_the_ending_says_what_is_written(
    tactful: Command, runs, tmp_path: Path, name: str, begins: bytes
):  # fmt: skip
    done = tactful("bench", "report", runs[0], runs[2], "--out", tmp_path / name)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_an_ending_that_says_nothing_is_refused(tactful: Command, runs, tmp_path: Path):
    done = tactful("bench", "report", runs[0], "--out", tmp_path / "fig.xyz")
    assert done.returncode == 2
    assert "expected one of .html, .svg, .pdf" in done.stderr


def test_an_evaluation_from_before_outcomes_were_kept_says_what_to_do(tactful: Command, runs):
    done = tactful("bench", "compare", runs[0], runs[1])
    assert done.returncode == 1
    assert "outcomes.json" in done.stderr
    assert "--resume" in done.stderr
