from importlib import import_module

import pytest

import tactful as tf
from tactful.api.loading import READERS
from tactful.data.sealed import save_document
from tactful.errors import DataError
from tactful.feedback.judging.confidence import ConfidenceMap
from tactful.policy.cost import CostPolicyFile, Costs
from tactful.types import Record


def kinds_of(record=Record):
    for kind in record.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def test_every_format_is_one_that_something_writes():
    later = ("tactful.evaluation.policies.rounds", "tactful.reward.tuned.scale")
    for module in (*later, *(reader.partition(":")[0] for reader in READERS.values())):
        import_module(module)
    written = {kind.model_fields["format"].default for kind in kinds_of() if "format" in kind.model_fields}
    assert set(READERS) <= written


def test_confidences_and_policies_of_costs_are_loaded(tmp_path):
    confidence = ConfidenceMap(judge="m", sources={})
    save_document(tmp_path / "confidence.json", confidence)
    assert tf.load(tmp_path / "confidence.json") == confidence
    save_document(tmp_path / "cost.json", CostPolicyFile(actions=("Execute", "Clarify"), costs=Costs()))
    assert tf.load(tmp_path / "cost.json").costs == Costs()


@pytest.mark.parametrize(
    "content",
    [
        "[" * 200_000,
        '{"a":' * 100_000,
        '{"format":"tactful-policy-1","x":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"format":"tactful-policy-1","x":' + "9" * 5000 + "}",
        '{"format":["tactful-policy-1"]}',
        "",
        "\0" * 100,
    ],
)
def test_a_document_of_a_stranger_is_refused_in_one_sentence(content, tmp_path):
    (tmp_path / "policy.json").write_text(content)
    with pytest.raises(
        DataError, match=r"policy\.json: is no policy, model, gate, evaluation or run; [^\n]*$"
    ):
        tf.load(tmp_path / "policy.json")


def test_a_device_without_end_is_not_read_to_its_end():
    with pytest.raises(DataError, match="/dev/zero: is no policy"):
        tf.load("/dev/zero")
