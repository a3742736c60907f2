"""One task played turn by turn: the immutable primitive that rollouts, branches and evaluation are made of.

How an episode ends: `completed` when a message gives a solution; `rejected` at the second rejection of a task, or
when the user leaves (then there is no solution); `max_turns` when the limit came first. At the last turn the
assistant has to solve, so that the episode can be scored: a solution that it would not have given but for the
limit ends as `max_turns`, with that solution.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tactful.calibration.play.actions import ActionSpace, Mode
from tactful.calibration.play.behaviours import Move, Reading, plan_move, read_message, render
from tactful.calibration.play.offline import assistant_facts, slips
from tactful.calibration.play.users import UserSimulator, UserTurn, UserView
from tactful.calibration.types import Persona
from tactful.errors import DataError
from tactful.llm import ChatModel, Rehearsal, Reply
from tactful.text import estimate_tokens
from tactful.text.code.answers import names_under_test
from tactful.text.thoughts import strip_thoughts
from tactful.types import (
    Decision,
    Message,
    Provenance,
    PublicState,
    State,
    Step,
    Trajectory,
    UserHistory,
    seeded,
)

End = Literal["completed", "rejected", "max_turns"]
NO_REPLY = {"en": "(no reply)", "zh": "（没有回复）"}
"""What stands in the conversation where the user said nothing: endpoints refuse empty messages."""


@dataclass(frozen=True)
class Made:
    """Who spoke and with which prompts, gathered step by step for the provenance."""

    model: str = ""
    user_model: str = ""
    offline: bool = False
    seed: int | None = None
    prompt_hashes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Episode:
    """A task at a decision point, or at its end. `advance` gives a new episode; nothing is changed in place."""

    state: State
    persona: Persona
    space: ActionSpace
    mode: Mode
    pass_index: int
    max_turns: int
    observation: PublicState
    """What a policy sees at this decision point."""
    steps: tuple[Step, ...] = ()
    finished: End | None = None
    solution: str | None = None
    revealed: tuple[str, ...] = ()
    """Ids of open requirements told so far."""
    slipped: bool = False
    made: Made = field(default_factory=Made)

    @classmethod
    def start(
        cls,
        state: State,
        persona: Persona,
        *,
        space: ActionSpace,
        mode: Mode = "multi",
        pass_index: int = 0,
        max_turns: int = 4,
        history: UserHistory | None = None,
    ) -> Episode:
        """The first decision point. `history` is what this user did in earlier tasks of the session.

        Raises DataError while clarity or complexity is not estimated, or when the space is for another domain.
        """
        if state.query_clarity is None or state.task_complexity is None:
            raise DataError(
                f"state '{state.id}': query_clarity or task_complexity is not estimated; "
                "run: tactful calibrate states --mode dataset --input FILE"
            )
        if state.domain != space.domain:
            raise DataError(
                f"state '{state.id}' is of domain '{state.domain}', the action space of '{space.domain}'"
            )
        seen = state.public() if history is None else state.public(user=history)
        return cls(state, persona, space, mode, pass_index, max_turns, seen)

    # ------------------------------------------------------------ what there is to choose

    @property
    def must_solve(self) -> bool:
        """True at the last turn: whatever is chosen, the message has to solve."""
        return len(self.steps) >= self.max_turns - 1

    def move(self, action: str, *, must_solve: bool = False) -> Move:
        """What `action` would do here. Raises ConfigError for an action that the space does not have."""
        return plan_move(
            self.space,
            action,
            mode=self.mode,
            questions_asked=self.observation.questions_asked,
            must_solve=must_solve or self.must_solve,
            messages=sum(1 for step in self.steps if step.action == action and step.questions),
        )

    def choices(self) -> tuple[str, ...]:
        """The actions that differ here, least intense first: those that would send the same prompt count once."""
        found: dict[tuple[str, int], str] = {}
        for name in self.space.names:
            found.setdefault(self.move(name).sends, name)
        return tuple(found.values())

    # ------------------------------------------------------------ one step

    async def advance(
        self,
        choice: str | Decision,
        *,
        assistant: ChatModel,
        user: UserSimulator,
        seed: int,
        must_solve: bool = False,
    ) -> Episode:
        """The episode after one more step. `choice` is an action, or a policy's decision (kept in the step).

        `must_solve` ends the episode here, as at the last turn. The recorded action is the one that was realised:
        an asking action without a solving prompt becomes the least intense solving one.
        Raises what the models raise: ProviderError, ParseError, StopRun.
        """
        assert self.finished is None, f"the episode of '{self.state.id}' is over ({self.finished})"
        decision = Decision(action=choice, probabilities={}) if isinstance(choice, str) else choice
        move = self.move(decision.action, must_solve=must_solve)
        reply = await self._speak(move, assistant, seed)
        said = strip_thoughts(reply.text)
        reading = read_message(said, move.kind, self.space.solution, self.wanted)
        turn = await user.react(self._view(reading), said, self._mood(seed))
        step = Step.model_construct(
            state=self.observation,
            action=move.action.name,
            probabilities=decision.probabilities,
            weighed=decision.weighed,
            message=said,
            questions=len(reading.questions),
            tokens=_tokens(reply),
            gave_solution=reading.solution is not None,
            reaction=turn.reaction,
            revealed=turn.revealed,
        )
        slipped = assistant.generator == "offline" and reading.solution is not None and slips(self._key(seed))
        return replace(
            self,
            observation=self._observe(step),
            steps=(*self.steps, step),
            finished=self._end(move, reading, turn, must_solve=must_solve),
            solution=reading.solution,
            revealed=(*self.revealed, *turn.revealed),
            slipped=slipped,
            made=self._note(move, assistant, user, seed),
        )

    async def _speak(self, move: Move, assistant: ChatModel, seed: int) -> Reply:
        prompt = render(move.prompt, move.may_ask, self.state.lang).followed_by(
            conversation(self.observation)
        )
        rehearsal = None
        if assistant.generator == "offline":
            facts = assistant_facts(
                self.state, move, solution=self.space.solution, draw_key=self._key(seed), asked=self.steps
            )
            rehearsal = Rehearsal.model_construct(room="calibration", task="assistant", facts=facts)
        return await assistant.complete(prompt, sample=self.pass_index, rehearsal=rehearsal)

    @property
    def wanted(self) -> frozenset[str]:
        """The names that the task's tests use."""
        hidden = self.state.hidden
        owned = tuple(test for item in hidden.requirements for test in item.tests)
        return names_under_test((*hidden.tests, *owned), hidden.setup)

    def _view(self, reading: Reading) -> UserView:
        seen = self.observation
        return UserView(
            persona=self.persona,
            lang=self.state.lang,
            query=self.state.query,
            history=seen.history,
            requirements=self.state.hidden.requirements,
            revealed=self.revealed,
            questions=reading.questions,
            gave_solution=reading.solution is not None,
            questions_before=seen.questions_asked,
            rejections_before=seen.prev_reject,
            pass_index=self.pass_index,
        )

    def _key(self, seed: int) -> str:
        """What draws that must not depend on action or persona are seeded by."""
        return f"{seed}/{self.state.id}/{self.pass_index}"

    def _mood(self, seed: int) -> Any:
        turn = self.observation.dialogue_turn
        return seeded("user", seed, self.state.id, self.persona.name, self.pass_index, turn)

    def _observe(self, step: Step) -> PublicState:
        seen, reaction = self.observation, step.reaction
        answered = min(step.questions, max(1, len(step.revealed))) if reaction.answered_clarification else 0
        return seen.model_copy(
            update={
                "dialogue_turn": seen.dialogue_turn + 1,
                "prev_reject": seen.prev_reject + reaction.reject_signal,
                "questions_asked": seen.questions_asked + step.questions,
                "answered": seen.answered + answered,
                "history": (
                    *seen.history,
                    Message.model_construct(role="assistant", content=step.message),
                    Message.model_construct(role="user", content=reaction.reply),
                ),
            }
        )

    def _end(self, move: Move, reading: Reading, turn: UserTurn, *, must_solve: bool) -> End | None:
        if reading.solution is not None:
            return "max_turns" if move.forced else "completed"
        if turn.leaves or (turn.reaction.reject_signal and self.observation.prev_reject >= 1):
            return "rejected"
        over = must_solve or self.must_solve or self.mode == "single"
        return "max_turns" if over else None

    def _note(self, move: Move, assistant: ChatModel, user: UserSimulator, seed: int) -> Made:
        hashes = dict(self.made.prompt_hashes)
        for prompt in (move.prompt, *user.prompts):
            hashes[prompt.prompt_id] = prompt.hash
        return Made(
            model=assistant.name,
            user_model=user.name,
            offline=assistant.generator == "offline" or user.generator == "offline",
            seed=seed,
            prompt_hashes=tuple(hashes.items()),
        )

    # ------------------------------------------------------------ what remains

    def user_history(self) -> UserHistory:
        """What this user has shown once this task is counted: the history of the session's next task."""
        seen = self.observation
        before, first = seen.user, self.state
        return UserHistory(
            tasks=before.tasks + 1,
            questions=before.questions + seen.questions_asked - first.questions_asked,
            answered=before.answered + seen.answered - first.answered,
            rejected=before.rejected + seen.prev_reject - first.prev_reject,
        )

    def trajectory(
        self,
        *,
        parent: str = "",
        decision_point: int = 0,
        name: str = "main",
        run_id: str = "",
        session: str = "",
    ) -> Trajectory:
        """The record of a finished episode. Its id is `state/persona/pN/name`, e.g. `coding-001-open/hurried/p0/main`."""
        assert self.finished is not None, f"the episode of '{self.state.id}' is not over"
        made = self.made
        return Trajectory.model_construct(
            id=f"{self.state.id}/{self.persona.name}/p{self.pass_index}/{name}",
            state_id=self.state.id,
            group=self.state.group or self.state.id,
            domain=self.state.domain,
            persona=self.persona.name,
            pass_index=self.pass_index,
            action_space=self.space.name,
            mode=self.mode,
            parent=parent,
            decision_point=decision_point,
            steps=self.steps,
            end=self.finished,
            solution=self.solution,
            hidden=self.state.hidden,
            provenance=Provenance(
                model=made.model,
                generator="offline" if made.offline else "endpoint",
                prompt_hashes=dict(made.prompt_hashes),
                run_id=run_id,
                seed=made.seed,
            ),
            wording=self.state.wording,
            slipped=self.slipped,
            session=session,
            user_model=made.user_model,
        )


def conversation(state: PublicState) -> tuple[Message, ...]:
    """The query and the messages after it, as models get them."""
    silent = NO_REPLY.get(state.lang, NO_REPLY["en"])
    return (
        Message.model_construct(role="user", content=state.query),
        *(
            item if item.content else Message.model_construct(role=item.role, content=silent)
            for item in state.history
        ),
    )


def _tokens(reply: Reply) -> int:
    """Tokens of the visible message: the endpoint's count, unless hidden reasoning inflates it beyond three times ours."""
    estimate, counted = estimate_tokens(reply.text), reply.usage.completion_tokens
    return counted if not reply.usage.estimated and 0 < counted <= 3 * estimate else estimate
