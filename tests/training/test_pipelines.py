"""What each pipeline writes, run folders and exports alike, trains a few real steps."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.feedback.chats import PROVENANCE, judged, turn

from tactful.data.io import read_jsonl, write_jsonl
from tactful.feedback.judged import JudgedTurns
from tactful.feedback.labels import Label
from tactful.feedback.training.data import make_training_data
from tactful.feedback.training.pairs import PairsConfig, TrainingRows
from tactful.feedback.types import Vote
from tactful.llm import ModelSpec
from tactful.runs import RunOptions, resolve_input, run_job
from tactful.training import Place, TrainConfig, train
from tactful.training.material.forms import read_material
from tactful.types import LabelledMoment
from tactful.utterance.dialogues import Examples, parse_targets
from tactful.utterance.export import export_utterance
from tactful.utterance.pipeline import SCRIPTS, SynthesizeConfig, synthesize_job
from tactful.utterance.types import PairedExample
from tactful.weights import Manifest, load_trained

Judged = list[Any]


def a_few_steps(trainer: Any, data: Path, tiny: Path, out: Path, **more: Any) -> Manifest:
    settings = {
        "batch": 2,
        "accumulate": 1,
        "max_steps": 2,
        "valid": 0.3,
        "max_length": 4096,
        "learning_rate": 1e-3,
    }
    manifest = train(data, TrainConfig(trainer=trainer, model=str(tiny), **(settings | more)), Place(out))
    assert math.isfinite(manifest.figures["eval_loss"])
    assert load_trained(out).manifest == manifest
    return manifest


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rehearsed run of pairs."""
    import tactful as tf

    folder = tmp_path_factory.mktemp("calibration")
    run = tf.rollout(tf.states("planning", n=6), model="offline", out=folder / "rollout", progress="off")
    tf.pairs(tf.reward(run, out=folder / "rewarded"), select="all", out=folder / "pairs")
    return folder / "pairs"


