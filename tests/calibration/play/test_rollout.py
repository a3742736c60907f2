"""Mainlines and branches: how many there are, what they share, and what they depend on."""

import pickle
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.calibration.playing import (
    coding_state,
    context,
    person,
    planning_state,
    session,
    stage,
)
from tests.chat_server import Ask, serving

from tactful.calibration.pipeline import RolloutConfig, rollout_job
from tactful.calibration.play.actions import load_action_space
from tactful.calibration.play.rollout import UniformPolicy, check_policy
from tactful.errors import ConfigError, DataError, ProviderError
from tactful.llm import ModelSpec, Reply
from tactful.runs import RunOptions, run_job
from tactful.types import Decision, Trajectory, UserHistory

PATIENT = person("patient", patience=1.0, expertise=1.0, clarity=1.0, time_pressure=0.0)
LEVELS = ("LOW", "MID", "HIGH")
OFFLINE = ModelSpec(name="offline", scripts=("calibration.play",))


class Always:
    """The same action at every decision point; the last of several from then on."""

    name = "always"

    def __init__(self, *wanted: str, actions: tuple[str, ...] = LEVELS) -> None:
        self.wanted = wanted
        self.actions = actions

    def act(self, state, rng) -> Decision:
        action = self.wanted[min(state.dialogue_turn, len(self.wanted) - 1)]
        return Decision(action=action, probabilities={action: 1.0})


async def play(
    *states, which: str = "levels", persona=PATIENT, seed: int = 0, **settings
) -> list[Trajectory]:
    return await stage(which, **settings)(session(*states, persona=persona), context(seed=seed))


# ---------------------------------------------------------------- single


async def test_single_turn_plays_every_action_once() -> None:
    found = await play(coding_state(), mode="single")
    assert [one.steps[0].action for one in found] == list(LEVELS)
    assert [one.id for one in found] == [f"words-open/patient/p0/{name}" for name in LEVELS]
    assert all(one.parent == "" and one.decision_point == 0 for one in found)


# ---------------------------------------------------------------- branches


async def test_at_each_decision_point_there_is_one_branch_for_each_other_action() -> None:
    # MID asks (LOW and HIGH differ there), then solves: LOW would send the same, only HIGH would still ask.
    main, *branches = await play(coding_state(), mainline=Always("MID"))
    assert [step.action for step in main.steps] == ["MID", "MID"]
    assert [one.id.rsplit("/", 1)[1] for one in branches] == ["d0-LOW", "d0-HIGH", "d1-HIGH"]
    assert all(one.parent == main.id for one in branches)
    assert [one.decision_point for one in branches] == [0, 0, 1]


@pytest.mark.parametrize(("mode", "failing", "branch"), [("multi", 3, "d0-HIGH"), ("single", 2, "HIGH")])
async def test_a_branch_that_the_endpoint_will_not_answer_fails_alone(
    mode, failing: int, branch: str
) -> None:
    told = context()
    offline = told.models["assistant"]

    class TooLongOnce:
        name, generator = offline.name, offline.generator
        calls = 0

        async def complete(self, *said: Any, **more: Any) -> Reply:
            self.calls += 1
            if self.calls == failing + 1:  # LOW, MID (which then solves, with branches), HIGH
                raise ProviderError("m at http://a: the context is full", outcome=outcome)
            return await offline.complete(*said, **more)

    settings = {"mode": mode} | ({"mainline": Always("LOW")} if mode == "multi" else {})
    outcome = "too_long"
    first, *others = await stage(**settings)(
        session(coding_state()), replace(told, models={"assistant": TooLongOnce()})
    )
    assert first.lost == (f"{branch}: too_long: m at http://a: the context is full",)
    assert first.unscored
    assert [one.steps[0].action for one in (first, *others)] == ["LOW", "MID"]
    assert not any(one.unscored for one in others)
    outcome = "out_of_reach"
    with pytest.raises(ProviderError):
        await stage(**settings)(session(coding_state()), replace(told, models={"assistant": TooLongOnce()}))


async def test_a_mainline_that_solves_at_once_has_one_decision_point() -> None:
    main, *branches = await play(coding_state(), mainline=Always("LOW"))
    assert len(main.steps) == 1
    assert [one.steps[0].action for one in branches] == ["MID", "HIGH"]


