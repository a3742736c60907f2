"""`tactful calibrate demo`: the whole loop offline, by the very commands that a user would type."""

from __future__ import annotations

import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.common import JsonFlag, SeedOption, emit_json, say
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.results import Evaluation

DOMAINS = ("coding", "planning")


def register(calibrate: typer.Typer) -> None:
    """Add the verb `demo` to the noun `calibrate`."""
    calibrate.command("demo")(demo)


def commands(domain: str, out: Path, seed: int) -> list[list[str]]:
    """The commands of the loop for one domain, in order; each works by itself from the files of the ones before."""
    folder = out / domain
    states, pairs = str(folder / "states.jsonl"), str(folder / "pairs")
    same = ["--seed", str(seed)]
    calibrate = ["tactful", "calibrate"]
    return [
        [*calibrate, "states", "--mode", "synthetic", "--domain", domain, "--n", "100", "--out", states, *same],
        [
            *calibrate, "rollout", states, "--model", "offline", "--tasks-per-user", "12",
            "--out", str(folder / "rollout"), *same,
        ],
        [*calibrate, "reward", str(folder / "rollout"), "--out", str(folder / "reward")],
        [*calibrate, "pairs", str(folder / "reward"), "--select", "all", "--out", pairs],
        ["tactful", "policy", "train", pairs, "--out", str(folder / "policy.json"), *same],
        [
            *calibrate, "evaluate", "--states", states, "--rewarded", str(folder / "reward"), "--model", "offline",
            "--out", str(folder / "evaluate"), *same,
        ],
    ]  # fmt: skip


def demo(
    out: Annotated[
        Path | None,
        typer.Option("--out", help="New folder for everything; default: a new one in runs/."),
    ] = None,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Play the whole loop offline, without key or GPU: tasks, users, rewards, pairs, a policy, its measure.

    Example: `tactful calibrate demo`

    A rehearsal, not a language model, plays the assistant. Each step is a command that works on your own files.
    """
    from tactful.evaluation.report import read_evaluation, write_report
    from tactful.runs.files import make_private_folder

    out = out or Path("runs") / f"calibrate-demo-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    make_private_folder(out)
    began = time.monotonic()
    for domain in DOMAINS:
        for command in commands(domain, out, seed):
            say(f"\n$ {shlex.join(command)}")
            _run(command[1:])
    found = [read_evaluation(out / domain / "evaluate") for domain in DOMAINS]
    report = out / "report.html"
    runs = [str(out / domain / "evaluate") for domain in DOMAINS]
    say(f"\n$ {shlex.join(['tactful', 'bench', 'report', *runs, '--out', str(report)])}")
    write_report(found, report)
    _print(found, report, time.monotonic() - began, as_json=as_json)


def _run(arguments: list[str]) -> None:
    """Run one command in this process. What it prints for programs goes to stderr, like everything it says.

    Raises what the command raises; typer.Exit when it ends with another code than 0.
    """
    from tactful.cli.main import app

    stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        code = app(arguments, standalone_mode=False)
    finally:
        sys.stdout = stdout
    if code:
        raise typer.Exit(code)


def _print(found: list[Evaluation], report: Path, elapsed_s: float, *, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "report": str(report),
                "learned_wins": {item.domain: item.learned_wins for item in found},
                "headlines": {item.domain: item.headline() for item in found},
            }
        )
        return
    from tactful.cli.calibrate_evaluate import table_lines

    typer.echo(
        "\nA rehearsal, not a language model, spoke. Same tasks, same users, same luck for every policy;"
    )
    typer.echo("reward = task success − interruption cost, on held-out tasks, 95% intervals by base task.\n")
    for item in found:
        for line in table_lines(item):
            typer.echo(line)
        typer.echo(f"  {item.headline()}\n")
    typer.echo(f"report: {report}   ({elapsed_s:.0f} s)")
