"""Policies: trained on preference pairs, saved, and asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from tactful.api.inputs import Input, refuse_copies
from tactful.api.options import one_of
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.api.runs import Run
    from tactful.policy.embedded import EmbeddedPolicy
    from tactful.types import PreferencePair


def train_policy(
    pairs: Run[PreferencePair] | Iterable[PreferencePair] | Path | str,
    *,
    head: Literal["dpo", "ridge"] = "dpo",
    actions: str | None = None,
    l2: float | None = None,
    folds: int = 5,
    seed: int = 0,
    skip_bad: bool = False,
) -> EmbeddedPolicy:
    """The embedded policy, a linear softmax over actions; seconds on a CPU. `policy.save(path)` writes it.

    `head`: `dpo` weights pairs by margin, `ridge` regresses rewards. `actions` is your own action space, which orders
    its actions. `l2` above 0; None: chosen by cross-validation over base tasks in `folds` folds.

    Train on all pairs (`pairs(…, select="all")`): best-against-worst pairs count wins, not their size.
    Raises UserError when there is no pair or too few base tasks to choose `l2`.
    """
    from tactful.data.io import read_jsonl
    from tactful.policy.embedded import Head
    from tactful.policy.fitting import fit_policy
    from tactful.policy.table import PairTable
    from tactful.types import PreferencePair

    one_of("head", head, get_args(Head))
    read = Input.of(pairs, lambda path: read_jsonl(path, PreferencePair, skip_bad=skip_bad), kind="pairs")
    found = list(read)
    told = ((pair.id, pair.chosen_action, pair.rejected_action, pair.margin) for pair in found)
    refuse_copies(told, read.name, "pair")
    table = PairTable.from_pairs(found, _space_order(actions, found))
    policy = fit_policy(table, head=head, l2=l2, folds=folds, seed=seed)
    domains = sorted({pair.state.domain for pair in found})
    card = {
        **policy.training,
        "domains": domains,
        **({"left_out": {"lines": read.bad, "first": read.problems[0]}} if read.bad else {}),
    }
    return replace(policy, training=card)


def _space_order(actions: str | None, pairs: Sequence[PreferencePair]) -> tuple[str, ...] | None:
    """The actions of the space from least to most asking; None: those of the bundled spaces order themselves.

    Raises UsageError when the pairs name actions of another space and none was given.
    """
    from tactful.calibration.play.actions import load_action_space

    if actions is not None and pairs:
        return load_action_space(actions, pairs[0].state.domain).names
    bundled = {"LOW", "MID", "HIGH", "Execute", "Clarify"}
    foreign = {name for pair in pairs for name in (pair.chosen_action, pair.rejected_action)} - bundled
    if foreign:
        raise UsageError(
            f"the pairs name the actions {', '.join(sorted(foreign))} of an action space of yours; "
            "say which with --actions FOLDER, so that they are in order of how much they ask"
        )
    return None
