"""A scene, and replies for the parts that models play; the words depend on the prompt alone."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import orjson
from tests.chat_server import Ask

from tactful.errors import ParseError
from tactful.gym.types import Entity, Scene, SceneUser
from tactful.llm.replies.structured import Unusable, parse_reply
from tactful.prompts import Rendered

PARTS = {
    "background": "expand",
    "answer": "answer",
    "timing": "unfold",
    "events": "carry_out",
    "identity": "introduce",
    "question": "ask",
    "kind": "act",
    "verdict": "react",
    "proposal": "offer",
    "operations": "operate",
}
"""A field of the reply → who is asked for it, the first that is there."""


def scene(number: int = 0, **changes: Any) -> Scene:
    """A data analyst at a report."""
    return Scene(
        **{
            "id": f"scene-{number}",
            "setting": "coding",
            "theme": "A quarterly report",
            "description": f"Mara sits at desk {number} with two monitors and prepares a report.",
            "entities": (
                Entity(name="Database", state="not connected", operations=("connect", "query")),
                Entity(name="Report", state="empty"),
            ),
            "operations": ("file_open(path)", "optimize_sql(query)"),
            "example_events": ("The user types a query.", "The editor shows an error."),
            "user": SceneUser(
                description="Mara, 29, analyst, knows SQL.", goal="Have the quarterly report ready."
            ),
            **changes,
        }
    )


def part_of(schema: Mapping[str, Any]) -> str:
    """Which part asks, told from the fields of its reply; `propose` where silence is allowed."""
    fields = schema["properties"]
    part = next(part for field, part in PARTS.items() if field in fields)
    return "propose" if part == "offer" and "anyOf" in fields["proposal"] else part


def good_reply(part: str, prompt: str, *, rounds: int = 6) -> dict[str, Any]:
    """A valid reply of a part. The person finishes after `rounds` rounds, and sometimes accepts."""
    rng = random.Random(hashlib.sha256(prompt.encode()).hexdigest())
    done = prompt.count('{"act": ')
    mark = f"{rng.randrange(10**6):06d}"
    finishes = done >= rounds
    return {
        "expand": {"background": f"An office. The file q3_{mark}.sql lies open."},
        "answer": {"answer": f"It is in folder {mark}."},
        "unfold": {
            "events": [
                {"after_s": 20 * at + rng.randrange(1, 15), "event": f"The user works at line {mark}-{at}."}
                for at in range(rng.randrange(1, 4))
            ],
            "changes": [{"entity": "report", "state": f"draft {mark}"}, {"entity": "Moon", "state": "full"}],
            "timing": rng.choice(["boundary", "flow", "stuck", "late"]),
            "help_wanted": rng.random() < 0.4,
        },
        "carry_out": {
            "events": [{"after_s": 2, "event": f"The assistant opens {mark}.sql."}],
            "changes": [{"entity": "Database", "state": "connected"}],
        },
        "introduce": {"identity": "I am Mara, and I like to finish a query before I talk."},
        "ask": {"question": None if "folder" in prompt else "Where is the query of last quarter?"},
        "act": {
            "thought": "On with it.",
            "kind": "finish" if finishes else "act",
            "act": "sends the report" if finishes else f"writes query {mark}",
        },
        "react": {
            "reason": "It fits." if rng.random() < 0.5 else "Not now.",
            "verdict": rng.choice(["accepted", "rejected", "ignored"]),
            "leaves": False,
        },
        "propose": {
            "thought": "Working.",
            "proposal": None if rng.random() < 0.5 else f"Shall I speed up query {mark}?",
        },
        "offer": {"thought": "Working.", "proposal": f"Shall I speed up query {mark}?"},
        "operate": {"operations": [f'optimize_sql("{mark}")', "file_open(report)", "x()", "y()"]},
    }[part]


def script(ask: Ask) -> dict[str, Any]:
    """For `ChatServer`: every part answers well."""
    schema = ask.schema
    assert schema is not None
    asked = [message for message in ask.messages if message["role"] != "assistant"][:2]
    return good_reply(part_of(schema), "\n".join(message["content"] for message in asked))


class FakePlayer:
    """A model that answers every part well, unless `spoil(part, prompt, sample)` raises or gives another reply."""

    name = "fake"
    generator: Literal["endpoint", "offline"] = "endpoint"

    def __init__(self, spoil: Callable[[str, str, int], Mapping[str, Any] | None] | None = None) -> None:
        self._spoil = spoil
        self.asked: list[tuple[str, str]] = []
        """(part, prompt) of every call."""

    async def structured(
        self, prompt: Rendered | Sequence[Any], reply_type: type[Any], *, sample: int = 0, **_: Any
    ) -> Any:
        assert isinstance(prompt, Rendered)
        text = "\n".join(message.content for message in prompt.messages)
        part = part_of(reply_type.model_json_schema())
        self.asked.append((part, text))
        said = self._spoil(part, text, sample) if self._spoil else None
        reply = good_reply(part, text) if said is None else said
        try:
            return parse_reply(orjson.dumps(reply).decode(), reply_type, complete=True).value
        except Unusable as error:
            raise ParseError(str(error)) from None  # as the door does, after asking again

    async def complete(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("every reply of the gym is structured")

    async def aclose(self) -> None:
        """Nothing to close."""

    def prompts(self, part: str) -> list[str]:
        """What a part was sent."""
        return [text for asked, text in self.asked if asked == part]
