"""`tactful train kto`: learn from wanted and unwanted answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from tactful.cli.options import JsonFlag
from tactful.cli.train.options import BetaOption, DataArgument, PlaceFlags, TrainFlags, option, run


@dataclass(frozen=True, kw_only=True)
class KtoFlags(TrainFlags):
    """Those of KTO."""

    beta: BetaOption = None
    balance: Annotated[
        bool | None,
        option("--balance/--no-balance", help="Wanted and unwanted count the same in sum; default: yes."),
    ] = None


def kto(data: DataArgument, *, place: PlaceFlags, flags: KtoFlags, as_json: JsonFlag = False) -> None:
    """Fine-tune a language model on answers that were wanted or not: judged turns, `learn`'s rows. Extra [train].

    Example: `tactful train kto runs/feedback-pairs --model smollm2 --out runs/kto`
    """
    run("kto", data, place, flags, as_json)
