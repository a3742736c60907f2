"""`tactful calibrate demo`: the whole loop offline, by the very commands that a user would type."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import JsonFlag, SeedOption
from tactful.cli.output import emit_json, say
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.policies.results import Evaluation

DOMAINS = ("coding", "planning")
REQUESTS = (
    "Set a timer for 10 minutes.",
    "Thanks, that's all!",
    "Write is_prime(n) that returns True when n is prime",
    "what's the capital of Peru",
    "明早七点叫我起床",
    "Translate this into French",
    "Book a table for us",
    "Send it to Anna",
    "The script crashes, fix it",
    "帮我把那个文件删了",
)
"""What people ask, complete and open ones; no reader was trained on them."""


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
    from tactful.evaluation.policies.report import read_evaluation, write_report
    from tactful.runs.store.files import make_private_folder

    out = out or Path("runs") / f"calibrate-demo-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    make_private_folder(out)
    began = time.monotonic()
    with ExitStack() as running:
        playing = [running.enter_context(_playing(domain, out, seed)) for domain in DOMAINS]
        for follow in playing:
            follow()
    found = [read_evaluation(out / domain / "evaluate") for domain in DOMAINS]
    report = out / "report.html"
    runs = [str(out / domain / "evaluate") for domain in DOMAINS]
    say(f"$ {shlex.join(['tactful', 'bench', 'report', *runs, '--out', str(report)])}")
    write_report(found, report)
    for domain in DOMAINS:
        for verb in ("rollout", "reward", "evaluate"):  # 125 MB that `tactful runs export` writes again
            (out / domain / verb / "records.jsonl").unlink(missing_ok=True)
    _print(found, report, time.monotonic() - began, as_json=as_json)


@contextmanager
def _playing(domain: str, out: Path, seed: int) -> Iterator[Callable[[], None]]:
    """Run the commands of one domain in a process of their own; the function names each as it begins.

    What they say goes to `DOMAIN.log` in `out`. The function raises typer.Exit when a command failed, whose words it
    shows. When the block ends early, so does the process.
    """
    program = (
        "import json, sys; from tactful.cli.main import main; from tactful.cli.calibrate.demo import run_all; "
        "run_all(main, json.loads(sys.argv[1]))"
    )
    steps = commands(domain, out, seed)
    log = out / f"{domain}.log"
    with log.open("wb") as said:
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
                begun = [
                    line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("$ ")
                ]
                for line in begun[shown:]:
                    say(line)
                shown = len(begun)
            if process.returncode:
                why = log.read_text(encoding="utf-8").rpartition("\n$ ")[2].partition("\n")[2].strip()
                say(why or f"tactful: {log}: nothing could be written there; check the free space")
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

    typer.echo("\nreward = task success − interruption cost, on held-out tasks; 95% intervals by base task\n")
    for item in found:
        for line in Table(*policy_table(item), []).lines():
            typer.echo(line)
        typer.echo()
    for sentence in _sentences(found):
        typer.echo(sentence)
    typer.echo("\nten requests, read and decided on for somebody whom nobody knows yet:\n")
    for line in read_and_decided(REQUESTS):
        typer.echo(line)
    typer.echo(f"\nreport: {report}   ({elapsed_s:.0f} s)")


def read_and_decided(requests: Sequence[str]) -> list[str]:
    """One line per request: p(need), what is missing, and whether the cost-aware policy asks."""
    from tactful.api.calibrate.states import states
    from tactful.policy import CostPolicy

    policy = CostPolicy(("answer", "ask"))
    made = []
    for state in states(list(requests), domain="chat"):
        seen = state.public()
        numbers = policy.explain(seen)[0].rpartition(": ")[0]
        made.append(f"  {policy.act(seen).action:7} {numbers:58}   {state.query}")
    return made


def _sentences(found: list[Evaluation]) -> list[str]:
    """What matters of the figures: against the fixed levels, against the rule, and what they rest on."""

    def against(baseline: Callable[[Evaluation], str], *, unseen: bool = False) -> str:
        parts = []
        for item in found:
            name = baseline(item)
            one = next(c for c in item.comparisons if (c.policy, c.baseline) == (item.main_policy, name))
            gap = one.unseen_personas if unseen else one.difference
            if gap is not None:
                parts.append(f"{verdict(gap)} {name} in {item.domain} ({gap.text()})")
        return " and ".join(parts)

    from tactful.evaluation.policies.results import verdict

    return [
        f"Against the best fixed level, the learned policy is {against(lambda item: item.best_fixed)}.",
        f"Against the rule written by hand it is {against(lambda item: 'rule')}.",
        "A rehearsal, not a language model, spoke, so this shows that the loop works and not what a model would do; "
        f"with users never seen in training it is {against(lambda item: item.best_fixed, unseen=True)}.",
    ]
