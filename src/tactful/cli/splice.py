"""Commands whose parameters may be groups of flags: typer sees the flags, the command gets the groups.

def rollout(source: StatesArgument, model: ModelOption, at: ModelFlags, run: RunFlags) -> None: ...

noun = noun_of("From tasks to pairs.", rollout)
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer


@dataclass(frozen=True)
class LeftOut:
    """Flags of a group that a command does not show."""

    names: frozenset[str]


def without(*names: str) -> LeftOut:
    """Leaves flags of a group out of a command, `Annotated[RunFlags, without("limit")]`; they keep their defaults."""
    return LeftOut(frozenset(names))


def spliced(command: Callable[..., None]) -> Callable[..., None]:
    """The command for typer: each group of flags among its parameters is replaced by its flags, in order.

    Raises TypeError when two parameters claim the same name.
    """
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, tuple[type, tuple[str, ...]]] = {}
    shown: dict[str, inspect.Parameter] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        kind, left_out = _unwrapped(hints[name])
        if isinstance(kind, type) and is_dataclass(kind):
            found = _flags(kind, left_out)
            groups[name] = (kind, tuple(found))
        else:
            found = {name: parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)}
        if both := found.keys() & shown.keys():
            raise TypeError(
                f"{command.__qualname__}: {', '.join(sorted(both))} stands in two groups of flags"
            )
        shown |= found

    @functools.wraps(command)
    def called(**given: Any) -> None:
        for name, (kind, names) in groups.items():
            given[name] = kind(**{flag: given.pop(flag) for flag in names})
        command(**given)

    called.__signature__ = inspect.Signature(list(shown.values()))  # type: ignore[attr-defined]
    called.__annotations__ = {name: parameter.annotation for name, parameter in shown.items()}
    return called


def _unwrapped(hint: Any) -> tuple[Any, frozenset[str]]:
    if get_origin(hint) is not Annotated:
        return hint, frozenset()
    kind, *marks = get_args(hint)
    return kind, frozenset(name for mark in marks if isinstance(mark, LeftOut) for name in mark.names)


def _flags(group: Any, left_out: frozenset[str]) -> dict[str, inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return {
        field.name: inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
        if field.name not in left_out
    }


def noun_of(about: str, *verbs: Callable[..., None]) -> typer.Typer:
    """A noun of the command line with its verbs, in this order, each by the name of its function."""
    noun = typer.Typer(no_args_is_help=True, help=about, add_completion=False, rich_markup_mode="markdown")
    noun.callback()(lambda: None)  # so that a noun of one verb keeps its verb
    for verb in verbs:
        noun.command(verb.__name__.rstrip("_").replace("_", "-"))(spliced(verb))
    return noun
