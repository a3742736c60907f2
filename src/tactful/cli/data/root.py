"""`tactful data init|seeds|import|check|export`: files in, files checked, files out for trainers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.data.check import Report

data_app = typer.Typer(no_args_is_help=True, help="Bring data in, check it, and export it for trainers.")
import_app = typer.Typer(no_args_is_help=True, help="Turn public data sets into states.")
data_app.add_typer(import_app, name="import")
seeds_app = typer.Typer(no_args_is_help=True, help="Write bundled data into a file of yours.")
data_app.add_typer(seeds_app, name="seeds")


def register(app: typer.Typer) -> None:
    """Add `tactful data`."""
    app.add_typer(data_app, name="data")


@data_app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where the folders are made.")] = Path(
        "data"
    ),
    as_json: JsonFlag = False,
) -> None:
    """Make the folders external, seeds, logs, dpo and eval, each with a README that says what it is for.

    Example: `tactful data init`

    What exists stays as it is.
    """
    from tactful.data.layout import LAYOUT, make_layout

    written = make_layout(folder)
    if as_json:
        emit_json({"folder": str(folder), "written": [str(path) for path in written]})
        return
    for name, purpose in LAYOUT.items():
        say(f"{folder / name}/  {purpose}")
    next_command(f"tactful data import mbpp FILE --out {folder / 'seeds' / 'mbpp_states.jsonl'}")


@seeds_app.command("moments")
def seed_moments(
    out: Annotated[Path, typer.Option("--out", help="JSONL file to write.")] = Path("moments.jsonl"),
    as_json: JsonFlag = False,
) -> None:
    """Write the bundled moments: thirty work sessions with proposals and silences, judged by their author.

    Example: `tactful data seeds moments --out moments.jsonl`

    They are for first tries and tests of `tactful reward`: the verdicts are the author's, no evidence about people.
    """
    from collections import Counter

    from tactful.data.formats.moments import moment_row
    from tactful.data.io import write_jsonl
    from tactful.data.seeds.moments import load_seed_moments

    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    if as_json and str(out) == "-":
        raise UsageError("--out - and --json both write to stdout; leave one of them out")
    items = load_seed_moments()
    write_jsonl(out, map(moment_row, items))
    sessions = len({item.moment.session for item in items})
    counts = Counter(item.category for item in items)
    if as_json:
        emit_json({"file": str(out), "moments": len(items), "sessions": sessions, "categories": dict(counts)})
        return
    told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    say(f"{out}: {len(items)} moments of {sessions} sessions ({told})")
    next_command(f"tactful reward train {quoted(out)} --out model")


@import_app.command("mbpp")
def import_mbpp(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="MBPP as JSONL (the full set).")
    ] = None,
    hub: Annotated[
        bool, typer.Option("--hub", help="Take it from the Hugging Face Hub (needs the package `datasets`).")
    ] = False,
    split: Annotated[str, typer.Option("--split", help="Split of the Hub's set.")] = "train",
    out: Annotated[Path, typer.Option("--out", help="States file to write.")] = Path(
        "data/seeds/mbpp_states.jsonl"
    ),
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    unsafe_exec: Annotated[
        bool, typer.Option("--unsafe-exec", help="Run the references even where no cage is at hand.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Turn MBPP into states: half name the function and show a test, half do not; references are run first.

    Example: `tactful data import mbpp mbpp.jsonl --out data/seeds/mbpp_states.jsonl`

    Tasks whose own reference fails go to a file beside, with the reason. Clarity and complexity are estimated from
    the text. The counts add up: read = imported + quarantined + bad.
    """
    from tactful.calibration.tasks.states import complete_states
    from tactful.data.formats import mbpp
    from tactful.sandbox import Sandbox

    if (file is None) == (not hub):
        raise UsageError("give either FILE or --hub")
    beside = mbpp.quarantine_path(out)
    for path in (out, beside):
        if path.exists():
            raise UsageError(f"{path}: exists already; give --out a new name")
    with Sandbox(unsafe=unsafe_exec) as sandbox:
        if file is not None:
            result = mbpp.import_mbpp(file, sandbox=sandbox, seed=seed, skip_bad=skip_bad)
        else:
            result = mbpp.import_tasks(mbpp.hub_tasks(split), sandbox=sandbox, seed=seed)
    if not result.read:
        raise DataError.at(
            file or split, None, "holds no task", fix="give MBPP's own JSONL, one task per line"
        )
    mbpp.write_import(result, complete_states(result.states), out)
    counts: dict[str, Any] = {
        "read": result.read,
        "imported": result.imported,
        "quarantined": result.quarantined,
        "bad": result.bad,
        "complete": sum(state.wording == "complete" for state in result.states),
        "open": sum(state.wording == "open" for state in result.states),
        "sandbox_tier": str(result.tier),
        "out": str(out),
        "quarantine": str(beside) if result.quarantine else None,
    }
    _tell(result.problems)
    if as_json:
        emit_json(counts)
        return
    say(
        f"{result.read} read = {result.imported} imported + {result.quarantined} quarantined + {result.bad} bad; "
        f"{counts['complete']} complete, {counts['open']} open; references ran in tier '{result.tier}'"
    )
    if result.quarantine:
        say(f"quarantined, with reasons: {beside}")
    next_command(f"tactful calibrate rollout {quoted(out)} --model offline")


