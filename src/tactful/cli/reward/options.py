"""Flags that the verbs of `reward` share, and what they say alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.output import emit_json, say, tell_calls

if TYPE_CHECKING:
    from tactful.reward.forecast import RewardForecast

LikenessOption = Annotated[
    str,
    typer.Option(
        "--likeness",
        help="How texts are compared: `ngrams`, or a sentence encoder's name or folder (extra `encoder`).",
    ),
]
ExplainFlag = Annotated[
    bool, typer.Option("--explain/--no-explain", help="--model: say which features moved a judgement.")
]


def tell_forecast(expected: RewardForecast, model: str, *, as_json: bool) -> None:
    """What a run would ask for; nothing was sent."""
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    say(f"{expected.moments} moments; estimated, nothing was sent:")
    tell_calls(model, expected.calls, expected.prompt_tokens, expected.completion_tokens, expected.cost_usd)


def left_out(bad: int) -> str:
    """Words about unusable rows, to be appended; empty where there is none."""
    return f", {bad} unusable row{'s' if bad > 1 else ''} left out" if bad else ""
