"""`tactful bench judge`: how good is a judge of moments, beside what any judge must beat?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import (
    ApiKeyEnvOption,
    BaseUrlOption,
    CacheOption,
    ConcurrencyOption,
    JsonFlag,
    LimitOption,
    SeedOption,
    SkipBadFlag,
)
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import UsageError, UserError

if TYPE_CHECKING:
    from tactful.evaluation.judges.leak import LeakSide
    from tactful.evaluation.judges.probes import ProbeResult
    from tactful.evaluation.judges.report import JudgeBench
    from tactful.llm import ModelSpec
    from tactful.reward.types import Acceptance, MomentJudge
    from tactful.types import LabelledMoment


def register(noun: typer.Typer) -> None:
    """Add the verb to the noun `bench`."""
    noun.command("judge")(judge)


@dataclass(frozen=True)
class _Judged:
    """What one way of judging gives."""

    name: str
    regime: str
    items: list[LabelledMoment]
    said: list[Acceptance]
    probed: tuple[ProbeResult, ...] = ()
    rates: list[float] | None = None
    """The base rate at which each probability is meant; None: not known, or not calibrated."""
    known: list[LabelledMoment] | None = None
    """What the look-up may know; None: the other sessions."""
    seen: bool = False
    warnings: tuple[str, ...] = ()


def judge(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Labelled moments, JSONL in ProactiveBench's form: `obs`, `pred_task`, `valid`; `-` is stdin.",
        ),
    ],
    model: Annotated[
        Path | None, typer.Option("--model", help="Measure this model, a folder of `reward train`.")
    ] = None,
    leave_one_session_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-session-out",
            help="Measure our embedded model, trained for each session of DATA on the other sessions.",
        ),
    ] = False,
    likeness: Annotated[
        str,
        typer.Option(
            "--likeness",
            help="--leave-one-session-out: how texts are compared, `ngrams` or a sentence encoder's name or folder.",
        ),
    ] = "ngrams",
    judge_model: Annotated[
        str | None, typer.Option("--judge", help="Measure a prompted model of this name, or `offline`.")
    ] = None,
    judged: Annotated[
        Path | None,
        typer.Option("--judged", help="Measure these judgements: JSONL or a run of `reward judge` on DATA."),
    ] = None,
    allow_seen: Annotated[
        bool,
        typer.Option(
            "--allow-seen", help="Measure --model also on sessions that it was trained on; marked so."
        ),
    ] = False,
    votes: Annotated[int, typer.Option("--votes", min=1, help="--judge: verdicts asked for per moment.")] = 1,
    probes: Annotated[
        bool, typer.Option("--probes", help="Also try to game the judge: length, parroting, praise, orders.")
    ] = False,
    probe_moments: Annotated[
        int, typer.Option("--probe-moments", min=1, help="Moments attacked, drawn evenly over sessions.")
    ] = 300,
    leak: Annotated[
        bool,
        typer.Option(
            "--leak", help="With --leave-one-session-out: also show what a split by item gives away."
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write results.json and report.html into this new folder.")
    ] = None,
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    cache: CacheOption = None,
    concurrency: ConcurrencyOption = 16,
    limit: LimitOption = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure a judge of moments: four categories weighted equally, baselines, intervals by session, and as published.

    Example: `tactful bench judge reward_train.jsonl --leave-one-session-out --probes --out judged`
    """
    from tactful.evaluation.judges.report import bench_lines, write_bench

    ways = [model is not None, leave_one_session_out, judge_model is not None, judged is not None]
    if sum(ways) != 1:
        raise UsageError(
            "name one judge to measure: --model FOLDER, --leave-one-session-out, --judge MODEL or --judged FILE"
        )
    if judge_model is None and (votes != 1 or cache is not None):
        raise UsageError("--votes and --cache belong to --judge; no other judge asks a model")
    if likeness != "ngrams" and not leave_one_session_out:
        raise UsageError("--likeness belongs to --leave-one-session-out; no other judge is trained here")
    _refuse_misfits(
        model,
        judged,
        leave_one_session_out=leave_one_session_out,
        allow_seen=allow_seen,
        leak=leak,
        probes=probes,
    )
    if out is not None and out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        raise UsageError(f"{out}: exists already; give --out a new name")
    items, bad = _read(data, limit, skip_bad=skip_bad)
    attacked = probe_moments if probes else 0
    if model is not None:
        found = _by_model(items, model, attacked, seed, allow_seen=allow_seen)
    elif leave_one_session_out:
        found = _crossed(items, attacked, likeness, seed)
    elif judge_model is not None:
        spec = _spec(judge_model, base_url, api_key_env, concurrency, seed)
        found = asyncio.run(_by_prompt(items, spec, votes, cache, concurrency, attacked, seed))
    else:
        assert judged is not None
        found = _from_file(items, judged)
    bench = _bench(data, bad, found, leak=leak, likeness=likeness, seed=seed)
    for warning in bench.warnings:
        say(f"WARNING: {warning}")
    if as_json:
        emit_json(bench.model_dump(mode="json"))
    else:
        for line in bench_lines(bench):
            typer.echo(line)
    if out is not None:
        results, page = write_bench(bench, out)
        say(f"results: {results}")
        say(f"page: {page}")
    if model is not None:
        next_command(f"tactful reward gate {quoted(model)} {quoted(data)} --cost-false-alarm 2 --cost-miss 1")
    else:
        next_command(f"tactful reward train {quoted(data)} --out model")


