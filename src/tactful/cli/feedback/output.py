"""`tactful feedback pairs` and `tactful feedback report`: what a judged chat log is good for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.feedback.root import digest_of, print_shares, read_fit, split_names
from tactful.cli.options import JsonFlag, OutOption, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, say
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.feedback.pipeline import JudgedTurns
    from tactful.feedback.training.pairs import TrainingRows
    from tactful.runs import RunFolder


def register(noun: typer.Typer) -> None:
    """Add the verbs `pairs` and `report` to the noun `feedback`."""
    noun.command("pairs")(pairs)
    noun.command("report")(report)


# ---------------------------------------------------------------- pairs


def pairs(
    source: Annotated[
        str, typer.Argument(metavar="RUN", help="A run of `feedback judge`, or JSONL of judged turns.")
    ],
    min_reward: Annotated[
        float,
        typer.Option(
            "--min-reward", min=0.001, max=1, help="Least size of a reward; 0.5 leaves pos_progress out."
        ),
    ] = 0.05,
    similar: Annotated[
        float,
        typer.Option("--similar", min=0.01, max=1, help="Least similarity of two queries for the same need."),
    ] = 0.6,
    prompt: Annotated[
        Literal["told", "query"],
        typer.Option("--prompt", help="Pairs: all that the user said on the way, or the first query alone."),
    ] = "told",
    group_by: Annotated[
        str,
        typer.Option(
            "--group-by", help="Never in two splits: `dialogue`, or a key of the log such as a user id."
        ),
    ] = "dialogue",
    valid: Annotated[
        float, typer.Option("--valid", min=0, max=0.9, help="Share of groups for validation.")
    ] = 0.1,
    test: Annotated[float, typer.Option("--test", min=0, max=0.9, help="Share of groups for testing.")] = 0.1,
    confidence: Annotated[
        Path | None, typer.Option("--confidence", help="Panels: what `feedback fit-confidence` wrote.")
    ] = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Make training data: wanted and unwanted answers (KTO), and pairs where a need was answered twice (DPO).

    Example: `tactful feedback pairs runs/feedback --out runs/training`
    """
    from tactful.feedback.training.files import pairs_job, write_trainer_files
    from tactful.feedback.training.pairs import PairsConfig, TrainingRows
    from tactful.runs import RunOptions, run_job

    if valid + test >= 1:
        raise UsageError(f"--valid {valid} and --test {test} leave nothing to train on")
    judged = _judged(source, confidence, skip_bad=skip_bad)
    config = PairsConfig(
        min_reward=min_reward,
        similar=similar,
        prompt=prompt,
        group_by=group_by,
        valid=valid,
        test=test,
        seed=seed,
        source=_origin(source),
    )
    rows = TrainingRows(judged, config)
    summary = run_job(pairs_job(config, rows), RunOptions(out=out, seed=seed))
    if not rows.summary.turns:
        raise DataError(f"{source}: holds no judged turn; give the folder of 'tactful feedback judge'")
    files = write_trainer_files(summary.folder)
    _report_pairs(summary.folder, rows, files, judged, as_json=as_json)


def _judged(source: str, confidence: Path | None, *, skip_bad: bool) -> JudgedTurns:
    """The judgements in `source`; a panel's with the confidence map that its run was made with, or the one given."""
    from tactful.feedback.pipeline import JudgedTurns

    judged = JudgedTurns(source, skip_bad=skip_bad)
    path = str(confidence) if confidence else judged.config.confidence if judged.config else ""
    if judged.config is not None and judged.config.is_panel:
        judged.fitted = read_fit(path)[0]
    elif confidence is not None:
        raise UsageError(
            "--confidence belongs to a panel's run, whose judgements are made when it is read; "
            "for others give it to 'tactful feedback judge'"
        )
    return judged


def _origin(source: str) -> str:
    """What the rows were made from: run id and input hash, or the file's hash; empty for stdin."""
    from tactful.runs import RunFolder, resolve_input

    if source == "-":
        return ""
    if Path(source).is_dir():
        info = RunFolder.open(source).info()
        return f"{info.run_id}/{info.input_hash}"
    return digest_of(resolve_input(source))


def _report_pairs(
    folder: RunFolder, rows: TrainingRows, files: dict[Path, int], judged: JudgedTurns, *, as_json: bool
) -> None:
    found = rows.summary
    result = {
        "run": str(folder.path),
        "turns": found.turns,
        "good": found.good,
        "bad": found.bad,
        "left_out": dict(found.left_out),
        "pairs": dict(found.pairs),
        "pairs_left_out": dict(found.pairs_left_out),
        "rows_by_part": dict(found.parts),
        "grouped_by": rows.config.group_by,
        "files": {str(path): count for path, count in files.items()},
        "bad_lines": judged.bad,
    }
    folder.save_summary(result)
    if as_json:
        emit_json(result)
    else:
        for path, count in files.items():
            print(f"{count:>7}  {path}")
    left_out = ", ".join(f"{count} {reason}" for reason, count in found.left_out.most_common()) or "none"
    say(f"{found.turns} turns: {found.good} wanted and {found.bad} unwanted answers; left out: {left_out}")
    links = ", ".join(f"{count} by {link}" for link, count in found.pairs.most_common())
    say(
        f"{found.pairs.total()} preference pairs{f' ({links})' if links else ''}; split by {rows.config.group_by}"
    )
    for reason, count in found.pairs_left_out.most_common():
        say(f"pairs left out: {count} {reason}")
    if judged.bad:
        say(f"{judged.bad} unusable lines left out, the first: {judged.problems[0]}")
    say(f"rows with provenance: {folder.records_path}")


# ---------------------------------------------------------------- report


def report(
    source: Annotated[
        str, typer.Argument(metavar="RUN", help="A run of `feedback judge`, or JSONL of judged turns.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The HTML file to write.")],
    by: Annotated[
        str,
        typer.Option(
            "--by", help="Fields of the log to break the shares down by, by commas; default: those found."
        ),
    ] = "",
    time_field: Annotated[
        str | None, typer.Option("--time-field", help="Field that holds the time; default: the usual names.")
    ] = None,
    confidence: Annotated[
        Path | None, typer.Option("--confidence", help="Panels: what `feedback fit-confidence` wrote.")
    ] = None,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write one HTML page: label shares over time and per field, the worst turns to read first.

    Example: `tactful feedback report runs/feedback --by model --out report.html`
    """
    from tactful.feedback.report.page import overview, usual_fields, write_report
    from tactful.runs import RunFolder

    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    judged = _judged(source, confidence, skip_bad=skip_bad)
    fields = split_names(by) if by else () if source == "-" else usual_fields(judged)
    found = overview(judged, fields=fields, time_key=time_field)
    failed = RunFolder.open(source).counts().failed if Path(source).is_dir() else 0
    write_report(found, out, title=f"Feedback in {Path(source).name}", failed=failed)
    if as_json:
        emit_json(
            {
                "report": str(out),
                "turns": found.total.turns,
                "unscored": found.total.unscored,
                "failed": failed,
                "fields": list(fields),
                "labels": {label: share.model_dump() for label, share in found.total.table().items()},
                "bad_lines": judged.bad,
            }
        )
    else:
        print_shares(found.total)
    if judged.bad:
        say(f"{judged.bad} unusable lines left out, the first: {judged.problems[0]}")
    if found.rehearsal:
        say("a rehearsal: the offline model's cues made these labels")
    say(f"written: {out}")
