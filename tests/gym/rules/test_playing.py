"""Episodes by rules: the same by seed, all reactions, every end."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from tests.gym.rules.scenes import data_folder, made_scenes, play_all, proactivebench_scenes

from tactful.gym.casting import Casting
from tactful.gym.pipeline import GymStage, plays
from tactful.gym.play.deciding import Always, Every, Never
from tactful.gym.play.parts import Limits, World
from tactful.gym.rules.environment import RuleEnvironment
from tactful.gym.rules.parameters import load_parameters
from tactful.gym.scenes.reading import read_scenes
from tactful.gym.types import Entity, Play, Traits
from tactful.runs import RunOptions, run_stage
from tactful.stats.burstiness import gaps_s, mean_burstiness
from tactful.text.lang import cjk_share
from tactful.types import Record


class Config(Record):
    """Nothing to set."""


def test_the_same_seed_gives_the_same_episodes_and_another_seed_others():
    once, again, other = (play_all(made_scenes(), seed=seed) for seed in (3, 3, 4))
    assert once == again
    assert once != other


def test_all_three_reactions_occur_and_each_has_a_reason():
    steps = [
        step for episode in play_all(made_scenes(), passes=8, decider=Every(6)) for step in episode.steps
    ]
    shown = [step for step in steps if step.shown]
    assert {step.outcome.verdict for step in shown} == {"accepted", "rejected", "ignored"}
    assert all(step.outcome.reason for step in shown)
    assert all(step.outcome.timing for step in steps)


def test_accepted_help_is_carried_out_as_events():
    steps = [
        step for episode in play_all(made_scenes(), passes=4, decider=Every(6)) for step in episode.steps
    ]
    for step in steps:
        assert bool(step.carried_out) == (step.outcome.verdict == "accepted")


def test_an_offer_that_came_due_while_help_was_carried_out_is_made_in_the_next_round():
    rounds = carried_past = 0
    for episode in play_all(made_scenes(), passes=4, decider=Every(3)):
        now = asked_at = 0
        ended = episode.end in ("goal", "left")
        for step in episode.steps[:-1] if ended else episode.steps:  # nothing is offered where the work ends
            before, now = now, now + len(step.events)
            due = now // 3 > asked_at // 3
            assert step.shown == due
            carried_past += due and now // 3 == before // 3
            rounds, asked_at, now = rounds + 1, now, now + len(step.carried_out)
    assert rounds > 100
    assert carried_past > 0


def test_time_never_runs_backwards():
    for episode in play_all(made_scenes(), passes=2, decider=Every(6)):
        times = [event.at for event in episode.events]
        assert times == sorted(times)


@pytest.mark.slow
def test_without_an_assistant_nothing_is_offered_and_most_goals_are_reached():
    episodes = play_all(made_scenes(), passes=20, decider=Never())
    assert not any(step.proposal for episode in episodes for step in episode.steps)
    reached = sum(episode.end == "goal" for episode in episodes)
    assert reached > 0.6 * len(episodes)


def test_a_scene_in_chinese_is_played_in_chinese():
    episode = play_all(made_scenes())[1]
    assert episode.lang == "zh"
    assert all(cjk_share(event.text) > 0.5 for event in episode.events)


@pytest.mark.parametrize(("entity", "told"), [("Order website (beta)", "Order website: empty."), ("Shelf list", "The phone: all is ready.")])  # fmt: skip
def test_the_state_that_is_told_is_that_of_the_thing_that_was_asked_about(entity, told):
    scene = made_scenes()[2].model_copy(update={"entities": (Entity(name=entity),)})
    world = World(Play(id="trip/p0", scene=scene), Traits(), 0, datetime.now(UTC), states={"Shelf": "old", entity: "empty"})  # fmt: skip
    assert asyncio.run(RuleEnvironment(load_parameters()).answer(world, "In what state is it?")) == told


def test_two_scenes_read_differently():
    first, second, third = play_all(made_scenes(), decider=Never())
    texts = [{event.text for event in episode.events} for episode in (first, second, third)]
    assert not texts[0] & texts[1]
    assert len(texts[0] & texts[2]) <= 5  # turning to something else looks alike everywhere


@pytest.mark.slow
def test_episodes_end_by_goal_by_leaving_and_by_either_limit():
    ends = {episode.end for episode in play_all(made_scenes(), passes=25)}
    ends |= {episode.end for episode in play_all(made_scenes(), limits=Limits(rounds=5))}
    ends |= {episode.end for episode in play_all(made_scenes(), limits=Limits(events=8))}
    assert ends == {"goal", "left", "rounds", "events"}


@pytest.mark.slow
@pytest.mark.parametrize("decider", [Never(), Always(), Every(10)], ids=lambda decider: decider.label)
@pytest.mark.parametrize(
    "given", [proactivebench_scenes, lambda: read_scenes("bundled")], ids=["published", "ours"]
)
def test_episodes_have_thirty_events_on_average(decider, given):
    episodes = play_all(given(), passes=2, decider=decider)
    assert sum(len(episode.events) for episode in episodes) / len(episodes) >= 30


@pytest.mark.slow
def test_twenty_scenes_give_the_same_bytes_at_concurrency_one_and_sixty_four(tmp_path):
    scenes = [*proactivebench_scenes()]
    files = []
    for concurrency in (1, 64):
        summary = run_stage(
            noun="gym",
            verb="run",
            config=Config(),
            source=list(plays(scenes)),
            stage=GymStage(Casting()),
            options=RunOptions(
                out=tmp_path / str(concurrency), progress="off", concurrency=concurrency, seed=5
            ),
        )
        assert (summary.done, summary.failed) == (20, 0)
        files.append((tmp_path / str(concurrency) / "records.jsonl").read_bytes())
    assert files[0] == files[1]


@pytest.mark.slow
def test_burstiness_lies_within_a_tenth_of_that_of_the_recorded_sessions():
    real = mean_burstiness(
        [times_of(path) for path in sorted((data_folder() / "traces").glob("*.json"))], fewest=6
    )
    for decider in (Never(), Always(), Every(10)):
        made = play_all(proactivebench_scenes(), passes=2, decider=decider)
        ours = mean_burstiness(
            [gaps_s([event.at for event in episode.events]) for episode in made],
            [episode.group for episode in made],
        )
        assert abs(ours.value - real.value) < 0.1


def times_of(path):
    rows = json.loads(path.read_text())
    return gaps_s([datetime.fromtimestamp(float(row["observation"]["time"]), UTC) for row in rows])
