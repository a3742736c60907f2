"""Simulated users who behave as a log's users do.

From the log, over its users (its conversations where it names none):

- how often questions are rejected, as a Beta distribution by moments → **patience** of five personas at its deciles 10 to 90;
- how short replies to questions are → **time pressure** (1 at nothing, 0 from `_LONG` tokens);
- how often a reply leaves the question aside → **clarity**; how often the choice is left to the assistant → **expertise**.

The formulas are those of `calibration.play.users`, solved for the trait. What a rule user cannot do (correct a wrong guess in
words, write as briefly as people) the card shows as a gap: no trait makes up for it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np

from tactful.calibration.play.users import REDUNDANT
from tactful.calibration.types import Persona
from tactful.errors import UserError
from tactful.mend.users.manners import Manners
from tactful.stats import FEWEST_GROUPS
from tactful.stats.shares import beta_strength

_LONG = 40.0  # tokens of a reply from which nobody is pressed for time
_PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)
_USUAL_STRENGTH = 4.0


def fit_personas(log: Manners) -> tuple[Persona, ...]:
    """Five personas like the log's users. Raises UserError where too few of them were asked anything."""
    asked = np.array(list(log.questions.values()), dtype=float).reshape(-1, 2)
    if len(asked) < FEWEST_GROUPS:
        raise UserError(
            f"{len(asked)} users or conversations of the log were asked anything that could be judged, {FEWEST_GROUPS} are "
            "needed to say how they take questions; give more logs"
        )
    total = float(asked[:, 1].sum())
    mean = float(asked[:, 0].sum()) / total
    strength = beta_strength(asked) or _USUAL_STRENGTH
    length = log.figure("tokens_to_question").value or _LONG
    pressure = _bounded(1 - length / _LONG)
    aside = log.figure("left").value or 0.0
    clarity = _bounded(1 - math.sqrt(max(0.0, aside - 0.01) / 0.19))
    expertise = _bounded((0.25 - log.delegated / total) / 0.24)
    return tuple(
        Persona(
            name=f"log-{number}",
            domain="any",
            expertise=expertise,
            patience=_patience(chance, log.needless / total, pressure),
            clarity=clarity,
            time_pressure=pressure,
            style=_style(length, chance),
        )
        for number, chance in enumerate(_deciles(mean, strength), start=1)
    )


def _deciles(mean: float, strength: float) -> list[float]:
    from scipy.stats import beta

    mean = min(0.99, max(0.01, mean))
    return [float(beta.ppf(place, mean * strength, (1 - mean) * strength)) for place in _PLACES]


def _patience(rejects: float, needless: float, pressure: float) -> float:
    """The patience with which a first question is rejected so often, when this share of questions is needless.

    A needless question is rejected more often (`REDUNDANT`), so r = p + (1 − p)·k with k = `REDUNDANT` · needless; then
    p = 0.03 + 0.9 · (1 − patience)² · (0.4 + 0.6 · pressure), bounded by 0.7.
    """
    raised = REDUNDANT * needless
    p = min(0.7, max(0.03, (rejects - raised) / (1 - raised)))
    return _bounded(1 - math.sqrt((p - 0.03) / (0.9 * (0.4 + 0.6 * pressure))))


def _style(tokens: float, rejects: float) -> str:
    words = round(tokens / 1.3)
    manner = "and often refuses to be asked" if rejects >= 0.5 else "and mostly answers what is asked"
    return f"Answers a question in about {max(1, words)} words, {manner}."


def _bounded(value: float) -> float:
    return round(min(0.98, max(0.02, value)), 3)


def personas_toml(personas: Sequence[Persona]) -> str:
    """The personas as a file for `--personas`."""
    tables = []
    for persona in personas:
        rows = persona.model_dump(exclude={"held_out"})
        lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in rows.items()]
        tables.append("\n".join(["[[persona]]", *lines]))
    return "# Fitted to a log by `tactful calibrate users fit`.\n\n" + "\n\n".join(tables) + "\n"
