"""From judged moments and costs to a gate: what can be promised, the rule that keeps it, and the whole report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tactful import __version__
from tactful.errors import UsageError, UserError
from tactful.evaluation.gates.measure import measure_gate
from tactful.evaluation.gates.report import GateReport
from tactful.reward.embedded.model import RewardModel
from tactful.reward.embedded.training import TrainConfig, cross_judge, moments_hash
from tactful.reward.gate.conformal import OnAverage, conformal_threshold
from tactful.reward.gate.promise import Of, Promise, promise
from tactful.reward.gate.rule import GateConfig
from tactful.reward.types import Acceptance, TrainedJudge, identity_of
from tactful.types import LabelledMoment


@dataclass(frozen=True)
class JudgedMoments:
    """The moments that a gate is set and measured on, with how they were judged."""

    judge: str
    """Whose gate it will be."""
    items: Sequence[LabelledMoment]
    said: Sequence[Acceptance]
    """In the order of `items`."""
    regime: str
    """In words, for the report."""
    held_out: bool
    """Judged by the very model that the gate is for, and their sessions took no part in training or choosing it."""
    left_out: tuple[str, ...] = ()
    """What was not used, and why."""
    model: str = ""
    """Fingerprint of the judge; empty for one without."""


@dataclass(frozen=True)
class Asked:
    """The promise that is asked for."""

    alpha: float
    delta: float
    of: Of = "rate"


def unseen(items: Sequence[LabelledMoment], model: TrainedJudge, name: str) -> JudgedMoments:
    """The sessions that `model` was not trained on, without labels that it gave itself; `name` as messages call it.

    Raises: UserError when there is none.
    """
    seen, own = set(model.sessions), identity_of(model)
    sessions = {item.moment.session for item in items}
    others = [item for item in items if item.label.judge != own]
    if not others:
        raise UserError(
            f"{name}: gave every label in these data itself, so that a gate set on them would promise nothing; give labels "
            "by people or by another judge"
        )
    kept = [item for item in others if item.moment.session not in seen]
    if not kept:
        raise UserError(
            f"{name}: was trained on all {len(sessions)} sessions in these data, so that a gate set on them would "
            "flatter it; give sessions that it has not seen, or --leave-one-session-out"
        )
    left_out: tuple[str, ...] = ()
    if len(others) < len(items):
        left_out = (f"left out: {len(items) - len(others)} moments whose labels {name} gave itself",)
    if len(kept) < len(others):
        trained = f"{len(sessions & seen)} sessions that {name} was trained on"
        left_out += (f"left out: {len(others) - len(kept)} moments of {trained}",)
    return JudgedMoments(
        judge=model.name,
        model=model.fingerprint,
        items=kept,
        said=model.judge_now([item.moment for item in kept]),
        regime="judged by a model trained on other sessions alone",
        held_out=True,
        left_out=left_out,
    )


def crossed(items: Sequence[LabelledMoment], model: RewardModel, name: str, seed: int = 0) -> JudgedMoments:
    """Every session, judged by a model trained on the others; `name` is what messages call `model`.

    Raises: UserError for fewer than three sessions; UsageError where `model` has seen none: such models are not like it.
    """
    config = TrainConfig(likeness=model.likeness.name, seed=seed)
    sessions = {item.moment.session for item in items}
    new = sessions - set(model.sessions)
    if new == sessions:
        raise UsageError(
            f"{name}: was trained on none of these {len(sessions)} sessions, and models that are trained on them now do not "
            "stand in for it; leave out --leave-one-session-out, for it judges them itself"
        )
    unlike = (
        f" ({len(new)} of {len(sessions)} sessions took no part in the training of {name})" if new else ""
    )
    return JudgedMoments(
        judge=model.name,
        model=model.fingerprint,
        items=items,
        said=cross_judge(items, config).acceptances,
        regime=f"each session judged by a model trained on the others{unlike}",
        held_out=False,
    )


def set_gate(
    judged: JudgedMoments,
    by_costs: GateConfig,
    asked: Asked | None = None,
    *,
    data: str,
    bad_rows: int = 0,
    seed: int = 0,
) -> GateReport:
    """The gate with its figures. Where a promise is asked for and can be made, the gate's rule keeps it.

    Raises: UserError when no moment has a proposal with a scored judgement.
    """
    promised, average = (None, None) if asked is None else _promises(judged, asked)
    config = kept_config(by_costs, promised)
    others = {} if config is by_costs else {"by costs alone": by_costs}
    bad = [f"left out: {bad_rows} unusable lines"] if bad_rows else []
    return GateReport(
        judge=judged.judge,
        model=judged.model,
        data=data,
        data_hash=moments_hash(judged.items),
        regime=judged.regime,
        left_out=(*judged.left_out, *bad),
        config=config,
        promise=promised,
        on_average=average,
        measured=measure_gate(judged.items, judged.said, config, others=others, seed=seed),
        version=__version__,
    )


def kept_config(by_costs: GateConfig, promised: Promise | None) -> GateConfig:
    """The rule that keeps the promise and heeds the costs where it may; `by_costs` itself where nothing is promised.

    A rate falls with everything that is left unsaid, so the costs still count above the promised threshold. A ratio
    does not: its promise holds for the threshold itself.
    """
    if promised is None or promised.threshold is None or not promised.kept:
        return by_costs
    if promised.of == "rate":
        return by_costs.model_copy(update={"floor": promised.threshold})
    return GateConfig(form="fixed", threshold=promised.threshold, costs=by_costs.costs, need=by_costs.need)


def _promises(judged: JudgedMoments, asked: Asked) -> tuple[Promise, OnAverage | None]:
    """What can be promised, and, beside a promise about the rate, what holds on average."""
    pairs = [
        (item, one)
        for item, one in zip(judged.items, judged.said, strict=True)
        if item.moment.proposal is not None
    ]
    p = np.array([one.p_accept for _, one in pairs], dtype=float)
    accepted = np.array([item.label.accepted for item, _ in pairs], dtype=bool)
    sessions = [item.moment.session for item, _ in pairs]
    found = promise(
        p,
        accepted,
        sessions,
        alpha=asked.alpha,
        delta=asked.delta,
        of=asked.of,
        basis="held-out" if judged.held_out else "cross-judged",
    )
    if asked.of != "rate" or not judged.held_out:
        return found, None
    return found, conformal_threshold(p, accepted, sessions, alpha=asked.alpha)
