"""Episodes by rules: the same by seed, all reactions, every end."""

from tests.gym.rules.scenes import made_scenes, play_all

from tactful.gym.play.deciding import Every, Never
from tactful.text.lang import cjk_share


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


def test_time_never_runs_backwards():
    for episode in play_all(made_scenes(), passes=2, decider=Every(6)):
        times = [event.at for event in episode.events]
        assert times == sorted(times)


def test_without_an_assistant_nothing_is_offered_and_most_goals_are_reached():
    episodes = play_all(made_scenes(), passes=20, decider=Never())
    assert not any(step.proposal for episode in episodes for step in episode.steps)
    reached = sum(episode.end == "goal" for episode in episodes)
    assert reached > 0.6 * len(episodes)


def test_a_scene_in_chinese_is_played_in_chinese():
    episode = play_all(made_scenes())[1]
    assert episode.lang == "zh"
    assert all(cjk_share(event.text) > 0.5 for event in episode.events)


def test_two_scenes_read_differently():
    first, second, third = play_all(made_scenes(), decider=Never())
    texts = [{event.text for event in episode.events} for episode in (first, second, third)]
    assert not texts[0] & texts[1]
    assert len(texts[0] & texts[2]) <= 5  # turning to something else looks alike everywhere