@data_app.command("check")
def check(
    file: Annotated[
        Path,
        typer.Argument(metavar="RUN|FILE", help="A run folder, or a file of records; `-` is standard input."),
    ],
    kind: Annotated[
        str | None, typer.Option("--type", help="Kind of record, where the file does not tell.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Read every record of a file and name the lines that are not what they should be. Exits 1 if there are any.

    Example: `tactful data check data/seeds/mbpp_states.jsonl`

    Knows what calibrate, feedback and utterance read and write, policies, evaluations, exports for trainers (in TRL's,
    LLaMA-Factory's and OpenAI's form), and the TOML files: personas, space.toml, reward and feedback configurations.
    """
    from tactful.cli.data.kinds import documents, readers
    from tactful.data.check import check_document, check_file, detect_kind

    by_line, whole = readers(), documents()
    path = _file_of(file)
    chosen = kind or detect_kind(path)
    if chosen not in {*by_line, *whole}:
        raise UsageError(f"--type '{chosen}' is not known; choose one of: {', '.join([*by_line, *whole])}")
    report = (
        check_document(path, chosen, whole[chosen])
        if chosen in whole
        else check_file(path, chosen, by_line[chosen])
    )
    if as_json:
        emit_json(report.model_dump(mode="json"))
    else:
        _print_report(report)
    if not report.read:
        say(f"{report.path}: holds no record, so nothing was checked; give a file with one record per line")
    if report.bad or not report.read:
        raise typer.Exit(1)


def _file_of(given: Path) -> Path:
    """The records of a run folder, the data of an export's folder, a saved model's file, or the file itself."""
    from tactful.runs import resolve_input

    if not given.is_dir() or (given / "run.json").exists():
        return resolve_input(given)
    for name in ("pairs.jsonl", "pairs.json", "space.toml", "model.json", "suggestions.json"):
        if (given / name).exists():
            return given / name
    return resolve_input(given)


def _print_report(report: Report) -> None:
    _tell(report.problems)
    if report.bad > len(report.problems):
        say(f"… and {report.bad - len(report.problems)} more")
    print(f"{report.path}: {report.type}: {report.read} read = {report.good} good + {report.bad} bad")


def _tell(problems: list[str] | tuple[str, ...]) -> None:
    for problem in problems:
        say(problem)


@data_app.command("export")
def export(
    pairs: Annotated[
        Path, typer.Argument(metavar="RUN|FILE", help="Run folder or file with preference pairs.")
    ],
    to: Annotated[str, typer.Option("--to", help="Form: trl, llama-factory or openai.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the files.")],
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write preference pairs in the form that a trainer reads, with their provenance beside.

    Example: `tactful data export runs/pairs --to trl --out data/dpo/trl`

    Of `utterance synthesize`: preference pairs, and every chosen side for SFT. The hidden side of a task (references,
    tests, requirements) and what a user wrote next are never in the prompt of an export.
    """
    from tactful.utterance.export import holds_pairs

    if holds_pairs(pairs):
        _export_utterance(pairs, to, out, skip_bad=skip_bad, as_json=as_json)
        return
    if skip_bad:
        raise UsageError(f"--skip-bad is for records of 'utterance synthesize'; {pairs} holds other pairs")
    from tactful.data.check import refuse_other_kind
    from tactful.data.export import export_pairs, pairs_file

    refuse_other_kind(pairs_file(pairs), "pairs", given=pairs)
    done = export_pairs(pairs, to, out)
    left_out = {"equal_sides": done.equal_sides, "repeated": done.repeated}
    if as_json:
        emit_json({"rows": done.pairs, **left_out, "to": to, "out": str(out)})
        return
    say(
        f"{done.pairs} pairs written to {out} for {to}{_left_out(**left_out)}; provenance in {out / 'provenance.jsonl'}"
    )


def _left_out(*, equal_sides: int, repeated: int) -> str:
    """What an export left out, in words; nothing where that is nothing."""
    told = [
        f"{count} {what}"
        for count, what in (
            (equal_sides, "with two equal sides"),
            (repeated, "that repeat an earlier pair"),
        )
        if count
    ]
    return f" (left out: {', '.join(told)})" if told else ""


def _export_utterance(pairs: Path, to: str, out: Path, *, skip_bad: bool, as_json: bool) -> None:
    from tactful.utterance.export import export_utterance

    done = export_utterance(pairs, to, out, skip_bad=skip_bad)
    if as_json:
        counts = done.model_dump(include={"equal_sides", "repeated", "bad"})
        emit_json({"rows": done.pairs, "sft_rows": done.sft, **counts, "to": to, "out": str(out)})
        return
    say(
        f"{done.records} records: {done.pairs} preference pairs and {done.sft} rows for SFT written to {out} for {to}"
        f"{_left_out(equal_sides=done.equal_sides, repeated=done.repeated)}, "
        f"{done.records - done.pairs - done.equal_sides - done.repeated} records without a kept pair, "
        f"{done.bad} unusable lines left out"
    )
