"""The tasks as an environment of verifiers: a served model talks to the simulated user, the trace carries our reward."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.chat_server import Ask, ChatServer

from tactful.calibration.tasks.states import seed_states
from tactful.data.io import write_jsonl

vf = pytest.importorskip("verifiers.v1", reason="verifiers is not installed: pip install verifiers")

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]


@pytest.fixture
def states(tmp_path: Path) -> Path:
    """One open planning task."""
    found = next(state for state in seed_states("planning") if state.wording == "open")
    write_jsonl(tmp_path / "states.jsonl", [found])
    return tmp_path / "states.jsonl"


async def episode_of(states: Path, say: object, **settings: object):
    """One episode of a model that says what `say` makes of the conversation."""
    from tactful_calibration import load_environment

    async with ChatServer(script=say) as server:
        env = load_environment(states, personas=["wedding-planner"], **settings)
        (task,) = env.taskset
        client = vf.EvalClientConfig(base_url=server.base_url, api_key_var="NO_KEY_HERE")
        context = vf.ModelContext(model="m", client=client)
        async with env.serving():
            episode = await env.run_episode(task, context)
    return episode, server


def reference(states: Path) -> str:
    return json.loads(states.read_text())["hidden"]["reference"]


def question(states: Path) -> str:
    requirements = json.loads(states.read_text())["hidden"]["requirements"]
    return next(item["question"] for item in requirements if item["open"])


async def test_a_talk_is_rewarded_as_a_whole_and_by_message(states: Path) -> None:
    def say(ask: Ask) -> str:
        return question(states) if len(ask.messages) == 2 else reference(states)

    episode, server = await episode_of(states, say)
    assert episode.ok, episode.errors
    (trace,) = episode.traces
    cost = trace.metrics["interruption_cost"]
    assert trace.metrics["questions"] == 1
    assert trace.metrics["messages"] == 2
    assert trace.rewards["reward"].score == pytest.approx(1.0 - cost)
    kept = trace.info["tactful"]
    assert kept["turn_returns"] == [pytest.approx(1.0 - cost), 1.0]  # the plan bears no question's cost
    assert kept["actions"] == ["Clarify", "Execute"]
    assert [message["role"] for message in server.asks[1].messages] == ["system", "user", "assistant", "user"]


async def test_nothing_hidden_stands_in_a_trace_or_a_prompt(states: Path) -> None:
    episode, server = await episode_of(states, lambda ask: "Which day suits you?", max_turns=2)
    kept = json.dumps([trace.to_record() for trace in episode.traces])
    assert reference(states)[:60] not in kept
    assert all(reference(states)[:60] not in ask.prompt for ask in server.asks)
    assert episode.traces[0].metrics["task_score"] == 0.0  # it never delivered


async def test_a_talk_whose_model_fails_has_no_reward(states: Path) -> None:
    async with ChatServer(sequence=["500"] * 9) as server:
        from tactful_calibration import load_environment

        env = load_environment(states, personas=["wedding-planner"])
        (task,) = env.taskset
        client = vf.EvalClientConfig(base_url=server.base_url, api_key_var="NO_KEY_HERE")
        async with env.serving():
            episode = await env.run_episode(task, vf.ModelContext(model="m", client=client))
    assert not episode.ok
    assert "reward" not in episode.traces[0].rewards


async def test_a_message_may_take_longer_than_clients_usually_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    import aiohttp

    from tactful_calibration import TalkHarness

    monkeypatch.setattr(aiohttp.client, "DEFAULT_TIMEOUT", aiohttp.ClientTimeout(total=0.1))
    task = SimpleNamespace(resolve_prompt=lambda data: ("", [SimpleNamespace(role="user", content="hi")]))
    async with ChatServer(script={".": "hello"}, latency_s=0.5) as server:
        done = await TalkHarness.launch(
            task, SimpleNamespace(model="m"), None, None, server.base_url, "key", None, None
        )
    assert done == vf.ProgramResult(0, "", "")
