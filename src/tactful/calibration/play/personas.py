"""Personas: the built-in ones, files of your own, and choosing among them.

A persona file is TOML with one `[[persona]]` table per person; the fields are those of `Persona`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from tactful.calibration.types import Persona
from tactful.data.io import describe
from tactful.errors import ConfigError

BUILT_IN = Path(__file__).parent / "personas"


@cache
def builtin_personas(domain: str) -> tuple[Persona, ...]:
    """The built-in personas of a domain, held-out ones last; empty for a domain that has none."""
    path = BUILT_IN / f"{domain}.toml"
    return load_personas(path) if path.is_file() else ()


def builtin_domains() -> tuple[str, ...]:
    """The domains with built-in personas, in alphabetical order."""
    return tuple(sorted(path.stem for path in BUILT_IN.glob("*.toml")))


def load_personas(path: Path) -> tuple[Persona, ...]:
    """The personas in a TOML file, in its order.

    Raises ConfigError with the file, the persona and the value when one is unusable or a name repeats.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the personas ({error.strerror}); check the path") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML ({error})") from error
    rows = table.pop("persona", None)
    if table or not isinstance(rows, list) or not rows:
        found = ", ".join(sorted(table)) or "nothing"
        raise ConfigError(f"{path}: expected [[persona]] tables and nothing else, found {found} beside them")
    personas = tuple(_persona(row, number, path) for number, row in enumerate(rows, start=1))
    names = [persona.name for persona in personas]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{path}: the name '{doubled[0]}' stands twice; give each persona its own")
    return personas


def _persona(row: object, number: int, path: Path) -> Persona:
    try:
        return Persona.model_validate(row)
    except ValidationError as error:
        name = row.get("name") if isinstance(row, dict) else None
        who = f"persona '{name}'" if name else f"persona number {number}"
        raise ConfigError(f"{path}: {describe(error, who)}") from error


def choose_personas(which: Sequence[str], domain: str) -> tuple[Persona, ...]:
    """The personas for `domain`: built-in names and TOML files, in the order given, each once.

    Nothing chosen means every built-in persona of the domain that is not held out. A held-out persona takes part
    only when it is named or stands in a file given. Personas of other domains are passed over.
    Raises ConfigError for an unknown name, for two personas of one name, and when nobody is left.
    """
    found: dict[str, Persona] = {}
    for item in which:
        for persona in _named(item):
            if persona.domain not in (domain, "any"):
                continue
            if found.setdefault(persona.name, persona) != persona:
                raise ConfigError(f"--personas {item}: another persona is called '{persona.name}' already")
    if not which:
        found = {persona.name: persona for persona in builtin_personas(domain) if not persona.held_out}
    if not found:
        chosen = f"none of {', '.join(which)} is" if which else "there is no built-in persona"
        raise ConfigError(f"domain '{domain}': {chosen} for it; give --personas FILE.toml with some")
    return tuple(found.values())


def _named(item: str) -> tuple[Persona, ...]:
    if item.endswith(".toml"):
        return load_personas(Path(item))
    known = [persona for domain in builtin_domains() for persona in builtin_personas(domain)]
    matching = tuple(persona for persona in known if persona.name == item)
    if not matching:
        names = ", ".join(sorted(persona.name for persona in known))
        raise ConfigError(f"--personas {item}: no built-in persona of this name; there are {names}")
    return matching
