"""Examples, and models that say what a test wants, for the tests of the utterance room."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from tactful.data.formats.chats import Dialogue
from tactful.errors import ParseError
from tactful.llm.replies.structured import Unusable, parse_reply
from tactful.prompts import Rendered
from tactful.utterance.dialogues import TargetRule, examples_of
from tactful.utterance.types import Example

TALK = (
    ("user", "I need a cheap place to stay in the north."),
    ("assistant", "The Worth House is a cheap guest house in the north. Shall I book it?"),
    ("user", "Does it have parking?"),
    ("assistant", "Yes, it has free parking."),
    ("user", "Book it for 2 people, please."),
    ("assistant", "Done. Anything else?"),
    ("user", "Find me a museum nearby."),
)


def dialogue(turns: Sequence[tuple[str, str]] = TALK, **more: Any) -> Dialogue:
    """A dialogue of (role, content)."""
    said = [{"role": role, "content": content} for role, content in turns]
    return Dialogue.model_validate({"id": "d1", "conversation": said, **more})


def example(turns: Sequence[tuple[str, str]] = TALK, at: int = 0, **more: Any) -> Example:
    """The `at`-th possible target of a dialogue."""
    found = examples_of(dialogue(turns, **more), TargetRule("all"))
    assert isinstance(found, list)
    return found[at]


def stage_of(schema: Mapping[str, Any]) -> str:
    """Which stage asks, told from the fields of its reply."""
    names = set(schema["properties"])
    for stage, field in (
        ("tree", "topics"),
        ("category", "statement"),
        ("insight", "mining"),
        ("similarity", "scores"),
        ("gold_path", "second_path"),
        ("revise", "messages"),
        ("perturb", "path"),
        ("gold_category", "category"),
    ):
        if field in names:
            return stage
    raise AssertionError(names)


def path(topic: str, attribute: str = "what it is like", value: str = "") -> dict[str, str]:
    return {"topic": topic, "attribute": attribute, "value": value}


def good_reply(stage: str, prompt: str = "") -> dict[str, Any]:
    """A valid reply of a stage; its words depend on the prompt alone."""
    mark = hashlib.sha256(prompt.encode()).hexdigest()[:6]

    def view(name: str) -> dict[str, Any]:
        guesses = [
            {"path": path(f"{name} {one}"), "message": f"{name} {one} {mark}?"} for one in ("one", "two")
        ]
        return {"reasoning": f"Because of {name}.", "guesses": guesses}

    return {
        "tree": {"topics": [{"name": "hotel", "attributes": [{"name": "price", "values": ["cheap"]}]}]},
        "category": {"statement": "an answer", "question": "more to know", "instruction": "to be booked"},
        "gold_category": {"reason": "It asks.", "category": "Question"},
        "insight": {"mining": view("mining"), "exploration": view("exploration")},
        "similarity": {
            "scores": [
                {"number": number, "reason": "shared", "score": score}
                for number, score in enumerate(_scores(prompt), start=1)
            ]
        },
        "gold_path": {
            "reason": "It stays.",
            "view": "mining",
            "path": path("hotel", "parking"),
            "second_path": path("hotel", "breakfast"),
        },
        "perturb": {"reason": "Also likely.", "path": path("hotel", "check-out")},
        "revise": {
            "reasoning": f"Rewritten towards {'elsewhere' if 'check-out' in prompt else 'there'}.",
            "messages": [f"{'elsewhere' if 'check-out' in prompt else 'there'} {mark}", f"second {mark}"],
        },
    }[stage]


def _scores(prompt: str) -> list[float]:
    """By the predictions: middling as they are, good when rewritten along the gold path, poor elsewhere."""
    if "mining one" in prompt:
        return [0.1, 0.5, 0.0, 0.1]
    return [0.2, 0.1, 0.0, 0.1] if "elsewhere" in prompt else [0.9, 0.1, 0.0, 0.1]


class FakeModel:
    """A `ChatModel` with a reply for each stage, read as an endpoint's reply is, with nothing asked again by the door.

    `replies` maps a stage to a reply, a list of replies used one after the other (the last again and again), or a
    function of the prompt; other stages get the good reply.
    """

    name = "fake"
    generator = "endpoint"

    def __init__(self, delay_s: Callable[[str], float] | None = None, **replies: Any) -> None:
        self.replies = replies
        self.prompts: list[tuple[str, str]] = []
        self.samples: list[int] = []
        self._delay_s = delay_s
        self._at: dict[str, int] = {}

    def asked(self, stage: str) -> list[str]:
        """The prompts of one stage."""
        return [prompt for name, prompt in self.prompts if name == stage]

    async def structured(
        self,
        prompt: Rendered,
        reply_type: Any,
        *,
        options: Any = None,
        sample: int = 0,
        rehearsal: Any = None,
    ) -> Any:
        assert rehearsal is None, "a real client is never sent a rehearsal"
        stage = stage_of(reply_type.model_json_schema())
        text = "\n".join(message.content for message in prompt.messages)
        self.prompts.append((stage, text))
        self.samples.append(sample)
        said = self.replies.get(stage)
        if isinstance(said, list):
            at = self._at.get(stage, 0)
            self._at[stage] = at + 1
            said = said[min(at, len(said) - 1)]
        if callable(said):
            said = said(text)
        if said is None:
            said = good_reply(stage, text)
        if self._delay_s is not None:
            await asyncio.sleep(self._delay_s(stage))
        if isinstance(said, Exception):
            raise said
        raw = said if isinstance(said, str) else orjson.dumps(said).decode()
        try:
            return parse_reply(raw, reply_type, complete=True).value
        except Unusable as error:
            raise ParseError(f"fake: no valid {reply_type.__name__}: {error}", reply=raw) from None


def serve(ask: Any) -> Any:
    """A script for the chat server: the good reply of whatever stage asks. The scores are told by the dialogue."""
    if ask.schema is None or "properties" not in ask.schema:
        return None
    return good_reply(stage_of(ask.schema), ask.prompt)


def rows_of(count: int) -> Iterator[dict[str, Any]]:
    """Dialogues with four user turns each, all different."""
    for number in range(count):
        said = [
            {"role": role, "content": f"{content} ({number})", "t": at}
            for at, (role, content) in enumerate(TALK)
        ]
        yield {"id": f"talk-{number}", "conversation": said}


def rows(count: int) -> list[dict[str, Any]]:
    """`rows_of` as a list."""
    return list(rows_of(count))


def write_rows(target: Any, count: int) -> Any:
    """A JSONL file of `rows`."""
    target.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows(count)))
    return target
