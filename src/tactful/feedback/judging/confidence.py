"""From what a judge states to the probability of being right: a monotone map per source, fitted on labelled turns.

A judge that says 0.9 may be right half of the time, and differently so on another product's users. The map's score
is a logistic regression with weights ≥ 0 on the log-odds of the stated confidence and, for panels, the share of
votes that agree; on top of it, where that predicts better out of fold, an isotonic regression. So a higher stated
confidence never gives a lower probability. Its quality (Brier, ECE) and the precision at every threshold are
measured out of fold, by dialogue. A source that it was not fitted on gets None: a fit does not carry over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson
from pydantic import Field

from tactful.data.io import digest_of, write_file
from tactful.data.sealed import load_document
from tactful.errors import UsageError, UserError
from tactful.feedback.types import LabelledTurn, Turn, TurnJudgement
from tactful.stats import group_folds
from tactful.types import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_TURNS = 40
"""Fewest scored turns of a source that a map is fitted on."""
LEAST_KEPT = 20
"""Fewest turns above a threshold for its precision to count as known."""
FOLDS = 5
Method = Literal["auto", "platt", "isotonic"]


class Step(Record):
    """What lies above one threshold of a source, out of fold."""

    threshold: float
    kept: int
    precision: float
    at_least: float
    """95% lower bound of the precision, at what these turns are worth as turns of so many dialogues."""


class SourceFit(Record):
    """The map of one source, and how good it was on dialogues that it had not seen."""

    weight_stated: float = Field(ge=0)
    weight_share: float = Field(ge=0)
    bias: float
    knots: tuple[tuple[float, float], ...] = ()
    """(score, probability) of the isotonic part, increasing; empty: Platt alone."""
    turns: int
    dialogues: int
    right: int
    brier_stated: float
    """Mean squared error of the stated confidence; lower is better."""
    brier: float
    """The same of the fitted one, out of fold."""
    ece_stated: float
    """Expected calibration error in ten bins; lower is better."""
    ece: float
    steps: tuple[Step, ...]
    """Thresholds on the fitted confidence, increasing, with the precision above them out of fold."""

    def probability(self, stated: float, share: float | None) -> float:
        """P(right) in [0, 1]; never falls when `stated` or `share` rises."""
        import numpy as np

        score = self.weight_stated * _logit(stated) + self.weight_share * (share or 0.0) + self.bias
        if not self.knots:
            return float(1 / (1 + np.exp(-score)))
        x, y = zip(*self.knots, strict=True)
        return float(np.interp(score, x, y))


class ConfidenceMap(Record):
    """The fitted confidences of one judge, per source."""

    format: Literal["tactful-confidence-2"] = "tactful-confidence-2"
    judge: str
    """Name of the judge that it was fitted for: another one's confidences mean something else."""
    sources: Mapping[str, SourceFit]
    seen: tuple[str, ...] = ()
    """The dialogues that it was fitted on, hashed; empty where an earlier version fitted it."""

    def knows(self, turns: Sequence[Turn]) -> int:
        """How many of these turns belong to dialogues that it was fitted on."""
        seen = set(self.seen)
        return sum(turn.dialogue_hash in seen for turn in turns)

    def probability(self, judgement: TurnJudgement, source: str) -> float | None:
        """P(the label is right), or None: another source, another judge, or nothing stated."""
        fit = self.sources.get(source)
        if fit is None or judgement.stated_confidence is None or judgement.provenance.model != self.judge:
            return None
        return fit.probability(judgement.stated_confidence, judgement.share)

    def threshold(self, source: str, precision: float) -> float | None:
        """Lowest fitted confidence from which on the labels are right this often, with confidence 0.95; None: not shown.

        Thresholds are tested from strict to loose, and the first whose lower bound is below `precision` ends the test,
        so that one is wrongly given with probability 0.05 in all, however many are tried. The test starts where three
        wrong labels would still leave the bound above: that place depends on `precision` alone, never on the labels.
        Source: Learn then Test, arXiv:2110.01052, fixed-sequence testing.
        """
        fit = self.sources.get(source)
        found = None
        for step in reversed(fit.steps if fit else ()):
            if step.kept < _first_kept(precision):
                continue
            if step.at_least < precision:
                break
            found = step.threshold
        return found

    def refuse_other(self, judge: str, path: Path | str) -> None:
        """Raises: UsageError unless it was fitted for `judge`; `path` is where it stands."""
        if judge != self.judge:
            raise UsageError(
                f"{path} was fitted for the judge '{self.judge}', but '{judge}' judges here, and a fit does not carry "
                "over; fit one with 'tactful feedback fit-confidence'"
            )

    def refusal(self, source: str) -> str:
        """Why `source` has no fitted confidence, and what to do."""
        known = ", ".join(sorted(self.sources))
        return (
            f"the confidence of '{self.judge}' was fitted on {known}, not on '{source}', and does not carry over; "
            f"label turns of '{source}' and run 'tactful feedback fit-confidence'"
        )

    def lines(self, precision: float) -> Iterator[str]:
        """What was fitted, a line a source, with τ_c for that precision."""
        for source, item in self.sources.items():
            tau = self.threshold(source, precision)
            cut = f"τ_c {tau:.3f}" if tau is not None else "no threshold reaches it"
            yield (
                f"{source}: {item.turns} turns of {item.dialogues} dialogues; Brier {item.brier_stated:.3f} → "
                f"{item.brier:.3f}, ECE {item.ece_stated:.3f} → {item.ece:.3f} (out of fold); precision "
                f"{precision:g}: {cut}"
            )

    def save(self, path: Path | str) -> None:
        """Write a new JSON file. Raises UserError when it exists."""
        if Path(path).exists():
            raise UserError(f"{path}: exists already; give --out a new name")
        write_file(path, [orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_INDENT_2)])


