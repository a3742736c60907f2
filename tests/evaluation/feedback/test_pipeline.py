"""Who judges labelled turns, and which of them count."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.feedback.chats import write_rows
from tests.feedback.worker import job

from tactful.api.feedback.labelled import fitted_confidence
from tactful.errors import DataError, UsageError, UserError
from tactful.evaluation.feedback.pipeline import (
    JudgeChoice,
    Labelled,
    evaluate_judge,
    judged_by,
    read_labelled,
)
from tactful.feedback.chats import Turns
from tactful.feedback.embedded.linear import train_linear
from tactful.feedback.judged import open_judged
from tactful.feedback.judging.confidence import ConfidenceMap, SourceFit, fit_confidence
from tactful.feedback.judging.judge import judge_spec
from tactful.feedback.pipeline import JudgeConfig, open_judge_job
from tactful.llm import ModelSpec
from tactful.runs import RunOptions, run_job


@pytest.fixture
def labelled_file(tmp_path):
    rows = [
        {"q_t": "q", "a_t": "a", "user_next": f"n{at}", "label7": None if at == 1 else "neutral"}
        for at in range(4)
    ]
    return write_rows(tmp_path / "l.jsonl", rows)


@pytest.fixture
def judged_run(labelled_file, tmp_path):
    run_job(job(labelled_file, None), RunOptions(out=tmp_path / "out", progress="off"))
    return tmp_path / "out"


def test_rows_without_a_label_are_counted_out(labelled_file):
    read = read_labelled([labelled_file])
    assert len(read.turns) == 3
    assert read.left_out == {"without label7": 1}


def test_every_row_that_gives_no_turn_is_counted_out_with_its_reason(tmp_path):
    rows = [
        {"q_t": "q", "a_t": "a", "user_next": "n", "label7": "neutral"},
        {"q_t": "q", "a_t": "a", "user_next": "  ", "label7": "neutral"},
        {"conversation": [{"role": "system", "content": "s"}], "user_next": "n", "label7": "neutral"},
        {"conversation": [{"role": "assistant", "content": "a"}], "user_next": "n", "label7": "neutral"},
    ]
    read = read_labelled([write_rows(tmp_path / "l.jsonl", rows)])
    assert len(read.turns) == 1
    assert read.left_out == {
        "without a query of the user": 1,
        "without a next message": 1,
        "without an answer": 1,
    }


def test_a_turn_that_comes_again_in_another_file_counts_once(tmp_path):
    row = {"id": "d/0", "q_t": "q", "a_t": "a", "user_next": "n", "label7": "neutral", "source": "web"}
    rows = [row, row | {"label7": "pos_praise"}]
    files = [write_rows(tmp_path / name, rows) for name in ("one.jsonl", "two.jsonl")]
    read = read_labelled(files)
    assert [turn.label7 for turn in read.turns] == ["neutral", "pos_praise"]
    assert read.left_out == {"the same again": 2}
    assert len(read_labelled(["probes", "probes"]).turns) == len(read_labelled(["probes"]).turns)


def test_a_run_gives_its_judgements_in_the_order_of_the_turns(labelled_file, judged_run):
    read = read_labelled([labelled_file])
    judged = judged_by(read, JudgeChoice(judged=judged_run))
    assert [item.turn_id for item in judged.judgements] == [turn.id for turn in read.turns]


def test_a_turn_that_the_run_judged_with_other_texts_is_counted_out(labelled_file, judged_run):
    read = read_labelled([labelled_file])
    changed = [read.turns[0].model_copy(update={"a_t": "changed"}), *read.turns[1:]]
    judged = judged_by(type(read)(changed, read.left_out), JudgeChoice(judged=judged_run))
    assert len(judged.turns) == 2
    assert judged.left_out == {"without label7": 1, "not in the run": 1}
    with pytest.raises(UserError, match="holds none of these 1 turns"):
        judged_by(type(read)(changed[:1]), JudgeChoice(judged=judged_run))


def test_a_panels_run_is_measured_with_the_confidence_map_that_it_was_made_with(labelled_file, tmp_path):
    fit = SourceFit(
        weight_stated=0, weight_share=0, bias=0, turns=40, dialogues=40, right=20,
        brier_stated=0.5, brier=0.25, ece_stated=0.5, ece=0, steps=(),
    )  # fmt: skip
    judges = {"judges": ("offline", "embedded"), "embedded": "lexicon"}
    fitted = ConfidenceMap(judge="offline, embedded", sources={"l": fit})
    fitted.save(tmp_path / "map.json")
    config = JudgeConfig(**judges, models=(judge_spec("offline"),), confidence=str(tmp_path / "map.json"))
    run_job(open_judge_job(config, Turns(labelled_file)), RunOptions(out=tmp_path / "run", progress="off"))
    judged = judged_by(read_labelled([labelled_file]), JudgeChoice(judged=tmp_path / "run"))
    # whatever was stated, the map says 1 / (1 + e⁰)
    assert {(one.confidence, one.fitted) for one in judged.judgements} == {(0.5, True)}


@pytest.fixture
def panel(labelled_file, tmp_path):
    """A panel's run with its map `map.json`, and `other.json`, that of another judge."""
    fit = SourceFit(
        weight_stated=0, weight_share=0, bias=0, turns=40, dialogues=40, right=20,
        brier_stated=0.5, brier=0.25, ece_stated=0.5, ece=0, steps=(),
    )  # fmt: skip
    for name, judge in (("map", "offline, embedded"), ("other", "offline ×3")):
        ConfidenceMap(judge=judge, sources={"l": fit}).save(tmp_path / f"{name}.json")
    config = JudgeConfig(
        judges=("offline", "embedded"),
        embedded="lexicon",
        models=(judge_spec("offline"),),
        confidence=str(tmp_path / "map.json"),
    )
    run_job(open_judge_job(config, Turns(labelled_file)), RunOptions(out=tmp_path / "run", progress="off"))
    return tmp_path


