"""`tactful runs list|show|retry|export`: what runs there are, how they stand, and going on with them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import (
    BudgetTokensOption,
    BudgetUsdOption,
    CacheOption,
    ConcurrencyOption,
    JsonFlag,
    TimeoutOption,
)
from tactful.cli.output import emit_json, next_command, printable, quoted, say

if TYPE_CHECKING:
    from tactful.llm.types import Usage
    from tactful.runs.read.report import RunLine, RunReport

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")]

runs_app = typer.Typer(no_args_is_help=True, help="Look at runs, take failures again, write their outputs.")


def register(app: typer.Typer) -> None:
    """Add `tactful runs`."""
    app.add_typer(runs_app, name="runs")


@runs_app.command("list")
def list_(
    root: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Folder that holds the runs.")] = Path(
        "runs"
    ),
    as_json: JsonFlag = False,
) -> None:
    """List the runs in a folder, newest first.

    Example: `tactful runs list`
    """
    from tactful.runs.read.report import list_runs

    lines = list_runs(root)
    if as_json:
        emit_json([line.model_dump(mode="json") for line in lines])
        return
    if not lines:
        say(f"{root}: no runs yet")
        return
    heads = ("NAME", "COMMAND", "STATE", "DONE", "FAILED", "SKIPPED", "READ", "COST", "AGE")
    _print_table(heads, [_cells(line) for line in lines])
    for line in lines:
        if line.problem:
            say(f"{line.name}: {line.problem}")


@runs_app.command()
def show(run: RunArgument, as_json: JsonFlag = False) -> None:
    """Show one run: configuration, counts, cost, failures by stage and reason, provenance, integrity.

    Example: `tactful runs show runs/calibrate-rollout-20260101T120000Z`
    """
    from tactful.runs import RunFolder
    from tactful.runs.read.report import run_report

    folder = RunFolder.open(run)
    report = run_report(folder)
    if as_json:
        emit_json(report.model_dump(mode="json"))
        return
    for line in _told(report):
        print(printable(line))
    if folder.config_path.is_file():
        print("\nconfiguration")
        for line in folder.config_path.read_text(encoding="utf-8").splitlines():
            print(f"  {printable(line)}")


@runs_app.command()
def retry(
    run: RunArgument,
    unscored: Annotated[
        bool, typer.Option("--unscored", help="Also take again what is done but could not be judged.")
    ] = False,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-tokens", min=1, help="At least this much room for a reply, for what was too long."
        ),
    ] = None,
    timeout: TimeoutOption = None,
    concurrency: ConcurrencyOption = 32,
    budget_usd: BudgetUsdOption = None,
    budget_tokens: BudgetTokensOption = None,
    cache: CacheOption = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="The folder is yours: send to the endpoint that it names.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Take the failed records of a run again. Nothing else is touched; earlier cost stays counted.

    Example: `tactful runs retry runs/calibrate-rollout-20260101T120000Z --concurrency 8`

    More room and time: `tactful runs retry runs/feedback --max-tokens 16000 --timeout 900`
    """
    from tactful.jobs import job_of
    from tactful.runs import RunFolder, RunOptions, retry_run

    folder = RunFolder.open(run)
    options = RunOptions(
        concurrency=concurrency,
        budget_usd=budget_usd,
        budget_tokens=budget_tokens,
        cache=cache,
        timeout_s=timeout,
        least_max_tokens=max_tokens,
    )
    summary = retry_run(folder, job_of(folder, trust=trust), unscored=unscored, options=options)
    if as_json:
        emit_json(
            {
                "path": str(summary.folder.path),
                "read": summary.read,
                "done": summary.done,
                "failed": summary.failed,
                "skipped": summary.skipped,
                "unscored": summary.unscored,
                "usage": summary.usage.model_dump(mode="json"),
            }
        )
    if summary.failed:
        next_command(f"tactful runs show {quoted(run)}")


@runs_app.command()
def export(
    run: RunArgument,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Write the records here instead (`-`: stdout), also while the run works."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write records.jsonl and failures.jsonl of a run from its state.

    Example: `tactful runs export runs/calibrate-rollout-20260101T120000Z --to -`
    """
    from tactful.runs import RunFolder
    from tactful.runs.read.export import export as write_outputs
    from tactful.runs.read.export import export_records
    from tactful.runs.store.lock import only_writer

    folder = RunFolder.open(run)
    if to is not None and str(to) == "-":
        export_records(folder, sys.stdout.buffer)
        return
    if to is not None:
        export_records(folder, to)
    else:
        with only_writer(folder.path):
            write_outputs(folder)
    written = to or folder.records_path
    if as_json:
        emit_json({"records": str(written), "failures": str(folder.failures_path) if to is None else None})
    say(f"written: {written}")


def _cells(line: RunLine) -> tuple[str, ...]:
    from tactful.runs.running.progress import duration

    numbers = (line.done, line.failed, line.skipped, line.read)
    return (
        line.name,
        line.command,
        line.standing,
        *map(str, numbers),
        _cost(line.usage),
        duration(line.age_s),
    )


def _told(report: RunReport) -> list[str]:
    from tactful.runs.running.progress import duration, spent

    info, usage = report.info, report.usage
    lines = [
        f"{report.command}, {report.standing}, started {info['started_at']}, worked {duration(info['elapsed_s'])}"
        f" in {info['sessions']} session(s)",
        f"read {report.read} = {report.done} done + {report.failed} failed + {report.skipped} skipped"
        f"; {report.unscored} of the done are unscored",
        f"usage: {usage.calls} calls, {usage.cached} from the cache, {spent(usage)}",
        f"integrity: {_integrity(report)}",
    ]
    if info["why_stopped"]:
        lines.append(f"stopped: {info['why_stopped']}")
    if report.failures:
        lines.append("failures")
        lines += [
            f"  {count} × {stage}: {error}: {reason}" for stage, error, reason, count in report.failures
        ]
    if report.skips:
        lines.append("skipped")
        lines += [f"  {count} × {reason}" for reason, count in report.skips]
    lines += [
        "provenance",
        f"  run id {info['run_id']}, seed {info['seed']}, configuration {info['config_hash']}",
    ]
    lines += [f"  {role}: {model['name']}" for role, model in info["models"].items()]
    lines += [f"  prompt {prompt} {digest}" for prompt, digest in info["prompts"].items()]
    lines.append("  " + ", ".join(f"{name} {version}" for name, version in info["versions"].items()))
    return lines


def _integrity(report: RunReport) -> str:
    if report.damaged:
        shown = ", ".join(report.damaged[:5]) + (", …" if len(report.damaged) > 5 else "")
        return f"{len(report.damaged)} stored results are damaged ({shown}); the command with --resume takes them again"
    if report.stale_outputs:
        return f"results sound, but records.jsonl does not hold them; run: tactful runs export {quoted(report.path)}"
    return "sound"


def _cost(usage: Usage) -> str:
    if usage.cost_usd is None:
        return f"{usage.prompt_tokens + usage.completion_tokens:,} tok"
    return f"${usage.cost_usd:.4f}"


def _print_table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        print(
            "  ".join(printable(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
