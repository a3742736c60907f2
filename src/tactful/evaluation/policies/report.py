"""One self-contained HTML file from one or several evaluations: no script, no outside resource."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tactful.data.io import write_file
from tactful.data.page import render_template
from tactful.data.sealed import load_document
from tactful.evaluation.policies.metrics import MEASURES
from tactful.evaluation.policies.plots import pareto_svg, reward_svg
from tactful.evaluation.policies.results import Evaluation
from tactful.stats.asking import MEANINGS

FILE_NAME = "evaluation.json"


def read_evaluation(path: Path) -> Evaluation:
    """The evaluation in a run folder or file. Raises DataError when there is none."""
    file = path / FILE_NAME if path.is_dir() else path
    again = "make it with 'tactful calibrate evaluate'"
    return load_document(file, Evaluation, what="evaluation", again=again)


def render_report(evaluations: Sequence[Evaluation]) -> str:
    """The whole page as text. All values are escaped: messages of models and users are shown, never run."""
    return render_template(
        __file__,
        "report.html.j2",
        evaluations=evaluations,
        measures=MEASURES,
        asking=MEANINGS,
        pareto=[pareto_svg(item, str(place)) for place, item in enumerate(evaluations)],
        rewards=[reward_svg(item, str(place)) for place, item in enumerate(evaluations)],
        rehearsed=[item.domain for item in evaluations if item.rehearsal],
    )


def write_report(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Write the page; an old page stays whole until the new one is complete. Raises UserError when the disk refuses."""
    write_file(path, [render_report(evaluations).encode()])
