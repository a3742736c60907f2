"""`tactful train dpo`: learn to prefer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from tactful.cli.options import JsonFlag
from tactful.cli.train.options import BetaOption, DataArgument, PlaceFlags, TrainFlags, option, run


@dataclass(frozen=True, kw_only=True)
class DpoFlags(TrainFlags):
    """Those of DPO."""

    learn: Annotated[
        Literal["text", "action"] | None,
        option(
            "--learn", help="Pairs of `calibrate pairs`: the messages, or the action's name; default: text."
        ),
    ] = None
    shown: Annotated[
        Literal["conversation", "numbers"] | None,
        option(
            "--shown",
            help="--learn action: what was said and is known of the user (default), or clarity and complexity beside it.",
        ),
    ] = None
    beta: BetaOption = None
    use_weights: Annotated[
        bool | None, option("--weights/--no-weights", help="Pairs count by their weight; default: yes.")
    ] = None
    use_margins: Annotated[
        bool | None,
        option("--margins/--no-margins", help="Ask for a distance that grows with the margin; default: no."),
    ] = None


def dpo(data: DataArgument, *, place: PlaceFlags, flags: DpoFlags, as_json: JsonFlag = False) -> None:
    """Fine-tune a language model on preference pairs, of actions or of whole messages. Extra [train].

    Example: `tactful train dpo runs/pairs --learn action --model smollm2 --out runs/policy-lm`
    """
    run("dpo", data, place, flags, as_json)
