"""`tactful train sft`: learn answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from tactful.cli.options import JsonFlag
from tactful.cli.train.options import DataArgument, PlaceFlags, TrainFlags, option, run


@dataclass(frozen=True, kw_only=True)
class SftFlags(TrainFlags):
    """Those of SFT."""

    packing: Annotated[bool | None, option("--packing/--no-packing", help="Several examples to a row.")] = (
        None
    )
    use_weights: Annotated[
        bool | None, option("--weights/--no-weights", help="Rows count by their weight; default: yes.")
    ] = None


def sft(data: DataArgument, *, place: PlaceFlags, flags: SftFlags, as_json: JsonFlag = False) -> None:
    """Fine-tune a language model on answers: next utterances, thoughts of a judge, wanted answers. Extra [train].

    Example: `tactful train sft runs/synthesize --model smollm2 --lora --out runs/sft`
    """
    run("sft", data, place, flags, as_json)
