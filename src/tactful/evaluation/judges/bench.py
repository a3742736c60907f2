"""A judge of moments measured, in one screen: what it said of each moment, by whatever way, becomes the whole bench.

labelled moments ─┬─ by_model · crossed · by_prompt · from_file ─▶ Judged ─┬─ bench ─▶ JudgeBench
                  └─ the same under attack, with `attacked` above 0 ───────┘
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from tactful import __version__
from tactful.data.formats.labelled import Labelled
from tactful.data.io import read_jsonl
from tactful.errors import UsageError
from tactful.evaluation.judges.acceptances import BySession, match_judged, seen_sessions
from tactful.evaluation.judges.leak import LeakSide, measure_leak
from tactful.evaluation.judges.measure import measure
from tactful.evaluation.judges.own_word import refuse_own_word
from tactful.evaluation.judges.probes import ProbeResult, choose_moments, probe_baselines, probe_judge
from tactful.evaluation.judges.report import JudgeBench
from tactful.llm import ModelSpec
from tactful.llm.cache import CallCache
from tactful.reward.embedded.training import (
    TrainConfig,
    cross_judge,
    moments_hash,
    prepare,
    train,
    train_prepared,
)
from tactful.reward.judging.judge import LMJudge
from tactful.reward.types import Acceptance, MomentJudge, TrainedJudge, identity_of
from tactful.runs import resolve_input
from tactful.types import LabelledMoment

Items = Sequence[LabelledMoment]


@dataclass(frozen=True)
class Judged:
    """What one way of judging gives."""

    name: str
    regime: str
    items: Items
    said: Sequence[Acceptance]
    """In the order of `items`."""
    probed: tuple[ProbeResult, ...] = ()
    rates: Sequence[float] | None = None
    """The base rate at which each probability is meant; None: not known, or not calibrated."""
    known: Items | None = None
    """What the look-up may know; None: the other sessions."""
    seen: bool = False
    warnings: tuple[str, ...] = ()


def by_model(
    items: Items,
    model: TrainedJudge,
    name: str,
    *,
    attacked: int = 0,
    allow_seen: bool = False,
    seed: int = 0,
) -> Judged:
    """A saved model, `name` as messages call it.

    Raises: UsageError when it was trained on sessions of these data or gave their labels, unless `allow_seen`, which
    marks them.
    """
    own = refuse_own_word(items, identity_of(model), allow=allow_seen, called=name)
    seen = seen_sessions(items, model.sessions)
    sessions = {item.moment.session for item in items}
    if seen and not allow_seen:
        raise UsageError(
            f"{name}: was trained on {len(seen)} of the {len(sessions)} sessions in these data, so its figures here "
            "would flatter it; use other sessions, --leave-one-session-out, or --allow-seen, which marks them"
        )
    told = f"{name} was trained on {len(seen)} of these {len(sessions)} sessions: these figures are NOT out of session"
    known = [item for item in items if item.moment.session in set(seen)] if seen else None
    return Judged(
        name=model.name,
        regime="NOT out of session: trained on sessions in these data"
        if seen
        else "trained on other sessions alone",
        items=items,
        said=model.judge_now([item.moment for item in items]),
        probed=asyncio.run(_probed(items, model, known, attacked, seed)),
        rates=[model.base_rate(item.moment) for item in items],
        known=known,
        seen=bool(seen),
        warnings=(*own, told) if seen else own,
    )


def crossed(items: Items, *, likeness: str = "ngrams", attacked: int = 0, seed: int = 0) -> Judged:
    """Our embedded model, each session judged by one trained on the others. Raises: UserError, fewer than 3 sessions."""
    data = prepare(items, TrainConfig(likeness=likeness, seed=seed))
    found = cross_judge(data)
    by_session = BySession("embedded", lambda session: train_prepared(data, without=session))
    return Judged(
        name=by_session.name,
        regime="each session judged by a model trained on the other sessions, every choice made inside them",
        items=items,
        said=found.acceptances,
        probed=asyncio.run(_probed(items, by_session, None, attacked, seed)),
        rates=found.rates,
    )


async def by_prompt(
    items: Items,
    spec: ModelSpec,
    *,
    votes: int = 1,
    cache: Path | None = None,
    concurrency: int = 16,
    attacked: int = 0,
    allow_seen: bool = False,
    seed: int = 0,
) -> Judged:
    """A prompted model, which has seen none of these sessions, as far as anyone knows.

    Raises: UsageError where it gave the labels, unless `allow_seen`; ProviderError, StopRun.
    """
    own = refuse_own_word(items, spec.name, allow=allow_seen)
    with nullcontext() if cache is None else CallCache(cache) as store:
        async with LMJudge.open(spec, votes=votes, concurrency=concurrency, cache=store) as prompted:
            said = await prompted.judge_batch([item.moment for item in items])
            probed = await _probed(items, prompted, None, attacked, seed)
    offline = ("the offline judge spoke, not a language model: these figures rehearse",)
    return Judged(
        name=prompted.name,
        regime="a prompted model; what it was trained on is its maker's to say",
        items=items,
        said=said,
        probed=probed,
        warnings=(*own, *offline) if spec.name == "offline" else own,
    )


def from_file(items: Items, path: Path, *, allow_seen: bool = False) -> Judged:
    """Judgements made before, a file or a run.

    Raises: DataError; UserError when none is of these moments; UsageError where their judge gave the labels, unless
    `allow_seen`.
    """
    both, said, strange = match_judged(items, read_jsonl(resolve_input(path), Acceptance), source=str(path))
    warnings = [
        "how this judge was trained is not known here: whether it saw these sessions must be known to you"
    ]
    if len(both) < len(items):
        warnings.append(
            f"{len(items) - len(both)} of {len(items)} moments are not judged in {path} and are left out"
        )
    if strange:
        warnings.append(f"{strange} judgements in {path} are of moments that these data lack")
    models = sorted({one.provenance.model for one in said if one.provenance is not None})
    for judge in [*models, *sorted({one.judge for one in said if one.judge})]:
        warnings += refuse_own_word(both, judge, allow=allow_seen)
    return Judged(
        name=" and ".join(models) or path.name,
        regime=f"judgements read from {path}",
        items=both,
        said=said,
        warnings=tuple(warnings),
    )


def bench(data: Labelled, found: Judged, *, leak: str | None = None, seed: int = 0) -> JudgeBench:
    """All figures of what was judged; with `leak`, a likeness, also what a split by item gives away."""
    return JudgeBench(
        data=data.name,
        data_hash=moments_hash(found.items),
        bad_rows=data.bad,
        seen=found.seen,
        warnings=found.warnings,
        measured=measure(
            found.items,
            found.said,
            judge=found.name,
            regime=found.regime,
            known=found.known,
            rates=found.rates,
            seed=seed,
        ),
        leak=() if leak is None else _leak(found.items, TrainConfig(likeness=leak, seed=seed)),
        probes=found.probed,
        version=__version__,
    )


async def _probed(
    items: Items, judge: MomentJudge, known: Items | None, most: int, seed: int
) -> tuple[ProbeResult, ...]:
    """The judge and the baselines under attack on at most `most` moments; nothing for 0."""
    if not most:
        return ()
    moments = choose_moments([item.moment for item in items], most, seed)
    attacked = await probe_judge(moments, judge, seed=seed)
    return (*attacked, *await probe_baselines(moments, items if known is None else known, seed=seed))


def _leak(items: Items, config: TrainConfig) -> tuple[LeakSide, ...]:
    def judge_on(known: Items, test: Items) -> tuple[list[Acceptance], list[float]]:
        model = train(known, config)
        moments = [item.moment for item in test]
        return model.judge_now(moments), [model.base_rate(moment) for moment in moments]

    return measure_leak(items, judge_on, judge="embedded", seed=config.seed)
