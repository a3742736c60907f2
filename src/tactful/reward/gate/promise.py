"""A threshold with a guarantee, or the sentence that the data cannot give one.

The session is the exchangeable unit. All functions take plain arrays over moments with a proposal, so that any source
of probabilities can use them: `p` (NaN = unscored, left out), `accepted`, and the session of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tactful.reward.gate.betting import loosest_certified, sessions_needed
from tactful.reward.gate.losses import (
    GRID,
    Floats,
    SessionCounts,
    check_share,
    count_sessions,
    rate_losses,
    ratio_losses,
    session_ratio_losses,
)
from tactful.types import Record

Of = Literal["rate", "ratio", "session-ratio"]
OF: tuple[Of, ...] = ("rate", "ratio", "session-ratio")
Basis = Literal["held-out", "cross-judged"]


class Promise(Record):
    """What can be promised about the false alarms of a threshold, or why nothing can."""

    of: Of
    """`rate`: share of a session's unwanted moments at which we speak; `ratio`: share of all that we say that is
    unwanted; `session-ratio`: mean of that share over the sessions in which we speak."""
    alpha: float
    """The bound on the mean."""
    delta: float
    """Probability, over calibration sessions, that the promise is broken."""
    threshold: float | None
    """The loosest one that can be promised; None: the data cannot promise any."""
    risk: float | None
    """The figure itself on the calibration sessions, at `threshold`; None where there is none."""
    sessions: int
    """Calibration sessions: those of which a moment is scored."""
    sessions_needed: int
    """With fewer nothing can be promised, whatever they hold."""
    moments: int
    """Scored moments of them."""
    unscored: int = 0
    """Moments left out; the promise does not speak of such."""
    spoken: int = 0
    """Moments at which `threshold` speaks."""
    basis: Basis = "held-out"
    """`cross-judged`: each session was judged by another model; then it is an indication, not a promise."""
    reason: str = ""
    """Why there is no threshold."""

    @property
    def kept(self) -> bool:
        """True when something is promised: there is a threshold, and its sessions were held out."""
        return self.threshold is not None and self.basis == "held-out"

    @property
    def words(self) -> str:
        """The claim in a sentence, or what cannot be claimed."""
        if self.threshold is None:
            return f"cannot promise: {self.reason}"
        if self.basis == "cross-judged":
            return (
                f"no promise, an indication: at {self.threshold:g} the bound would hold if these {self.sessions} sessions "
                "were independent of the model; but each was judged by a model of its own, trained on the others, so "
                "they are not, and none of these models is the one that you will use. For a promise, calibrate on "
                "sessions that the model has not seen"
            )
        what = {
            "rate": f"the mean false-alarm rate is at most {self.alpha:g}",
            "ratio": f"at most {self.alpha:g} of what is said is unwanted (false-alarm ratio; a session's counts are "
            "taken as shares of its proposal moments, silent sessions count 0)",
            "session-ratio": f"at most {self.alpha:g} of what is said in a session is unwanted, in the mean over the "
            "sessions in which something is said (silent sessions count 0)",
        }[self.of]
        return (
            f"for new sessions drawn like these, {what}, with confidence {1 - self.delta:g} over the calibration "
            "sessions; not for each session, and not under shift"
        )


def promise(
    p: ArrayLike,
    accepted: ArrayLike,
    sessions: Sequence[str] | NDArray[Any],
    *,
    alpha: float,
    delta: float = 0.1,
    of: Of = "rate",
    basis: Basis = "held-out",
    start: float | None = None,
) -> Promise:
    """The loosest threshold whose risk is at most `alpha` with confidence 1 − `delta`, or why there is none.

    The sessions must not have taken part in training or in choosing the model; only then `basis` is `held-out`.

    - `rate`: a session's loss is the share of its unwanted moments (the proposal would be rejected) at which we
      speak; a session without any has loss 0. The test starts at the strictest threshold of `GRID`.
    - `ratio`: a session's loss is alpha + (FP − alpha · (TP + FP)) / m, with m its scored moments: it lies in [0, 1],
      is alpha where we are silent, and its mean is at most alpha exactly when E[FP/m] ≤ alpha · E[(TP + FP)/m].
    - `session-ratio`: alpha + (FP − alpha · (TP + FP)) / (TP + FP), which is the session's own ratio, and alpha where we
      are silent. Fewer sessions do: one session moves `ratio` by far more than `ratio` is wide, and it must be
      guarded against.

    Silence proves nothing about a ratio, so both tests start at `start`, where a calibrated judge gives the strongest
    evidence: 1 − alpha, unless you name another one before you have seen these sessions.

    The order of the bets is drawn from the sessions' names alone, never from what happened in them.
    Raises: UserError for alpha or delta out of (0, 1), no moment, or probabilities out of [0, 1].
    """
    check_share("alpha", alpha)
    check_share("delta", delta)
    grid = _grid_from(1.0 if of == "rate" else 1 - alpha if start is None else start)
    counts = count_sessions(p, accepted, sessions, grid)
    losses = session_losses(counts, of, alpha)
    at = int(loosest_certified(losses, alpha, delta))
    found: dict[str, Any] = {"threshold": None, "risk": None}
    if len(losses) < sessions_needed(alpha, delta):
        found["reason"] = _too_few(alpha, delta, len(losses))
    elif at < 0:
        found["reason"] = _not_shown(of, alpha, float(grid[0]), losses[:, 0])
    else:
        spoken = counts.false_alarms[:, at] + counts.hits[:, at]
        found = {"threshold": float(grid[at]), "spoken": int(spoken.sum())}
        found["risk"] = _risk(of, losses[:, at], counts.false_alarms[:, at], spoken, counts.moments)
    return Promise(
        of=of,
        alpha=alpha,
        delta=delta,
        basis=basis,
        sessions=len(losses),
        sessions_needed=sessions_needed(alpha, delta),
        moments=int(counts.moments.sum()),
        unscored=counts.unscored,
        **found,
    )


def session_losses(counts: SessionCounts, of: Of, alpha: float) -> Floats:
    """The losses in [0, 1] whose mean must be at most `alpha`, (sessions, thresholds); see `promise`."""
    if of == "rate":
        return rate_losses(counts.false_alarms, counts.unwanted)
    if of == "ratio":
        return ratio_losses(counts.false_alarms, counts.hits, counts.moments, alpha)
    return session_ratio_losses(counts.false_alarms, counts.hits, alpha)


def _grid_from(start: float) -> Floats:
    return GRID[np.less_equal(GRID, max(start, float(GRID[-1])) + 1e-9)]


def _risk(of: Of, losses: Floats, false_alarms: Floats, spoken: Floats, moments: Floats) -> float | None:
    if of == "rate":
        return float(losses.mean())
    if of == "session-ratio":
        return float(losses[spoken > 0].mean()) if spoken.any() else None
    said = float((spoken / moments).sum())
    return float((false_alarms / moments).sum() / said) if said else None


def _too_few(alpha: float, delta: float, sessions: int) -> str:
    return (
        f"{sessions} calibration sessions; a mean of at most {alpha:g} with confidence {1 - delta:g} needs at least "
        f"{sessions_needed(alpha, delta)}, even if none had a false alarm"
    )


def _not_shown(of: Of, alpha: float, first: float, losses: Floats) -> str:
    if of == "rate":
        return (
            f"already at {first:g} the mean rate of these {len(losses)} sessions is {losses.mean():.3f}, which leaves no "
            f"room to show that it is at most {alpha:g}"
        )
    return (
        f"at {first:g}, where the test starts, these {len(losses)} sessions do not show that at most {alpha:g} of what is "
        "said is unwanted; the judge reaches that probability too rarely, or is wrong too often there"
    )
