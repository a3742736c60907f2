"""How good is a judge of moments? Its figures beside those of baselines, with intervals by session.

`measure` is the one way in: it takes the items and the judge's acceptances and adds the baselines itself, so that no
result lacks them. The four categories are weighted equally, by weights: no moment is dropped or doubled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tactful.errors import UserError
from tactful.evaluation.judges.baselines import BASELINES, Said, at_even_rates, baseline_values
from tactful.evaluation.judges.measures import (
    Columns,
    agreement,
    auroc_draws,
    calibration,
    columns_of,
    difference,
    estimates,
    is_scored,
    people_alpha,
)
from tactful.evaluation.judges.published import as_published
from tactful.evaluation.judges.results import (
    CATEGORIES,
    FIGURES,
    KINDS,
    Difference,
    JudgeRow,
    Measured,
    PublishedRow,
    SessionFigures,
)
from tactful.reward.types import Acceptance
from tactful.stats import Estimate
from tactful.stats.bootstrap import Array, estimate, group_draws
from tactful.types import LabelledMoment

RESAMPLES = 1000
OTHER_SESSIONS = "each moment judged from other sessions alone"


def measure(
    items: Sequence[LabelledMoment],
    acceptances: Sequence[Acceptance],
    *,
    judge: str,
    regime: str = OTHER_SESSIONS,
    known: Sequence[LabelledMoment] | None = None,
    parts: Sequence[str] | None = None,
    rates: Sequence[float] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Measured:
    """All figures of a judge, its acceptances in the order of `items`; unscored ones are left out and counted.

    `known` is what the look-up knows: what the judge was trained on. Without it, an item's look-up knows the items of
    the other `parts` (one name per item, as the judge was cross-fitted), by default the other sessions.
    `rates` is for a calibrated judge: for each item the base rate at which its probability is meant (of the proposals
    or of the silences that it was trained on). Where all categories weigh the same, these rates are one half, so its
    probabilities are moved there by their odds before they are ranked and scored. Without it they are taken as they are.
    Every row is measured on the moments that the judge scored, but for the figures as published.
    Intervals are 95%, over `resamples` draws of sessions; each statistic is recomputed in each draw.
    Raises: UserError when there is no item, or when an acceptance is of another moment.
    """
    _check(items, acceptances)
    scored = np.array([is_scored(one) for one in acceptances], dtype=bool)
    columns = columns_of(items, acceptances)
    if rates is not None:
        moved = at_even_rates(columns.p, np.asarray(rates, dtype=float)[scored])
        columns = columns.judged(columns.p, columns.said, moved)
    draws = group_draws(columns.sessions, resamples, seed)
    kept = [item for item, here in zip(items, scored, strict=True) if here]
    values = baseline_values(items, known=known, parts=parts)
    unscored = int((~scored).sum())
    rows = [_row(judge, columns, draws, baseline=False, unscored=unscored, seed=seed)]
    differences = []
    for name in BASELINES:
        p, said, even = (value[scored] for value in values[name])
        there = np.isfinite(p)
        theirs = columns.judged(p, said, even).take(there)
        mine = columns.take(there)
        shared = draws if there.all() else group_draws(mine.sessions, resamples, seed)
        rows.append(_row(name, theirs, shared, baseline=True, unscored=int((~there).sum()), seed=seed))
        differences.append(Difference(baseline=name, equal=difference(mine, theirs, shared)))
    return Measured(
        judge=judge,
        regime=regime,
        items=len(items),
        sessions=len({item.moment.session for item in items}),
        unscored=unscored,
        categories={name: sum(item.category == name for item in items) for name in CATEGORIES},
        rows=tuple(rows),
        differences=tuple(differences),
        people_alpha=people_alpha(columns, draws),
        by_session=_by_session(kept, columns),
        at_even_rates=rates is not None,
        published=_published(items, acceptances, values, judge),
        resamples=resamples,
        seed=seed,
    )


def _check(items: Sequence[LabelledMoment], acceptances: Sequence[Acceptance]) -> None:
    if not items:
        raise UserError("there is no labelled moment to measure a judge on; give rows with 'valid'")
    if len(items) != len(acceptances):
        raise UserError(
            f"{len(acceptances)} judgements for {len(items)} moments; give one for each, in order"
        )
    for item, said in zip(items, acceptances, strict=True):
        if item.moment.id != said.moment_id:
            raise UserError(
                f"the judgement of moment '{said.moment_id}' stands where that of '{item.moment.id}' belongs; "
                "give them in the order of the moments"
            )


def _row(name: str, columns: Columns, draws: Array, *, baseline: bool, unscored: int, seed: int) -> JudgeRow:
    plain = estimates(columns, draws, equal=False, unscored=unscored)
    equal = estimates(columns, draws, equal=True, unscored=unscored)
    found = [calibration(columns, kind, seed=seed) for kind in KINDS]
    return JudgeRow(
        name=name,
        baseline=baseline,
        categories={
            category: plain[f"category:{category}"]
            for category in CATEGORIES
            if f"category:{category}" in plain
        },
        equal={figure: equal[figure] for figure in FIGURES if figure in equal},
        plain={figure: plain[figure] for figure in FIGURES if figure in plain},
        auroc_of={kind: _auroc(columns.take(columns.of_kind(kind)), len(draws), seed) for kind in KINDS},
        calibration=tuple(item for item in found if item is not None),
        agreement=agreement(columns, draws),
    )


def _auroc(columns: Columns, resamples: int, seed: int) -> Estimate:
    value = auroc_draws(columns, np.ones((1, columns.sessions)))
    drawn = auroc_draws(columns, group_draws(columns.sessions, resamples, seed))
    return estimate(float(value[0]), drawn, items=len(columns.p), groups=columns.sessions)


def _by_session(items: Sequence[LabelledMoment], columns: Columns) -> tuple[SessionFigures, ...]:
    names = sorted({item.moment.session for item in items})
    found = []
    for at, name in enumerate(names):
        mine = columns.take(columns.session == at)
        auroc = float(auroc_draws(mine, np.ones((1, 1)))[0])
        found.append(
            SessionFigures(
                session=name,
                items=len(mine.p),
                accuracy=float((mine.said == mine.accepted).mean()),
                auroc=auroc if np.isfinite(auroc) else None,
                mean_p=float(mine.p.mean()),
                rate=float(mine.accepted.mean()),
            )
        )
    return tuple(found)


def _published(
    items: Sequence[LabelledMoment],
    acceptances: Sequence[Acceptance],
    values: dict[str, Said],
    judge: str,
) -> tuple[PublishedRow, ...]:
    rows = [as_published(items, [one.accepted for one in acceptances], name=judge)]
    for name in BASELINES:
        said = [None if np.isnan(value) else float(value) for value in values[name].verdict]
        rows.append(as_published(items, said, name=name, baseline=True))
    return tuple(rows)
