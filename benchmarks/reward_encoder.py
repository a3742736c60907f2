"""Does a sentence encoder judge better than character n-grams? And what do the parts of the reward model bring?

    python benchmarks/reward_encoder.py [--encoder FOLDER_OR_NAME] [--parts] [--data reward_train.jsonl]

Every session is judged by a model of the other sessions, penalty and calibration chosen inside them; the four
categories weigh the same. Differences are paired: the same draws of sessions for both. With `--parts` also the model
with groups of columns left out. Without `--encoder` n-grams alone are measured (extra `encoder` is then not needed).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from common import machine

from tactful.data.formats.moments import labelled_rows
from tactful.evaluation.judges.measures import Columns, columns_of, difference, estimates
from tactful.reward.embedded.heads import fit_head
from tactful.reward.embedded.training import Prepared, TrainConfig, prepare
from tactful.reward.features.table import SILENCE_NAMES, silence_features
from tactful.reward.types import Acceptance
from tactful.stats import Estimate
from tactful.stats.bootstrap import group_draws
from tactful.types import LabelledMoment

DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
RESAMPLES = 1000
SHOWN = ("balanced_accuracy", "auroc")
PARTS: dict[str, Callable[[str], bool]] = {
    "proposals without the scene": lambda name: name not in SILENCE_NAMES,
    "proposals without kinds of help": lambda name: not name.startswith("help_"),
    "proposals without what they aim at": lambda name: (
        not name.startswith(("aims_", "last_covered", "copies_"))
    ),
    "proposals by likeness to the last event, and that over all": lambda name: (
        name in ("aims_last", "aims_last_over_all")
    ),
}
"""Name → which columns of proposals are kept; the silence head keeps all of its own."""


def judge_across(data: Prepared, keep: Callable[[str], bool] = lambda name: True) -> Columns:
    """Every item judged by heads of the other sessions, its probability moved to even base rates."""
    assert data.proposals is not None
    assert data.silences is not None
    kept = [at for at, name in enumerate(data.proposals.names) if keep(name)]
    names = [data.proposals.names[at] for at in kept]
    proposals = replace(data.proposals, values=data.proposals.values[:, kept], names=tuple(names))
    silent = [item.moment for item in data.items if item.moment.proposal is None]
    tables = {True: proposals.values, False: silence_features(silent, data.likeness).values}
    offered = np.array([item.moment.proposal is not None for item in data.items])
    session = np.array([item.moment.session for item in data.items])
    even = np.zeros(len(data.items))
    for name in data.sessions:
        for kind, rows in ((True, proposals), (False, data.silences)):
            rest = rows.sessions != name
            head = fit_head(
                rows.values[rest],
                rows.names,
                rows.targets[rest],
                np.ones(rest.sum()),
                rows.sessions[rest],
                seed=data.config.seed,
                outcomes=rows.outcomes[rest],
            )
            places = (session == name) & (offered == kind)
            own = tables[kind][session[offered == kind] == name]
            odds = head.logit(own) - np.log(head.base_rate / (1 - head.base_rate))
            even[places] = 1 / (1 + np.exp(-odds if kind else odds))
    said = [
        Acceptance(moment_id=item.moment.id, p_accept=float(p), accepted=bool(p >= 0.5))
        for item, p in zip(data.items, even, strict=True)
    ]
    return columns_of(data.items, said)


def shown(found: dict[str, Estimate], sign: str = "") -> str:
    return "   ".join(
        f"{name} {found[name].value:{sign}.3f} [{found[name].low:{sign}.3f}, {found[name].high:{sign}.3f}]"
        for name in SHOWN
    )


def measured(items: list[LabelledMoment], likeness: str) -> tuple[Prepared, Columns]:
    started = time.perf_counter()
    data = prepare(items, TrainConfig(likeness=likeness))
    prepared = time.perf_counter() - started
    columns = judge_across(data)
    took = time.perf_counter() - started - prepared
    print(
        f"{data.likeness.name}: features {prepared:.1f} s, {len(data.sessions)} fits of both heads {took:.1f} s"
    )
    return data, columns


def main() -> None:
    """Print a line for each variant, and its difference from n-grams."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", help="name or folder of a sentence-transformers model")
    parser.add_argument("--parts", action="store_true", help="also leave groups of columns out")
    parser.add_argument("--data", type=Path, default=DATA / "proactivebench" / "reward_train.jsonl")
    given = parser.parse_args()
    print(machine())
    items = list(labelled_rows(given.data))
    data, base = measured(items, "ngrams")
    draws = group_draws(base.sessions, RESAMPLES, 0)
    print(f"{'ngrams':60s} {shown(estimates(base, draws, equal=True))}")
    others = {name: judge_across(data, keep) for name, keep in PARTS.items()} if given.parts else {}
    if given.encoder is not None:
        others["sentence encoder"] = measured(items, given.encoder)[1]
    for name, columns in others.items():
        print(f"{name:60s} {shown(estimates(columns, draws, equal=True))}")
        print(f"{'  minus ngrams':60s} {shown(difference(columns, base, draws), '+')}")


if __name__ == "__main__":
    main()
