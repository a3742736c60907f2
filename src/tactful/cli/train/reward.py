"""`tactful train reward`: a model that gives texts a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from tactful.cli.options import JsonFlag
from tactful.cli.train.options import DataArgument, PlaceFlags, TrainFlags, option, run


@dataclass(frozen=True, kw_only=True)
class RewardFlags(TrainFlags):
    """Those of a reward model."""

    use_weights: Annotated[
        bool | None,
        option("--weights/--no-weights", help="On yes and no: rows count by their weight; default: yes."),
    ] = None
    use_margins: Annotated[
        bool | None,
        option(
            "--margins/--no-margins",
            help="On pairs: ask for a distance that grows with the margin; default: no.",
        ),
    ] = None


def reward(data: DataArgument, *, place: PlaceFlags, flags: RewardFlags, as_json: JsonFlag = False) -> None:
    """Train a reward model: labelled moments by cross-entropy on yes and no, pairs by the better one. Extra [train].

    Example: `tactful train reward reward_train.jsonl --model smollm2 --lora --out runs/reward-lm`
    """
    run("reward", data, place, flags, as_json)
