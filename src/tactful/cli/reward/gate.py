"""`tactful reward gate`: when does speaking pay, what to expect of it, and what can be promised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import JsonFlag, MomentsArgument, SeedOption, SkipBadFlag, finite
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import UsageError, UserError

if TYPE_CHECKING:
    from tactful.reward.gate.promise import Promise
    from tactful.reward.gate.rule import GateConfig


def gate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The folder that `reward train` wrote.")],
    data: MomentsArgument,
    *,
    cost_false_alarm: Annotated[
        float,
        typer.Option(
            "--cost-false-alarm",
            min=0,
            callback=finite,
            help="Cost of a proposal that is not welcome; above 0.",
        ),
    ],
    cost_miss: Annotated[
        float,
        typer.Option(
            "--cost-miss", min=0, callback=finite, help="Cost of silence where help would have been welcome."
        ),
    ] = 1.0,
    form: Annotated[
        Literal["prism", "utility"],
        typer.Option(
            "--form",
            help="`prism`: errors cost; `utility`: an accepted proposal is also worth 1. See docs/reference/gate.md.",
        ),
    ] = "prism",
    need: Annotated[
        Literal["judged", "certain"],
        typer.Option(
            "--need",
            help="`judged`: the model's p(need) goes into the threshold; `certain`: who accepts help needs it.",
        ),
    ] = "judged",
    abstain: Annotated[
        str | None,
        typer.Option(
            "--abstain", metavar="LOW..HIGH", help="Probabilities between which the gate does not decide."
        ),
    ] = None,
    promise: Annotated[
        float | None,
        typer.Option(
            "--promise", help="Bound on the mean false-alarm rate or ratio of new sessions, such as 0.1."
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option("--confidence", help="Of the promise, over calibration sessions.")
    ] = 0.9,
    of: Annotated[
        Literal["rate", "ratio", "session-ratio"],
        typer.Option(
            "--of",
            help="What is bounded: share of unwanted moments at which we speak; share of what we say that is unwanted; "
            "the mean of that share over sessions.",
        ),
    ] = "rate",
    leave_one_session_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-session-out",
            help="Judge each session of DATA by a model trained on the others: for sessions that MODEL has seen. No "
            "promise can come from it.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Write gate.json, gate-figures.json and gate.html into this folder; it may be MODEL.",
        ),
    ] = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Turn what errors cost into a threshold on the probability of acceptance, with what to expect of it.

    Example: `tactful reward gate MODEL sessions.jsonl --cost-false-alarm 2 --cost-miss 1 --promise 0.1 --out MODEL`

    Prints the figures beside always-speak, never-speak, a look-up and the best fixed threshold, and the utility over
    all ratios of the costs. With `--promise` the gate speaks only where the promise allows it as well, or says that
    the data cannot promise it. Sessions that MODEL was trained on are left out.
    """
    from tactful.data.formats.labelled import read_moments
    from tactful.evaluation.gates.report import report_lines, write_report
    from tactful.evaluation.gates.setup import Asked, crossed, set_gate, unseen
    from tactful.reward.embedded.model import load_model
    from tactful.reward.gate.store import GATE_FILE, save_gate

    _refuse_misfits(cost_false_alarm, promise, confidence, of, abstain)
    if out is not None and (out / GATE_FILE).exists():
        raise UsageError(
            f"{out / GATE_FILE}: exists already; give --out another folder, or delete the old gate"
        )
    by_costs = _config(cost_false_alarm, cost_miss, form, need, abstain)
    found = load_model(model)
    given = read_moments(data, skip_bad=skip_bad)
    items = given.moments
    judged = crossed(items, found, seed) if leave_one_session_out else unseen(items, found, str(model))
    asked = None if promise is None else Asked(alpha=promise, delta=round(1 - confidence, 12), of=of)
    report = set_gate(judged, by_costs, asked, data=data, bad_rows=given.bad, seed=seed)
    promised = report.promise
    for line in report.left_out:
        say(line)
    if as_json:
        emit_json({**report.model_dump(mode="json"), "words": promised.words if promised else None})
    else:
        print(*report_lines(report), sep="\n")
    if out is None:
        next_command(_again(model, data, cost_false_alarm, cost_miss))
        return
    figures, page = write_report(report, out)
    say(f"figures: {figures}")
    say(f"page: {page}")
    if promised is not None and not promised.kept:
        raise UserError(f"{out / GATE_FILE}: not written, for the promise cannot be made ({_why(promised)})")
    assert report.gate is not None
    say(f"gate: {save_gate(report.gate, out)}")
    next_command(f"tactful reward judge NEW_MOMENTS.jsonl --model {quoted(model)}")


def _again(model: Path, data: str, cost_false_alarm: float, cost_miss: float) -> str:
    costs = f"--cost-false-alarm {cost_false_alarm:g} --cost-miss {cost_miss:g}"
    return f"tactful reward gate {quoted(model)} {quoted(data)} {costs} --out {quoted(model)}"


def _why(promised: Promise) -> str:
    if promised.threshold is not None:
        return "--leave-one-session-out gives an indication only; give sessions that MODEL has not seen"
    return f"{promised.reason}; give more sessions, a larger --promise, or leave --promise out"


def _refuse_misfits(
    cost_false_alarm: float, promise: float | None, confidence: float, of: str, abstain: str | None
) -> None:
    if cost_false_alarm <= 0:
        raise UsageError("--cost-false-alarm is 0: then every proposal pays; give a cost above 0")
    for name, value in (("--promise", promise), ("--confidence", confidence)):
        if value is not None and not 0 < value < 1:
            raise UsageError(f"{name} is {value:g}, expected a number between 0 and 1, both excluded")
    if promise is None and (of != "rate" or confidence != 0.9):
        raise UsageError("--of and --confidence say what is promised; they need --promise")
    if promise is not None and of != "rate" and abstain is not None:
        raise UsageError(
            f"--abstain changes what is said, and a promise about the {of} holds only for its very threshold; "
            "leave one of them out"
        )


def _config(
    cost_false_alarm: float,
    cost_miss: float,
    form: Literal["prism", "utility"],
    need: Literal["judged", "certain"],
    abstain: str | None,
) -> GateConfig:
    from tactful.reward.gate.rule import Costs, GateConfig

    low, high = (None, None) if abstain is None else _band(abstain)
    return GateConfig(
        form=form,
        costs=Costs(false_alarm=cost_false_alarm, miss=cost_miss),
        need=need,
        abstain_low=low,
        abstain_high=high,
    )


def _band(text: str) -> tuple[float, float]:
    low, dots, high = text.partition("..")
    try:
        found = float(low), float(high)
    except ValueError:
        found = (1.0, 0.0)
    if not dots or not 0 <= found[0] <= found[1] <= 1:
        raise UsageError(f"--abstain is '{text}', expected two probabilities in order, such as 0.4..0.6")
    return found