def load_confidence(path: Path | str) -> ConfidenceMap:
    """The map in `path`. Raises DataError when it is missing or holds something else."""
    again = "make it with 'tactful feedback fit-confidence'"
    return load_document(path, ConfidenceMap, what="confidence map", again=again)


def read_fit(path: str) -> tuple[ConfidenceMap | None, str]:
    """The map in `path` and the file's hash; nothing for an empty path. Raises DataError."""
    return (load_confidence(path), digest_of(Path(path))) if path else (None, "")


def fit_confidence(
    turns: Sequence[LabelledTurn],
    judgements: Sequence[TurnJudgement],
    *,
    judge: str,
    method: Method = "auto",
    tolerant: bool = False,
    seed: int = 0,
) -> tuple[ConfidenceMap, dict[str, str]]:
    """(the map, source → why it was left out). `tolerant` counts a label in `accept` as right.

    Raises: UserError when no source has enough scored turns of both kinds, right and wrong.
    """
    rows: dict[str, list[tuple[float, float, bool, str]]] = {}
    for turn, judgement in zip(turns, judgements, strict=True):
        if judgement.label is None or judgement.stated_confidence is None:
            continue
        right = judgement.label in turn.tolerable if tolerant else judgement.label is turn.label7
        row = (judgement.stated_confidence, judgement.share or 0.0, right, turn.dialogue_id)
        rows.setdefault(turn.source, []).append(row)
    fits, left_out = {}, {}
    for source, found in sorted(rows.items()):
        problem = _too_little(found)
        if problem:
            left_out[source] = problem
        else:
            fits[source] = _fit_source(found, method, seed)
    if not fits:
        why = "; ".join(f"{source}: {reason}" for source, reason in left_out.items()) or "no scored turn"
        raise UserError(f"no confidence can be fitted ({why}); give more labelled turns")
    seen = {
        turn.dialogue_hash
        for turn, judgement in zip(turns, judgements, strict=True)
        if turn.source in fits and judgement.label is not None
    }
    return ConfidenceMap(judge=judge, sources=fits, seen=tuple(sorted(seen))), left_out


def _too_little(rows: Sequence[tuple[float, float, bool, str]]) -> str:
    right = sum(row[2] for row in rows)
    dialogues = len({row[3] for row in rows})
    if len(rows) < LEAST_TURNS:
        return f"{len(rows)} scored turns, at least {LEAST_TURNS} are needed"
    if dialogues < FOLDS:
        return f"{dialogues} dialogues, at least {FOLDS} are needed"
    if right in (0, len(rows)):
        return f"{right} of {len(rows)} labels are right: there is nothing to tell apart"
    return ""


