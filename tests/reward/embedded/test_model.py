"""The saved model: the same judgements after loading, nothing overwritten, nothing executed, damage noticed."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.reward.synthetic import make_items

from tactful.errors import DataError, UserError
from tactful.reward.embedded.heads import fit_head
from tactful.reward.embedded.model import CARD_FILE, MODEL_FILE, RewardModel, load_model, save_model
from tactful.reward.embedded.training import prepare, train
from tactful.reward.features.table import proposal_features


@pytest.fixture(scope="module")
def model() -> RewardModel:
    return train(make_items(8, 5))


@pytest.fixture
def folder(model: RewardModel, tmp_path: Path) -> Path:
    save_model(model, tmp_path / "model", card="# card\n")
    return tmp_path / "model"


def test_a_loaded_model_judges_as_the_one_that_was_saved(model: RewardModel, folder: Path) -> None:
    moments = [item.moment for item in make_items(3, 4, seed=9)]
    assert load_model(folder).judge_now(moments, explain=True) == model.judge_now(moments, explain=True)
    assert load_model(folder / MODEL_FILE).sessions == model.sessions
    assert (folder / CARD_FILE).read_text() == "# card\n"


async def test_it_judges_as_any_judge_of_moments_does(model: RewardModel) -> None:
    moments = [item.moment for item in make_items(2, 3, seed=4)]
    one = await model.judge(moments[0])
    many = await model.judge_batch(moments)
    assert one.p_accept == pytest.approx(many[0].p_accept)
    assert [said.moment_id for said in many] == [moment.id for moment in moments]


def test_a_batch_judges_each_moment_as_it_would_alone(model: RewardModel) -> None:
    moments = [item.moment for item in make_items(3, 3, seed=2)]
    together = model.judge_now(moments)
    assert [one.p_accept for one in together] == pytest.approx(
        [model.judge_now([moment])[0].p_accept for moment in moments]
    )


def test_nothing_is_overwritten_unless_asked(model: RewardModel, folder: Path) -> None:
    with pytest.raises(UserError, match="exists already"):
        save_model(model, folder, card="")
    save_model(model, folder, card="again", replace=True)
    assert (folder / CARD_FILE).read_text() == "again"


def test_a_changed_digit_is_noticed(folder: Path) -> None:
    path = folder / MODEL_FILE
    content = json.loads(path.read_text())
    content["proposals"]["bias"] += 0.5
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="does not match its hash"):
        load_model(folder)


@pytest.mark.parametrize("name", ["proposals", "silences"])
def test_other_features_are_refused(folder: Path, name: str) -> None:
    path = folder / MODEL_FILE
    content = json.loads(path.read_text())
    content[name]["names"][0] = "phase_of_the_moon"
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="does not match its hash"):
        load_model(folder)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path(tmp_path / "went-off").write_text, ("x",))

    (tmp_path / MODEL_FILE).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DataError, match="is no reward model"):
        load_model(tmp_path)
    assert not (tmp_path / "went-off").exists()


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="tactful reward train"):
        load_model(tmp_path / "nowhere")


@pytest.mark.slow
def test_the_lower_of_the_whole_proposal_and_its_opening_holds(model: RewardModel) -> None:
    moments = [item.moment for item in make_items(8, 5, seed=3) if item.moment.proposal is not None]
    tails = ["Sum the amounts of the last export.", "Look at the cats.", "Run the tests again after that."]
    risen = fallen = 0
    for moment in moments:
        (alone,) = model.judge_now([moment])
        for tail in tails:
            text = f"{(moment.proposal or '').rstrip('.!?')}. {tail}"
            (whole,) = model.judge_now([moment.model_copy(update={"proposal": text})])
            first = moment.model_copy(update={"proposal": f"{(moment.proposal or '').rstrip('.!?')}."})
            (opened,) = model.judge_now([first])
            assert whole.p_accept is not None
            assert opened.p_accept is not None
            assert alone.p_accept is not None
            assert whole.p_accept <= opened.p_accept + 1e-12
            values = proposal_features([moment.model_copy(update={"proposal": text})], model.likeness).values
            assert model.proposals is not None
            bare = float(model.proposals.probability(values)[0])
            assert whole.p_accept <= bare + 1e-12
            risen, fallen = risen + (bare > opened.p_accept), fallen + (bare < opened.p_accept)
    assert risen, "no tail that would have bought a score: the case tests nothing"
    assert fallen


def test_models_that_judge_differently_have_other_fingerprints(model: RewardModel) -> None:
    assert model.proposals is not None
    head = replace(model.proposals, offset=model.proposals.offset + 1e-9)
    assert replace(model, proposals=head).fingerprint != model.fingerprint
    assert replace(model).fingerprint == model.fingerprint


@pytest.mark.slow
def test_the_model_is_calibrated_on_the_lower_of_its_two_readings() -> None:
    items = [
        item.model_copy(
            update={
                "moment": item.moment.model_copy(update={"proposal": f"Look at this. {item.moment.proposal}"})
            }
        )
        if item.moment.proposal is not None
        else item
        for item in make_items(8, 5)
    ]
    rows = prepare(items).proposals
    assert rows is not None
    assert rows.openings is not None
    assert not np.array_equal(rows.openings, rows.values)
    trained = train(items).proposals
    assert trained is not None
    told = (rows.values, rows.names, rows.targets, np.ones(len(rows.targets)), rows.sessions)
    expected = fit_head(*told, outcomes=rows.outcomes, also=rows.openings)
    assert (trained.slope, trained.offset) == (expected.slope, expected.offset)
    blind = fit_head(*told, outcomes=rows.outcomes)
    assert (trained.slope, trained.offset) != (blind.slope, blind.offset)