async def test_clarify_and_execute_branch_until_the_limit_where_only_execute_is_left() -> None:
    both = ("Execute", "Clarify")
    policy = Always("Clarify", actions=both)
    main, *branches = await play(coding_state(), which="clarify-execute", mainline=policy, max_turns=3)
    assert [step.action for step in main.steps] == ["Clarify", "Clarify", "Execute"]
    assert main.end == "max_turns"
    assert [(one.decision_point, one.steps[-1].action, one.end) for one in branches] == [
        (0, "Execute", "completed"),
        (1, "Execute", "completed"),
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["levels", "clarify-execute"]),
    st.sampled_from(["open", "complete"]),
    st.floats(0, 1),
    st.integers(1, 5),
)
async def test_every_branch_departs_from_its_mainline_by_one_action(
    seed, which, wording, patience, turns
) -> None:
    someone = person("someone", patience=patience, time_pressure=1 - patience)
    state = coding_state(wording=wording)
    main, *branches = await play(state, which=which, persona=someone, seed=seed, max_turns=turns)
    space = load_action_space(which, "coding")
    assert main.parent == ""
    seen = set()
    for one in branches:
        point = one.decision_point
        assert one.parent == main.id
        assert one.steps[:point] == main.steps[:point]
        assert one.steps[point].state == main.steps[point].state
        assert (
            one.steps[point].action != main.steps[point].action
            or one.steps[point].message != main.steps[point].message
        )
        seen.add((point, one.steps[point].action))
    assert len(seen) == len(branches) <= len(main.steps) * (len(space.names) - 1)
    for one in (main, *branches):
        assert len(one.steps) <= turns
        assert sum(step.questions for step in one.steps[:-1]) == one.steps[-1].state.questions_asked
        assert (one.solution is not None) == one.steps[-1].gave_solution
        assert one.solution is not None or one.end == "rejected"
        rejections = sum(step.reaction.reject_signal for step in one.steps)
        assert rejections <= 2
        assert not any(step.gave_solution for step in one.steps[:-1])


async def test_a_branch_is_no_deeper_than_asked_for() -> None:
    both = ("Execute", "Clarify")
    policy = Always("Execute", "Clarify", actions=both)
    full = await play(coding_state(), which="clarify-execute", mainline=policy, max_turns=4)
    assert len(full[1].steps) == 4  # Clarify, then the policy clarifies to the end
    for depth in (1, 2):
        _, branch = await play(
            coding_state(), which="clarify-execute", mainline=policy, max_turns=4, branch_depth=depth
        )
        assert len(branch.steps) == 1 + depth
        assert branch.end == "max_turns"
        assert branch.solution is not None


async def test_the_continuation_draws_the_same_on_every_branch() -> None:
    drawn: dict[int, set[float]] = {}

    class Spy(Always):
        def act(self, state, rng) -> Decision:
            drawn.setdefault(state.dialogue_turn, set()).add(rng.random())
            return super().act(state, rng)

    await play(
        coding_state(), which="clarify-execute", mainline=Spy("Clarify", actions=("Execute", "Clarify"))
    )
    assert len(drawn) >= 3
    assert all(len(values) == 1 for values in drawn.values())


# ---------------------------------------------------------------- sequences of tasks


async def test_what_a_user_showed_carries_over_to_the_next_task_and_moods_do_not_change() -> None:
    first, second = coding_state(), coding_state("second", group="second")
    found = await play(first, second, mainline=Always("MID"))
    alone = await play(second, mainline=Always("MID"))
    later = [one for one in found if one.state_id == "second"]
    assert {one.steps[0].state.user for one in later} == {UserHistory(tasks=1, questions=1, answered=1)}
    assert [[s.reaction for s in one.steps] for one in later] == [
        [s.reaction for s in one.steps] for one in alone
    ]
    assert all(one.session == "session" for one in found)


async def test_a_session_may_span_domains() -> None:
    found = await play(coding_state(), planning_state())
    assert {one.domain for one in found} == {"coding", "planning"}


# ---------------------------------------------------------------- what does not fit


async def test_a_state_of_a_domain_without_space_fails_its_record() -> None:
    with pytest.raises(DataError, match="no action space for domain 'cooking'"):
        await play(coding_state(domain="cooking"))


