"""Many draws of calibration sessions, and whether what is promised from each holds in the world that they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tests.reward.gate_worlds import World

from tactful.reward.gate.betting import loosest_certified
from tactful.reward.gate.conformal import loosest_on_average
from tactful.reward.gate.losses import GRID
from tactful.reward.gate.promise import OF, session_losses

CHUNK = 100
"""Draws worked on at a time."""


@dataclass(frozen=True)
class Simulated:
    """What became of the promises of one kind."""

    of: str
    draws: int
    broken: int
    """Draws whose threshold has a true risk above alpha."""
    none: int
    """Draws in which nothing could be promised; never counted as kept."""
    mean_risk: float
    """Mean true risk of the thresholds promised; NaN where there are none."""
    best: float
    """Largest true risk on the grid that is still allowed: what one who knows the truth would take."""

    def line(self) -> str:
        """The figures for the benchmark's table."""
        return f"{self.broken:6d}  {self.none:14d}  {self.mean_risk:14.3f}  {self.best:21.3f}"


def simulate(
    world: World, draws: int, sessions: int, alpha: float, delta: float, rng: np.random.Generator
) -> Iterator[Simulated]:
    """Promises of each kind, and `on average` for conformal risk control, all from the same draws."""
    risks = world.risks()
    starts = {of: 0 if of == "rate" else int(np.argmax(1 - alpha + 1e-9 >= GRID)) for of in OF}
    found: dict[str, list[np.ndarray]] = {of: [] for of in (*OF, "on average")}
    for done in range(0, draws, CHUNK):
        counts = world.counts(rng, min(CHUNK, draws - done), sessions)
        for of in OF:
            losses = session_losses(counts, of, alpha)
            if of == "rate":
                found["on average"].append(loosest_on_average(losses, alpha))
            at = loosest_certified(losses[..., starts[of] :], alpha, delta)
            found[of].append(np.where(at >= 0, at + starts[of], -1))
    for of, places in found.items():
        at, risk = np.concatenate(places), risks["rate" if of == "on average" else of]
        some = at >= 0
        got = risk[at[some]]
        yield Simulated(
            of=of,
            draws=draws,
            broken=int((got > alpha).sum()),
            none=int((~some).sum()),
            mean_risk=float(got.mean()) if some.any() else float("nan"),
            best=float(risk[risk <= alpha].max()),
        )
