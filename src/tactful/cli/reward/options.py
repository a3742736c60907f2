"""Flags that the verbs of `reward` share, and what they say alike."""

from __future__ import annotations

from typing import Annotated

import typer

LikenessOption = Annotated[
    str,
    typer.Option(
        "--likeness",
        help="How texts are compared: `ngrams`, or a sentence encoder's name or folder (extra `encoder`).",
    ),
]
ExplainFlag = Annotated[
    bool, typer.Option("--explain/--no-explain", help="--model, --reader: say what moved a judgement.")
]


def left_out(bad: int) -> str:
    """Words about unusable rows, to be appended; empty where there is none."""
    return f", {bad} unusable row{'s' if bad > 1 else ''} left out" if bad else ""
