"""A task played by somebody who writes freely: each message is read for what it is, and the simulated user answers it.

In a rollout an action says what a message is to do. Here nobody does: a message with a solution delivers, one with
questions alone asks. So any model can be trained and measured on the tasks by the same users and the same reward.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tactful.calibration.play.actions import ActionSpace, load_action_space
from tactful.calibration.play.behaviours import LANGUAGES, read_message
from tactful.calibration.play.episode import NO_REPLY, Episode
from tactful.calibration.play.users import RuleUser, UserSimulator
from tactful.calibration.types import Session
from tactful.llm import Reply, Usage
from tactful.prompts import load_prompt
from tactful.text.thoughts import strip_thoughts
from tactful.types import Message, Trajectory

SPACE = "clarify-execute"
"""The action space whose names stand in the trajectory."""
CODE = load_prompt(__file__, "talk_code", fields={"questions", "language"})
TEXT = load_prompt(__file__, "talk_text", fields={"questions", "language"})
PROMPTS = {"code": CODE, "text": TEXT}


def talk_prompt(session: Session) -> tuple[Message, ...]:
    """What whoever plays the first task of `session` is told: that it may ask or deliver, and the request."""
    (state, *_) = session.states
    space = load_action_space(SPACE, state.domain)
    prompt = PROMPTS[space.solution].render(
        questions=max(action.per_message for action in space.actions),
        language=LANGUAGES.get(state.lang, f"the language of the request ('{state.lang}')"),
    )
    history = state.public().history
    return (*prompt.messages, Message(role="user", content=state.query), *history)


@dataclass
class Talk:
    """One task, going on. `say` until `over`, then `trajectory`."""

    episode: Episode
    user: UserSimulator = field(default_factory=RuleUser)
    seed: int = 0
    speaker: str = "model"
    """Who writes the messages, for the provenance."""

    @classmethod
    def start(
        cls,
        session: Session,
        *,
        seed: int = 0,
        max_turns: int = 4,
        speaker: str = "model",
    ) -> Talk:
        """The first task of `session`, from its first decision point. Raises: DataError for a state without estimates."""
        state = session.states[0]
        episode = Episode.start(
            state,
            session.persona,
            space=load_action_space(SPACE, state.domain),
            pass_index=session.pass_index,
            max_turns=max_turns,
        )
        return cls(episode, seed=seed, speaker=speaker)

    @property
    def over(self) -> bool:
        """A solution was delivered, the user has had enough, or the turns are used up."""
        return self.episode.finished is not None

    async def say(self, message: str) -> str:
        """The user's answer to `message`; where the talk is `over`, nobody waits for a reply to it."""
        text = strip_thoughts(message)
        action = read_action(text, self.episode)
        self.episode = await self.episode.advance(
            action, assistant=_Speaker(self.speaker, text), user=self.user, seed=self.seed
        )
        lang = self.episode.state.lang
        return self.episode.steps[-1].reaction.reply or NO_REPLY.get(lang, NO_REPLY["en"])

    def trajectory(self, run_id: str = "") -> Trajectory:
        """The record; a talk that was broken off ends like one whose turns are used up, without a solution."""
        episode = self.episode if self.over else replace(self.episode, finished="max_turns")
        prompt = PROMPTS[episode.space.solution]
        hashes = (
            (prompt.prompt_id, prompt.hash),
            *((item.prompt_id, item.hash) for item in self.user.prompts),
        )
        return replace(episode, made=replace(episode.made, prompt_hashes=hashes)).trajectory(run_id=run_id)


def read_action(text: str, episode: Episode) -> str:
    """The action that a message amounts to: the asking one where it only asks, else the solving one."""
    space: ActionSpace = episode.space
    reading = read_message(text, "solve", space.solution, episode.wanted)
    asks = bool(reading.questions) and reading.solution is None
    return next(item.name for item in space.actions if item.ask) if asks else space.solver.name


@dataclass
class _Speaker:
    """A chat model that says one text, whatever it is asked."""

    name: str
    text: str
    generator: Literal["endpoint", "offline"] = "endpoint"

    async def complete(self, prompt: Any, **_: Any) -> Reply:
        return Reply(text=self.text, finish_reason="stop", model=self.name, usage=Usage(estimated=True))

    async def structured(self, prompt: Any, reply_type: Any, **_: Any) -> Any:
        raise NotImplementedError("it only speaks")

    async def aclose(self) -> None:
        return None
