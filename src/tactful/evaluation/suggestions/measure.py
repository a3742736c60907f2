"""How many suggestions could be hidden, and how many of those would have been accepted? By user, nested, beside baselines.

Retrospective: a hidden suggestion counts as wrongly hidden when the programmer accepted it when it was shown. What
programmers would have done without it, nobody knows. Figures pool the suggestions of all users; intervals resample users.
Source of the idea to compare with: arXiv:2306.04930, which hides where a model predicts rejection, in one step or in
two (before and after the suggesting model has run). Ours: the threshold is chosen on users that it is not measured on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tactful.data.formats.suggestions import DecidedSuggestion, ShownSuggestion, shown_in_order
from tactful.evaluation.suggestions.cross import (
    NOTHING,
    CrossFit,
    Learner,
    Users,
    by_head,
    by_look_up,
    cross_fit,
    hidden_by,
    loosest_cut,
    nested_cuts,
    out_of_fold,
    split_users,
)
from tactful.evaluation.suggestions.measures import Measures
from tactful.evaluation.suggestions.report import SuggestionBench
from tactful.evaluation.suggestions.results import (
    BASELINES,
    RULES,
    Ablation,
    AtBar,
    BarsRow,
    HidingRow,
    ProbabilityRow,
)
from tactful.reward.features.table import FeatureTable
from tactful.reward.gate.betting import sessions_needed
from tactful.reward.gate.promise import Promise, promise
from tactful.reward.suggestions.features import (
    BEFORE_GROUPS,
    DEFAULT_GROUPS,
    label_features,
    suggestion_features,
)
from tactful.stats import Estimate, group_folds
from tactful.stats.bootstrap import Array, estimate, group_draws
from tactful.types import content_hash

BAR = 0.05
"""Of the hidden suggestions at most this share may be such that would have been accepted."""
DELTA = 0.1
"""Probability that a promise is broken."""
FIXED = (0.1, 0.2, 0.3, 0.5)
"""Thresholds of hiding by predicted rejection, fixed before any figure was seen."""
TWO_STEPS = 0.2
"""Threshold of both steps of the published cascade, fixed likewise."""
MODEL, BEFORE, CONFIDENCE, LOOK_UP = "model", "before the suggestion", "confidence alone", "look-up"
BARS = (0.05, 0.1, 0.2, 0.3)
"""Bars of the table that shows what tolerating more would bring."""
OTHER_USERS = "threshold chosen on other users"
IN_HINDSIGHT, PROMISED = "model, in hindsight", "model, promised"


def measure_suggestions(
    decisions: Sequence[DecidedSuggestion],
    *,
    data: str,
    bar: float = BAR,
    ablations: bool = False,
    bad_rows: int = 0,
    resamples: int = 2000,
    seed: int = 0,
) -> SuggestionBench:
    """Everything about these decisions. Equal seeds give equal figures.

    Raises: UserError for too few users, or one class only.
    """
    from tactful import __version__

    names = [decision.suggestion.user for decision in decisions]
    users = split_users(names, [decision.outcome.accepted for decision in decisions], seed=seed)
    with_draws = Measures(users, group_draws(users.count, resamples, seed), bar, seed)
    shown = shown_in_order(decisions)
    learners = _learners(shown, users, seed)
    found = {name: cross_fit(learner, users) for name, learner in learners.items()}
    promises, of_promised = _promises(learners[MODEL], users, bar, seed)
    hiding, gap = _hiding(with_draws, found, promises, of_promised)
    people = np.unique(names).tolist()
    return SuggestionBench(
        data=data,
        data_hash=content_hash("\n".join(decision.model_dump_json() for decision in decisions)),
        bad_rows=bad_rows,
        decisions=len(decisions),
        accepted=int(users.accepted.sum()),
        users=users.count,
        per_user={name: _counts(users, at) for at, name in enumerate(people)},
        folds=users.folds,
        bar=bar,
        features=suggestion_features(shown).names,
        probabilities=_probabilities(with_draws, {name: one.p for name, one in found.items()}),
        hiding=hiding,
        bars=_bars(with_draws, found),
        hindsight_gap=gap,
        cuts=_cuts_by_name(users, people, nested_cuts(found[MODEL], bar)),
        promise=_promise_words(promises, users, bar),
        promised_folds=sum(one.threshold is not None for one in promises),
        curves={name: with_draws.curve(found[name].p) for name in (MODEL, CONFIDENCE)},
        ablations=tuple(_ablations(decisions, with_draws, found[MODEL].p)) if ablations else (),
        resamples=resamples,
        seed=seed,
        version=__version__,
    )


def measure_probabilities(
    decisions: Sequence[DecidedSuggestion], *, resamples: int = 2000, seed: int = 0
) -> tuple[ProbabilityRow, ...]:
    """The table of probabilities of `measure_suggestions` alone, which takes a tenth of the fits: the model first.

    Raises: UserError, as `measure_suggestions`.
    """
    names = [decision.suggestion.user for decision in decisions]
    users = split_users(names, [decision.outcome.accepted for decision in decisions], seed=seed)
    measures = Measures(users, group_draws(users.count, resamples, seed), BAR, seed)
    learners = _learners(shown_in_order(decisions), users, seed)
    return _probabilities(measures, {name: out_of_fold(learn, users) for name, learn in learners.items()})


def _counts(users: Users, at: int) -> tuple[int, int]:
    mine = users.accepted[users.user == at]
    return len(mine), int(mine.sum())


def _learners(shown: Sequence[ShownSuggestion], users: Users, seed: int) -> dict[str, Learner]:
    table = suggestion_features(shown)
    confidence = ("confidence", "confidence_unknown")
    alone = FeatureTable(confidence, table.values[:, [table.names.index(name) for name in confidence]])
    return {
        MODEL: by_head(table, users, seed=seed),
        BEFORE: by_head(suggestion_features(shown, BEFORE_GROUPS), users, seed=seed),
        CONFIDENCE: by_head(alone, users, seed=seed),
        LOOK_UP: by_look_up([(one.suggestion.task, one.suggestion.activity) for one in shown], users),
    }


def _cuts_by_name(users: Users, people: Sequence[str], cuts: Array) -> dict[str, float | None]:
    of_fold = [np.unique(users.user[users.fold == fold]) for fold in range(users.folds)]
    return {
        ", ".join(people[at] for at in members): None if cut == NOTHING else float(cut)
        for members, cut in zip(of_fold, cuts, strict=True)
    }


# ---------------------------------------------------------------- the rows


def _probabilities(measures: Measures, found: Mapping[str, Array]) -> tuple[ProbabilityRow, ...]:
    users = measures.users
    ones = np.ones(len(users.accepted))
    rates = np.array([users.accepted[users.fold != fold].mean() for fold in range(users.folds)])[users.fold]
    p = {MODEL: found[MODEL], BEFORE: found[BEFORE]}
    p |= {"always-show": ones, "always-hide": 0 * ones, "random": rates}
    p |= {LOOK_UP: found[LOOK_UP], CONFIDENCE: found[CONFIDENCE]}
    return tuple(measures.probabilities(name, values) for name, values in p.items())


def _hiding(
    measures: Measures, found: Mapping[str, CrossFit], promises: Sequence[Promise], of_promised: Array
) -> tuple[tuple[HidingRow, ...], Estimate]:
    """The rows in the order of the table, and what hindsight adds to the share hidden.

    `of_promised`: the probabilities of the models that `promises` are about.
    """
    users, model = measures.users, found[MODEL]
    chosen = {name: measures.nested(name, OTHER_USERS, found[name]) for name in (MODEL, LOOK_UP, CONFIDENCE)}
    nested, nested_drawn = chosen[MODEL]
    best, best_drawn = measures.hindsight(IN_HINDSIGHT, "the best threshold on these very users", model.p)
    promised = np.array([np.inf if one.threshold is None else one.threshold for one in promises])[users.fold]
    guaranteed = measures.hiding(
        PROMISED, "threshold with a guarantee, else none", (1 - of_promised >= promised).astype(float)
    )
    count = len(users.accepted)
    rows = [nested, best, guaranteed, *_published(measures, found)]
    rows += [
        measures.hiding(name, RULES[name].split(";")[0], hidden)
        for name, hidden in _flat(count, nested.hidden / count).items()
    ]
    rows += [chosen[LOOK_UP][0], chosen[CONFIDENCE][0]]
    assert [row.name for row in rows if row.baseline] == list(BASELINES)
    gap = estimate(
        (best.hidden_share.value or 0.0) - (nested.hidden_share.value or 0.0),
        best_drawn - nested_drawn,
        items=count,
        groups=users.count,
    )
    return tuple(rows), gap


def _flat(count: int, share: float) -> dict[str, Array]:
    """What hiding nothing, everything, and this share by lot do with so many suggestions."""
    ones = np.ones(count)
    return {"always-show": 0 * ones, "always-hide": ones, "random": share * ones}


def _published(measures: Measures, found: Mapping[str, CrossFit]) -> list[HidingRow]:
    """Hiding by predicted rejection at thresholds fixed beforehand, in one step and in two."""
    p, before = found[MODEL].p, found[BEFORE].p
    rows = [
        measures.hiding(f"p(accept) < {at:g}", "predicted rejection, fixed threshold", (p < at).astype(float))
        for at in FIXED
    ]
    either = ((before < TWO_STEPS) | (p < TWO_STEPS)).astype(float)
    words = "predicted rejection before or after the suggesting model ran, fixed"
    return [*rows, measures.hiding(f"two steps, {TWO_STEPS:g}", words, either)]


def _bars(measures: Measures, found: Mapping[str, CrossFit]) -> tuple[BarsRow, ...]:
    """What every rule hides at each of `BARS` and at the bar of the command."""
    users = measures.users
    rows: dict[str, list[AtBar]] = {}
    for bar in sorted({*BARS, measures.bar}):
        nested = {
            name: hidden_by(found[name], nested_cuts(found[name], bar))
            for name in (MODEL, LOOK_UP, CONFIDENCE)
        }
        best = (found[MODEL].p <= loosest_cut(found[MODEL].p, users.accepted, bar)).astype(float)
        flat = _flat(len(best), float(nested[MODEL].mean()))
        hidden = {MODEL: nested[MODEL], IN_HINDSIGHT: best, **flat}
        hidden |= {LOOK_UP: nested[LOOK_UP], CONFIDENCE: nested[CONFIDENCE]}
        for name, values in hidden.items():
            rows.setdefault(name, []).append(_at_bar(bar, values, users))
    return tuple(BarsRow(name=name, baseline=name in BASELINES, at=tuple(at)) for name, at in rows.items())


def _at_bar(bar: float, hidden: Array, users: Users) -> AtBar:
    count = float(hidden.sum())
    wrong = float(hidden @ users.accepted) / count if count else None
    return AtBar(bar=bar, hidden_share=count / len(hidden), wrong_share=wrong)


# ---------------------------------------------------------------- the gate with a promise


def _promises(learn: Learner, users: Users, bar: float, seed: int) -> tuple[list[Promise], Array]:
    """For each fold what half of the other users can promise of a model trained on the other half, and what that very
    model says of the fold, (n,): a promise made about one model says nothing of another.

    Hiding is the act that needs a promise: its "false alarm" is a hidden suggestion that would have been accepted.
    So the gate gets the probabilities of rejection.
    """
    found, said = [], np.full(len(users.user), np.nan)
    for fold in range(users.folds):
        others = np.unique(users.user[users.fold != fold]).astype(str).tolist()
        half = group_folds(others, 2, seed)
        trains, calibrates = (np.array([half.get(str(one)) == part for one in users.user]) for part in (0, 1))
        enough = sum(part == 1 for part in half.values()) >= sessions_needed(bar, DELTA)
        p = np.zeros(int(calibrates.sum()))
        if enough:
            says, here = learn(trains), users.fold == fold
            p, said[here] = says(calibrates), says(here)
        found.append(
            promise(
                np.clip(1 - p, 0, 1),
                users.accepted[calibrates] == 0,
                users.user[calibrates].astype(str),
                alpha=bar,
                delta=DELTA,
                of="ratio",
            )
        )
    return found, said


def _promise_words(promises: Sequence[Promise], users: Users, bar: float) -> str:
    made = [one for one in promises if one.threshold is not None]
    if made:
        return (
            f"for {len(made)} of {len(promises)} parts: for new users drawn like these, at most {bar:g} of what is hidden would "
            f"have been accepted (every user counting the same), with confidence {1 - DELTA:g} over the calibration users; "
            "not for each user, and not under shift"
        )
    first = promises[0]
    if first.sessions < first.sessions_needed:
        return (
            f"cannot promise: a promise of at most {bar:g} with confidence {1 - DELTA:g} needs at least "
            f"{first.sessions_needed} calibration users beside those to train on, even if none had a wrong one; there are "
            f"{users.count} users in all"
        )
    return (
        f"cannot promise: where the test starts, at p(reject) {1 - bar:g}, {first.sessions} calibration users do not show "
        f"that at most {bar:g} of what is hidden would have been accepted"
    )


# ---------------------------------------------------------------- other features


def _ablations(
    decisions: Sequence[DecidedSuggestion], measures: Measures, model: Array
) -> Iterator[Ablation]:
    """The model with fewer or more features; all beside `model`, its own probabilities."""
    shown, users, seed = shown_in_order(decisions), measures.users, measures.seed
    full = suggestion_features(shown)
    tables = {
        f"without {group}": suggestion_features(shown, [one for one in DEFAULT_GROUPS if one != group])
        for group in DEFAULT_GROUPS
    }
    tables["with years and stated skill"] = suggestion_features(shown, (*DEFAULT_GROUPS, "person"))
    tables["with the programmer's own label (not known live)"] = full.beside(label_features(decisions))
    for name, table in tables.items():
        found = cross_fit(by_head(table, users, seed=seed), users)
        figures = measures.probabilities(name, found.p)
        yield Ablation(
            name=name,
            auroc=figures.auroc,
            auroc_gain=measures.difference(found.p, model),
            brier=figures.brier,
            hiding=measures.nested(name, OTHER_USERS, found)[0],
        )
