"""The gym as an environment of verifiers: a served model sits beside a person by rules, the trace carries the utility."""

from __future__ import annotations

import json

import pytest
from tests.chat_server import Ask, ChatServer

from tactful.data.splits import split_by_group
from tactful.gym.play.assistant import ProposeReply, orders
from tactful.gym.scenes.reading import BUNDLED, read_scenes
from tactful.gym.summary import utility
from tactful.training.rl.watching import Answer, watch

vf = pytest.importorskip("verifiers.v1", reason="verifiers is not installed: pip install verifiers")

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]
SILENCE = ProposeReply(thought="", proposal=None).model_dump_json()


def offer(ask: Ask) -> str:
    return ProposeReply(thought="", proposal="Shall I check the timetable for you?").model_dump_json()


async def episode_of(say: object, *, sequence: tuple[str | None, ...] = (), **settings: object):
    """One episode of a model that says what `say` makes of the prompt; the server and the environment beside it."""
    from tactful_gym import load_environment

    async with ChatServer(script=say, sequence=sequence) as server:
        env = load_environment(**{"rounds": 6, **settings})
        task = next(iter(env.taskset))
        client = vf.EvalClientConfig(base_url=server.base_url, api_key_var="NO_KEY_HERE")
        async with env.serving():
            episode = await env.run_episode(task, vf.ModelContext(model="m", client=client))
    return episode, server, env


async def test_an_episode_earns_its_utility_and_each_answer_its_own() -> None:
    episode, server, env = await episode_of(offer, cost=0.5)
    assert episode.ok, episode.errors
    (trace,) = episode.traces

    async def again(prompt: object) -> Answer:
        return Answer(
            ProposeReply(thought="", proposal="Shall I check the timetable for you?").model_dump_json()
        )

    expected = await watch(env.taskset.plays[trace.task.data.id], again, env.playing)
    assert trace.rewards["reward"].score == pytest.approx(utility(expected.episode, false_alarm=0.5))
    kept = trace.info["tactful"]
    assert kept["turn_rewards"] == list(expected.rewards)
    assert kept["turn_returns"] == list(expected.returns)
    assert kept["verdicts"] == list(expected.verdicts)
    assert trace.metrics["answers"] == len(server.asks) == 6
    assert trace.metrics["unreadable"] == 0


async def test_each_round_is_asked_afresh_and_is_a_branch_of_the_trace() -> None:
    episode, server, env = await episode_of(lambda ask: SILENCE)
    (trace,) = episode.traces
    assert [[message["role"] for message in ask.messages] for ask in server.asks] == [["system", "user"]] * 6
    scene = env.taskset.plays[trace.task.data.id].scene
    assert {ask.messages[0]["content"] for ask in server.asks} == {orders(scene.lang)}
    assert len(trace.branches) == len(trace.info["tactful"]["turn_returns"]) == 6
    assert [len(branch.messages) for branch in trace.branches] == [3] * 6
    assert trace.rewards["reward"].score == 0.0


async def test_an_unreadable_answer_is_silence_and_counted() -> None:
    episode, _, _ = await episode_of(lambda ask: "I would rather talk about the weather.")
    (trace,) = episode.traces
    assert episode.ok, episode.errors
    assert (trace.metrics["unreadable"], trace.metrics["offers"]) == (6, 0)
    assert trace.rewards["reward"].score == 0.0


async def test_the_form_of_an_answer_is_said_where_that_is_asked_for() -> None:
    _, plain, _ = await episode_of(lambda ask: SILENCE)
    _, told, _ = await episode_of(lambda ask: SILENCE, say_format=True)
    for one, other in zip(plain.asks, told.asks, strict=True):
        assert other.text.startswith(one.text)
        assert "schema" in other.text[len(one.text) :]
        assert "schema" not in one.text


async def test_nothing_hidden_stands_in_a_trace_or_a_prompt() -> None:
    episode, server, env = await episode_of(offer)
    (trace,) = episode.traces
    goal = env.taskset.plays[trace.task.data.id].scene.user.goal
    assert goal not in json.dumps(trace.to_record())
    assert all(goal not in ask.prompt for ask in server.asks)


async def test_an_episode_whose_model_fails_has_no_reward() -> None:
    for answered in (0, 2):
        episode, _, _ = await episode_of(offer, sequence=(*[None] * answered, *["500"] * 20))
        assert not episode.ok
        assert "reward" not in episode.traces[0].rewards


async def test_a_limit_of_turns_ends_the_episode_and_what_was_played_counts() -> None:
    episode, server, _ = await episode_of(
        offer, assistant={"runtime": {"type": "subprocess"}, "max_turns": 3}
    )
    (trace,) = episode.traces
    assert episode.ok, episode.errors
    assert len(server.asks) == len(trace.info["tactful"]["turn_rewards"]) == 3
    assert trace.info["tactful"]["end"] == "cut"


def test_parts_share_no_group_and_are_those_of_a_training_set() -> None:
    from tactful_gym import load_environment

    groups = {
        split: {task.data.group for task in load_environment(split=split).taskset}
        for split in ("train", "eval", "all")
    }
    assert groups["train"] | groups["eval"] == groups["all"]
    assert not groups["train"] & groups["eval"]
    names = [scene.split for scene in read_scenes(BUNDLED)]
    shares = {"train": 0.8, "validation": 0.1, "test": 0.1}  # the defaults of `gym trainset`
    parts = split_by_group(names, shares, grouped_by="scene").parts
    assert groups["train"] == {names[at] for at in parts["train"]}


def test_every_scene_is_as_many_tasks_as_it_is_played() -> None:
    from tactful_gym import load_environment

    env = load_environment(split="all", passes=2)
    tasks = list(env.taskset)
    assert len(tasks) == 24
    assert len({task.data.id for task in tasks}) == 24
    assert len({task.data.name for task in tasks}) == 12


@pytest.mark.parametrize("setting", ["rounds", "max_events", "max_chars", "passes"])
def test_settings_have_the_bounds_of_a_run_of_the_gym(setting: str) -> None:
    from tactful_gym import load_environment

    with pytest.raises(ValueError, match=setting):
        load_environment(**{setting: 0})
