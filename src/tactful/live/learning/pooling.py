"""What users are like, estimated from all of them: a new one starts there.

The counts (no, yes) of each user are beta-binomial, with the Beta distribution over users that is looked for: mean m, strength s.
The greatest of

    Σ log B(s·m + no, s·(1 − m) + yes) − log B(s·m, s·(1 − m))  −  (logit m − logit m0)² / 2  −  (log s − log s0)² / 2

with (m0, s0) what was assumed before there were users and σ = 0.5, so that a few of them move it a little and many decide. By likelihood and
not by moments, because who is asked how often depends on what they answered: that changes moments, but not the likelihood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from tactful.live.learning.patience import Population, Prior, everybody
from tactful.live.types import Taste
from tactful.policy.cost import CostPolicy

_SPREAD = 0.5
_MORE, _FEWEST = 8, 20


def population_of(policy: CostPolicy, otherwise: Population) -> Population:
    """The population as the numbers of a policy have it; the rest as in `otherwise`."""
    no, yes = policy.costs.rejects
    told = {"no": no, "yes": yes, "needless": policy.costs.needless, "users": 0, "reactions": 0}
    return otherwise.model_copy(update={**told, "source": "log" if policy.training else "assumed"})


def due(population: Population, reactions: int) -> bool:
    """Whether so many reactions since the last estimate call for another: an eighth more, and 20 at the least."""
    return reactions >= max(_FEWEST, population.reactions / _MORE)


def pooled(tastes: Iterable[Taste], assumed: Population) -> Population:
    """The population of these users; `assumed` is what was believed without any."""
    questions, offers = everybody(tastes)
    no, yes = most_likely(questions, assumed.questions)
    known = [*questions, *(one for kind in offers.values() for one in kind)]
    return assumed.model_copy(
        update={
            "no": no,
            "yes": yes,
            "offers": {
                **assumed.offers,
                **{
                    kind: most_likely(seen, assumed.offers.get(kind, assumed.any_offer))
                    for kind, seen in offers.items()
                },
            },
            "source": "users" if known else assumed.source,
            "users": max([len(questions), *map(len, offers.values())]),
            "reactions": round(sum(map(sum, known))),
        }
    )


def most_likely(counts: Sequence[tuple[float, float]], assumed: Prior) -> Prior:
    """The Beta distribution above, as (no, yes), to four digits."""
    if not counts:
        return assumed
    from scipy.optimize import minimize
    from scipy.special import betaln

    several = Counter((round(no, 1), round(yes, 1)) for no, yes in counts)
    seen, times = np.array(list(several)), np.array(list(several.values()))
    start = np.array([np.log(assumed[0] / assumed[1]), np.log(sum(assumed))])

    def unlikely(at: np.ndarray) -> float:
        a, b = _beta(at)
        fits = (times * (betaln(a + seen[:, 0], b + seen[:, 1]) - betaln(a, b))).sum()
        return float(((at - start) ** 2).sum() / (2 * _SPREAD**2) - fits)

    bounds = [(-5.0, 5.0), (np.log(0.3), np.log(300.0))]
    a, b = _beta(minimize(unlikely, start, method="Nelder-Mead", bounds=bounds).x)
    return float(f"{a:.4g}"), float(f"{b:.4g}")


def _beta(at: np.ndarray) -> tuple[float, float]:
    mean, strength = 1 / (1 + np.exp(-at[0])), np.exp(at[1])
    return float(strength * mean), float(strength * (1 - mean))
