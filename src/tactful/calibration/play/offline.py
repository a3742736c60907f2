"""What the offline model says in this room: an assistant and a user that follow the script, never a language model.

The assistant follows its behaviour: it asks for what is open, writes the reference when everything open was told
to it in so many words, and what an uninformed reader would write otherwise. In 5% of (seed, state, pass) its
solution is spoilt on purpose; neither action nor persona decides which, so that comparisons stay paired.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tactful.calibration.play.actions import SolutionKind
from tactful.calibration.play.behaviours import Move
from tactful.calibration.play.users import UserView, react_by_rules
from tactful.errors import DataError
from tactful.types import Hidden, Message, Requirement, State, Step, seeded

SLIP_RATE = 0.05

NEEDLESS = {
    "en": (
        "Before I start, is there any detail that matters more to you than the others?",
        "Do you need this for a particular occasion?",
        "Who else is going to use the result?",
        "How soon will you use it?",
    ),
    "zh": (
        "开始之前，有没有哪一点对你来说比其他的更重要？",
        "这是为某个特别的场合准备的吗？",
        "除了你，还有谁会用到这个结果？",
        "你打算多久之后用到它？",
    ),
}
"""Questions about nothing open: what an assistant asks that has to ask and needs to know nothing."""

OUTLINE = {
    "en": {
        "code": (
            "1. Take the input as described.",
            "2. Work through it step by step.",
            "3. Treat the special cases.",
            "4. Return the result in the form asked for.",
        ),
        "text": (
            "1. Start from what you told me.",
            "2. Settle the fixed points first.",
            "3. Fill in the rest in order.",
        ),
    },
    "zh": {
        "code": (
            "1. 按描述读取输入。",
            "2. 逐步处理。",
            "3. 处理特殊情况。",
            "4. 按要求的形式返回结果。",
        ),
        "text": ("1. 从你告诉我的出发。", "2. 先定下固定的部分。", "3. 再按顺序补全其余的。"),
    },
}
"""The plan that opens a solution of HIGH; it says nothing that a checker could take for a met requirement."""

LEAD_IN = {"en": "Here is the solution.", "zh": "代码如下。"}


@lru_cache(maxsize=65536)
def slips(draw_key: str) -> bool:
    """Whether the solution for this `seed/state/pass` is spoilt on purpose: 5% of them are."""
    return seeded("slip", draw_key).random() < SLIP_RATE


def assistant_facts(
    state: State, move: Move, *, solution: SolutionKind, draw_key: str, asked: Sequence[Step]
) -> dict[str, Any]:
    """What the assistant's script must know. Only ever handed to the offline model."""
    return {
        "state_id": state.id,
        "hidden": state.hidden,
        "lang": "zh" if state.lang == "zh" else "en",
        "solution": solution,
        "kind": move.kind,
        "may_ask": move.may_ask,
        "outline": move.action.outline,
        "draw_key": draw_key,
        "asked_before": " ".join(step.message for step in asked),
    }


def assistant_script(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> str:
    """The assistant's next message. Raises DataError for a state with no reference to rehearse from."""
    hidden: Hidden = facts["hidden"]
    heard = "\n".join(item.content for item in messages if item.role == "user").casefold()
    missing = [item for item in hidden.requirements if item.open and not is_told(item, heard)]
    asks = _ask(facts, missing, rng) if facts["kind"] != "solve" else ""
    if facts["kind"] == "ask":
        return asks
    return "\n\n".join(part for part in (asks, _outline(facts), _solve(facts, missing)) if part)


def is_told(requirement: Requirement, heard: str) -> bool:
    """Whether all keywords of the requirement stand in `heard`, which is case-folded.

    Without keywords, its answer or its text must stand there; a requirement that has none of the three is never told.
    """
    if requirement.keywords:
        return all(word.casefold() in heard for word in requirement.keywords)
    return any(said.casefold() in heard for said in (requirement.answer, requirement.text) if said)


def lacks_for_rehearsal(hidden: Hidden, solution: SolutionKind) -> tuple[str, ...]:
    """What the offline model would write and cannot, since the state does not bring it; empty: it can rehearse."""
    lacking = [] if hidden.reference else ["reference"]
    wanted = [item for item in hidden.requirements if item.open]
    if wanted and not (hidden.uninformed if solution == "code" else _plan(hidden, wanted)):
        lacking.append("uninformed")
    return tuple(lacking)


def _ask(facts: Mapping[str, Any], missing: Sequence[Requirement], rng: random.Random) -> str:
    before = facts["asked_before"]
    wanted = sorted(missing, key=lambda item: (item.question in before, -item.weight))
    asked = [item.question for item in wanted if item.question][: facts["may_ask"]]
    if asked:
        return "\n".join(asked)
    needless = NEEDLESS[facts["lang"]]
    return rng.choice([question for question in needless if question not in before] or needless)


def _outline(facts: Mapping[str, Any]) -> str:
    return "\n".join(OUTLINE[facts["lang"]][facts["solution"]]) if facts["outline"] else ""


def _solve(facts: Mapping[str, Any], missing: Sequence[Requirement]) -> str:
    hidden: Hidden = facts["hidden"]
    is_code = facts["solution"] == "code"
    text = hidden.reference if not missing else hidden.uninformed if is_code else _plan(hidden, missing)
    if not text:
        lacking = "reference" if not missing else "uninformed solution"
        raise DataError(
            f"state '{facts['state_id']}': has no {lacking}, so the offline model has nothing to rehearse; "
            "add it to the state, or use a real --model"
        )
    if slips(facts["draw_key"]):
        text = spoil_code(text) if is_code else spoil_plan(text)
    return (
        f"{LEAD_IN.get(facts['lang'], LEAD_IN['en'])}\n\n```python\n{text.rstrip()}\n```" if is_code else text
    )


def _plan(hidden: Hidden, missing: Sequence[Requirement]) -> str:
    """The plan line by line, each as well as its requirement is known; without lines, the uninformed plan."""
    if not any(item.step_known for item in hidden.requirements):
        return hidden.uninformed
    unknown = {item.id for item in missing}
    lines = (item.step_unknown if item.id in unknown else item.step_known for item in hidden.requirements)
    return "\n".join(line for line in (hidden.plan_opening, *lines) if line)


def spoil_code(code: str) -> str:
    """The code broken off at its first `return` (without one: halfway), so that it returns nothing."""
    lines = code.rstrip().split("\n")
    first = next((index for index, line in enumerate(lines) if line.lstrip().startswith("return")), None)
    if first is None:
        return "\n".join(lines[: len(lines) // 2]) or "pass"
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    return "\n".join((*lines[:first], f"{indent}return None"))


def spoil_plan(plan: str) -> str:
    """The plan with the second half of its lines lost."""
    lines = plan.split("\n")
    return "\n".join(lines[: max(1, len(lines) // 2)])


def user_script(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """The reply and META of a model that plays the user: those of the rule user, with the draws that it was given."""
    view: UserView = facts["view"]
    turn = react_by_rules(view, random.Random(facts["draw"]))
    return turn.reaction.model_dump()


SCRIPTS = {"assistant": assistant_script, "user": user_script}
