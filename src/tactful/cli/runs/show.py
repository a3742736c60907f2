"""`tactful runs show`: how one run stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tactful.cli.options import JsonFlag, RunArgument
from tactful.cli.output import emit_json, print_lines, printable, quoted

if TYPE_CHECKING:
    from tactful.runs.read.report import RunReport


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
        print_lines(printable(line))
    if folder.config_path.is_file():
        print_lines("\nconfiguration")
        for line in folder.config_path.read_text(encoding="utf-8", errors="replace").splitlines():
            print_lines(f"  {printable(line)}")


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
