"""The whole way of docs/live.md: log → audit → learn → replay → proxy in shadow → acting → the audit of the new log shows fewer
needless questions. The upstream is scripted: an assistant with a habit, which does as the facts that it is told suggest."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.commands import tactful  # noqa: F401 - a fixture
from tests.live.proxy.upstream import COMPLETION, Answer, Got, plain, wired
from tests.mend.logs import CLEAR, CORRECTED, GUESSED, IMPATIENT, NAMES, NEEDED, NEEDLESS, OPEN, write_log

import tactful as tf

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CONVERSATIONS = 120


class Habit:
    """An assistant that mostly asks where nothing is open and guesses where something is, unless it is told what is known."""

    def __init__(self) -> None:
        self.told = 0
        self._rng = random.Random(1)

    def __call__(self, got: Got) -> Answer:
        messages = got.json["messages"]
        facts = " ".join(one["content"] for one in messages if one["role"] == "system")
        said = [one["content"] for one in messages if one["role"] != "system"]
        self.told += bool(facts)
        is_open = any(said[0] == text.format(name=name) for text in OPEN for name in NAMES)
        text = self._first(is_open, facts) if len(said) == 1 else "Here it is, as you said."
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return plain({**COMPLETION, "choices": [choice]})

    def _first(self, is_open: bool, facts: str) -> str:
        asks = self._rng.random() < (0.15 if is_open else 0.7)
        if "worth this person's time" in facts:
            asks = True
        elif "can be acted on as it stands" in facts:
            asks = False
        if asks:
            return self._rng.choice(NEEDED if is_open else NEEDLESS)
        return GUESSED if is_open else "Here it is, as you said."


def conversations(count: int, seed: int) -> Iterator[tuple[str, bool, str]]:
    """(user, whether the request is open, request)"""
    rng = random.Random(seed)
    for number in range(count):
        is_open = rng.random() < 0.5
        request = rng.choice(OPEN if is_open else CLEAR).format(name=NAMES[number % len(NAMES)])
        yield f"user-{number % 12}", is_open, request


def reply_of(is_open: bool, answer: str, rng: random.Random) -> str:
    """What the person writes next."""
    if answer in NEEDED:
        return "The atlas one, for Friday at 7 pm."
    if answer in NEEDLESS:
        return rng.choice(IMPATIENT)
    return rng.choice(CORRECTED) if is_open and answer == GUESSED else "Great, thank you!"


def used(address: str, count: int, seed: int) -> None:
    """People talk with the assistant through the proxy, by the official client."""
    rng = random.Random(seed)
    client = openai.OpenAI(base_url=f"{address}/v1", api_key="sk-none", max_retries=0)
    for user, is_open, request in conversations(count, seed):
        messages: list[Any] = [{"role": "user", "content": request}]
        for _ in range(2):
            said = client.chat.completions.create(model="m", messages=messages, user=user)
            answer = said.choices[0].message.content or ""
            messages.append({"role": "assistant", "content": answer})
            messages.append({"role": "user", "content": reply_of(is_open, answer, rng)})
        client.chat.completions.create(model="m", messages=messages, user=user)


def live(upstream: str, database: Path, policy: Path, mode: str, seed: int) -> None:
    patient = database.with_suffix(".toml")
    patient.write_text("timeout_ms = 20000\n")  # of a machine that has other tests to run
    with tf.live_proxy(
        upstream, config=patient, database=str(database), policy=str(policy), mode=mode, keep_texts=True
    ) as served:
        used(served.address, CONVERSATIONS, seed)


async def test_from_a_log_to_an_assistant_that_asks_fewer_needless_questions(
    tmp_path: Path,
    tactful: Callable[..., Any],  # noqa: F811
) -> None:
    import asyncio

    log = write_log(tmp_path / "log.jsonl", 200)
    assert tactful("learn", log, "--out", tmp_path / "learned").returncode == 0
    policy = tmp_path / "learned" / "policy.json"
    replayed = tactful("replay", log, "--policy", policy, "--out", tmp_path / "replayed", "--json")
    assert json.loads(replayed.stdout)["effects"]["better"] > 0

    habit = Habit()
    async with wired(habit) as wire:
        await asyncio.to_thread(live, wire.url, tmp_path / "shadow.sqlite", policy, "shadow", 5)
        assert habit.told == 0  # watching changes nothing
        await asyncio.to_thread(live, wire.url, tmp_path / "acting.sqlite", policy, "act", 5)
        assert habit.told > CONVERSATIONS

    audits = {}
    for name in ("shadow", "acting"):
        exported = tmp_path / f"{name}.jsonl"
        done = tactful("live", "export", "--database", tmp_path / f"{name}.sqlite", "--out", exported)
        assert done.returncode == 0, done.stderr
        done = tactful("audit", exported, "--out", tmp_path / f"audit-{name}", "--json")
        assert done.returncode == 0, done.stderr
        audits[name] = json.loads(done.stdout)
        assert audits[name]["conversations"] == CONVERSATIONS
    before, after = (audits[name]["outcomes"] for name in ("shadow", "acting"))
    assert before["asked, needless"] >= 30  # seven in ten of about sixty clear requests
    assert after["asked, needless"] <= before["asked, needless"] / 5
    assert after["answered, a wrong guess"] <= before["answered, a wrong guess"] / 5
    assert after["asked, needed"] > before["asked, needed"]
