"""States as tasks to talk about: every state with every persona is one example, whose answer nobody knows beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tactful.calibration.pipeline import by_names, sessions
from tactful.calibration.play.talk import PROMPTS, talk_prompt
from tactful.calibration.tasks.state_rows import parse_state
from tactful.training.types import Example, TrainConfig
from tactful.types import State
from tactful.weights.types import Form

TALK_PROMPTS = {prompt.prompt_id: prompt.hash for prompt in PROMPTS.values()}


def task_of(row: Any) -> State:
    """A state that can be played. Raises: ValueError for one without estimates."""
    state = parse_state(row, "", "")
    if state.query_clarity is None or state.task_complexity is None:
        raise ValueError(
            "state has no query_clarity or task_complexity; run: tactful calibrate states --mode dataset"
        )
    return state


def tasks(rows: list[State], form: Form, config: TrainConfig, left_out: Counter[str]) -> Iterator[Example]:
    """One example a session."""
    for session in sessions(rows, personas=by_names(config.personas)):
        (state,) = session.states
        yield Example(session.id, state.group or state.id, talk_prompt(session), session=session)
