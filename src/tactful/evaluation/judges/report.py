"""A measured judge of moments as one record, as lines for the terminal and as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tactful.data.page import render_template
from tactful.evaluation.judges.leak import LeakSide, leak_table
from tactful.evaluation.judges.probes import ProbeResult, probe_table
from tactful.evaluation.judges.results import FIGURES, Calibration, Measured, SessionFigures
from tactful.evaluation.judges.tables import Table, judge_tables, table_text
from tactful.evaluation.plots import BASELINE, LEARNED, diagonal_svg, new_figure, style, svg
from tactful.evaluation.shown import Shown, save_page
from tactful.types import Record


class JudgeBench(Shown, Record):
    """Everything that `tactful bench judge` found out."""

    data: str
    """The file, as named on the command line."""
    data_hash: str
    """Of the labelled moments."""
    bad_rows: int
    """Unusable rows left out."""
    seen: bool
    """True: the judge was trained on sessions in these data, so that its figures are not out of session."""
    warnings: tuple[str, ...]
    measured: Measured
    leak: tuple[LeakSide, ...] = ()
    probes: tuple[ProbeResult, ...] = ()
    version: str
    """Of Tactful."""

    def lines(self) -> Iterator[str]:
        """Every table as text."""
        yield f"{self.measured.judge}: {self.measured.regime}"
        for table in bench_tables(self):
            yield ""
            yield from table_text(table)

    def rows(self) -> list[dict[str, Any]]:
        """The judge's figures and those of the baselines, a dictionary a row."""
        return [row.model_dump(mode="json") for row in self.measured.rows]

    def save(self, folder: Path | str) -> tuple[Path, Path]:
        """Write `results.json` and `report.html` into `folder`; their paths. Raises UsageError where they are there."""
        return save_page(self, render_page, folder)


def bench_tables(bench: JudgeBench) -> list[Table]:
    """Every table of the command, in the order in which it is printed."""
    tables = judge_tables(bench.measured)
    tables += [leak_table(bench.leak)] if bench.leak else []
    tables += [probe_table(bench.probes)] if bench.probes else []
    return tables


def reliability_svg(found: Calibration, name: str) -> str:
    """Share accepted against the probability, one point per bin of equal mass."""
    labels = f"p(accept), {found.kind}", "share that people accepted"
    title = f"Share that people accepted against {found.kind} p(accept)"
    bins = [(item.p_accept, item.rate) for item in found.bins]
    return diagonal_svg(f"reliability-{name}", title, labels, bins)


def sessions_svg(sessions: Sequence[SessionFigures], name: str) -> str:
    """AUROC within each session, the lowest below; a session of one class has none and is left out."""
    shown = sorted((one.auroc, one.session) for one in sessions if one.auroc is not None)
    with style():
        figure, axes = new_figure(6.4, 0.22 * len(shown) + 0.9)
        axes.axvline(0.5, color=BASELINE, lw=1)
        axes.scatter([value for value, _ in shown], range(len(shown)), color=LEARNED, s=26, zorder=3)
        axes.set_yticks(range(len(shown)), [_short(text) for _, text in shown])
        axes.set(xlim=(0, 1), xlabel="AUROC within the session; the line is no skill")
        return svg(figure, f"sessions-{name}", f"AUROC within each of {len(shown)} sessions")


def _short(text: str, most: int = 44) -> str:
    flat = "".join(character if character.isprintable() else " " for character in text)
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def render_page(bench: JudgeBench) -> str:
    """The whole page as text; every value is escaped."""
    sessions = bench.measured.by_session
    return render_template(
        __file__,
        "acceptance.html.j2",
        b=bench,
        m=bench.measured,
        tables=bench_tables(bench),
        figures=FIGURES,
        reliability=[(item, reliability_svg(item, item.kind)) for item in bench.measured.row.calibration],
        sessions=sessions_svg(sessions, "judge") if any(one.auroc is not None for one in sessions) else "",
    )
