"""The root command imports a noun when it is called: a start costs what its own command needs, `--help` almost nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from tactful.cli.splice import spliced


@dataclass(frozen=True)
class Place:
    """Where a command is, and what the root's help says of it."""

    path: str
    """`module:name` below `tactful.cli`: a noun, or the function of a verb without one."""
    about: str
    """The first line of its own help; a test compares them."""

    def load(self, name: str) -> Any:
        """The command. Raises ImportError where its module is missing."""
        found = resolve_name(f"tactful.cli.{self.path}")
        if isinstance(found, typer.Typer):
            command = get_command(found)
        else:
            alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
            alone.command(name)(spliced(found))
            command = get_command(alone)
        command.name = name
        return command


class _Loaded(MutableMapping[str, Any]):
    """Name → command, each imported when it is first asked for; names cost nothing."""

    def __init__(self, places: Mapping[str, Place], more: Mapping[str, Any]) -> None:
        self._places = places
        self._found = dict(more)

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            self._found[name] = self._places[name].load(name)
        return self._found[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._found[name] = command

    def __delitem__(self, name: str) -> None:
        del self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._places or name in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._places, *self._found)))

    def __len__(self) -> int:
        return len(self._places.keys() | self._found.keys())


class Lazy(TyperGroup):
    """A group whose commands wait in their modules until they are called."""

    places: Mapping[str, Place] = {}

    @classmethod
    def of(cls, places: Mapping[str, Place]) -> type[Lazy]:
        """The class of a group of these commands, as `typer.Typer(cls=…)` takes it."""
        return type("LazyGroup", (cls,), {"places": places})

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Loaded(self.places, self.commands)

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in order; none is imported for it."""
        return list(self.commands)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help of the root, from what `places` says: no command is imported for it."""
        with self._told():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What a word of the root may become, likewise."""
        with self._told():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Inside, each command is its name and first line of help alone."""
        whole, self.commands = (
            self.commands,
            {name: TyperGroup(name=name, help=one.about) for name, one in self.places.items()},
        )
        try:
            yield
        finally:
            self.commands = whole
