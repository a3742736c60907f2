"""A simulated world in which the risk of every threshold is known: sessions with effects of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom, norm

from tactful.reward.gate.losses import GRID, SessionCounts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """A moment's judged probability is p ~ Beta(a, b); it is accepted with probability clip(p + effect, 0, 1).

    The effect is the session's, normal with mean 0: within a session the judge is off, over sessions it is right (but
    for the clipping). A session has `fewest` to `most` moments, each number as likely.
    """

    a: float = 2.0
    b: float = 2.0
    effect_sd: float = 0.1
    fewest: int = 5
    most: int = 35

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...]
    ) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
        """(p, accepted, there) of sessions, each (…, sessions, most); `there` is False beyond a session's moments."""
        p = rng.beta(self.a, self.b, (*shape, self.most))
        effect = rng.normal(0, self.effect_sd, (*shape, 1))
        accepted = rng.random(p.shape) < np.clip(p + effect, 0, 1)
        there = np.arange(self.most) < rng.integers(self.fewest, self.most + 1, (*shape, 1))
        return p, accepted, there

    def counts(self, rng: np.random.Generator, draws: int, sessions: int) -> SessionCounts:
        """`SessionCounts` of many draws at once: every array has the draws in front."""
        p, accepted, there = self.draw(rng, (draws, sessions))
        rejected, wanted = there & ~accepted, there & accepted
        return SessionCounts(
            false_alarms=_at_or_above(p, rejected),
            hits=_at_or_above(p, wanted),
            unwanted=rejected.sum(axis=-1).astype(float),
            moments=there.sum(axis=-1).astype(float),
            unscored=0,
        )

    def risks(self) -> dict[str, Floats]:
        """The true risk of every threshold of `GRID`, by numerical integration over effects and probabilities."""
        nodes = norm.ppf((np.arange(400) + 0.5) / 400) * self.effect_sd
        p = beta.ppf((np.arange(4000) + 0.5) / 4000, self.a, self.b)
        reject = 1 - np.clip(p[None] + nodes[:, None], 0, 1)
        above = (p[None, :] >= GRID[:, None]).astype(float) / len(p)
        wrong, said = reject @ above.T, above.sum(axis=1)[None].repeat(len(nodes), 0)
        unwanted = reject.mean(axis=1)[:, None]
        sizes = np.arange(self.fewest, self.most + 1)[:, None, None]
        some_unwanted = 1 - binom.pmf(0, sizes, unwanted).mean(axis=0)
        speaking = 1 - binom.pmf(0, sizes, said).mean(axis=0)
        with np.errstate(invalid="ignore"):
            mean_ratio = (wrong / said * speaking).sum(axis=0) / speaking.sum(axis=0)
            pooled = wrong.mean(axis=0) / said.mean(axis=0)
        return {
            "rate": (wrong / unwanted * some_unwanted).mean(axis=0),
            "ratio": np.nan_to_num(pooled),
            "session-ratio": np.nan_to_num(mean_ratio),
        }


def _at_or_above(p: Floats, which: NDArray[np.bool_]) -> Floats:
    """How many of `which` have p at or above each threshold of `GRID`, (…, thresholds)."""
    rising = GRID[::-1]
    place = np.searchsorted(rising, p, side="right") - 1  # the highest threshold that p reaches; -1: none
    flat = place.reshape(-1, p.shape[-1])
    chosen = (which & (place >= 0)).reshape(flat.shape)
    rows = np.repeat(np.arange(len(flat)), chosen.sum(axis=1))
    found = np.bincount(rows * len(GRID) + flat[chosen], minlength=len(flat) * len(GRID))
    counted = found.reshape(*p.shape[:-1], len(GRID))[..., ::-1]
    return np.cumsum(counted, axis=-1).astype(float)
