"""A measured gate as tables for the terminal, as a drawing and as one self-contained HTML page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tactful.data.page import render_template, write_texts
from tactful.errors import UserError
from tactful.evaluation.gates.measure import BASELINES, ELSEWHERE, FIGURES, GATE, HINDSIGHT, MeasuredGate
from tactful.evaluation.judges.tables import WIDTH, Table, cell, table_row, table_rows, table_text
from tactful.evaluation.plots import BASELINE, FRONT, LEARNED, SWEEP, new_figure, style, svg
from tactful.evaluation.shown import Shown
from tactful.reward.gate.conformal import OnAverage
from tactful.reward.gate.promise import Promise
from tactful.reward.gate.rule import Gate, GateConfig
from tactful.reward.gate.store import GATE_FILE, save_gate
from tactful.types import Record

PRINTED = tuple(range(1, 19, 2))
"""Places on the cost grid that the table shows: 0.1 to 0.9."""


class GateReport(Shown, Record):
    """Everything that `tactful reward gate` found out."""

    judge: str
    """Whose probabilities they are."""
    model: str = ""
    """Fingerprint of the judge; empty for one without."""
    data: str
    """The file, as named on the command line."""
    data_hash: str
    """Of the labelled moments that were used."""
    regime: str
    """How the moments came by their probabilities."""
    left_out: tuple[str, ...] = ()
    """What was not used, and why."""
    config: GateConfig
    promise: Promise | None = None
    on_average: OnAverage | None = None
    """Beside a promise about the rate."""
    measured: MeasuredGate
    version: str
    """Of Tactful."""

    @property
    def gate(self) -> Gate | None:
        """What decides; None where a promise was asked for that cannot be made."""
        if self.promise is not None and not self.promise.kept:
            return None
        return Gate(
            judge=self.judge,
            model=self.model,
            data=self.data_hash,
            config=self.config,
            promise=self.promise,
        )

    def lines(self) -> Iterator[str]:
        """Every table as text."""
        yield from textwrap.wrap(f"{self.judge}: {rule_words(self.config)}.", WIDTH)
        for table in gate_tables(self):
            yield ""
            yield from table_text(table)
        lines = list(promise_lines(self))
        if lines:
            yield ""
            yield from lines

    def rows(self) -> list[dict[str, Any]]:
        """The gate's figures and those of the baselines, a dictionary a row."""
        return [row.model_dump(mode="json") for row in self.measured.rows]

    def save(self, folder: Path | str) -> Path:
        """Write `gate.json`, and figures and page beside it; the path of the first.

        Raises: UserError when there is a gate already, or the promise that was asked for cannot be made.
        """
        write_report(self, Path(folder))
        return self.save_gate(Path(folder))

    def save_gate(self, folder: Path) -> Path:
        """Write `gate.json` alone; else as `save`."""
        if self.gate is None:
            raise UserError(
                f"{folder / GATE_FILE}: not written, for the promise cannot be made ({self._why()})"
            )
        return save_gate(self.gate, folder)

    def _why(self) -> str:
        assert self.promise is not None
        if self.promise.threshold is not None:
            return "--leave-one-session-out gives an indication only; give sessions that MODEL has not seen"
        return f"{self.promise.reason}; give more sessions, a larger --promise, or leave --promise out"


def rule_words(config: GateConfig) -> str:
    """The rule in a sentence."""
    costs, bare = config.costs, float(config.model_copy(update={"floor": 0.0}).thresholds())
    if config.form == "fixed":
        rule = f"speak iff p(accept) ≥ {config.threshold:g}"
    elif costs is not None and config.form == "prism":
        need = "p(need)" if config.need == "judged" else "1"
        rule = (
            f"speak iff p(accept) ≥ {costs.false_alarm:g} / ({costs.false_alarm:g} + {need} · {costs.miss:g}), "
            f"which is {bare:.3f} where help is surely needed"
        )
    else:
        assert costs is not None
        rule = (
            f"speak iff that is worth more, with +1 for an accepted proposal, −{costs.false_alarm:g} for a rejected one "
            f"and −{costs.miss:g} for silence where help is needed: p(accept) ≥ {bare:.3f} where "
            "need is as probable as acceptance"
        )
    if config.floor and config.form != "fixed":
        rule += f", and never below {config.floor:g}, which the promise demands"
    if config.abstain_low is not None:
        rule += (
            f"; neither speak nor decide for silence from {config.abstain_low:g} to {config.abstain_high:g}"
        )
    return rule


def promise_lines(report: GateReport) -> Iterator[str]:
    """What is promised, in words, and what the weaker bound says; nothing where no promise was asked for."""
    found = report.promise
    if found is None:
        return
    if found.threshold is None:
        yield f"{found.words[0].upper()}{found.words[1:]}."
    else:
        yield f"Promise, at threshold {found.threshold:g}: {found.words}."
        risk = "undefined, for it is silent" if found.risk is None else f"{found.risk:.3f}"
        yield (
            f"There the figure on the {found.sessions} calibration sessions is {risk}, and it speaks at {found.spoken} of "
            f"{found.moments} moments."
        )
    if found.unscored:
        yield f"{found.unscored} moments with an unscored judgement are not in it; the gate abstains at such."
    if report.on_average is not None:
        weaker = report.on_average
        level = "" if weaker.threshold is None else f"at threshold {weaker.threshold:g}, "
        yield f"Weaker: {level}{weaker.words}."


