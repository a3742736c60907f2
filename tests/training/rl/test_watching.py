"""Episodes of the gym whose assistant is the model that is trained: what it is shown, how it is read, what it earns."""

from __future__ import annotations

import pytest

from tactful.gym.casting import Casting
from tactful.gym.pipeline import plays
from tactful.gym.play.assistant import PROPOSE, ProposeReply, orders
from tactful.gym.play.deciding import OwnJudgement
from tactful.gym.play.episode import play_episode
from tactful.gym.play.parts import Limits, NoReply
from tactful.gym.scenes.reading import BUNDLED, read_scenes
from tactful.gym.summary import utility
from tactful.gym.types import Play
from tactful.llm import ChatModel
from tactful.prompts import Rendered
from tactful.runs import Context
from tactful.training.rl.watching import Answer, Ask, Playing, watch

PLAYING = Playing(limits=Limits(rounds=12), seed=3)
SILENCE = ProposeReply(thought="All is well.", proposal=None).model_dump_json()


def one_play() -> Play:
    return next(plays(read_scenes(BUNDLED)))


def offer(text: str) -> str:
    return ProposeReply(thought="This would help.", proposal=text).model_dump_json()


def saying(*texts: str, then: str = SILENCE) -> tuple[Ask, list[Rendered]]:
    """Answers in turn, then always `then`; and the prompts that were shown."""
    left, shown = list(texts), list[Rendered]()

    async def ask(prompt: Rendered) -> Answer:
        shown.append(prompt)
        return Answer(left.pop(0) if left else then)

    return ask, shown


async def test_an_accepted_offer_earns_1_another_costs_and_silence_is_0() -> None:
    (first, *_) = read_scenes(BUNDLED)
    ask, shown = saying(then=offer(f"Shall I take the work on {first.entities[0].name} over from here?"))
    found = await watch(one_play(), ask, Playing(limits=Limits(rounds=12), cost=0.5))
    worth = {"accepted": 1.0, "rejected": -0.5, "ignored": -0.5, "silence": 0.0}
    assert found.rewards == tuple(worth[verdict] for verdict in found.verdicts)
    assert len(found.rewards) == len(shown) == found.figures()["answers"]
    assert found.reward == pytest.approx(utility(found.episode, false_alarm=0.5))
    assert found.reward == found.returns[0]
    assert found.returns[-1] == found.rewards[-1]
    assert set(found.verdicts) > {"accepted"}


async def test_silence_throughout_earns_nothing_and_misses_what_was_wanted() -> None:
    ask, _ = saying()
    found = await watch(one_play(), ask, PLAYING)
    assert (found.reward, found.unreadable, set(found.verdicts)) == (0.0, 0, {"silence"})
    assert found.figures()["missed"] == sum(step.outcome.help_wanted is True for step in found.episode.steps)


async def test_what_says_neither_offer_nor_silence_is_silence_and_counted() -> None:
    cut = '{"thought": "The person is stuck", "proposal": "Shall I'
    ask, _ = saying("I would rather talk about the weather.", "", '{"thought": "no proposal"}')

    async def also_cut(prompt: Rendered) -> Answer:
        answer = await ask(prompt)
        return answer if answer is not None and answer.text != SILENCE else Answer(cut, ended=False)

    found = await watch(one_play(), also_cut, PLAYING)
    assert found.unreadable == len(found.verdicts) > 3
    assert (found.reward, set(found.verdicts)) == (0.0, {"silence"})


@pytest.mark.parametrize("word", ["null", "None", " "])
async def test_silence_in_words_is_silence(word: str) -> None:
    ask, _ = saying(then=offer(word))
    found = await watch(one_play(), ask, PLAYING)
    assert (found.unreadable, set(found.verdicts)) == (0, {"silence"})


class Speaking(ChatModel):
    """A chat model that always says the same, and keeps what it was asked."""

    def __init__(self, proposal: str | None) -> None:
        self.proposal, self.asked = proposal, list[Rendered]()

    name = "speaking"
    generator = "endpoint"

    async def structured(self, prompt, reply_type, **_: object):  # type: ignore[no-untyped-def, override]
        if reply_type is ProposeReply:
            self.asked.append(prompt)
            return ProposeReply(thought="", proposal=self.proposal)
        return reply_type(operations=())


async def test_the_prompts_and_the_people_are_those_of_an_episode_of_gym_run() -> None:
    play, line = one_play(), "Shall I check the timetable for you?"
    ask, shown = saying(then=offer(line))
    limits = Limits(rounds=12, operations=0)
    found = await watch(play, ask, Playing(limits=limits, seed=3))
    model = Speaking(line)
    casting = Casting(OwnJudgement("speaking"))
    cast = casting.cast(play, Context(play.id, 3, "", models={"assistant": model}))
    episode = await play_episode(play, cast, traits=casting.traits(play, 3), limits=limits, seed=3)
    assert [one.messages for one in shown] == [one.messages for one in model.asked]
    assert [step.outcome for step in found.episode.steps] == [step.outcome for step in episode.steps]
    assert {one.messages[0].content for one in shown} == {orders(play.scene.lang)}
    assert found.episode.provenance.prompt_hashes == {PROPOSE.prompt_id: PROPOSE.hash}


async def test_the_prompt_never_tells_the_goal() -> None:
    ask, shown = saying()
    play = one_play()
    await watch(play, ask, PLAYING)
    assert all(play.scene.user.goal not in message.content for one in shown for message in one.messages)


async def test_a_model_that_may_say_no_more_ends_the_episode_and_what_was_played_stands() -> None:
    said = 0

    async def ask(prompt: Rendered) -> Answer | None:
        nonlocal said
        said += 1
        return Answer(SILENCE) if said <= 3 else None

    found = await watch(one_play(), ask, PLAYING)
    assert (found.episode.end, len(found.rewards), len(found.episode.steps)) == ("cut", 3, 3)


async def test_a_model_that_says_nothing_at_all_has_no_episode() -> None:
    async def ask(prompt: Rendered) -> None:
        return None

    with pytest.raises(NoReply, match="stopped"):
        await watch(one_play(), ask, PLAYING)
