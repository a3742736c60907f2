"""Consistency for code, over real HTTP and the real sandbox."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import pytest
from tests.chat_server import Ask, Fault, serving

from tactful.errors import SafetyRefusal, UsageError
from tactful.reading import Exchange, Request
from tactful.reading.by_calls import ReaderByCalls
from tactful.reading.setup import ReaderSetup
from tactful.sandbox import Tier, current_tier, tiers

pytestmark = pytest.mark.skipif(current_tier() is Tier.NONE, reason="no cage on this machine")

PLAN = {"wants_function": True, "name": "f", "parameters": ["values"], "calls": ["[]", "[3, 1, 2]"]}
NO_CODE = {"wants_function": False, "name": "", "parameters": [], "calls": []}
UP = "Here:\n```python\ndef f(values):\n    return sorted(values)\n```"
DOWN = "```python\ndef f(values):\n    return sorted(values)[::-1]\n```"


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def script(plan: Any, *solutions: Any) -> Callable[[Ask], Any]:
    said = cycle(solutions or ("",))
    return lambda ask: plan if "Prepare the test." in ask.prompt else next(said)


def read(
    plan: Any, *solutions: Any, text: str = "Sort this list", samples: int = 4
) -> tuple[Any, ReaderByCalls]:
    with serving(script=script(plan, *solutions)) as server:
        reader = ReaderByCalls("consistency:m", ReaderSetup(base_url=server.base_url, samples=samples))
        [need] = reader.needs_now([Request(text=text)])
    return need, reader


def test_solutions_that_differ_make_a_request_open_and_say_where() -> None:
    need, reader = read(PLAN, UP, DOWN)
    # two up, two down: of six pairs four differ
    assert need.need == pytest.approx(4 / 6)
    assert need.missing[0].what == "solutions differ at f([3, 1, 2])"
    assert reader.runs == 4
    assert reader.usage.calls >= 5


def test_solutions_that_agree_leave_a_little_doubt() -> None:
    need, _ = read(PLAN, UP)
    assert (need.need, need.missing) == (0.02, ())


def test_a_request_for_no_code_is_not_known_and_nothing_is_run() -> None:
    need, reader = read(NO_CODE)
    assert need.need is None
    assert "asks for no Python function" in need.unknown
    assert reader.runs == 0


@pytest.mark.parametrize(
    ("plan", "solutions", "why"),
    [
        (PLAN | {"name": "not a name"}, (UP,), "named no function"),
        (PLAN | {"parameters": ["import"]}, (UP,), "named no function"),
        (PLAN | {"calls": ["open('x')", "values"]}, (UP,), "0 usable inputs"),
        (PLAN, ("I would rather not.",), "0 of 4 solutions ran"),
        (PLAN, (Fault("refusal"),), "refused"),
        ("no json at all", (UP,), "unreadable"),
    ],
)
def test_what_cannot_be_compared_is_not_known_with_the_reason(plan: Any, solutions: Any, why: str) -> None:
    need, _ = read(plan, *solutions)
    assert need.need is None
    assert why in need.unknown


def test_reactions_are_not_known() -> None:
    with serving() as server:
        reader = ReaderByCalls("consistency:m", ReaderSetup(base_url=server.base_url))
        [reading] = reader.reactions_now([Exchange(query="q", answer="a", next="n")])
    assert reading.probabilities is None
    assert server.jobs == 0


def test_without_a_cage_no_call_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "current_tier", lambda: Tier.NONE)
    with serving(script=script(PLAN, UP)) as server:
        reader = ReaderByCalls("consistency:m", ReaderSetup(base_url=server.base_url))
        with pytest.raises(SafetyRefusal):
            reader.needs_now([Request(text="Sort this list")] * 3)
    assert server.jobs == 0


def test_one_solution_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing to compare"):
        ReaderByCalls("consistency:m", ReaderSetup(base_url="http://127.0.0.1:1/v1", samples=1))


def test_the_request_is_fenced_in_both_prompts() -> None:
    with serving(script=script(PLAN, UP)) as server:
        reader = ReaderByCalls("consistency:m", ReaderSetup(base_url=server.base_url, samples=2))
        reader.needs_now([Request(text="Sort it\nend request")])
    assert len(server.prompts) == 3
    for prompt in server.prompts:
        mark = prompt.split("The mark of these texts is ")[1].split(".")[0]
        assert f"\nSort it\nend request\nend request {mark}\n" in prompt
    assert "Write `def f(values):`" in server.prompts[1]


def test_the_offline_model_rehearses() -> None:
    [need, other] = ReaderByCalls("consistency:offline").needs_now(
        [Request(text="Write a function that arranges a list"), Request(text="hi")]
    )
    assert need.need is not None
    assert other.need is None
