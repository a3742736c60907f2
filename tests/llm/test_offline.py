from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.llm.asking import prompt

from tactful.errors import ConfigError, ParseError
from tactful.llm import ModelSpec, OfflineModel, Rehearsal, metered, open_model
from tactful.types import Message, Record


class Guess(Record):
    number: int


def _guess(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {"number": rng.randrange(facts["below"])}


SCRIPTS = {
    "guess": _guess,
    "greet": lambda messages, facts, rng: f"You said: {messages[-1].content}",
    "record": lambda messages, facts, rng: Guess(number=3),
    "wrong": lambda messages, facts, rng: {"number": "three"},
    "text": lambda messages, facts, rng: '{"number": 4}',
}


def rehearse(task: str, **facts: Any) -> Rehearsal:
    return Rehearsal(room="tests", task=task, facts=facts)


def offline(seed: int = 0) -> OfflineModel:
    return OfflineModel(ModelSpec(name="offline", seed=seed), SCRIPTS)


async def test_equal_seed_messages_and_sample_give_equal_replies() -> None:
    async def draw(seed: int, text: str, sample: int) -> int:
        guess = await offline(seed).structured(
            prompt(text), Guess, sample=sample, rehearsal=rehearse("guess", below=10**9)
        )
        return guess.number

    first = await draw(0, "a", 0)
    assert first == await draw(0, "a", 0)
    assert len({first, await draw(1, "a", 0), await draw(0, "b", 0), await draw(0, "a", 1)}) == 4


async def test_text_records_and_dicts_serve_both_kinds_of_call() -> None:
    model = offline()
    assert (await model.complete(prompt("hi"), rehearsal=rehearse("greet"))).text == "You said: hi"
    assert (await model.complete(prompt(), rehearsal=rehearse("record"))).text == '{"number":3}'
    assert (await model.structured(prompt(), Guess, rehearsal=rehearse("record"))).number == 3
    assert (await model.structured(prompt(), Guess, rehearsal=rehearse("text"))).number == 4


async def test_what_a_script_says_is_validated_like_any_reply() -> None:
    with pytest.raises(ParseError, match="offline script 'wrong' gave no valid Guess"):
        await offline().structured(prompt(), Guess, rehearsal=rehearse("wrong"))


async def test_it_never_improvises() -> None:
    with pytest.raises(ConfigError, match="without a rehearsal"):
        await offline().complete(prompt())
    with pytest.raises(ConfigError, match=r"no script for task 'sing' .* knows \['greet'"):
        await offline().complete(prompt(), rehearsal=rehearse("sing"))


async def test_usage_is_counted_as_an_estimate_that_costs_nothing() -> None:
    with metered() as meter:
        await offline().complete(prompt("12345678"), rehearsal=rehearse("greet"))
    # 8 characters are 2 tokens; "You said: 12345678" has 18, which makes 5
    assert (meter.usage.prompt_tokens, meter.usage.completion_tokens) == (2, 5)
    assert (meter.usage.cost_usd, meter.usage.estimated) == (0.0, True)


async def test_scripts_are_loaded_by_the_name_of_their_room_in_any_process() -> None:
    model = open_model(ModelSpec(name="offline", scripts=("calibration.reward",)))
    assert model.generator == "offline"
    said = await model.complete(prompt("hi"), rehearsal=rehearse("rubric", met=[True]))
    assert '"met":"yes"' in said.text


@pytest.mark.parametrize(
    "room",
    ["tests.llm.test_offline:SCRIPTS", "os:environ", "..os", "nowhere", "text", "", "calibration play"],
)
def test_only_rooms_of_our_own_are_loaded_and_any_other_is_named(room: str) -> None:
    with pytest.raises(ConfigError, match=f"offline scripts '{room}': (expected the name|this room)"):
        open_model(ModelSpec(name="offline", scripts=(room,)))


def test_a_task_scripted_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="scripted twice"):
        open_model(ModelSpec(name="offline", scripts=("calibration.reward",) * 2))


@pytest.mark.slow
def test_opening_the_offline_model_loads_no_http_library() -> None:
    code = (
        "import sys; from tactful.llm import ModelSpec, open_model; open_model(ModelSpec(name='offline')); "
        "sys.exit('aiohttp' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
