"""ProactiveBench's form of a scene: `{environment: {agent_ops, description, entities, events_example, theme}, user}`.

Nothing of it is lost: an operation that is described in full there is one text here, `name(argument: type) -> value:
type; what it does`, and becomes the same object again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import Field

from tactful.data.io import shorten
from tactful.gym.scenes.settings import likely_setting
from tactful.gym.types import SETTINGS, Entity, Scene, SceneUser, Setting
from tactful.text import detect_lang
from tactful.types import Record, content_hash

_SIGNATURE = re.compile(
    r"(?P<name>[^\s(){}]+)\((?P<given>[^()]*)\) -> (?P<back>[^;]*); (?P<told>.*)", re.DOTALL
)
_TYPED = re.compile(r"(?P<name>[^\s,:;()]+): (?P<type>[^,:;()]+)")


class _Surroundings(Record):
    agent_ops: tuple[str | dict[str, Any], ...] = ()
    description: str = Field(min_length=1)
    entities: tuple[str | Entity, ...] = ()
    events_example: tuple[str, ...] = ()
    theme: str = ""


class _Published(Record):
    environment: _Surroundings
    user: SceneUser


def is_published(row: Any) -> bool:
    """Whether a row is meant to be in this form."""
    return isinstance(row, Mapping) and "environment" in row


def scene_of(row: Any, *, group: str = "", setting: Setting | None = None) -> Scene:
    """The scene of a row in this form; its setting, where none is given, by the words of goal and theme, then by the rest.

    Raises: ValidationError; ValueError where no word tells the setting.
    """
    found = _Published.model_validate(row)
    around, user = found.environment, found.user
    told = setting or likely_setting(
        user.goal, around.theme, f"{around.description} {user.description}", " ".join(around.events_example)
    )
    if told is None:
        raise ValueError(
            f"scene has user goal {shorten(user.goal)}, whose words do not tell the setting; "
            f"name it: tf.scenes(FILE, setting=…) with one of {', '.join(SETTINGS)}"
        )
    entities = tuple(Entity(name=one) if isinstance(one, str) else one for one in around.entities)
    return Scene(
        id=_name(around.theme or user.goal, row),
        setting=told,
        lang="zh" if detect_lang(f"{around.description} {user.goal}") == "zh" else "en",
        group=group,
        theme=around.theme,
        description=around.description,
        entities=entities,
        operations=tuple(map(_operation_text, around.agent_ops)),
        example_events=around.events_example,
        user=user,
    )


def published_row(scene: Scene) -> dict[str, Any]:
    """The scene in this form, keys in its order. Id, setting, language and group have no place in it.

    An entity with a state or operations is written as an object with these keys.
    """
    environment = {
        "agent_ops": [_operation_row(one) for one in scene.operations],
        "description": scene.description,
        "entities": [
            entity.name if not entity.state and not entity.operations else entity.model_dump(mode="json")
            for entity in scene.entities
        ],
        "events_example": list(scene.example_events),
        "theme": scene.theme,
    }
    return {"environment": environment, "user": scene.user.model_dump()}


def groups_of(rows: Sequence[Any]) -> list[str]:
    """For each row what it shares with those made from the same seed task: they have its goal or its example events."""
    leader = list(range(len(rows)))

    def root(at: int) -> int:
        while leader[at] != at:
            at = leader[at]
        return at

    first: dict[str, int] = {}
    for at, row in enumerate(rows):
        for mark in _marks(row):
            leader[root(at)] = root(first.setdefault(mark, at))
    return [f"task-{content_hash(_dumped(rows[root(at)]))[:8]}" for at in range(len(rows))]


def _marks(row: Any) -> list[str]:
    """Texts that two scenes of one seed task have in common."""
    try:
        events, goal = row["environment"].get("events_example"), row["user"]["goal"]
    except (TypeError, KeyError, AttributeError):
        return []
    return ([f"events {_dumped(events)!r}"] if events else []) + [f"goal {goal}"]


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, default=repr, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def _name(title: str, row: Any) -> str:
    """Readable, and the same wherever the scene stands in its file."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].rstrip("-")
    return f"{slug or 'scene'}-{content_hash(_dumped(row))[:6]}"


# ---------------------------------------------------------------- operations


def _operation_text(given: str | Mapping[str, Any]) -> str:
    if isinstance(given, str):
        return given
    text = _signature(given)
    if text is not None and _parsed(text) == given:
        return text
    return orjson.dumps(given).decode()


def _operation_row(text: str) -> str | dict[str, Any]:
    parsed = _parsed(text)
    if parsed is None and text.startswith("{"):
        try:
            parsed = orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return parsed if isinstance(parsed, dict) else text


def _signature(given: Mapping[str, Any]) -> str | None:
    """`file.open(path: string) -> content: string; Opens a file.`; None where the object says something else than that."""
    try:
        asked = ", ".join(f"{name}: {type_}" for name, type_ in given["parameters"].items())
        back = ", ".join(f"{name}: {type_}" for name, type_ in given["return_values"].items())
        return f"{given['action']}({asked}) -> {back}; {given['description']}"
    except (KeyError, AttributeError):
        return None


def _parsed(text: str) -> dict[str, Any] | None:
    found = _SIGNATURE.fullmatch(text)
    if found is None:
        return None
    asked, back = _types(found["given"]), _types(found["back"])
    if asked is None or back is None:
        return None
    return {"action": found["name"], "description": found["told"], "parameters": asked, "return_values": back}


def _types(text: str) -> dict[str, str] | None:
    parts = text.split(", ") if text else []
    found = [_TYPED.fullmatch(part) for part in parts]
    return None if None in found else {one["name"]: one["type"] for one in found if one}
