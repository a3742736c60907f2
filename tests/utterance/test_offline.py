"""The rehearsal: every branch, every stage, both languages, no network."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from tests.utterance.fakes import example

from tactful.llm import ModelSpec, open_model
from tactful.runs import RunOptions, run_job
from tactful.utterance.dialogues import Examples, TargetRule, plain
from tactful.utterance.offline import revise_script
from tactful.utterance.pipeline import SCRIPTS, SynthesizeConfig, synthesize_job
from tactful.utterance.types import PairedExample

REAL = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "dialogues"
SPEC = ModelSpec(name="offline", scripts=(SCRIPTS,))


ONE = TargetRule()


def offline(path, out, *, contrast="path", rule=ONE, limit=None):
    config = SynthesizeConfig(assistant=SPEC, contrast=contrast)
    options = RunOptions(out=out, progress="off", limit=limit)
    return run_job(synthesize_job(config, Examples(path, rule)), options)


def real(name):
    path = REAL / name
    if not path.exists():
        pytest.skip(f"no real dialogues at {REAL}; set TACTFUL_TEST_DATA")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "read", "skipped"), [("crosswoz_val", 300, 0), ("multiwoz", 300, 0), ("realhumaneval", 214, 92)]
)
def test_real_dialogues_go_through_whole_and_all_are_accounted_for(tmp_path, name, read, skipped):
    summary = offline(real(f"{name}.jsonl"), tmp_path / "out")
    assert (summary.read, summary.skipped, summary.failed) == (read, skipped, 0)
    assert summary.done + summary.failed + summary.skipped == summary.read
    records = list(summary.folder.records(PairedExample))
    assert Counter(one.branch for one in records).keys() == {"high", "middle", "low"}
    spoken = Counter(one.lang for one in records)
    assert spoken["zh" if name == "crosswoz_val" else "en"] > 0.98 * len(records), spoken
    assert {one.source for one in records} == {name}
    for one in records:
        said = {plain(message.content) for message in one.context}
        assert plain(one.gold.message) not in said
        if one.rejected is not None:
            assert not {plain(text) for text in one.rejected.insight.predictions} & (
                said | {plain(one.gold.message)}
            )
        assert one.provenance.generator == "offline"


@pytest.mark.slow
@pytest.mark.parametrize("contrast", ["path", "category", "both"])
def test_every_contrast_keeps_pairs_in_every_branch(tmp_path, contrast):
    summary = offline(real("multiwoz.jsonl"), tmp_path / "out", contrast=contrast, limit=40)
    kept = Counter(one.branch for one in summary.folder.records(PairedExample) if one.kept)
    assert set(kept) == {"high", "middle", "low"}


@pytest.mark.slow
def test_all_targets_of_real_dialogues_go_through(tmp_path):
    summary = offline(real("realhumaneval.jsonl"), tmp_path / "out", rule=TargetRule("all"))
    assert summary.failed == 0
    assert summary.done > 280


def test_rehearsed_revision_says_another_message_than_the_view_that_stays():
    facts = {
        "lang": "en",
        "paths": ["a → b", "c → d"],
        "category": "Question",
        "wanted": 0,
        "gold": "Book it.",
    }
    said = [
        revise_script([], {**facts, "stays": stays}, Random())["messages"]
        for stays in ((), ("Well, Book it.",))
    ]
    assert said[0][0] == "Well, Book it."
    assert said[1][0] != said[0][0]


async def test_what_the_rehearsal_knows_never_reaches_a_prompt_or_an_endpoint():
    from tactful.utterance.stages.revise import PROMPT as REVISE
    from tactful.utterance.stages.tree import grow_tree

    tree, repairs = await grow_tree(example(), open_model(SPEC))
    assert tree.topics
    assert repairs == ()
    assert "gold" not in REVISE.fields
