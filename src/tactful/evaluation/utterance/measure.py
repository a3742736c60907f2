"""How well are the user's next messages predicted? Every figure with its interval by dialogue, beside four baselines.

Similarity is left unscored where there is no prediction, or where no encoder knows the language; hit@k counts an
item without a prediction as a miss, since nobody was helped. How many were unparsable stands beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tactful.evaluation.utterance.baselines import BASELINES, Pool, baseline_predictions
from tactful.evaluation.utterance.items import Items
from tactful.evaluation.utterance.results import MODEL, Sample, Slice, SystemScores, UtteranceEvaluation
from tactful.evaluation.utterance.similarity import CHRF, COSINE, JUDGE, NGRAMS, Similarities
from tactful.stats import Estimate
from tactful.stats.bootstrap import grouped_mean
from tactful.types import Provenance
from tactful.utterance.predict.predictor import Prediction
from tactful.utterance.types import PLACES

COMMON = "common"
"""The baseline that also names the most common category and view of the labels."""
THRESHOLDS: Mapping[str, float] = {COSINE: 0.7, CHRF: 0.5, NGRAMS: 0.5, JUDGE: 0.8}
"""Similarity from which on a prediction hits; `--hit` changes them."""
SIMILARITIES: Mapping[str, str] = {
    COSINE: "cosine of sentence embeddings, in [−1, 1]",
    CHRF: "chrF2, in [0, 1]: shared character n-grams",
    NGRAMS: "cosine of character n-gram counts, in [0, 1]",
    JUDGE: "similarity as a language model judges it, in [0, 1]",
}
SAMPLES = 6

JudgeScores = Mapping[tuple[str, str], Sequence[float | None]]
"""(system, item id) → the judge's similarity of each prediction; None where it could not be read."""


@dataclass(frozen=True)
class Settings:
    """How to evaluate."""

    k: int = 4
    """Predictions that count, the first k of each; every baseline gives k."""
    thresholds: Mapping[str, float] = field(default_factory=lambda: dict(THRESHOLDS))
    seed: int = 0
    resamples: int = 2000


def measure_names(similarities: Sequence[str], settings: Settings) -> dict[str, str]:
    """Every measure of an evaluation and what it means."""
    names: dict[str, str] = {}
    for name in similarities:
        meaning, at = SIMILARITIES[name], settings.thresholds[name]
        names[f"{name}_best"] = f"best of {settings.k}: {meaning}; higher is better"
        names[f"{name}_mean"] = f"mean of {settings.k}: {meaning}; higher is better"
        names[f"{name}_hit"] = (
            f"hit@{settings.k}: share of items whose best reaches {at:g} in {name}; no prediction is a miss"
        )
    names["category"] = (
        "share of items whose category (Statement, Question, Instruction) is the labelled one; 'common' always names the most common label"
    )
    names["view"] = (
        "share of items whose closest prediction is of the labelled view, where all four count; 'common' as above"
    )
    names["unparsable"] = "share of items without a readable prediction; lower is better"
    return names


def all_predictions(
    items: Sequence[Prediction], pool: Pool, settings: Settings
) -> dict[str, list[tuple[str, ...]]]:
    """System → the predictions that count for each item: the model's first, then the baselines'."""
    given = [item.predictions[: settings.k] for item in items]
    return {MODEL: given, **baseline_predictions(items, pool, settings.k, seed=settings.seed)}


def evaluate_predictions(
    source: str,
    items: Items,
    predictions: Mapping[str, Sequence[tuple[str, ...]]],
    similarities: Similarities,
    settings: Settings,
    pool: Pool,
    *,
    train: str | None,
    judge: str | None,
    judged: JudgeScores | None = None,
    notes: Sequence[str] = (),
) -> UtteranceEvaluation:
    """Every figure of `predictions` (`all_predictions`), which `similarities` reads, and what a reader must know beside.

    `judged` is what the model called `judge` said of them.
    """
    similarities.prepare(*_texts(items.items, predictions))
    names = [*similarities.measures, *([JUDGE] if judged is not None else [])]
    measures = measure_names(names, settings)
    if judge:
        measures = {name: text.replace("a language model", judge) for name, text in measures.items()}
    everywhere = len(similarities.reads) == len({item.lang for item in items.items})
    headline = f"{COSINE if COSINE in names and everywhere else CHRF}_best"
    table = {
        system: _columns(system, items.items, said, similarities, names, settings, judged)
        for system, said in predictions.items()
    }
    slices = _slices(items.items, table, headline, settings)
    return UtteranceEvaluation(
        source=source,
        k=settings.k,
        read=items.read,
        items=len(items.items),
        dialogues=slices[0].dialogues,
        unparsable=sum(not item.usable for item in items.items),
        failed=items.failed,
        skipped=items.skipped,
        bad=items.bad,
        measures=measures,
        headline_measure=headline,
        readers=_readers(similarities),
        training=_training(pool, train),
        slices=slices,
        samples=_samples(items.items, predictions[MODEL], table[MODEL][headline], similarities, headline),
        notes=(*items.notes, *notes, *_own_notes(items, pool)),
        provenance=_provenance(items),
        seed=settings.seed,
    )


