"""Tasks, people and models that the tests of episodes, users and rollouts share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tactful.calibration.play.actions import load_action_space
from tactful.calibration.play.episode import Episode
from tactful.calibration.play.offline import SCRIPTS
from tactful.calibration.play.rollout import RolloutStage
from tactful.calibration.play.users import UserTurn, UserView
from tactful.calibration.types import Persona, Session
from tactful.llm import CallOptions, ModelSpec, OfflineModel, Rehearsal, Reply, Usage
from tactful.prompts import Rendered
from tactful.runs import Context
from tactful.types import Hidden, Message, Reaction, Requirement, State

CASE = Requirement(
    id="case",
    text="Upper and lower case count as the same word.",
    weight=0.4,
    open=True,
    question="Do upper and lower case count as the same word?",
    answer="Yes, please ignore case.",
    keywords=("ignore case",),
)
ORDER = Requirement(
    id="order",
    text="The result is sorted alphabetically.",
    weight=0.3,
    open=True,
    question="In which order should the words come out?",
    answer="Sorted alphabetically.",
    keywords=("sorted alphabetically",),
)
STATED = Requirement(id="list", text="The result is a list.", weight=0.3, open=False)

REFERENCE = "def words(text):\n    return sorted(set(text.lower().split()))\n"
UNINFORMED = "def words(text):\n    return list(set(text.split()))\n"


def coding_state(
    state_id: str = "words-open", *, wording: str = "open", lang: str = "en", **more: Any
) -> State:
    """A function to write, with two open requirements, or (complete) none."""
    requirements = (CASE, ORDER, STATED)
    if wording == "complete":
        requirements = tuple(item.model_copy(update={"open": False}) for item in requirements)
    hidden = Hidden(
        requirements=requirements,
        tests=("assert words('b a A') == ['a', 'b']",),
        reference=REFERENCE,
        uninformed=REFERENCE if wording == "complete" else UNINFORMED,
    )
    query = "Write words(text), the distinct words of a text as a list."
    if wording == "complete":
        query += " Please ignore case; the list is sorted alphabetically."
    values = {
        "id": state_id,
        "domain": "coding",
        "query": query,
        "query_clarity": 0.4,
        "task_complexity": 0.3,
        "group": "words",
        "lang": lang,
        "wording": wording,
        "hidden": hidden,
    }
    return State(**(values | more))


BUDGET = Requirement(
    id="budget",
    text="预算是两千元。",
    weight=0.7,
    open=True,
    question="预算大概是多少？",
    answer="预算两千元。",
    keywords=("两千元",),
    checks=("两千元",),
    step_known="费用：总共不超过两千元。",
    step_unknown="费用：按一般水平安排。",
)
PLACE = Requirement(
    id="place",
    text="地点在北京。",
    weight=0.3,
    open=False,
    checks=("北京",),
    step_known="地点：在北京的公园。",
    step_unknown="地点：在北京的公园。",
)


def planning_state(state_id: str = "party-open", **more: Any) -> State:
    """A Chinese planning task with one open requirement."""
    opening = "生日聚会计划。"
    hidden = Hidden(
        requirements=(PLACE, BUDGET),
        reference=f"{opening}\n{PLACE.step_known}\n{BUDGET.step_known}",
        uninformed=f"{opening}\n{PLACE.step_known}\n{BUDGET.step_unknown}",
        plan_opening=opening,
    )
    values = {
        "id": state_id,
        "domain": "planning",
        "query": "请帮我在北京安排一个生日聚会。",
        "query_clarity": 0.3,
        "task_complexity": 0.5,
        "group": "party",
        "lang": "zh",
        "wording": "open",
        "hidden": hidden,
    }
    return State(**(values | more))


def person(name: str = "somebody", **traits: Any) -> Persona:
    """A persona of middling traits; name those that matter."""
    values = {"expertise": 0.5, "patience": 0.5, "clarity": 0.5, "time_pressure": 0.5, "style": "Plain."}
    return Persona(**({"name": name, "domain": "any", **values} | traits))


@dataclass
class QueuedModel:
    """Replays queued replies in order and keeps what it was sent. Plays an endpoint."""

    replies: list[str]
    name: str = "fake"
    generator: Literal["endpoint", "offline"] = "endpoint"
    sent: list[tuple[Message, ...]] = field(default_factory=list)
    samples: list[int] = field(default_factory=list)
    rehearsals: list[Rehearsal | None] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)

    async def complete(
        self,
        prompt: Rendered | Sequence[Message],
        *,
        options: CallOptions | None = None,
        sample: int = 0,
        rehearsal: Rehearsal | None = None,
    ) -> Reply:
        self._keep(prompt, sample, rehearsal)
        return Reply(text=self.replies.pop(0), finish_reason="stop", model=self.name, usage=self.usage)

    async def structured(
        self,
        prompt: Rendered | Sequence[Message],
        reply_type: Any,
        *,
        options: CallOptions | None = None,
        sample: int = 0,
        rehearsal: Rehearsal | None = None,
    ) -> Any:
        self._keep(prompt, sample, rehearsal)
        return reply_type.model_validate_json(self.replies.pop(0))

    async def aclose(self) -> None:
        return None

    def _keep(self, prompt: Any, sample: int, rehearsal: Rehearsal | None) -> None:
        self.sent.append(prompt.messages if isinstance(prompt, Rendered) else tuple(prompt))
        self.samples.append(sample)
        self.rehearsals.append(rehearsal)


@dataclass
class ScriptedUser:
    """Reacts as told, in order; then with a bare 'ok'."""

    turns: list[UserTurn] = field(default_factory=list)
    name: str = "rules"
    generator: Literal["rules", "endpoint", "offline"] = "rules"
    prompts: tuple[Any, ...] = ()
    seen: list[UserView] = field(default_factory=list)

    async def react(self, view: UserView, message: str, rng: Any) -> UserTurn:
        self.seen.append(view)
        return self.turns.pop(0) if self.turns else UserTurn(Reaction(reply="ok"))


def offline_model(seed: int = 0) -> OfflineModel:
    """The rehearsal of this room."""
    return OfflineModel(ModelSpec(name="offline", seed=seed), SCRIPTS)


def context(*, seed: int = 0, assistant: Any = None, user: Any = None) -> Context:
    """A runner's context with the offline assistant unless another is given."""
    models = {"assistant": assistant or offline_model(seed)} | ({"user": user} if user else {})
    return Context("", seed, "test", models)


def stage(which: str = "levels", **settings: Any) -> RolloutStage:
    """A rollout stage for both bundled domains."""
    spaces = {domain: load_action_space(which, domain) for domain in ("coding", "planning")}
    return RolloutStage(spaces, **settings)


def session(*states: State, persona: Persona | None = None, pass_index: int = 0) -> Session:
    """One user's session over the states."""
    return Session(id="session", persona=persona or person(), states=states, pass_index=pass_index)


def start(
    state: State | None = None, *, which: str = "levels", persona: Persona | None = None, **more: Any
) -> Episode:
    """The first decision point of an episode."""
    state = state or coding_state()
    space = load_action_space(which, state.domain)
    return Episode.start(state, persona or person(), space=space, **more)


def code(body: str = "x = 1") -> str:
    """A reply that delivers code."""
    return f"Here you are.\n\n```python\n{body}\n```"