def gate_tables(report: GateReport) -> list[Table]:
    """The expected figures, and the utility over the cost grid; both with every baseline."""
    return [figures_table(report), utility_table(report.measured, report.config)]


def figures_table(report: GateReport) -> Table:
    """What to expect of the gate at its own costs."""
    found = report.measured
    notes = [
        f"{found.moments} proposals of {found.sessions} sessions, {report.regime}; 95% intervals by session"
        + (", not estimable from one session." if found.sessions < 2 else f", {found.resamples} draws.")
    ]
    if found.unscored or found.silences:
        notes.append(
            f"Left out: {found.unscored} unscored proposals, {found.silences} moments without a proposal."
        )
    if report.promise is not None and report.promise.threshold is not None:
        notes.append(
            "The promised threshold was chosen on these sessions: its figures here are a little too good."
        )
    return Table(
        title="Expected figures",
        columns=tuple(name.replace("_", " ") for name in FIGURES),
        rows=table_rows(
            found.rows,
            lambda row: [
                cell(row.figures[name], digits=2 if name == "speaks_per_session" else 3) for name in FIGURES
            ],
        ),
        notes=tuple(notes),
        baselines=BASELINES,
    )


def utility_table(found: MeasuredGate, config: GateConfig) -> Table:
    """Utility per moment over the cost grid; every second share is shown, the mean is over all."""
    rows = table_rows(found.utilities, lambda row: [*(row.utilities[at] for at in PRINTED), row.mean])
    threshold = table_row("threshold of the gate", False, [*(found.thresholds[at] for at in PRINTED), None])
    return Table(
        title=f"Utility per moment, by {axis_words(config)}",
        columns=(*(f"{found.shares[at]:g}" for at in PRINTED), f"mean of {len(found.shares)}"),
        rows=(threshold, *rows),
        notes=(
            f"Regret of the gate, mean over the grid: {cell(found.regret, digits=4)} against the best fixed threshold in "
            f"hindsight, {cell(found.regret_elsewhere, digits=4)} against the one that is best on the other sessions; "
            "below 0 the gate is better.",
        ),
        baselines=BASELINES,
    )


def axis_words(config: GateConfig) -> str:
    """What the cost grid runs over."""
    if config.form == "utility":
        return "c / (1 + c), c being the cost of a false alarm and 1 what a hit is worth"
    return "the share of a false alarm in both costs (0.1 = a miss costs nine times as much)"


def utility_svg(found: MeasuredGate, config: GateConfig) -> str:
    """Utility per moment over the cost grid; higher is better."""
    looks = {
        GATE: (LEARNED, "-", 2.2),
        HINDSIGHT: (FRONT, "--", 1.2),
        ELSEWHERE: (FRONT, ":", 1.2),
        "always-speak": (BASELINE, "-", 1.0),
        "never-speak": (BASELINE, "--", 1.0),
        "look-up": (BASELINE, ":", 1.4),
    }
    with style():
        figure, axes = new_figure(6.4, 3.8)
        for row in found.utilities:
            colour, dashes, width = looks.get(row.name, (SWEEP, "-", 1.4))
            axes.plot(found.shares, row.utilities, color=colour, ls=dashes, lw=width, label=row.name)
        rows = {row.name: row.utilities for row in found.utilities}
        # always-speak falls without end; what is worth seeing lies between never-speak and the best
        lowest = min(min(rows["never-speak"]), min(rows[GATE]))
        top = max(max(values) for values in rows.values())
        margin = 0.08 * (top - lowest) + 0.005
        axes.set(xlim=(0, 1), ylim=(lowest - margin, top + margin), xlabel=axis_words(config))
        axes.set_ylabel("utility per moment (higher is better)")
        axes.legend(frameon=False, fontsize=8)
        return svg(
            figure, "utility", f"Utility per moment of the gate and its baselines, by {axis_words(config)}"
        )


def render_page(report: GateReport) -> str:
    """The whole page as text; every value is escaped."""
    return render_template(
        __file__,
        "gating.html.j2",
        r=report,
        rule=rule_words(report.config),
        tables=gate_tables(report),
        promise=list(promise_lines(report)),
        figures=FIGURES,
        utility=utility_svg(report.measured, report.config),
    )


def write_report(report: GateReport, folder: Path) -> tuple[Path, Path]:
    """Write `gate-figures.json` and `gate.html` into `folder` and return their paths."""
    texts = {"gate-figures.json": f"{report.model_dump_json(indent=1)}\n", "gate.html": render_page(report)}
    figures, page = write_texts(folder, texts)
    return figures, page
