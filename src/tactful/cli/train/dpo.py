"""`tactful train dpo`: learn to prefer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import typer

from tactful.cli.options import JsonFlag
from tactful.cli.train.options import DataArgument, PlaceFlags, TrainFlags, run


@dataclass(frozen=True, kw_only=True)
class DpoFlags(TrainFlags):
    """Those of DPO."""

    learn: Annotated[
        Literal["text", "action"] | None,
        typer.Option(
            "--learn",
            help="Pairs of `calibrate pairs`: the messages, or the action's name; default: text.",
            show_default=False,
        ),
    ] = None
    shown: Annotated[
        Literal["conversation", "numbers"] | None,
        typer.Option(
            "--shown",
            help="--learn action: what was said and is known of the user (default), or clarity and complexity beside it.",
            show_default=False,
        ),
    ] = None
    beta: Annotated[
        float | None,
        typer.Option(
            "--beta", min=0.0001, help="How closely to hold to the base; default: 0.1.", show_default=False
        ),
    ] = None
    use_weights: Annotated[
        bool | None,
        typer.Option(
            "--weights/--no-weights", help="Pairs count by their weight; default: yes.", show_default=False
        ),
    ] = None
    use_margins: Annotated[
        bool | None,
        typer.Option(
            "--margins/--no-margins",
            help="Ask for a distance that grows with the margin; default: no.",
            show_default=False,
        ),
    ] = None


def dpo(data: DataArgument, *, place: PlaceFlags, flags: DpoFlags, as_json: JsonFlag = False) -> None:
    """Fine-tune a language model on preference pairs, of actions or of whole messages. Extra [train].

    Example: `tactful train dpo runs/pairs --learn action --model smollm2 --out runs/policy-lm`
    """
    run("dpo", data, place, flags, as_json)
