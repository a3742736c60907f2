"""`tactful reward`: will the user accept this, now? Each verb has its file; this one puts them together."""

from __future__ import annotations

import importlib
import importlib.util

import typer

_VERBS = ("reward_train", "reward_judge", "reward_gate", "reward_reasons", "reward_serve")


def register(app: typer.Typer) -> None:
    """Add the noun `reward`."""
    noun = typer.Typer(no_args_is_help=True, help="Will the user accept this proposal, now?")
    noun.callback()(_reward)
    for module in _VERBS:
        if importlib.util.find_spec(f"tactful.cli.{module}"):
            importlib.import_module(f"tactful.cli.{module}").register(noun)
    app.add_typer(noun, name="reward")


def _reward() -> None:
    """Will the user accept this proposal, now?"""
