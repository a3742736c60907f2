"""What hiding suggestions would have done: all of it as one record, as lines for the terminal and as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tactful.data.page import render_template
from tactful.evaluation.judges.tables import Table, TableRow, cell, table_row, table_rows, table_text
from tactful.evaluation.plots import BASELINE, DIAGONAL, FRONT, LEARNED, diagonal_svg, new_figure, style, svg
from tactful.evaluation.shown import Shown, save_page
from tactful.evaluation.suggestions.results import (
    BASELINES,
    RULES,
    Ablation,
    BarsRow,
    CurvePoint,
    HidingRow,
    ProbabilityRow,
)
from tactful.stats import Estimate
from tactful.types import Record


class SuggestionBench(Shown, Record):
    """Everything that `tactful bench suggestions` found out."""

    data: str
    """The files, as named on the command line."""
    data_hash: str
    bad_rows: int
    decisions: int
    accepted: int
    users: int
    per_user: Mapping[str, tuple[int, int]]
    """User → (suggestions, accepted)."""
    folds: int
    """Parts of users kept apart; as many as users, unless there are more than twelve."""
    bar: float
    """Of the hidden suggestions at most this share may be such that would have been accepted."""
    features: tuple[str, ...]
    probabilities: tuple[ProbabilityRow, ...]
    """The model first, then the baselines."""
    hiding: tuple[HidingRow, ...]
    """The model's rows first, then the published idea, then the baselines."""
    bars: tuple[BarsRow, ...]
    """The model nested and in hindsight, then the baselines, at several bars."""
    hindsight_gap: Estimate
    """Share hidden with the threshold chosen in hindsight minus with the one chosen on other users."""
    cuts: Mapping[str, float | None]
    """Fold → the probability up to which is hidden, chosen without the fold; None = hide nothing."""
    promise: str
    """What can be promised about the share of wrongly hidden ones, in words."""
    promised_folds: int
    curves: Mapping[str, tuple[CurvePoint, ...]]
    ablations: tuple[Ablation, ...]
    resamples: int
    seed: int
    version: str

    @property
    def nested(self) -> HidingRow:
        """The model with the threshold chosen on other users: the figure to quote."""
        return self.hiding[0]

    def row(self, name: str) -> HidingRow:
        """A row of hiding by its name. Raises: KeyError."""
        return {row.name: row for row in self.hiding}[name]

    def lines(self) -> Iterator[str]:
        """Every table as text."""
        left_out = f", {self.bad_rows} unusable rows left out" if self.bad_rows else ""
        yield (
            f"{self.decisions} suggestions of {self.users} users, {self.accepted} accepted "
            f"({self.accepted / self.decisions:.1%}){left_out}; intervals resample users"
        )
        for table in suggestion_tables(self):
            yield ""
            yield from table_text(table)

    def save(self, folder: Path | str) -> tuple[Path, Path]:
        """Write `results.json` and `report.html` into `folder`; their paths. Raises UsageError where they are there."""
        return save_page(self, render_page, folder)


def headline(bench: SuggestionBench) -> str:
    """The answer in a sentence: what could be hidden, how often that would have been wrong, and whether the bar held."""
    row = bench.nested
    if not row.hidden:
        return (
            f"Nothing would be hidden: thresholds that keep the wrongly hidden at most {bench.bar:.0%} on other users hide "
            f"{row.hidden_share.percent()} of these; the best in hindsight hides {bench.hiding[1].hidden_share.percent()}"
        )
    return (
        f"{row.hidden_share.percent()} of the suggestions could be hidden with thresholds chosen on other users; of those "
        f"{row.wrong_share.percent()} would have been accepted (bar {bench.bar:.0%}: {row.bar})"
    )


# ---------------------------------------------------------------- tables


def suggestion_tables(bench: SuggestionBench) -> list[Table]:
    """Every table of the command, in the order in which it is printed."""
    tables = [_hiding(bench), _bars(bench), _probabilities(bench)]
    return [*tables, _ablations(bench)] if bench.ablations else tables


def _hiding(bench: SuggestionBench) -> Table:
    hidden = [row for row in bench.hiding if not row.baseline and row.hidden]
    notes = (
        headline(bench) + ".",
        f"Hindsight minus nested, share hidden: {cell(bench.hindsight_gap)}.",
        f"The gate with a guarantee: {bench.promise}.",
        "model: threshold chosen on other users; in hindsight: the best one on these very users, chosen anew in every "
        "resample; p(accept) < …: hiding by predicted rejection at thresholds fixed beforehand, the published idea; two "
        "steps: the same before and after the suggesting model has run.",
        *(_few(row) for row in hidden if row.hidden < 60),
    )
    return Table(
        title=f"Hiding, with at most {bench.bar:.0%} of the hidden ones such that would have been accepted",
        columns=("hidden", "share hidden", "of them accepted", "bar"),
        rows=table_rows(
            bench.hiding,
            lambda row: [f"{row.hidden:.0f}", row.hidden_share, row.wrong_share, row.bar],
        ),
        notes=notes,
        baselines=BASELINES,
    )


