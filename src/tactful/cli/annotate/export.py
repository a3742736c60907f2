"""`tactful annotate export`: annotations as what trains and measures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say, tell_bad

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tactful.annotation.export.pipeline import AnnotationsExport

_NEXT = {
    "votes": "tactful annotate agreement {out}",
    "reward": "tactful reward train {train} --out model",
    "proactivebench": "tactful reward train {train} --out model",
    "feedback": "tactful feedback train {train} --out judge.npz",
    "states": "tactful reader calibrate {train} --out reader",
    "pairs": "tactful train dpo {train} --model smollm2 --out dpo",
}
_OF_FEW = {"states": "tactful reader evaluate {train}"}
"""With fewer labels than a reader can be fitted to."""


def export(
    source: Annotated[
        str,
        typer.Argument(
            metavar="DATABASE|FOLDER",
            help="What `annotate serve` keeps: a file, or an address `postgresql://…`; an exported folder; or labelled moments "
            "with votes in `annotation`.",
        ),
    ],
    *,
    to: Annotated[
        str, typer.Option("--to", help="votes, reward, feedback, states, pairs or proactivebench.")
    ],
    out: Annotated[Path, typer.Option("--out", help="New folder for the files.")],
    aggregate: Annotated[
        str,
        typer.Option(
            "--aggregate", help="One label of several votes: majority, unanimous, dawid-skene or soft."
        ),
    ] = "majority",
    min_votes: Annotated[
        int,
        typer.Option("--min-votes", min=1, help="Drop what has fewer votes; adjudicated labels need none."),
    ] = 2,
    test_share: Annotated[
        float, typer.Option("--test-share", help="Share of the sessions in test.jsonl; 0: no test file.")
    ] = 0.2,
    as_published: Annotated[
        bool,
        typer.Option(
            "--as-published",
            help="proactivebench: by the published conversion with its faults, to compare with; not to train on.",
        ),
    ] = False,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write annotations as labels to train and measure on, and say what became of every vote.

    Example: `tactful annotate export annotations.sqlite --to reward --out labels`

    votes keeps everything, one row per annotator and answer; the other forms make one label of several votes, tell what each
    rule keeps and drops, and write train.jsonl and test.jsonl, which share no session. Adjudicated answers overrule.

    reward: moments, silence labelled by the question whether help was wanted. feedback: turns with one of the seven labels.
    states: requests that need a question, or none. pairs: the better of two replies.
    """
    from tactful.annotation.export.pipeline import TRAIN
    from tactful.annotation.reading import read_collected
    from tactful.api.annotate.export import export_annotations
    from tactful.reading.labelled import FEWEST

    given = read_collected(source, skip_bad=skip_bad)
    tell_bad(given)
    done = export_annotations(
        given,
        to,  # type: ignore[arg-type]
        out,
        aggregate=aggregate,  # type: ignore[arg-type]
        min_votes=min_votes,
        test_share=test_share,
        as_published=as_published,
        seed=seed,
    )
    if as_json:
        emit_json({**done.model_dump(mode="json"), "out": str(out)})
    else:
        for line in _lines(done):
            print_lines(line)
    for note in done.notes:
        say(f"note: {note}")
    if not as_published:
        step = _OF_FEW[to] if to in _OF_FEW and done.files[TRAIN] < FEWEST else _NEXT[to]
        next_command(step.format(out=quoted(out), train=quoted(out / TRAIN)))


def _lines(done: AnnotationsExport) -> Iterator[str]:
    """The table of rules, the labels and the files."""
    from tactful.api.tables import Table

    if done.rules:
        why = list(dict.fromkeys(reason for count in done.rules for reason in count.dropped))
        heads = ["rule", "of", "units", "kept", *why]
        cells = [
            [
                count.rule + (" *" if count.rule == done.chosen else ""),
                count.of,
                str(count.units),
                str(sum(count.kept.values())),
                *(str(count.dropped.get(reason, 0)) for reason in why),
            ]
            for count in done.rules
        ]
        yield from Table(heads, cells, [], note="* made the labels").lines()
        for count in done.rules:
            if count.rule == done.chosen:
                yield f"{count.of} kept: " + (_listed(count.kept) or "none")
    for of, people in done.annotators.items():
        for name, right in people.items():
            often = ", ".join(f"{value} {share:.2f}" for value, share in right.items())
            yield f"{of}, annotator {name}, said where it is right: {often}"
    if done.labels:
        yield "labels: " + _listed(done.labels)
    for name, rows in done.files.items():
        sessions = f" of {done.groups[name]} sessions" if name in done.groups else ""
        yield f"{name}: {rows} rows{sessions}"
    if done.grouped_by:
        yield f"no {done.grouped_by} is in both files"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
