"""`tactful calibrate demo`: the whole loop offline, by the very commands that a user would type."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tactful.cli.options import JsonFlag, SeedOption
from tactful.cli.output import emit_json, say
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.policies.results import Evaluation

DOMAINS = ("coding", "planning")


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
    context: typer.Context,
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
    from tactful.evaluation.policies.report import read_evaluation, write_report
    from tactful.runs.store.files import make_private_folder

    out = out or Path("runs") / f"calibrate-demo-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    make_private_folder(out)
    began = time.monotonic()
    here, *others = [commands(domain, out, seed) for domain in DOMAINS]
    with ExitStack() as running:
        beside = [running.enter_context(_beside(steps)) for steps in others]
        for command in here:
            say(f"\n$ {shlex.join(command)}")
            _run(context.find_root().command, command[1:])
        for follow in beside:
            follow()
    found = [read_evaluation(out / domain / "evaluate") for domain in DOMAINS]
    report = out / "report.html"
    runs = [str(out / domain / "evaluate") for domain in DOMAINS]
    say(f"\n$ {shlex.join(['tactful', 'bench', 'report', *runs, '--out', str(report)])}")
    write_report(found, report)
    _print(found, report, time.monotonic() - began, as_json=as_json)


def _run(app: Any, arguments: list[str]) -> None:
    """Run one command in this process. What it prints for programs goes to stderr, like everything it says.

    Raises what the command raises; typer.Exit when it ends with another code than 0.
    """
    stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        code = app.main(arguments, standalone_mode=False)
    finally:
        sys.stdout = stdout
    if code:
        raise typer.Exit(code)


@contextmanager
def _beside(steps: list[list[str]]) -> Iterator[Callable[[], None]]:
    """Run the commands in a process of their own meanwhile; the function shows what they say until they have ended.

    The function raises typer.Exit when a command failed. When the block ends early, so does the process.
    """
    program = (
        "import json, sys; from tactful.cli.main import main; from tactful.cli.calibrate.demo import run_all; "
        "run_all(main, json.loads(sys.argv[1]))"
    )
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", program, json.dumps(steps)],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )

        def follow() -> None:
            shown, ended = 0, False
            while not ended:
                ended = _ended(process)
                text = os.pread(said.fileno(), 1 << 20, shown)
                whole = text if ended else text[: text.rfind(b"\n") + 1]
                shown += len(whole)
                sys.stderr.write(whole.decode("utf-8", "replace"))
                sys.stderr.flush()
            if process.returncode:
                raise typer.Exit(process.returncode)

        try:
            yield follow
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


def _ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has ended, after a moment's waiting."""
    try:
        process.wait(timeout=0.2)
    except subprocess.TimeoutExpired:
        return False
    return True


def run_all(main: Callable[[], None], steps: list[list[str]]) -> None:
    """Run commands one after the other in this process. Raises: SystemExit at the first that fails."""
    for command in steps:
        say(f"\n$ {shlex.join(command)}")
        sys.argv = command
        try:
            main()
        except SystemExit as ended:
            if ended.code:
                raise


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
    from tactful.api.tables import Table
    from tactful.evaluation.policies.tables import policy_table

    typer.echo(
        "\nA rehearsal, not a language model, spoke. Same tasks, same users, same luck for every policy;"
    )
    typer.echo("reward = task success − interruption cost, on held-out tasks, 95% intervals by base task.\n")
    for item in found:
        for line in Table(*policy_table(item), []).lines():
            typer.echo(line)
        typer.echo(f"  {item.headline()}\n")
    typer.echo(f"report: {report}   ({elapsed_s:.0f} s)")