def test_a_policy_with_other_actions_is_refused() -> None:
    space = load_action_space("levels", "coding")
    with pytest.raises(ConfigError, match=r"chooses Execute.*it has LOW, MID, HIGH"):
        check_policy(UniformPolicy(("LOW", "Execute")), space)


def test_the_stage_can_be_pickled() -> None:
    whole = stage(mainline=UniformPolicy(LEVELS))
    assert pickle.loads(pickle.dumps(whole)) == whole


def test_the_uniform_policy_draws_evenly() -> None:
    policy, rng = UniformPolicy(LEVELS), random.Random(0)
    drawn = [policy.act(None, rng).action for _ in range(3000)]  # type: ignore[arg-type]
    assert all(abs(drawn.count(name) - 1000) < 120 for name in LEVELS)


# ---------------------------------------------------------------- under the runner


def run(folder: Path, states, *, concurrency: int = 4, model: ModelSpec = OFFLINE, **config):
    job = rollout_job(
        RolloutConfig(assistant=model, personas=("senior-engineer", "rushed-manager"), **config), states
    )
    return run_job(job, RunOptions(out=folder, concurrency=concurrency, progress="off"))


def many() -> list:
    return [
        coding_state(f"task-{i}", group=f"task-{i}", wording=("open", "complete")[i % 2]) for i in range(8)
    ]


def test_neither_concurrency_nor_order_changes_a_trajectory(tmp_path: Path) -> None:
    one = run(tmp_path / "one", many(), concurrency=1)
    same = run(tmp_path / "same", many(), concurrency=16)
    back = run(tmp_path / "back", many()[::-1], concurrency=4)
    text = one.folder.records_path.read_bytes()
    assert text == same.folder.records_path.read_bytes()
    assert sorted(text.split(b"\n")) == sorted(back.folder.records_path.read_bytes().split(b"\n"))
    assert one.done == 16


def test_stored_trajectories_are_valid_and_have_unique_ids(tmp_path: Path) -> None:
    found = list(run(tmp_path / "run", many(), passes=2).folder.records(Trajectory))
    assert len({one.id for one in found}) == len(found) > 32
    assert {one.provenance.run_id for one in found} != {""}
    assert {one.provenance.generator for one in found} == {"offline"}


@pytest.mark.slow
def test_a_rollout_over_http_branches_like_the_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")

    def assistant(ask: Ask) -> str:
        if "Ask nothing" in ask.messages[0]["content"]:
            return "```python\ndef words(text):\n    return sorted(set(text.lower().split()))\n```"
        return "Do upper and lower case count as the same word?"

    with serving(script=assistant, faults={"503": 0.1, "reset": 0.05}) as server:
        spec = ModelSpec(name="m", base_url=server.base_url)
        summary = run(tmp_path / "run", many(), model=spec)
        sent = server.jobs
    assert (summary.done, summary.failed) == (16, 0)
    found = list(summary.folder.records(Trajectory))
    assert {one.provenance.generator for one in found} == {"endpoint"}
    assert {one.end for one in found} <= {"completed", "rejected", "max_turns"}
    assert any("case" in step.revealed for one in found for step in one.steps)
    # The same behaviour prompt on the same dialogue is asked once: branches share their calls through the cache.
    assert sent < sum(len(one.steps) for one in found)


def test_a_record_that_the_endpoint_refuses_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    states = [*many()[:2], coding_state("unwanted", query="Write unwanted(text).")]

    def assistant(ask: Ask):
        from tests.chat_server import Fault

        return Fault("refusal") if "unwanted" in ask.prompt else "```python\nx = 1\n```"

    with serving(script=assistant) as server:
        summary = run(tmp_path / "run", states, model=ModelSpec(name="m", base_url=server.base_url))
    assert (summary.read, summary.done, summary.failed) == (6, 4, 2)
    assert all("unwanted" in failure.id for failure in summary.folder.failures())


@pytest.mark.slow
def test_a_seed_decides_everything(tmp_path: Path) -> None:
    def text(name: str, seed: int) -> bytes:
        job = rollout_job(RolloutConfig(assistant=OFFLINE, seed=seed), many())
        return run_job(
            job, RunOptions(out=tmp_path / name, seed=seed, progress="off")
        ).folder.records_path.read_bytes()

    assert text("a", 1) == text("b", 1)
    assert text("c", 2) != text("d", 1)
