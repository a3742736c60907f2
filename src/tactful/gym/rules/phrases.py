"""The sentences of the rules, by language: `phrases/en.toml`, `phrases/zh.toml`."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from tactful.text.lang import is_chinese

FOLDER = Path(__file__).with_name("phrases")


@lru_cache
def phrases(lang: str) -> Mapping[str, Any]:
    """The table of a language; English for one that there is no table of."""
    path = FOLDER / ("zh.toml" if is_chinese(lang) else "en.toml")
    return tomllib.loads(path.read_text("utf-8"))


def listed(lang: str, room: str, key: str) -> list[str]:
    """The sentences to choose from."""
    return cast("list[str]", phrases(lang)[room][key])


def single(lang: str, room: str, key: str) -> str:
    """The one sentence of that name."""
    return str(phrases(lang)[room][key])


def filled(template: str, **values: object) -> str:
    """The template with its fields filled, its first letter large; what is filled in is never itself a template."""
    text = template.format_map(values)
    return text[:1].upper() + text[1:]


def chosen(rng: random.Random, lang: str, room: str, key: str, **values: object) -> str:
    """One of the sentences, by lot, filled."""
    return filled(rng.choice(listed(lang, room, key)), **values)