@pytest.fixture(scope="module")
def utterance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rehearsed synthesis."""
    folder = tmp_path_factory.mktemp("utterance")
    said = ("Two are left.", "Has it parking?", "It has.", "Then book it")
    roles = ("user", "assistant", "user", "assistant", "user")
    rows = [
        {"id": f"d{n}", "conversation": [{"role": role, "content": text} for role, text in zip(roles, (f"A hotel in town {n}?", *said), strict=True)]}
        for n in range(6)
    ]  # fmt: skip
    source = folder / "chats.jsonl"
    source.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    config = SynthesizeConfig(assistant=ModelSpec(name="offline", scripts=(SCRIPTS,)), targets="sample:1")
    run_job(
        synthesize_job(config, Examples(source, parse_targets("sample:1"))),
        RunOptions(out=folder / "run", progress="off"),
    )
    return folder / "run"


def judged_turns() -> Judged:
    """Six dialogues: an answer that is corrected, then one that is praised."""
    rows = []
    for n in range(6):
        first = turn(f"d{n}/0", q_t=f"Name dish {n}.", a_t="Chicken soup.", user_next="No, a vegetarian one.")
        second = turn(
            f"d{n}/1", q_t="No, a vegetarian one.", a_t=f"Bean stew {n}.", user_next="Great, thanks!"
        )
        rows += [judged(first, Label.NEG_CORRECTION, 0.95), judged(second, Label.POS_PRAISE, 0.95)]
    return rows


def test_pairs_of_calibration_teach_the_action_or_the_message(
    calibration: Path, tiny: Path, tmp_path: Path
) -> None:
    acts = a_few_steps("dpo", calibration, tiny, tmp_path / "act", learn="action", shown="conversation")
    assert acts.actions == ("LOW", "MID", "HIGH")
    assert acts.prompts
    assert sum(acts.examples.values()) == acts.data[0].rows, "how often an action won counts: repeats stay"
    assert (acts.kind, acts.grouped_by, acts.pipeline) == ("pairs", "base task", "calibrate pairs")
    assert a_few_steps("dpo", calibration, tiny, tmp_path / "text").learn == "text"
    config = TrainConfig(trainer="dpo", model="m", learn="action", shown="conversation")
    item = read_material(calibration, config).examples[0]
    assert "clarity" not in item.prompt[1].content
    assert item.answer[0].content in acts.actions
    shown = read_material(calibration, config.model_copy(update={"shown": "numbers"})).examples[0]
    assert "clarity of the request" in shown.prompt[1].content


def test_training_and_validation_are_shown_the_same_actions(calibration: Path, tmp_path: Path) -> None:
    whole = resolve_input(calibration)
    rows = [orjson.loads(line) for line in whole.read_bytes().splitlines()]
    few = [row for row in rows if "MID" not in (row["chosen_action"], row["rejected_action"])]
    assert few
    write_jsonl(tmp_path / "few.jsonl", few)
    config = TrainConfig(trainer="dpo", model="m", learn="action")
    for train_on, valid in ((whole, tmp_path / "few.jsonl"), (tmp_path / "few.jsonl", whole)):
        found = read_material(train_on, config, valid)
        assert found.actions == ("LOW", "MID", "HIGH")
        assert len({item.prompt[0] for item in found.examples}) == 1


def test_an_utterance_run_and_its_exports_train(utterance: Path, tiny: Path, tmp_path: Path) -> None:
    assert a_few_steps("sft", utterance, tiny, tmp_path / "sft").grouped_by == "dialogue"
    for to, kind in (("trl", "trl"), ("llama-factory", "sharegpt-pairs"), ("openai", "openai")):
        export_utterance(utterance, to, tmp_path / to)
        found = read_material(tmp_path / to, TrainConfig(trainer="dpo", model="m"))
        assert (found.kind, found.grouped_by) == (kind, "group of the provenance")
        assert {item.group for item in found.examples} <= {f"d{n}" for n in range(6)}
        answers = read_material(tmp_path / to, TrainConfig(trainer="sft", model="m"))
        assert answers.form == "answers"
        assert len(answers.examples) == 6
    assert a_few_steps("dpo", tmp_path / "llama-factory", tiny, tmp_path / "dpo").examples["train"] > 0


def test_judged_turns_and_the_rows_made_of_them_train_by_kto_and_dpo(tiny: Path, tmp_path: Path) -> None:
    turns = tmp_path / "judged.jsonl"
    write_jsonl(turns, judged_turns())
    assert a_few_steps("kto", turns, tiny, tmp_path / "kto").form == "labels"
    source = JudgedTurns(turns)
    made = make_training_data(
        source, PairsConfig(valid=0.3, test=0.0), RunOptions(out=tmp_path / "run", progress="off")
    )
    run = made.run.folder.path
    assert a_few_steps("dpo", run, tiny, tmp_path / "dpo").kind == "feedback-rows"
    assert a_few_steps("kto", run / "kto", tiny, tmp_path / "again").kind == "trl-unpaired"


def test_rows_that_give_no_example_are_counted_with_why(utterance: Path, tmp_path: Path) -> None:
    turns = judged_turns()
    turns[0] = judged(turns[0].turn, None)
    turns[1] = judged(turns[1].turn, Label.POS_PRAISE, 0.1)
    write_jsonl(tmp_path / "judged.jsonl", turns)
    kto = TrainConfig(trainer="kto", model="m", valid=0)
    assert read_material(tmp_path / "judged.jsonl", kto).left_out == {"unscored": 1, "below the threshold": 1}

    rows = TrainingRows(judged_turns(), PairsConfig(valid=0, test=0))
    write_jsonl(tmp_path / "rows.jsonl", rows)
    dpo = TrainConfig(trainer="dpo", model="m")
    assert read_material(tmp_path / "rows.jsonl", kto).left_out == {"pairs": 6}
    assert read_material(tmp_path / "rows.jsonl", dpo).left_out == {"single answers": 12}
    write_jsonl(tmp_path / "held.jsonl", [row.model_copy(update={"part": "test"}) for row in rows])
    assert read_material(tmp_path / "held.jsonl", kto).left_out == {"of the test part": 18}

    whole = read_jsonl(resolve_input(utterance), PairedExample)
    write_jsonl(tmp_path / "u.jsonl", [row.model_copy(update={"dropped": "no negative"}) for row in whole])
    assert read_material(tmp_path / "u.jsonl", dpo).left_out == {"without a rejected side": 6}


def test_the_judge_of_turns_is_remembered_whether_turns_or_rows_are_trained_on(tmp_path: Path) -> None:
    turns, kto = judged_turns(), TrainConfig(trainer="kto", model="m")
    write_jsonl(tmp_path / "judged.jsonl", turns)
    write_jsonl(tmp_path / "rows.jsonl", TrainingRows(turns, PairsConfig()))
    for name in ("judged.jsonl", "rows.jsonl"):
        assert read_material(tmp_path / name, kto).selected_by == (PROVENANCE.model,)
    votes = tuple(Vote(judge=name, label=Label.POS_PRAISE) for name in ("b", "a"))
    panel = turns[0].judgement.model_copy(update={"votes": votes})
    write_jsonl(tmp_path / "panel.jsonl", [turns[0].model_copy(update={"judgement": panel})])
    assert read_material(tmp_path / "panel.jsonl", kto).selected_by == ("a", "b")


def test_labelled_moments_train_a_reward_model(tiny: Path, tmp_path: Path) -> None:
    from tactful.data.formats.moments import moment_row
    from tactful.types import Event, Moment, MomentLabel

    moments = [
        LabelledMoment(
            moment=Moment(id=f"m{n}", session=f"s{n}", events=(Event(text=f"saves file {n}"),), proposal="Shall I test it?" if n % 2 else None),
            label=MomentLabel(accepted=n % 4 < 2),
        )
        for n in range(12)
    ]  # fmt: skip
    data = tmp_path / "moments.jsonl"
    write_jsonl(data, [moment_row(item) for item in moments])
    manifest = a_few_steps("reward", data, tiny, tmp_path / "out", valid=0.5)
    assert (manifest.form, manifest.head, manifest.grouped_by) == ("verdicts", "score", "session")
    assert 0 <= manifest.figures["eval_auroc"] <= 1