def _refuse_misfits(
    model: Path | None,
    judged: Path | None,
    *,
    leave_one_session_out: bool,
    allow_seen: bool,
    leak: bool,
    probes: bool,
) -> None:
    if allow_seen and model is None:
        raise UsageError("--allow-seen belongs to --model; no other judge is a model trained before")
    if leak and not leave_one_session_out:
        raise UsageError("--leak trains anew under two splits; it belongs to --leave-one-session-out")
    if probes and judged is not None:
        raise UsageError(
            "--probes asks the judge again; judgements in a file cannot be asked (leave out --probes)"
        )


def _read(data: str, limit: int | None, *, skip_bad: bool) -> tuple[list[LabelledMoment], int]:
    """(the items, unusable rows left out). Raises: DataError, UserError for none."""
    from itertools import islice

    from tactful.data.formats.moments import labelled_rows

    rows = labelled_rows(data, skip_bad=skip_bad)
    items = list(islice(rows, limit))
    if not items:
        raise UserError(
            f"{rows.name}: holds no labelled moment; give rows with 'obs', 'pred_task' and 'valid'"
        )
    return items, rows.bad


def _by_model(
    items: list[LabelledMoment], folder: Path, attacked: int, seed: int, *, allow_seen: bool
) -> _Judged:
    """A saved model. Raises: UsageError when it was trained on sessions of these data, unless `allow_seen`."""
    from tactful.evaluation.judges.acceptances import seen_sessions
    from tactful.reward.embedded.model import load_model

    model = load_model(folder)
    seen = seen_sessions(items, model.sessions)
    sessions = {item.moment.session for item in items}
    if seen and not allow_seen:
        raise UsageError(
            f"{folder}: was trained on {len(seen)} of the {len(sessions)} sessions in these data, so its figures here "
            "would flatter it; use other sessions, --leave-one-session-out, or --allow-seen, which marks them"
        )
    told = f"{folder} was trained on {len(seen)} of these {len(sessions)} sessions: these figures are NOT out of session"
    known = [item for item in items if item.moment.session in set(seen)] if seen else None
    return _Judged(
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
        warnings=(told,) if seen else (),
    )


def _crossed(items: list[LabelledMoment], attacked: int, likeness: str, seed: int) -> _Judged:
    """Our embedded model, each session judged by one trained on the others. Raises: UserError, fewer than 3 sessions."""
    from tactful.evaluation.judges.acceptances import BySession
    from tactful.reward.embedded.training import TrainConfig, cross_judge, prepare, train_prepared

    data = prepare(items, TrainConfig(likeness=likeness, seed=seed))
    crossed = cross_judge(data)
    by_session = BySession("embedded", lambda session: train_prepared(data, without=session))
    return _Judged(
        name=by_session.name,
        regime="each session judged by a model trained on the other sessions, every choice made inside them",
        items=items,
        said=list(crossed.acceptances),
        probed=asyncio.run(_probed(items, by_session, None, attacked, seed)),
        rates=list(crossed.rates),
    )


