"""Who selects in a training set: the simulated user, a prompted model, or a reward model of ours. Wired here, since the
gym knows no reward."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.data.formats.episodes import SIMULATED
from tactful.errors import UsageError
from tactful.gym.trainset.types import CandidateJudge, Point, Verdict
from tactful.prompts import Prompt
from tactful.reward.judging.judge import LMJudge
from tactful.reward.judging.prompt import PROMPT
from tactful.reward.opening import open_judge
from tactful.reward.types import identity_of
from tactful.runs import Context
from tactful.types import Moment

if TYPE_CHECKING:
    from tactful.gym.rules.parameters import Parameters
    from tactful.reward.embedded.model import RewardModel
    from tactful.reward.tuned.judge import TunedJudge
    from tactful.reward.types import Acceptance

TRAINED = "reward:"


@dataclass(frozen=True)
class PromptedJudge:
    """A chat model, asked as `reward judge --judge MODEL` asks it."""

    identity: str
    votes: int = 1
    prompts: tuple[Prompt, ...] = (PROMPT,)

    async def judge(self, point: Point, proposal: str | None, context: Context) -> Verdict:
        """By the majority of the votes; unscored on a tie or where none is readable. Raises: ProviderError, StopRun."""
        judge = LMJudge(context.models["judge"], votes=self.votes, run_id=context.run_id)
        return _verdict(await judge.judge(_offered(point, proposal)))


@dataclass(frozen=True)
class TrainedOne:
    """A reward model of ours in a folder; opened once in each process."""

    folder: str
    identity: str
    prompts: tuple[Prompt, ...] = ()

    async def judge(self, point: Point, proposal: str | None, context: Context) -> Verdict:
        """What the model says. Raises: DataError for a folder that is damaged."""
        [said] = _opened(self.folder, self.identity).judge_now([_offered(point, proposal)], explain=True)
        return _verdict(said)


def selecting_judge(given: str, *, votes: int = 1, parameters: Parameters | None = None) -> CandidateJudge:
    """The judge that `user`, `reward:FOLDER` or the name of a model names; `parameters` of the user, our table by default.

    Raises: UsageError for options that are another's; DataError or UserError for a folder that holds no reward model.
    """
    from tactful.gym.trainset.user import UserJudge

    if not asks_model(given):
        if votes != 1:
            raise UsageError(
                f"--votes {votes} belongs to a --judge that is a model; '{given}' says the same every time"
            )
        if given == SIMULATED:
            return UserJudge() if parameters is None else UserJudge(parameters)
        if given == TRAINED:
            raise UsageError("--judge reward: names no folder; write reward:models/reward")
        place = wherever(given).removeprefix(TRAINED)
        return TrainedOne(place, identity_of(open_judge(place)))
    return PromptedJudge(given, votes)


def wherever(given: str) -> str:
    """The judge's name as every working directory understands it."""
    folder = given.removeprefix(TRAINED)
    return given if folder == given else TRAINED + str(Path(folder).resolve())


def asks_model(given: str) -> bool:
    """Whether this judge is a chat model."""
    return given != SIMULATED and not given.startswith(TRAINED)


@lru_cache(maxsize=4)
def _opened(folder: str, identity: str) -> RewardModel | TunedJudge:
    """What lies in the folder: another model that was saved there meanwhile has another identity."""
    return open_judge(folder)


def _offered(point: Point, proposal: str | None) -> Moment:
    return point.moment.model_copy(update={"proposal": proposal})


def _verdict(said: Acceptance) -> Verdict:
    return Verdict(accepted=said.accepted, p_accept=said.p_accept, reason=said.reason)