def _fit_source(rows: Sequence[tuple[float, float, bool, str]], method: Method, seed: int) -> SourceFit:
    import numpy as np

    stated = np.array([row[0] for row in rows])
    inputs = np.column_stack([[_logit(value) for value in stated], [row[1] for row in rows]])
    right = np.array([row[2] for row in rows], dtype=float)
    from tactful.stats.calibration import brier, calibration_error, even_bins

    fold_of = group_folds([row[3] for row in rows], FOLDS, seed)
    fold = np.array([fold_of[row[3]] for row in rows])
    names: tuple[str, ...] = ("platt", "isotonic") if method == "auto" else (method,)
    unseen = {name: np.zeros(len(rows)) for name in names}
    for index in range(FOLDS):
        train = fold != index
        for name in names:
            fitted = _fit(inputs[train], right[train], name)
            unseen[name][~train] = _apply(fitted, inputs[~train])
    best = min(names, key=lambda name: brier(unseen[name], right))
    theta, knots = _fit(inputs, right, best)
    return SourceFit(
        weight_stated=float(theta[0]),
        weight_share=float(theta[1]),
        bias=float(theta[2]),
        knots=knots,
        turns=len(rows),
        dialogues=len(fold_of),
        right=int(right.sum()),
        brier_stated=brier(stated, right),
        brier=brier(unseen[best], right),
        ece_stated=calibration_error(stated, right, even_bins(stated)),
        ece=calibration_error(unseen[best], right, even_bins(unseen[best])),
        steps=_steps(unseen[best], right, [row[3] for row in rows]),
    )


def _fit(inputs: Floats, right: Floats, method: str) -> tuple[Floats, tuple[tuple[float, float], ...]]:
    """Weights ≥ 0 and a bias; for `isotonic` also the knots of a step-free increasing map of the score."""
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit

    count = len(right)
    # Platt's smoothed targets: no fold of few turns may claim certainty.
    positives = right.sum()
    target = np.where(right > 0, (positives + 1) / (positives + 2), 1 / (count - positives + 2))

    def loss(theta: Floats) -> tuple[float, Floats]:
        score = inputs @ theta[:2] + theta[2]
        value = float(np.logaddexp(0, score).sum() - target @ score + 0.05 * theta[:2] @ theta[:2])
        pull = expit(score) - target
        return value, np.append(inputs.T @ pull + 0.1 * theta[:2], pull.sum())

    found = minimize(
        loss,
        np.array([1.0, 0.0, 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None), (0, None), (None, None)],
    )
    theta = np.asarray(found.x, dtype=float)
    if method == "platt":
        return theta, ()
    from sklearn.isotonic import IsotonicRegression

    score = inputs @ theta[:2] + theta[2]
    iso = IsotonicRegression(y_min=1 / (count + 2), y_max=1 - 1 / (count + 2), out_of_bounds="clip")
    iso.fit(score, right)
    pairs = zip(iso.X_thresholds_, iso.y_thresholds_, strict=True)
    return theta, tuple((float(x), float(y)) for x, y in pairs)


def _apply(fitted: tuple[Floats, tuple[tuple[float, float], ...]], inputs: Floats) -> Floats:
    import numpy as np
    from scipy.special import expit

    theta, knots = fitted
    score = inputs @ theta[:2] + theta[2]
    if not knots:
        return np.asarray(expit(score), dtype=float)
    x, y = zip(*knots, strict=True)
    return np.asarray(np.interp(score, x, y), dtype=float)


def _first_kept(precision: float) -> int:
    """Turns with which three wrong labels still show the precision: the exact bound falls by about one for each."""
    return 3 * math.ceil(math.log(0.05) / math.log(min(max(precision, 0.05), 0.99)))


def _steps(probability: Floats, right: Floats, dialogues: Sequence[str]) -> tuple[Step, ...]:
    """Precision above every threshold at which at least `LEAST_KEPT` turns remain (at most 50 thresholds)."""
    import numpy as np

    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum(right[order])
    values = probability[order]
    ends = np.flatnonzero(np.append(values[1:] < values[:-1], True)) + 1  # ties stay together
    ends = ends[ends >= LEAST_KEPT]
    if len(ends) > 50:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, 50).astype(int))]
    names = np.unique(dialogues, return_inverse=True)[1][order]
    return tuple(
        Step(
            threshold=float(values[end - 1]),
            kept=int(end),
            precision=float(hits[end - 1] / end),
            at_least=_at_least(right[order][:end], names[:end]),
        )
        for end in ends[::-1]
    )


def _at_least(right: Floats, dialogues: NDArray[Any]) -> float:
    import numpy as np

    from tactful.stats.bootstrap import group_sums
    from tactful.stats.shares import at_least

    names, index = np.unique(dialogues, return_inverse=True)
    apart = group_sums(index, (right - right.mean())[:, None], len(names))[:, 0]
    return at_least(int(right.sum()), len(right), float(apart @ apart), len(names))


def _logit(value: float) -> float:
    clipped = min(max(value, 0.005), 0.995)
    return math.log(clipped / (1 - clipped))