def _spec(name: str, base_url: str | None, api_key_env: str, concurrency: int, seed: int) -> ModelSpec:
    from tactful.llm import model_spec
    from tactful.reward.judging.judge import SCRIPTS

    return model_spec(
        name, scripts=SCRIPTS, seed=seed, base_url=base_url, api_key_env=api_key_env, concurrency=concurrency
    )


async def _by_prompt(
    items: list[LabelledMoment],
    spec: ModelSpec,
    votes: int,
    cache: Path | None,
    concurrency: int,
    attacked: int,
    seed: int,
) -> _Judged:
    """A prompted model, which has seen none of these sessions, as far as anyone knows."""
    from tactful.llm.cache import CallCache
    from tactful.reward.judging.judge import LMJudge

    store = CallCache(cache) if cache is not None else None
    try:
        async with LMJudge.open(spec, votes=votes, concurrency=concurrency, cache=store) as prompted:
            said = await prompted.judge_batch([item.moment for item in items])
            probed = await _probed(items, prompted, None, attacked, seed)
    finally:
        if store is not None:
            store.close()
    offline = ("the offline judge spoke, not a language model: these figures rehearse",)
    return _Judged(
        name=prompted.name,
        regime="a prompted model; what it was trained on is its maker's to say",
        items=items,
        said=said,
        probed=probed,
        warnings=offline if spec.name == "offline" else (),
    )


def _from_file(items: list[LabelledMoment], path: Path) -> _Judged:
    """Judgements made before. Raises: DataError, UserError when none is of these moments."""
    from tactful.data.io import read_jsonl
    from tactful.evaluation.judges.acceptances import match_judged
    from tactful.reward.types import Acceptance
    from tactful.runs import resolve_input

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
    return _Judged(
        name=" and ".join(models) or path.name,
        regime=f"judgements read from {path}",
        items=both,
        said=said,
        warnings=tuple(warnings),
    )


def _bench(data: str, bad: int, found: _Judged, *, leak: bool, likeness: str, seed: int) -> JudgeBench:
    """All figures of what was judged."""
    import orjson

    from tactful import __version__
    from tactful.data.formats.moments import moment_row
    from tactful.evaluation.judges.measure import measure
    from tactful.evaluation.judges.report import JudgeBench
    from tactful.types import content_hash

    rows = b"\n".join(orjson.dumps(moment_row(item)) for item in found.items)
    return JudgeBench(
        data=data,
        data_hash=content_hash(rows),
        bad_rows=bad,
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
        leak=_leak(found.items, likeness, seed) if leak else (),
        probes=found.probed,
        version=__version__,
    )


async def _probed(
    items: list[LabelledMoment], judge: MomentJudge, known: list[LabelledMoment] | None, most: int, seed: int
) -> tuple[ProbeResult, ...]:
    """The judge and the baselines under attack on at most `most` moments; nothing for 0."""
    from tactful.evaluation.judges.probes import choose_moments, probe_baselines, probe_judge

    if not most:
        return ()
    moments = choose_moments([item.moment for item in items], most, seed)
    attacked = await probe_judge(moments, judge, seed=seed)
    return (*attacked, *await probe_baselines(moments, items if known is None else known, seed=seed))


def _leak(items: list[LabelledMoment], likeness: str, seed: int) -> tuple[LeakSide, ...]:
    from tactful.evaluation.judges.leak import measure_leak
    from tactful.reward.embedded.training import TrainConfig, train

    config = TrainConfig(likeness=likeness, seed=seed)

    def judge_on(
        known: Sequence[LabelledMoment], test: Sequence[LabelledMoment]
    ) -> tuple[list[Acceptance], list[float]]:
        model = train(known, config)
        moments = [item.moment for item in test]
        return model.judge_now(moments), [model.base_rate(moment) for moment in moments]

    return measure_leak(items, judge_on, judge="embedded", seed=seed)