def test_the_map_of_another_judge_is_refused_wherever_judgements_are_read(panel, labelled_file):
    other = panel / "other.json"
    told = r"other.json was fitted for the judge 'offline ×3', but 'offline, embedded' judges here"
    with pytest.raises(UsageError, match=told):
        list(open_judged(panel / "run", other))
    with pytest.raises(UsageError, match=told):
        evaluate_judge(read_labelled([labelled_file]), JudgeChoice(judged=panel / "run"), confidence=other)


def test_a_map_that_is_another_one_since_the_run_is_not_taken_for_the_runs_own(panel):
    written = (panel / "map.json").read_bytes()
    (panel / "map.json").write_bytes(written.replace(b'"turns": 40', b'"turns": 50'))
    with pytest.raises(DataError, match=r"map.json: is another map than .* was judged with; .* --confidence"):
        open_judged(panel / "run")
    assert all(item.judgement.fitted for item in open_judged(panel / "run", panel / "map.json"))


def test_a_panels_run_whose_map_is_another_one_is_measured_with_the_map_that_is_given(panel, labelled_file):
    (panel / "map.json").rename(panel / "kept.json")
    read, by = read_labelled([labelled_file]), JudgeChoice(judged=panel / "run")
    with pytest.raises(UserError, match=r"map.json"):
        evaluate_judge(read, by)
    found = evaluate_judge(read, by, confidence=panel / "kept.json")
    assert found.results[0].turns == len(read.turns)
    given = judged_by(read, by, confidence=panel / "kept.json")
    assert {(one.confidence, one.fitted) for one in given.judgements} == {(0.5, True)}


def test_a_new_map_is_fitted_on_a_panels_run_whose_own_map_is_gone(panel, labelled_file):
    read, by = read_labelled([labelled_file]), JudgeChoice(judged=panel / "run")
    before = judged_by(read, by, stated=True)
    (panel / "map.json").unlink()
    assert judged_by(read, by, stated=True) == before
    with pytest.raises(UserError, match="no confidence can be fitted"):  # 3 turns, and no word about a map
        fitted_confidence(labelled_file, judged=panel / "run")


