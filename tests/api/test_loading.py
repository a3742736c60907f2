import json
from importlib import import_module

import pytest

import tactful as tf
from tactful.api.loading import READERS
from tactful.data.sealed import save_document
from tactful.errors import DataError
from tactful.feedback.judging.confidence import ConfidenceMap
from tactful.policy.cost import CostPolicyFile, Costs
from tactful.types import Record

TALK = [
    {"role": "user", "content": "Rename a.txt to b.txt."},
    {"role": "assistant", "content": "Shall I keep the content?"},
    {"role": "user", "content": "I already said: just rename it."},
    {"role": "assistant", "content": "Done."},
]


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


def test_the_folder_of_a_saved_policy_or_confidence_opens_what_lies_in_it(tmp_path):
    for name, saved in (
        ("cost", CostPolicyFile(actions=("Execute", "Clarify"), costs=Costs())),
        ("confidence", ConfidenceMap(judge="m", sources={})),
    ):
        save_document(tmp_path / name / f"{name}.json", saved)
        assert tf.load(tmp_path / name) == tf.load(tmp_path / name / f"{name}.json")


@pytest.mark.slow
def test_runs_of_the_gym_and_of_learn_are_loaded_and_say_what_they_said(tmp_path):
    played = tf.play(
        "bundled", model="offline", assistant="always", out=tmp_path / "g", limit=2, progress="off"
    )
    chosen = tf.trainset(played, judge="user", model="offline", points=2, out=tmp_path / "t", progress="off")
    built = tf.build_scenes(model="offline", out=tmp_path / "s.yaml", limit=1, progress="off")
    (tmp_path / "log.jsonl").write_text(json.dumps({"messages": TALK}))
    lesson = tf.learn(tmp_path / "log.jsonl", out=tmp_path / "learned", progress="off")
    assert tf.load(tmp_path / "g").made == played.made
    assert tf.load(tmp_path / "t").made == chosen.made
    assert [scene.id for scene in tf.load(tmp_path / "s.run")] == [scene.id for scene in built]
    assert sum(len(talk.turns) for talk in tf.load(tmp_path / "learned")) == lesson.turns


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


def test_what_load_does_not_open_says_what_it_is_or_what_to_give(tmp_path):
    (tmp_path / "policy.json").write_text('{"format": "tactful-policy-99"}')
    with pytest.raises(
        DataError, match=r"holds tactful-policy-99, which load does not open; .* upgrade Tactful"
    ):
        tf.load(tmp_path / "policy.json")
    run = tf.ask_moments(tf.moments(limit=1), model="offline", out=tmp_path / "r", progress="off")
    with pytest.raises(DataError, match=f"a run is given by its folder: {run.folder}$"):
        tf.load(run.folder / "records.jsonl")


def test_a_device_without_end_is_not_read_to_its_end():
    with pytest.raises(DataError, match="/dev/zero: is no policy"):
        tf.load("/dev/zero")
