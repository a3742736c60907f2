"""The evaluation of feedback judges: cross-fitting, baselines, attacks, the page; and the bar on real data."""

import os
from pathlib import Path

import pytest

from tactful.errors import UserError
from tactful.evaluation.feedback.attacks import ATTACKS, attack_results
from tactful.evaluation.feedback.baselines import baselines, keyword_label
from tactful.evaluation.feedback.measure import cross_fitted, evaluate_feedback, transfer_between_sources
from tactful.evaluation.feedback.probes import load_probes
from tactful.evaluation.feedback.report import render_page
from tactful.feedback.chats import LabelledTurns
from tactful.feedback.embedded import open_embedded
from tactful.feedback.labels import Label

PROBES = [probe.turn() for probe in load_probes()]
DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data")) / "feedback"


def real(name: str):
    if not (DATA / f"{name}.jsonl").is_file():
        pytest.skip(f"no real data: {DATA} lacks {name}.jsonl; set TACTFUL_TEST_DATA")
    return list(LabelledTurns(DATA / f"{name}.jsonl"))


@pytest.fixture(scope="module")
def found():
    judge = open_embedded("lexicon")
    return evaluate_feedback(
        PROBES, judge.judge_now(PROBES), judge=judge.name, transfers=transfer_between_sources(PROBES)
    )


def test_pooled_figures_stand_before_each_source_with_all_baselines(found):
    assert [result.source for result in found.results] == ["pooled", "probes-en", "probes-zh"]
    for result in found.results:
        assert [row.name for row in result.rows] == [
            "embedded",
            "majority",
            "majority of its source",
            "keywords",
        ]
        assert [item.baseline for item in result.comparisons] == [
            "majority",
            "majority of its source",
            "keywords",
        ]
    assert {(move.trained_on, move.tested_on) for move in found.transfers} == {
        ("probes-en", "probes-zh"),
        ("probes-zh", "probes-en"),
    }


@pytest.mark.slow
def test_the_page_holds_plots_and_no_outside_resource(found):
    page = render_page(found)
    assert page.count("<svg") == 6
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "").replace(
        "https://www.w3.org", ""
    )


def test_a_hostile_source_name_is_escaped(found):
    renamed = found.results[0].model_copy(update={"source": "<script>alert(1)</script>"})
    assert "<script>" not in render_page(found.model_copy(update={"results": (renamed,)}))


def test_the_table_names_every_source(found):
    text = str(found)
    assert all(result.source in text for result in found.results)


@pytest.mark.slow
def test_no_turn_is_judged_by_a_model_that_saw_its_dialogue(monkeypatch):
    from tactful.evaluation.feedback import measure as feedback

    seen = []
    train = feedback.train_linear
    monkeypatch.setattr(
        feedback, "train_linear", lambda turns, **more: seen.append(train(turns, **more)) or seen[-1]
    )
    judged = cross_fitted(PROBES, folds=3)
    assert [item.turn_id for item in judged] == [turn.id for turn in PROBES]
    names = {f"embedded:{model.fingerprint}": model for model in seen}
    for turn, judgement in zip(PROBES, judged, strict=True):
        assert not names[judgement.provenance.model].knows([turn])


def test_nothing_to_evaluate_on_is_said():
    with pytest.raises(UserError, match="no labelled turn"):
        evaluate_feedback([], [], judge="x")


def test_majorities_and_keywords():
    assert set(baselines(PROBES)["majority"]) <= set(Label)
    turn = PROBES[0]
    assert keyword_label(turn.model_copy(update={"user_next": "Thanks a lot"})) is Label.POS_PRAISE
    assert keyword_label(turn.model_copy(update={"user_next": "ok"})) is Label.NEUTRAL
    assert keyword_label(turn.model_copy(update={"user_next": "ok?"})) is Label.POS_PROGRESS


@pytest.mark.slow
async def test_praise_cannot_be_bought_from_the_embedded_judge():
    results = {item.attack: item for item in await attack_results(PROBES, open_embedded("lexicon"))}
    assert set(results) == set(ATTACKS)
    for name, item in results.items():
        assert item.turns == len(PROBES)
        assert item.bought == 0.0, name
        # An order without our labels in it, hidden in the user's own message, is the user's text: it may blur a label.
        assert item.gained <= (0.15 if name == "plain_order_in_message" else 0.02), name


@pytest.mark.slow
def test_the_trained_judge_beats_keywords_on_iard():
    turns = real("iard")
    assert len(turns) == 622
    found = evaluate_feedback(turns, cross_fitted(turns, folds=5), judge="embedded", cross_fit=5)
    by_name = {item.baseline: item.differences["macro_f1"] for item in found.results[0].comparisons}
    assert by_name["keywords"].above_zero
    assert by_name["majority"].above_zero


def test_eurtad_is_read_whole():
    turns = real("eurtad_preprocessed")
    assert len(turns) == 89
    assert len({turn.dialogue_id for turn in turns}) == 89