def _few(row: HidingRow) -> str:
    return (
        f"{row.name}: {row.would_accept:.0f} of {row.hidden:.0f} hidden ones would have been accepted; were suggestions "
        f"independent, up to {row.wrong_at_most or 0:.0%} could be (95%)."
    )


def _bars(bench: SuggestionBench) -> Table:
    return Table(
        title="Share hidden / of the hidden ones accepted, where more is tolerated",
        columns=tuple(f"bar {at.bar:.0%}" for at in bench.bars[0].at),
        rows=table_rows(
            bench.bars, lambda row: [f"{at.hidden_share:.3f} / {cell(at.wrong_share)}" for at in row.at]
        ),
        notes=("Each bar with its own thresholds, chosen on other users (in hindsight: on these).",),
        baselines=BASELINES,
    )


def _probabilities(bench: SuggestionBench) -> Table:
    return Table(
        title="Probability of acceptance, each user by a model that was not trained on the user",
        columns=("AUROC", "AUROC within user", "Brier", "ECE", "ECE floor", "gap by user"),
        rows=table_rows(
            bench.probabilities,
            lambda row: [row.auroc, row.auroc_within, row.brier, row.ece, row.ece_floor.mean, row.user_gap],
        ),
        notes=(
            "AUROC pools users, whose models differ: a rate that is learnt without a user is lower the more the user "
            "accepts, which pushes it below 0.5. AUROC within user is free of that.",
            "ECE floor: what a perfectly calibrated model with these probabilities shows at this size.",
        ),
        baselines=BASELINES,
    )


def _ablations(bench: SuggestionBench) -> Table:

    def as_is(row: ProbabilityRow, hiding: HidingRow) -> TableRow:
        return table_row(row.name, row.baseline, [row.auroc, None, row.brier, *_counts(hiding)])

    rows = [as_is(bench.probabilities[0], bench.nested)]
    rows += [
        table_row(one.name, False, [one.auroc, one.auroc_gain, one.brier, *_counts(one.hiding)])
        for one in bench.ablations
    ]
    rows += [as_is(row, bench.row(row.name)) for row in bench.probabilities if row.baseline]
    return Table(
        title="Other features",
        columns=("AUROC", "minus the model's", "Brier", "hidden", "of them accepted"),
        rows=tuple(rows),
        notes=(
            "The programmer's own label is written down afterwards and no live system has it; its value 'Deferring "
            "thought', which tells the verdict, counts as no label.",
        ),
        baselines=BASELINES,
    )


def _counts(row: HidingRow) -> tuple[str, str]:
    return f"{row.hidden:.0f}", f"{row.would_accept:.0f}"


# ---------------------------------------------------------------- the page


def curve_svg(bench: SuggestionBench) -> str:
    """Share of the hidden that would have been accepted against share hidden; lower right is better."""
    with style():
        figure, axes = new_figure(6.4, 3.8)
        axes.axhline(bench.bar, color=FRONT, lw=1, label=f"bar {bench.bar:.0%}")
        axes.axhline(bench.accepted / bench.decisions, color=DIAGONAL, lw=1, label="random, always-hide")
        for (name, points), colour in zip(bench.curves.items(), (LEARNED, BASELINE), strict=False):
            hidden, wrong = zip(*((point.hidden_share, point.wrong_share) for point in points), strict=True)
            axes.plot(hidden, wrong, color=colour, lw=1.6, label=name)
        axes.set(xlim=(0, 1), ylim=(0, None), xlabel="share of suggestions hidden")
        axes.set_ylabel("of them accepted when shown")
        axes.legend(frameon=False, fontsize=8)
        return svg(
            figure,
            "hiding-curve",
            "Share of the hidden that would have been accepted against the share hidden",
        )


def reliability_svg(row: ProbabilityRow) -> str:
    """Share accepted against the probability, one point per bin of equal mass."""
    title = "Share accepted against the probability of acceptance"
    bins = [(one.p_accept, one.rate) for one in row.bins]
    return diagonal_svg("reliability", title, ("p(accept)", "share accepted"), bins, joined=False)


def render_page(bench: SuggestionBench) -> str:
    """The whole page as text; every value is escaped."""
    return render_template(
        __file__,
        "suggestions.html.j2",
        b=bench,
        headline=headline(bench),
        tables=suggestion_tables(bench),
        rules=RULES,
        curve=curve_svg(bench),
        reliability=reliability_svg(bench.probabilities[0]),
    )
