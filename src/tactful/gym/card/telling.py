"""Are generated sessions told from real ones, and by what? The fewer ways there are, the better the simulator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.gym.card.limits import checked
from tactful.gym.card.log import Recorded, Session
from tactful.gym.card.stream import windows
from tactful.gym.card.types import Check, Telling
from tactful.gym.card.words import KINDS, OTHER, kind_of_event, language, sentence
from tactful.stats import FEWEST_GROUPS, Estimate, group_folds
from tactful.stats.auroc import group_auroc
from tactful.stats.bootstrap import estimate, group_draws
from tactful.stats.burstiness import burstiness
from tactful.types import seeded

Array = NDArray[Any]
_STRETCH = 10
"""Events that must do for telling: equal on both sides, so that length alone tells nothing."""
_OF_A_GROUP = 4
_MOST_GROUPS = 60
FOLDS = 5
_RESAMPLES = 500
_NAMED = 4
"""Features that are named on either side."""
_WORDS = r"(?u)\w+|…"
_SPOKEN = 0.05  # weight, in standard deviations of the feature, below which nothing is said of it

Named = tuple[Array, list[str]]
"""(stretches, features), and what the features are called."""


def told_from_people(
    simulated: Recorded, people: Recorded, *, seed: int = 0
) -> tuple[Check, tuple[Telling, ...]]:
    """The check, by all features together, and by each family of them."""
    spoken = {language(one.events) for one in people.sessions}
    kept = [one for one in simulated.sessions if language(one.events) in spoken]
    mine, real = _stretches(kept, seed), _stretches(people.sessions, seed)
    both = [*mine, *real]
    generated = np.arange(len(both)) < len(mine)
    groups = [f"s:{one.group}" for one in mine] + [f"p:{one.group}" for one in real]
    few = min(len({one.group for one in side}) for side in (mine, real))
    untimed = sum(not part.gaps for part in both)
    makers = {name: make for name, make in FAMILIES.items() if not (untimed and make is _gaps)}
    families = {name: make(both) for name, make in makers.items()} if few >= FOLDS else {}
    if families:
        tables, names = zip(*families.values(), strict=True)
        families["all together"] = np.hstack(tables), [*chain.from_iterable(names)]
    told = tuple(
        _tell(name, found, generated, groups, few=few, seed=seed) for name, found in families.items()
    )
    nothing = Estimate(value=None, items=len(both), groups=few)
    check = checked(
        "told from people",
        f"AUROC of telling stretches of {_STRETCH} generated events from recorded ones; other sessions were "
        "learnt from",
        told[-1].auroc if told else nothing,
        side="events",
        note=_note(len(simulated.sessions) - len(kept), few, untimed),
    )
    return check, told


def _note(other: int, few: int, untimed: int) -> str:
    if few < FOLDS:
        return f"takes {FOLDS} recordings and {FOLDS} scenes in one language"
    told = [f"{other} sessions in languages that no recording speaks are left out"] if other else []
    if untimed:
        told.append(f"not told by gaps, for of {untimed} of the stretches no times are known")
    return "; ".join(told)


def _stretches(sessions: Sequence[Session], seed: int) -> list[Session]:
    """Stretches of equal length, a few of each group, of a sample of the groups."""
    held: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        held[session.group] += [part for part in windows(session, _STRETCH) if len(part.events) == _STRETCH]
    groups = sorted(group for group, parts in held.items() if parts)
    rng = seeded("stretches", seed)
    chosen = sorted(rng.sample(groups, min(_MOST_GROUPS, len(groups))))
    return [part for group in chosen for part in rng.sample(held[group], min(_OF_A_GROUP, len(held[group])))]


# ---------------------------------------------------------------- features


def _gaps(parts: Sequence[Session]) -> Named:
    names = [
        "median gap",
        "spread of the log gaps",
        "burstiness",
        "gaps below 3 s",
        "gaps above 60 s",
        "longest gap",
        "whole seconds",
    ]
    return np.array([_gap_row(part) for part in parts]), names


def _gap_row(part: Session) -> list[float]:
    gaps = np.array(part.gaps)
    if not len(gaps):
        return [0.0] * 7
    logs = np.log1p(gaps)
    return [
        float(np.median(logs)),
        float(logs.std()),
        burstiness(part.gaps) or 0.0,
        float((gaps < 3).mean()),
        float((gaps > 60).mean()),
        float(logs.max()),
        float((gaps == np.round(gaps)).mean()),
    ]


def _lengths(parts: Sequence[Session]) -> Named:
    names = ["mean length", "spread of the lengths", "words", "quoted parts", "share outside ASCII"]
    rows = []
    for part in parts:
        texts = [event.text for event in part.events]
        sizes = np.array([len(text) for text in texts])
        quoted = [text.count("'") + text.count('"') for text in texts]
        outside = sum(not char.isascii() for text in texts for char in text) / max(1, sizes.sum())
        words = float(np.mean([len(text.split()) for text in texts]))
        rows.append(
            [float(np.log1p(sizes.mean())), float(sizes.std()), words, float(np.mean(quoted)), outside]
        )
    return np.array(rows), names


def _kinds(parts: Sequence[Session]) -> Named:
    names = [*KINDS, OTHER]
    rows, pairs = [], []
    for part in parts:
        kinds = [kind_of_event(event.text) for event in part.events]
        rows.append([kinds.count(name) / len(kinds) for name in names])
        pairs.append([sum(a == b for a, b in pairwise(kinds)) / len(kinds)])
    return np.hstack([rows, pairs]), [*names, "the same kind twice"]


def _ngrams(parts: Sequence[Session]) -> Named:
    from sklearn.feature_extraction.text import CountVectorizer

    texts = [" . ".join(sentence(event.text) for event in part.events) for part in parts]
    counter = CountVectorizer(ngram_range=(1, 2), max_features=400, binary=True, token_pattern=_WORDS)
    found = counter.fit_transform(texts)
    return np.asarray(found.todense(), dtype=float), [f"“{name}”" for name in counter.get_feature_names_out()]


FAMILIES: dict[str, Callable[[Sequence[Session]], Named]] = {
    "gaps": _gaps,
    "lengths": _lengths,
    "kinds of events": _kinds,
    "words": _ngrams,
}
"""What a stretch is told by; nothing here looks at labels."""


# ---------------------------------------------------------------- telling


def _tell(by: str, found: Named, generated: Array, groups: Sequence[str], *, few: int, seed: int) -> Telling:
    features, names = found
    each, index = np.unique(groups, return_inverse=True)
    strength = 1 / max(1.0, features.shape[1] / 4)
    p = crossed(features, generated, _folds(groups, seed), strength, weights="balanced")
    whole = group_auroc(p, generated, index, np.ones((1, len(each))))
    drawn = group_auroc(p, generated, index, group_draws(len(each), _RESAMPLES, seed))
    auroc = estimate(float(whole[0]), drawn, items=len(p), groups=few, fewest=FEWEST_GROUPS)
    weights = _fitted(features, generated, strength, "balanced")[-1].coef_[0]
    order = [int(at) for at in np.argsort(weights)]
    strong = [names[at] for at in reversed(order[-_NAMED:]) if weights[at] > _SPOKEN]
    weak = [names[at] for at in order[:_NAMED] if weights[at] < -_SPOKEN]
    return Telling(by=by, auroc=auroc, generated=tuple(strong), real=tuple(weak))


def _folds(groups: Sequence[str], seed: int) -> Array:
    """Each stretch's fold, by its group; every fold holds groups of both sides."""
    fold_of: dict[str, int] = {}
    for side in ("s:", "p:"):
        fold_of |= group_folds([group for group in groups if group.startswith(side)], FOLDS, seed)
    return np.array([fold_of[group] for group in groups])


def crossed(
    features: Array, true: Array, folds: Array, strength: float, *, weights: str | None = None
) -> Array:
    """P(true), each fold's by a model of the others; the share of the true where those are all of one kind."""
    p = np.full(len(true), float(true.mean()))
    for fold in range(FOLDS):
        test = folds == fold
        if test.any() and 0 < true[~test].sum() < (~test).sum():
            model = _fitted(features[~test], true[~test], strength, weights)
            p[test] = model.predict_proba(features[test])[:, 1]
    return p


def _fitted(features: Array, true: Array, strength: float, weights: str | None) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = LogisticRegression(C=strength, max_iter=500, class_weight=weights)
    return make_pipeline(StandardScaler(), model).fit(features, true)
