"""`tactful train grpo`: learn by talking to simulated users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from tactful.cli.options import JsonFlag
from tactful.cli.train.options import DataArgument, PlaceFlags, TrainFlags, option, run


@dataclass(frozen=True, kw_only=True)
class GrpoFlags(TrainFlags):
    """Those of GRPO."""

    personas: Annotated[
        list[str] | None,
        option(
            "--persona", help="User by name, or a TOML file; repeat it. Default: all that are not held out."
        ),
    ] = None
    generations: Annotated[
        int | None, option("--generations", min=2, help="Talks about each task; default: 4.")
    ] = None
    max_turns: Annotated[
        int | None, option("--max-turns", min=1, help="Messages of the model in a talk; default: 4.")
    ] = None
    max_message: Annotated[
        int | None, option("--max-message", min=1, help="Most tokens of a message; default: 512.")
    ] = None
    temperature: Annotated[
        float | None, option("--temperature", min=0.01, help="Of the sampling; default: 1.")
    ] = None
    credit: Annotated[
        Literal["talk", "turn"] | None,
        option("--credit", help="Reward of the whole talk, or each message's return to go; default: talk."),
    ] = None


def grpo(data: DataArgument, *, place: PlaceFlags, flags: GrpoFlags, as_json: JsonFlag = False) -> None:
    """Fine-tune a language model by talking: it asks or delivers, simulated users answer, the reward judges. Extra [train].

    Example: `tactful train grpo states.jsonl --model Qwen/Qwen2.5-0.5B-Instruct --max-length 4096 --out runs/grpo`
    """
    run("grpo", data, place, flags, as_json)
