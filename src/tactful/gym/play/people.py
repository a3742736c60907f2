"""People to play: traits from a TOML file, `[[person]]` tables of `Traits`."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from tactful.errors import ConfigError
from tactful.gym.types import Traits


def load_people(path: Path) -> tuple[Traits, ...]:
    """The people in a file, in order.

    Raises: ConfigError, naming file, person, key and value, where the file cannot be used or holds nobody.
    """
    form = "write [[person]] tables with some of " + ", ".join(Traits.model_fields)
    try:
        given = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: people cannot be read: {error}; {form}") from error
    rows = given.get("person")
    if set(given) != {"person"} or not isinstance(rows, list) or not rows:
        raise ConfigError(f"{path}: holds {', '.join(given) or 'nothing'}, expected people; {form}")
    people = []
    for number, row in enumerate(rows, 1):
        try:
            people.append(Traits.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"])) or "the row"
            raise ConfigError(
                f"{path}: person {number}: {key} is {first['input']!r}: {first['msg']}; {form}"
            ) from error
    return tuple(people)