@pytest.fixture
def trained(tmp_path):
    """A judge trained on `mine.jsonl`, and a run of it on this file and one that it has not seen."""
    rows = [
        {"id": f"{name}-S{at}", "q_t": "q", "a_t": "a", "user_next": said, "label7": label, "source": "web"}
        for name in ("mine", "other")
        for at, (said, label) in enumerate([("thank you", "pos_praise"), ("that is wrong", "neg_correction")])
    ]
    mine = write_rows(tmp_path / "mine.jsonl", rows[:2])
    write_rows(tmp_path / "other.jsonl", rows[2:])
    train_linear(read_labelled([mine]).turns).save(tmp_path / "judge.npz")
    config = JudgeConfig(judges=("embedded",), embedded=str(tmp_path / "judge.npz"))
    both = Turns(write_rows(tmp_path / "both.jsonl", rows))
    run_job(open_judge_job(config, both), RunOptions(out=tmp_path / "run", progress="off"))
    return tmp_path


def test_a_run_is_not_measured_on_what_its_judge_was_trained_on(trained):
    by = JudgeChoice(judged=trained / "run")
    with pytest.raises(UsageError, match=r"judge.npz: was trained on 2 of these 2 turns.*--cross-fit 5"):
        judged_by(read_labelled([trained / "mine.jsonl"]), by)
    judged = judged_by(read_labelled([trained / "other.jsonl"]), by)
    assert (len(judged.turns), judged.notes) == (2, ())


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b"another")])
def test_where_the_runs_trained_judge_is_gone_or_another_the_figures_say_so(trained, change):
    change(trained / "judge.npz")
    found = evaluate_judge(read_labelled([trained / "mine.jsonl"]), JudgeChoice(judged=trained / "run"))
    assert len(found.notes) == 1
    assert "whether it was trained on these turns is unknown" in found.notes[0]


def test_folds_stand_in_for_a_trained_judge_on_its_own_training_turns_alone(trained):
    by = JudgeChoice(trained=trained / "judge.npz", cross_fit=2)
    with pytest.raises(UsageError, match=r"judge.npz: was not trained on 2 of these 2 turns"):
        judged_by(read_labelled([trained / "other.jsonl"]), by)
    with pytest.raises(UsageError, match=r"judge.npz: was not trained on 2 of these 4 turns"):
        judged_by(read_labelled([trained / "mine.jsonl", trained / "other.jsonl"]), by)


@pytest.mark.parametrize("name", ["lexicon", "surface"])
def test_a_judge_that_is_no_linear_model_is_not_measured_by_one_that_was_trained_in_folds(
    labelled_file, name
):
    with pytest.raises(UsageError, match=f"--cross-fit .* --trained {name} is none"):
        judged_by(read_labelled([labelled_file]), JudgeChoice(trained=Path(name), cross_fit=2))


@pytest.mark.parametrize(
    "choice",
    [
        JudgeChoice(judged="run", cross_fit=5),
        JudgeChoice(judged="run", model=ModelSpec(name="m")),
        JudgeChoice(model=ModelSpec(name="m"), cross_fit=5),
    ],
)
def test_choices_that_exclude_each_other_are_refused(labelled_file, choice):
    with pytest.raises(UsageError, match="--cross-fit"):
        judged_by(read_labelled([labelled_file]), choice)


@pytest.mark.slow
def test_a_confidence_map_on_the_dialogues_that_it_was_fitted_on_is_said_to_flatter(tmp_path):
    half, lexicon = read_labelled(["probes"]).turns[::2], JudgeChoice(trained=Path("lexicon"))
    judged = judged_by(Labelled(half), lexicon)
    fit_confidence(half, judged.judgements, judge=judged.judge)[0].save(tmp_path / "map.json")
    found = evaluate_judge(read_labelled(["probes"]), lexicon, confidence=tmp_path / "map.json")
    assert len(found.notes) == 1
    assert f"map.json was fitted on {len(half)} of these {2 * len(half)} turns' dialogues" in found.notes[0]
    other = Labelled(read_labelled(["probes"]).turns[1::2])
    assert evaluate_judge(other, lexicon, confidence=tmp_path / "map.json").notes == ()


@pytest.mark.parametrize(
    "choice",
    [JudgeChoice(judged="no-run"), JudgeChoice(cross_fit=2), JudgeChoice(model=judge_spec("offline"))],
)
def test_attacks_are_refused_before_anything_is_judged_where_another_judge_would_be_attacked(
    labelled_file, choice
):
    with pytest.raises(
        UsageError, match="--attacks plays every turn eight times, to the judge 'embedded' alone"
    ):
        evaluate_judge(read_labelled([labelled_file]), choice, attacks=True)
