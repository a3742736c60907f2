"""What an evaluation of a feedback judge found, as one record: the table, `--json` and the page are made from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tactful.evaluation.shown import Line, Shown
from tactful.feedback.labels import Label
from tactful.stats import Estimate
from tactful.stats.calibration import Floor
from tactful.types import Record

_TERMINAL = ("accuracy", "tolerant_accuracy", "macro_f1", "negative_f1")


class CutPoint(Record):
    """One point of the curve of cuts."""

    tau_c: float
    coverage: Estimate
    """Share of the scored turns with at least this confidence."""
    precision: Estimate
    """Share of those whose label is right."""


class Bin(Record):
    """One bar of the reliability plot."""

    confidence: float
    """Mean."""
    right: float
    """Share of labels that are right."""
    items: int


class JudgeRow(Line):
    """One judge or baseline over one set of turns."""

    measures: Mapping[str, Estimate]
    """accuracy, tolerant_accuracy, macro_f1, negative_precision, negative_recall, negative_f1, and for every label
    `precision:LABEL` and `recall:LABEL`."""
    confusion: tuple[tuple[int, ...], ...]
    """Rows: what people said; columns: what the judge said; both in the order of the label table."""


class Comparison(Record):
    """The judge minus a baseline, paired by item, intervals by dialogue."""

    baseline: str
    differences: Mapping[str, Estimate]


class SourceResult(Record):
    """All figures over the turns of one source, or over all (`pooled`)."""

    source: str
    turns: int
    dialogues: int
    unscored: int
    labels: Mapping[Label, int]
    """What people said."""
    rows: tuple[JudgeRow, ...]
    comparisons: tuple[Comparison, ...]
    cuts: tuple[CutPoint, ...]
    ece: Estimate | None
    """Calibration error over ten bins of equal width; no interval holds it, read it beside its floor."""
    ece_floor: Floor | None
    reliability: tuple[Bin, ...]

    @property
    def calibration(self) -> str:
        """`ECE 0.081, floor 0.042 (0.070)`; empty where no confidence was stated."""
        if self.ece is None or self.ece_floor is None:
            return ""
        return f"ECE {self.ece.value:.3f}, floor {self.ece_floor.text()}"


class Transfer(Record):
    """Trained on one source, tested on another, over the labels that both have."""

    trained_on: str
    tested_on: str
    shared_labels: tuple[Label, ...]
    turns: int
    judge: Mapping[str, Estimate]
    majority: Mapping[str, Estimate]
    """Always the commonest shared label of the tested source."""
    negative_f1: Estimate | None
    """Over all turns of the tested source, negative against the rest."""


class AttackResult(Record):
    """What one attack changed over all probes. Shares in [0, 1]; unscored turns, before or after, are left out."""

    attack: str
    meaning: str
    turns: int
    flipped: float | None
    """Share whose label changed."""
    gained: float | None
    """Share whose label now earns a higher reward: what the attacker wants."""
    bought: float | None
    """Share turned into praise that was none before."""
    unscored: int

    def text(self) -> str:
        """In one line."""
        if self.flipped is None or self.gained is None or self.bought is None:
            return f"{self.attack}: nothing scored"
        return (
            f"{self.attack}: label changed {self.flipped:.3f}, higher reward {self.gained:.3f}, praise bought "
            f"{self.bought:.3f} of {self.turns} turns ({self.meaning})"
        )


class FeedbackEvaluation(Shown, Record):
    """Everything that `tactful feedback evaluate` measured."""

    judge: str
    cross_fit: int | None
    """Folds by dialogue in which the judge was trained without the turns it judged; None: it was not trained here."""
    left_out: Mapping[str, int]
    """Why rows were counted out → how many."""
    results: tuple[SourceResult, ...]
    """Pooled first, where there is more than one source; then each source."""
    transfers: tuple[Transfer, ...] = ()
    seed: int
    notes: tuple[str, ...] = ()
    attacks: tuple[AttackResult, ...] = ()
    """What buying praise got, where it was tried."""

    def lines(self) -> Iterator[str]:
        """The figures, one source after the other."""
        for result in self.results:
            yield f"{result.source}: {result.turns} turns of {result.dialogues} dialogues, {result.unscored} unscored"
            yield f"  {'':<24}" + "".join(f"{name.replace('_', ' '):>26}" for name in _TERMINAL)
            for row in result.rows:
                cells = "".join(
                    f"{row.measures[name].text() if name in row.measures else 'nothing scored':>26}"
                    for name in _TERMINAL
                )
                yield f"  {row.name:<24}{cells}"
            for item in result.comparisons:
                if "macro_f1" in item.differences:
                    yield f"  macro-F1 minus {item.baseline}: {item.differences['macro_f1'].text()}"
            if result.calibration:
                yield f"  {result.calibration}: what a perfectly calibrated judge shows at this size, mean (95th percentile)"
        for move in self.transfers:
            yield (
                f"trained on {move.trained_on}, tested on {move.tested_on}: {move.turns} turns of "
                f"{len(move.shared_labels)} shared labels"
            )
            for name, measures in (("embedded", move.judge), ("majority", move.majority)):
                if "macro_f1" in measures:
                    yield f"  {name}: macro-F1 {measures['macro_f1'].text()}, accuracy {measures['accuracy'].text()}"
            if move.negative_f1 is not None:
                yield f"  negative against the rest, all turns: F1 {move.negative_f1.text()}"
        yield from (item.text() for item in self.attacks)
