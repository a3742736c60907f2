"""The offline model: a rehearsal by scripts, for demos, tests and first tries without any network.

It is not a language model. Each room scripts what is said to its prompts; what a script must know of a task's
hidden side travels in `Rehearsal.facts`. The same seed, messages and sample give the same reply in any process.
"""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from tactful.errors import ConfigError, ParseError
from tactful.llm.spending.meter import count
from tactful.llm.types import CallOptions, ModelSpec, Rehearsal, Reply, Usage, messages_of
from tactful.prompts import Rendered
from tactful.text import estimate_tokens
from tactful.text.thoughts import split_thoughts
from tactful.types import Message, seeded

T = TypeVar("T", bound=BaseModel)

Script = Callable[[Sequence[Message], Mapping[str, Any], random.Random], "str | BaseModel | dict[str, Any]"]
"""(messages, facts, rng) → what is said: text, or the structured reply as a record or a dict. Sync and pure."""

_NO_OPTIONS = CallOptions()
_ROOM = re.compile(r"[a-z_]+(\.[a-z_]+)*")


class OfflineModel:
    """A `ChatModel` that plays the scripts of the rooms named in its spec, and those given.

    Raises ConfigError at once when a room has no scripts or two rooms script the same task.
    """

    generator: Literal["endpoint", "offline"] = "offline"

    def __init__(self, spec: ModelSpec, scripts: Mapping[str, Script] | None = None) -> None:
        self.name = spec.name
        self._seed = spec.seed
        self._scripts = {**_load_scripts(spec.scripts), **(scripts or {})}

    async def complete(
        self,
        prompt: Rendered | Sequence[Message],
        *,
        options: CallOptions = _NO_OPTIONS,
        sample: int = 0,
        rehearsal: Rehearsal | None = None,
    ) -> Reply:
        """What the script says, as text. Raises ConfigError without a rehearsal or for an unknown task."""
        said, usage = self._play(messages_of(prompt), sample, rehearsal)
        thoughts, text = split_thoughts(said)
        return Reply(text=text, thoughts=thoughts, finish_reason="stop", model=self.name, usage=usage)

    async def structured(
        self,
        prompt: Rendered | Sequence[Message],
        reply_type: type[T],
        *,
        options: CallOptions = _NO_OPTIONS,
        sample: int = 0,
        rehearsal: Rehearsal | None = None,
    ) -> T:
        """What the script says, validated as an endpoint's reply would be.

        Raises: ParseError when it is not a `reply_type`; ConfigError as `complete`.
        """
        said, _ = self._play(messages_of(prompt), sample, rehearsal)
        try:
            return reply_type.model_validate_json(said.encode())
        except ValidationError as error:
            task = rehearsal.task if rehearsal else ""
            raise ParseError(
                f"offline script '{task}' gave no valid {reply_type.__name__}: {error}", reply=said
            ) from error

    async def aclose(self) -> None:
        """Nothing to close."""

    def _play(
        self, messages: tuple[Message, ...], sample: int, rehearsal: Rehearsal | None
    ) -> tuple[str, Usage]:
        """What the script says, a structured reply as JSON; counted."""
        if rehearsal is None:
            raise ConfigError("the offline model was called without a rehearsal; it never improvises")
        script = self._scripts.get(rehearsal.task)
        if script is None:
            raise ConfigError(
                f"the offline model has no script for task '{rehearsal.task}' of room '{rehearsal.room}'; "
                f"it knows {sorted(self._scripts)}"
            )
        asked = (f"{message.role}\x1e{message.content}" for message in messages)
        said = script(messages, rehearsal.facts, seeded(self._seed, *asked, sample))
        if not isinstance(said, str):
            said = said.model_dump_json() if isinstance(said, BaseModel) else orjson.dumps(said).decode()
        usage = Usage(
            calls=1,
            prompt_tokens=sum(estimate_tokens(message.content) for message in messages),
            completion_tokens=estimate_tokens(said),
            estimated=True,
        )
        count(usage)
        return said, usage


def _load_scripts(rooms: Sequence[str]) -> dict[str, Script]:
    """What the `offline.py` of each room scripts. A run folder may come from someone else: no other module loads."""
    scripts: dict[str, Script] = {}
    for room in rooms:
        if not _ROOM.fullmatch(room):
            raise ConfigError(
                f"offline scripts '{room}': expected the name of a room, such as calibration.play"
            )
        try:
            found = importlib.import_module(f"tactful.{room}.offline").SCRIPTS
        except (ImportError, AttributeError) as error:
            raise ConfigError(f"offline scripts '{room}': this room of Tactful has none ({error})") from error
        doubled = sorted(scripts.keys() & found.keys())
        if doubled:
            raise ConfigError(f"offline scripts '{room}': {doubled} are scripted twice")
        scripts.update(found)
    return scripts
