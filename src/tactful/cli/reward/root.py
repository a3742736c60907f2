"""`tactful reward`: will the user accept this, now? Each verb has its file; this one puts them together."""

from __future__ import annotations

import importlib

import typer

_VERBS = ("train", "judge", "gate", "reasons", "serve")


def register(app: typer.Typer) -> None:
    """Add the noun `reward`."""
    noun = typer.Typer(no_args_is_help=True, help="Will the user accept this proposal, now?")
    noun.callback()(_reward)
    for module in _VERBS:
        importlib.import_module(f"tactful.cli.reward.{module}").register(noun)
    app.add_typer(noun, name="reward")


def _reward() -> None:
    """Will the user accept this proposal, now?"""
