"""Clarity and complexity of a text, by the models fitted on the bundled tasks of its domain."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tactful.data.seeds.tasks import load_seed_tasks, seed_domains
from tactful.reading.estimate.clarity import ClarityModel, ComplexityModel, complexity_target
from tactful.types import Record, State

ALL_DOMAINS = "*"
"""The models fitted on the bundled tasks of all domains together."""
FITTED = Path(__file__).with_name("estimators.json")
"""The models of `fit_domains`, written by `tools/fit_estimators.py`: asking a policy need not fit them first."""


class Estimator(Record):
    """The two models of one domain."""

    clarity: ClarityModel
    complexity: ComplexityModel

    @classmethod
    def fit(cls, states: Sequence[State]) -> Estimator:
        """Fit on labelled states: the wording is the label, the number of requirements the complexity."""
        texts = [state.query for state in states]
        labels = [float(state.wording == "complete") for state in states]
        targets = [complexity_target(len(state.hidden.requirements)) for state in states]
        return cls(
            clarity=ClarityModel.fit(texts, labels, [state.group or state.id for state in states]),
            complexity=ComplexityModel.fit(texts, targets),
        )

    def complete(self, states: Sequence[State]) -> list[State]:
        """The states with clarity and complexity as estimated, whatever they were."""
        texts = [state.query for state in states]
        estimates = zip(states, self.clarity.predict(texts), self.complexity.predict(texts), strict=True)
        return [
            state.model_copy(
                update={"query_clarity": round(float(clear), 4), "task_complexity": round(float(hard), 4)}
            )
            for state, clear, hard in estimates
        ]


@cache
def domain_estimator(domain: str) -> Estimator:
    """The models for texts that carry no label: fitted on all bundled seeds of the domain.

    A domain without bundled seeds gets the models fitted on the seeds of all domains together.
    """
    known = json.loads(FITTED.read_bytes())
    return Estimator.model_validate(known.get(domain, known[ALL_DOMAINS]))


def fit_domains() -> dict[str, Estimator]:
    """The models of `domain_estimator`, fitted anew: each domain with bundled seeds, and `*`, all together."""
    seeds = {domain: seed_task_states(domain) for domain in seed_domains()}
    fitted = {domain: Estimator.fit(states) for domain, states in seeds.items()}
    return {**fitted, ALL_DOMAINS: Estimator.fit([state for states in seeds.values() for state in states])}


def seed_task_states(domain: str) -> tuple[State, ...]:
    """Both wordings of every bundled task of the domain, without estimates. Raises: UserError for an unknown domain."""
    return tuple(state for task in load_seed_tasks(domain) for state in task.states())
