"""How well does the text alone tell whether a request needs clarification?

AUROC of estimated clarity against the label, with 95% intervals from a bootstrap over groups: on the bundled seed
tasks (the very estimates that `calibrate states` gives, cross-fitted by base task), within IN3 and within Abg-CoQA
(5 folds by group), and across the two sets; beside each a baseline that knows the length alone, and what free
signs and the length would add. Run:

    python benchmarks/clarity.py
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tactful.calibration.tasks.states import seed_states
from tactful.data.seeds.tasks import load_seed_tasks
from tactful.reading.estimate.clarity import COMPLEXITY_FEATURES, ClarityModel
from tactful.stats import group_folds
from tactful.text import estimate_tokens, surface_features

ROUNDS = 500
REAL = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "clarity"


class TextSet:
    """Texts with labels (1 = clear) and the groups that folds and intervals go by."""

    def __init__(self, name: str, texts: Sequence[str], labels: Sequence[int], groups: Sequence[str]) -> None:
        self.name, self.texts, self.groups = name, list(texts), np.array(groups)
        self.labels = np.array(labels)
        folds = group_folds(groups, 5)
        self.folds = np.array([folds[group] for group in groups])


def read_set(name: str, file: str) -> TextSet:
    """One set of the real data; Abg-CoQA is grouped by its story, IN3 (independent requests) by the text itself."""
    rows = [json.loads(line) for line in (REAL / file).read_text(encoding="utf-8").splitlines()]
    groups = [row["context"] or row["query"] for row in rows]
    return TextSet(
        name, [row["query"] for row in rows], [int(not row["needs_clarification"]) for row in rows], groups
    )


def lengths(texts: Sequence[str]) -> np.ndarray:
    return np.log1p([[estimate_tokens(text)] for text in texts])


def fit_surface(texts, labels, groups):
    model = ClarityModel.fit(texts, list(labels), groups)
    return model.predict


def fit_free(texts, labels, groups):
    """All surface features, length among them, with weights of either sign: not monotone, so never used."""

    def matrix(fresh: Sequence[str]) -> np.ndarray:
        return np.log1p([[surface_features(text)[name] for name in COMPLEXITY_FEATURES] for text in fresh])

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1)).fit(matrix(texts), labels)
    return lambda fresh: model.predict_proba(matrix(fresh))[:, 1]


def fit_length(texts, labels, groups):
    model = LogisticRegression().fit(lengths(texts), labels)
    return lambda fresh: model.predict_proba(lengths(fresh))[:, 1]


def within(data: TextSet, fit) -> np.ndarray:
    """Cross-fitted scores: each text by a model that never saw its group."""
    scores = np.zeros(len(data.texts))
    for fold in range(5):
        train, test = np.flatnonzero(data.folds != fold), np.flatnonzero(data.folds == fold)
        predict = fit([data.texts[at] for at in train], data.labels[train], list(data.groups[train]))
        scores[test] = predict([data.texts[at] for at in test])
    return scores


def interval(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> tuple[float, float, float]:
    """AUROC with a 95% percentile interval of a bootstrap over groups."""
    rng = np.random.default_rng(0)
    names, inverse = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(inverse == at) for at in range(len(names))]
    draws = []
    for _ in range(ROUNDS):
        picked = np.concatenate([members[at] for at in rng.integers(0, len(names), len(names))])
        if len(set(labels[picked])) == 2:
            draws.append(roc_auc_score(labels[picked], scores[picked]))
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(roc_auc_score(labels, scores)), float(low), float(high)


def line(name: str, how: str, labels: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> None:
    value, low, high = interval(labels, scores, groups)
    clear = labels.mean()
    print(
        f"| {name} | {how} | {value:.3f} | {low:.3f} to {high:.3f} | {len(labels)} | {len(set(groups))} | {clear:.2f} |",
        flush=True,
    )


def seeds() -> None:
    """The bundled tasks, by domain, language and padding."""
    for domain in ("coding", "planning"):
        states = seed_states(domain)
        padded = {task.id for task in load_seed_tasks(domain) if task.padded}
        labels = np.array([int(state.wording == "complete") for state in states])
        groups = np.array([state.group for state in states])
        clarity = np.array([state.query_clarity for state in states])
        language = np.array([state.lang for state in states])
        length = within(TextSet(domain, [state.query for state in states], labels, groups), fit_length)
        parts = {
            "all": labels >= 0,
            "English": language == "en",
            "Chinese": language == "zh",
            "padded": np.array([group in padded for group in groups]),
        }
        for part, chosen in parts.items():
            for how, scores in (("surface", clarity), ("length only", length)):
                line(f"seeds {domain}, {part}", how, labels[chosen], scores[chosen], groups[chosen])


def real() -> None:
    """IN3 and Abg-CoQA: within each, and each by a model fitted on the other."""
    if not REAL.is_dir():
        print(f"no real data at {REAL}: set TACTFUL_TEST_DATA")
        return
    sets = [read_set("IN3", "in3_train.jsonl"), read_set("Abg-CoQA", "abgcoqa.jsonl")]
    fits = (("surface", fit_surface), ("surface + length, free signs", fit_free), ("length only", fit_length))
    for data in sets:
        for how, fit in fits:
            line(f"within {data.name}", how, data.labels, within(data, fit), data.groups)
    for source, target in (sets, sets[::-1]):
        for how, fit in fits:
            scores = fit(source.texts, source.labels, list(source.groups))(target.texts)
            line(f"{source.name} → {target.name}", how, target.labels, scores, target.groups)
    for domain in ("coding", "planning"):
        states = seed_states(domain)
        predict = fit_surface(
            [state.query for state in states],
            np.array([int(state.wording == "complete") for state in states]),
            [state.group for state in states],
        )
        for data in sets:
            line(f"seeds {domain} → {data.name}", "surface", data.labels, predict(data.texts), data.groups)


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    started = time.perf_counter()
    print("| set | features | AUROC | 95% interval | items | groups | share clear |")
    print("|---|---|---|---|---|---|---|")
    seeds()
    real()
    print(
        f"\n{time.perf_counter() - started:.0f} s, Python {platform.python_version()}, {os.cpu_count()} CPUs"
    )


if __name__ == "__main__":
    main()
