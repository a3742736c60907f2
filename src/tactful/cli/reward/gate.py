"""`tactful reward gate`: when does speaking pay, what to expect of it, and what can be promised."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from tactful.cli.options import JsonFlag, MomentsArgument, SeedOption, SkipBadFlag, finite
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say
from tactful.errors import UsageError


def gate(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="The folder that `reward train` or `train reward` wrote.")
    ],
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
    from tactful.api.reward.gate import set_gate
    from tactful.evaluation.gates.report import write_report
    from tactful.reward.gate.store import GATE_FILE

    if out is not None and (out / GATE_FILE).exists():
        raise UsageError(
            f"{out / GATE_FILE}: exists already; give --out another folder, or delete the old gate"
        )
    report = set_gate(
        model,
        data,
        cost_false_alarm=cost_false_alarm,
        cost_miss=cost_miss,
        form=form,
        need=need,
        abstain=None if abstain is None else _band(abstain),
        promise=promise,
        confidence=confidence,
        of=of,
        leave_one_session_out=leave_one_session_out,
        seed=seed,
        skip_bad=skip_bad,
    )
    promised = report.promise
    for line in report.left_out:
        say(line)
    if as_json:
        emit_json({**report.model_dump(mode="json"), "words": promised.words if promised else None})
    else:
        print_lines(report)
    if out is None:
        if report.gate is not None:
            how = {
                "--cost-false-alarm": cost_false_alarm,
                "--cost-miss": cost_miss,
                "--form": None if form == "prism" else form,
                "--need": None if need == "judged" else need,
                "--abstain": abstain,
                "--promise": promise,
                "--confidence": None if confidence == 0.9 else confidence,
                "--of": None if of == "rate" else of,
                "--leave-one-session-out": leave_one_session_out or None,
                "--skip-bad": skip_bad or None,
                "--seed": seed or None,
            }
            next_command(_again(model, data, how))
        return
    figures, page = write_report(report, out)
    say(f"figures: {figures}")
    say(f"page: {page}")
    say(f"gate: {report.save_gate(out)}")
    next_command(f"tactful reward judge NEW_MOMENTS.jsonl --model {quoted(model)}")


def _again(model: Path, data: str, how: Mapping[str, object]) -> str:
    """The same command, and `--out`; an option of None is left out, and True is the option alone."""
    words = [
        name
        if value is True
        else f"{name} {int(value) if isinstance(value, float) and value.is_integer() else value}"
        for name, value in how.items()
        if value is not None
    ]
    return f"tactful reward gate {quoted(model)} {quoted(data)} {' '.join(words)} --out {quoted(model)}"


def _band(text: str) -> tuple[float, float]:
    low, dots, high = text.partition("..")
    try:
        found = float(low), float(high)
    except ValueError:
        found = (1.0, 0.0)
    if not dots or not 0 <= found[0] <= found[1] <= 1:
        raise UsageError(f"--abstain is '{text}', expected two probabilities in order, such as 0.4..0.6")
    return found
