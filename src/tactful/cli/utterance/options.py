"""Flags that the verbs of `utterance` share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from tactful.cli.options import ModelFlags, ReasoningTokensOption

DialoguesArgument = Annotated[
    str,
    typer.Argument(
        metavar="DIALOGUES", help="Chat log of any known format, or a folder of them; `-` is stdin."
    ),
]
TargetsOption = Annotated[
    str,
    typer.Option(
        "--targets", help="Which user turns are predicted: `sample:N` per dialogue, `last` or `all`."
    ),
]


@dataclass(frozen=True, kw_only=True)
class ReasoningFlags(ModelFlags):
    """A model that may think before it answers."""

    max_tokens: ReasoningTokensOption = None
