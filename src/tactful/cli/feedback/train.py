"""`tactful feedback train`: the embedded judge learns from labelled turns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.feedback.options import LabelledArgument, tell_left_out
from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import UsageError


def train(
    labelled: LabelledArgument,
    *,
    out: Annotated[Path, typer.Option("--out", help="The model file to write (npz, no pickle).")],
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Train the embedded judge on labelled turns of your own. Seconds on a CPU.

    Example: `tactful feedback train labelled.jsonl --out judge.npz`

    How good it is on dialogues that it has not seen: `tactful feedback evaluate labelled.jsonl --cross-fit 5`.
    """
    from tactful.api.feedback.labelled import labelled_turns, train_feedback_judge
    from tactful.feedback.labels import LABELS

    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    read = labelled_turns(labelled, skip_bad=skip_bad)
    model = train_feedback_judge(read, seed=seed)
    model.save(out)
    tell_left_out(read.left_out)
    card = model.card
    say(f"trained on {card['turns']} turns of {card['dialogues']} dialogues, {len(model.labels)} labels")
    missing = sorted(set(map(str, LABELS)) - set(card["labels"]))
    if missing:
        say(f"it will never say {', '.join(missing)}: no turn had that label")
    if as_json:
        shown = {key: value for key, value in card.items() if key != "seen"}
        emit_json({"model": str(out), "left_out": read.left_out, **shown})
    next_command(f"tactful feedback judge CHATS.jsonl --model embedded --trained {quoted(out)}")
