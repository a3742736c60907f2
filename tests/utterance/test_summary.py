"""What a run is summed up to, and what it is expected to cost."""

from __future__ import annotations

from tests.utterance.fakes import example
from tests.utterance.test_pipeline import made

from tactful.llm import ModelSpec
from tactful.utterance.forecast import CALLS, forecast
from tactful.utterance.pipeline import SynthesizeConfig
from tactful.utterance.summary import summarise
from tactful.utterance.types import Untargeted


async def test_summary_counts_branches_pairs_and_reasons():
    record = await made()
    dropped = record.model_copy(update={"dropped": "no gap", "branch": "high", "repairs": ("tree: x",)})
    found = summarise([record, record, dropped])
    assert (found.records, found.pairs, found.repaired) == (3, 2, 1)
    assert found.branches == {"high": 1, "middle": 2, "low": 0}
    assert found.dropped == {"no gap": 1}
    assert found.contrast.pairs == 2
    assert found.leak.revised.records == 3


def test_summary_of_nothing_is_zero_and_not_a_share():
    found = summarise([])
    assert (found.records, found.pairs, found.leak.revised.mean) == (0, 0, None)


def test_forecast_counts_from_above_and_knows_no_price_for_an_unknown_model():
    config = SynthesizeConfig(assistant=ModelSpec(name="nobody-knows-this-one"))
    expected = forecast([example(), Untargeted(id="x#-", reason="none"), example(at=1)], config)
    assert (expected.targets, expected.dialogues_without_target, expected.calls) == (2, 1, 2 * CALLS)
    assert expected.prompt_tokens > 2 * 5000
    assert expected.cost_usd is None
    assert forecast([example(), example(at=1)], config, limit=1).targets == 1
