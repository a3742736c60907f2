"""What a command of ours takes, as the command line itself says it."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Command:
    """Of `calibrate reward runs/rollout`: `calibrate reward`."""

    names: int
    """How many words name it; its input and flags follow."""
    flags: frozenset[str]
    """`--seed`, `--resume`, …"""
    opposites: Mapping[str, str]
    """`--weights` → `--no-weights`, and back. What has none is left out to say no."""
    repeats: frozenset[str]
    """Flags that may be given more than once; others take several values by commas."""

    @classmethod
    def of(cls, words: Sequence[str]) -> Command:
        """The command that these words begin with; where there is none of that name, the noun or the root before it."""
        from typer.main import get_command

        found: Any = get_command(pkgutil.resolve_name("tactful.cli.main:app"))  # above us: not to be imported
        names = 0
        for word in words:
            if word not in getattr(found, "commands", {}):
                break
            found = found.commands[word]
            names += 1
        both = [
            (yes, no) for option in found.params for yes in option.opts for no in option.secondary_opts[:1]
        ]
        return cls(
            names,
            frozenset(flag for option in found.params for flag in option.opts),
            {**dict(both), **{no: yes for yes, no in both}},
            frozenset(flag for option in found.params if option.multiple for flag in option.opts),
        )

    def words(self, flag: str, value: Any) -> list[str]:
        """The flag with this value, as typed: a list repeats it, or is written with commas where it may stand once; true
        and false say yes and no."""
        name = f"--{flag}"
        if isinstance(value, list):
            if name in self.repeats:
                return [word for one in value for word in self.words(flag, one)]
            return [name, ",".join(map(str, value))]
        if value is True:
            return [name]
        if value is False:
            return [self.opposites[name]] if name in self.opposites else []
        return [name, str(value)]
