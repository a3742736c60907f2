"""The forecast counts the calls that a rollout will make, and sends none."""

import pytest
from tests.calibration.playing import QueuedModel, coding_state, context, person, planning_state, stage

from tactful.calibration.forecast import SAMPLE, forecast
from tactful.calibration.pipeline import sessions
from tactful.llm import ModelSpec

PRICED = ModelSpec(name="gpt-4.1-mini", base_url="https://api.openai.com/v1")
UNKNOWN = ModelSpec(name="house-model", base_url="http://127.0.0.1:9/v1")


def some(states, people: int = 1):
    crowd = tuple(person(f"p{i}", patience=1.0) for i in range(people))
    return sessions(states, personas=lambda domain: crowd)


async def test_single_turn_takes_one_call_for_each_action_whoever_listens() -> None:
    states = [coding_state("a", query="A?"), planning_state("b", query="B?")]
    found = await forecast(some(states, 3), stage(mode="single"), assistant=PRICED, user=None, seed=0)
    (role,) = found.roles
    # Two states × three actions; three personas get the same first messages from the call cache.
    assert (found.sessions, role.calls) == (6, 6)
    assert role.cost_usd is not None
    assert role.cost_usd > 0


@pytest.mark.slow
async def test_the_figures_are_scaled_up_from_the_sample() -> None:
    states = [coding_state(f"s{i}", query=f"Write f{i}(x).") for i in range(2 * SAMPLE)]
    found = await forecast(some(states), stage(mode="single"), assistant=UNKNOWN, user=UNKNOWN, seed=0)
    assistant, user = found.roles
    assert (found.sessions, found.sampled) == (2 * SAMPLE, SAMPLE)
    assert assistant.calls == user.calls == 2 * SAMPLE * 3
    assert assistant.cost_usd is None


async def test_a_forecast_is_close_to_what_an_obedient_model_is_sent() -> None:
    states = [coding_state(f"s{i}", query=f"Write f{i}(x).") for i in range(20)]
    found = await forecast(some(states), stage(), assistant=PRICED, user=None, seed=0)
    model = QueuedModel([])
    sent: set[tuple] = set()

    async def complete(prompt, *, options=None, sample=0, rehearsal=None):
        asks = "Ask nothing" not in prompt.messages[0].content
        sent.add(tuple(message.content for message in prompt.messages))
        model.replies = ["Which order do you want?" if asks else "```python\nx = 1\n```"]
        return await QueuedModel.complete(model, prompt, sample=sample)

    playing = context(assistant=_Obedient(complete))
    for one in some(states):
        await stage()(one, playing)
    assert found.roles[0].calls == pytest.approx(len(sent), rel=0.25)


async def test_nothing_to_do_is_forecast_as_nothing() -> None:
    found = await forecast(some([]), stage(), assistant=PRICED, user=None, seed=0)
    assert (found.sessions, found.roles[0].calls, found.roles[0].cost_usd) == (0, 0, 0)


class _Obedient:
    name = "obedient"
    generator = "endpoint"

    def __init__(self, complete) -> None:
        self.complete = complete