def _texts(
    items: Sequence[Prediction], predictions: Mapping[str, Sequence[tuple[str, ...]]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    texts: dict[str, list[str]] = {item.lang: [] for item in items}
    gold: dict[str, list[str]] = {item.lang: [] for item in items}
    for at, item in enumerate(items):
        gold[item.lang].append(item.hindsight.message)
        texts[item.lang].extend(text for said in predictions.values() for text in said[at])
    return texts, gold


ScoreColumns = dict[str, np.ndarray[Any, Any]]


def _columns(
    system: str,
    items: Sequence[Prediction],
    said: Sequence[tuple[str, ...]],
    similarities: Similarities,
    names: Sequence[str],
    settings: Settings,
    judged: JudgeScores | None,
) -> ScoreColumns:
    """One value per item for every measure; NaN where unscored."""
    rows: dict[str, list[float]] = {name: [] for name in measure_names(names, settings)}
    usual = _usual_labels(items)
    for item, texts in zip(items, said, strict=True):
        by_name: dict[str, list[float]] = {}
        for name in names:
            scores = (
                list(judged.get((system, item.id), ()))
                if name == JUDGE and judged is not None
                else [similarities.of(name, text, item.hindsight.message, item.lang) for text in texts]
            )
            by_name[name] = _complete(scores, len(texts))
            _add(rows, name, by_name[name], bool(texts), settings.thresholds[name])
        closest = by_name.get(COSINE) or by_name[CHRF]
        rows["category"].append(_category(item, system, usual))
        rows["view"].append(_view(item, system, usual, closest) if settings.k >= len(PLACES) else np.nan)
        rows["unparsable"].append(float(not item.usable) if system == MODEL else 0.0)
    return {name: np.array(values, dtype=float) for name, values in rows.items()}


def _complete(scores: Sequence[float | None], expected: int) -> list[float]:
    """The scores when every prediction has one; none otherwise: a best of some is no best of k."""
    known = [score for score in scores if score is not None]
    return known if known and len(known) == expected else []


def _add(rows: dict[str, list[float]], name: str, scores: list[float], said: bool, threshold: float) -> None:
    rows[f"{name}_best"].append(max(scores) if scores else np.nan)
    rows[f"{name}_mean"].append(float(np.mean(scores)) if scores else np.nan)
    missed = 0.0 if not said else np.nan  # said and not scored: unknown
    rows[f"{name}_hit"].append(float(max(scores) >= threshold) if scores else missed)


def _usual_labels(items: Sequence[Prediction]) -> tuple[str, str]:
    """The most common category and view among the labels; empty without labels."""
    categories = Counter(item.hindsight.category for item in items if item.hindsight.category)
    views = Counter(item.hindsight.view for item in items if item.hindsight.view)
    return max(categories, key=lambda name: categories[name], default=""), max(
        views, key=lambda name: views[name], default=""
    )


def _category(item: Prediction, system: str, usual: tuple[str, str]) -> float:
    """1.0 right, 0.0 wrong or (with a label) not named; NaN without a label, or where nothing could be named."""
    label = item.hindsight.category
    if label is None or system not in (MODEL, COMMON):
        return np.nan
    if system == COMMON:
        return float(label == usual[0])
    return float(item.category == label) if item.category is not None or item.thoughts else np.nan


def _view(item: Prediction, system: str, usual: tuple[str, str], closest: list[float]) -> float:
    """1.0 where the closest prediction is of the labelled view; NaN without a label or known views."""
    label = item.hindsight.view
    if label is None or system not in (MODEL, COMMON):
        return np.nan
    if system == COMMON:
        return float(label == usual[1])
    views = item.views[: len(closest)]
    if not closest or len(views) != len(closest):
        return np.nan
    return float(views[int(np.argmax(closest))] == label)


def _slices(
    items: Sequence[Prediction],
    table: Mapping[str, ScoreColumns],
    headline: str,
    settings: Settings,
) -> tuple[Slice, ...]:
    groups = np.array([item.dialogue_id for item in items])
    parts: dict[str, list[int]] = {"overall": list(range(len(items)))}
    keys: Sequence[tuple[str, Callable[[Prediction], str]]] = (
        ("source", lambda item: item.source),
        ("lang", lambda item: item.lang),
    )
    for key, of in keys:
        for name in sorted({of(item) for item in items}):
            parts[f"{key}: {name or 'not named'}"] = [at for at, item in enumerate(items) if of(item) == name]
    known: dict[tuple[int, ...], Slice] = {}
    slices = []
    for name, places in parts.items():
        same = known.get(tuple(places))
        made = (
            same.model_copy(update={"name": name})
            if same
            else _slice(name, np.array(places), table, groups, headline, settings)
        )
        known[tuple(places)] = made
        slices.append(made)
    return tuple(slices)


def _slice(
    name: str,
    places: np.ndarray[Any, Any],
    table: Mapping[str, ScoreColumns],
    groups: np.ndarray[Any, Any],
    headline: str,
    settings: Settings,
) -> Slice:
    def mean(values: np.ndarray[Any, Any]) -> Estimate:
        return grouped_mean(values[places], groups[places], seed=settings.seed, resamples=settings.resamples)

    systems = tuple(
        SystemScores(
            name=system,
            meaning=BASELINES.get(system, "what the model predicted"),
            kind="model" if system == MODEL else "baseline",
            measures={measure: mean(values) for measure, values in columns.items()},
        )
        for system, columns in table.items()
    )
    model = table[MODEL][headline]
    return Slice(
        name=name,
        items=len(places),
        dialogues=len(set(groups[places])),
        systems=systems,
        differences={
            system: mean(model - columns[headline]) for system, columns in table.items() if system != MODEL
        },
    )


def _samples(
    items: Sequence[Prediction],
    said: Sequence[tuple[str, ...]],
    best: np.ndarray[Any, Any],
    similarities: Similarities,
    headline: str,
) -> tuple[Sample, ...]:
    """The items predicted best and worst."""
    measure = headline.removesuffix("_best")
    order = [int(at) for at in np.argsort(best, kind="stable") if not np.isnan(best[at])]
    chosen = [("predicted best", at) for at in reversed(order[-(SAMPLES // 2) :])]
    taken = {at for _, at in chosen}
    chosen += [("predicted worst", at) for at in order[: SAMPLES // 2] if at not in taken]
    return tuple(
        Sample(
            title=title,
            id=items[at].id,
            context=tuple((m.role, m.content) for m in items[at].context[-2:]),
            gold=items[at].hindsight.message,
            predictions=tuple(
                (text, similarities.of(measure, text, items[at].hindsight.message, items[at].lang))
                for text in said[at]
            ),
        )
        for title, at in chosen
    )


def _readers(similarities: Similarities) -> dict[str, str]:
    found: dict[str, str] = {}
    for lang, shares in similarities.unknown.items():
        said = ", ".join(f"{name} reads {share:.0%} as unknown tokens" for name, share in shares.items())
        reader = similarities.reads.get(lang)
        if said:
            found[lang] = f"{reader.name if reader else 'unscored'} ({said})"
    return found


def _training(pool: Pool, train: str | None) -> str:
    size = f"{len(pool.known)} next messages of {len({entry.dialogue_id for entry in pool.known})} dialogues"
    if train is None:
        return f"{size}: the evaluated ones, cross-fitted in folds by dialogue"
    return f"{size} of {train}"


def _own_notes(items: Items, pool: Pool) -> list[str]:
    notes = []
    if pool.left_out:
        notes.append(
            f"{pool.left_out} training dialogues are among the evaluated ones and were left out of the baselines."
        )
    models = {item.provenance.model for item in items.items}
    if len(models) > 1:
        notes.append(f"The predictions come from several models: {', '.join(sorted(models))}.")
    if items.failed:
        notes.append(f"{items.failed} messages got no answer from the model and are in no figure.")
    return notes


def _provenance(items: Items) -> Provenance:
    """Of the predictions; a rehearsal as soon as one of them is."""
    found = [item.provenance for item in items.items]
    return next((one for one in found if one.generator == "offline"), found[0])
