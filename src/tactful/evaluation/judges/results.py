"""What a judge of moments is worth, in figures: the records that `measure` gives and every table is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tactful.evaluation.shown import Line
from tactful.stats import Estimate
from tactful.stats.calibration import Floor
from tactful.types import Record

CATEGORIES = ("hit", "false-alarm", "missed-need", "correct-silence")
"""The order in which categories are counted and shown."""
Kind = Literal["proposals", "silences"]
KINDS: tuple[Kind, ...] = ("proposals", "silences")

FIGURES: Mapping[str, str] = {
    "accuracy": "share of verdicts that are the people's",
    "balanced_accuracy": "mean of the share right where people accepted and where they rejected; 0.5 is no skill",
    "precision": "of the moments that the judge accepts, share that people accept",
    "recall": "of the moments that people accept, share that the judge accepts",
    "f1": "harmonic mean of precision and recall; read it beside always-accept's",
    "auroc": "chance that an accepted moment gets a higher probability than a rejected one; 0.5 is no skill",
    "brier": "mean squared error of the probability; lower is better, always 0.5 gives 0.25",
}
"""Figure → what it means. Positive is `accepted`: the proposal was welcome, or the silence was right."""


class Bin(Record):
    """Moments with similar probabilities."""

    p_accept: float
    """Mean probability."""
    rate: float
    """Share that people accepted."""
    items: int


class Calibration(Record):
    """How far the probabilities of one kind of moment are from what happened, as the data stands (no weights)."""

    kind: Kind
    items: int
    mean_p: float
    rate: float
    """Share that people accepted."""
    ece: Estimate
    """Expected calibration error over ten bins of equal mass, in [0, 1]; lower is better, never 0 at a finite size. Without an
    interval: none holds it (see `stats/calibration.py`); read it beside its floor."""
    ece_floor: Floor
    session_gap: Estimate
    """Mean over sessions of |mean probability − rate| within the session."""
    session_gap_floor: Floor
    bins: tuple[Bin, ...]


class Agreement(Record):
    """Krippendorff's alpha (nominal): 1 is perfect, 0 is chance, below 0 is worse; None = undefined (one value only)."""

    with_verdict: Estimate
    """The judge's verdict with the people's verdict."""
    with_annotator: Estimate
    """The judge's verdict with one annotator's, over all single votes."""


class JudgeRow(Line):
    """The figures of the judge or of a baseline, on the moments that the judge scored."""

    categories: Mapping[str, Estimate]
    """Category → share of its moments judged right; only categories that occur."""
    equal: Mapping[str, Estimate]
    """`FIGURES` with the four categories weighted equally (by weights; nothing is resampled or dropped)."""
    plain: Mapping[str, Estimate]
    """`FIGURES` as the data stands."""
    auroc_of: Mapping[str, Estimate]
    """AUROC within `proposals` and within `silences`."""
    calibration: tuple[Calibration, ...]
    """One per kind that occurs."""
    agreement: Agreement


class Difference(Record):
    """The judge minus a baseline on the same moments and the same resampled sessions."""

    baseline: str
    equal: Mapping[str, Estimate]
    """`FIGURES`, the four categories weighted equally; for `brier` a negative difference is better."""


class SessionFigures(Record):
    """The judge within one session; None where the session holds one class only."""

    session: str
    items: int
    accuracy: float
    auroc: float | None
    """As the session stands."""
    mean_p: float
    rate: float


class PublishedRow(Line):
    """ProactiveBench's own figures of a reward model; see `acceptance_published`. None = nothing to divide by."""

    category_accuracy: Mapping[str, float]
    tp: float
    fp: float
    tn: float
    fn: float
    """Counts; expected ones for `random`."""
    accuracy: float | None
    precision: float | None
    recall: float | None
    f1: float | None


class Measured(Record):
    """Everything that is measured of one judge on labelled moments."""

    judge: str
    regime: str
    """How the judge met these moments, in words: what it had seen of their sessions."""
    items: int
    sessions: int
    unscored: int
    """Moments that the judge could not judge: in no figure except those as published."""
    categories: Mapping[str, int]
    """Category → moments, all of them."""
    rows: tuple[JudgeRow, ...]
    """The judge first, then the baselines."""
    at_even_rates: bool
    """The judge's probabilities were moved to even base rates where the categories weigh the same."""
    differences: tuple[Difference, ...]
    people_alpha: Estimate
    """Krippendorff's alpha of the annotators among themselves: what a judge can reach."""
    by_session: tuple[SessionFigures, ...]
    published: tuple[PublishedRow, ...]
    """The judge first, then the baselines; unscored moments are in, by the published rule."""
    resamples: int
    seed: int

    @property
    def row(self) -> JudgeRow:
        """The judge's own row."""
        return self.rows[0]

    def baseline(self, name: str) -> JudgeRow:
        """The row of a baseline. Raises: KeyError."""
        return {row.name: row for row in self.rows[1:]}[name]
