"""Moments with known verdicts and probabilities that are right, session by session."""

from __future__ import annotations

import numpy as np
from tests.evaluation.acceptance_fixtures import item

from tactful.reward.types import Acceptance
from tactful.types import LabelledMoment


def calibrated(
    sessions: int = 16, moments: int = 80, *, effect_sd: float = 0.1, seed: int = 0
) -> tuple[list[LabelledMoment], list[Acceptance]]:
    """Proposals accepted with probability clip(p + effect of the session), judged as p; help is needed as often."""
    rng = np.random.default_rng(seed)
    items, said = [], []
    for session in range(sessions):
        effect = rng.normal(0, effect_sd)
        for p in rng.beta(2, 3, moments):
            accepted, need = rng.random() < np.clip(p + effect, 0, 1), rng.random() < 0.6
            one = item(
                len(items), "hit" if accepted else "false-alarm", session=f"s{session}", need=bool(need)
            )
            items.append(one)
            said.append(
                Acceptance(moment_id=one.moment.id, p_accept=float(p), p_need=0.6, accepted=bool(p >= 0.5))
            )
    return items, said
