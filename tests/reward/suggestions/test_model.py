"""A trained model of suggestions: judges, explains, and reads back from its file as it was."""

import json
import random

import pytest
from tests.data.formats.test_suggestions import decision

from tactful.data.formats.suggestions import shown_in_order
from tactful.errors import DataError, UserError
from tactful.reward.suggestions.features import COLUMNS, in_words
from tactful.reward.suggestions.model import (
    MODEL_FILE,
    load_suggestion_model,
    save_suggestion_model,
    train_suggestions,
)


def made_up(users=4, each=30):
    """The longer, the likelier accepted."""
    rng, rows = random.Random(1), []
    for user in range(users):
        for at in range(each):
            tokens = rng.randrange(1, 60)
            rows.append(decision(20 * at, accepted=rng.random() < tokens / 60, user=user, numTokens=tokens))
    return rows


@pytest.fixture(scope="module")
def model():
    return train_suggestions(made_up())


def test_it_learns_what_tells_and_says_so(model):
    shown = shown_in_order([decision(numTokens=1), decision(500, numTokens=55, user=1)])
    short, long = model.judge_now(shown, explain=True)
    assert short.p_accept < 0.35 < 0.5 < long.p_accept
    assert (short.accepted, long.accepted) == (False, True)
    assert long.influences[0].feature == "log_tokens"
    assert long.influences[0].words == "the length of the suggestion speaks for it"
    assert abs(long.influences[0].effect) >= abs(long.influences[-1].effect)
    assert model.judge_now(shown)[0].influences == ()
    assert model.judge_now([]) == []


def test_every_feature_has_its_words():
    for columns in COLUMNS.values():
        for name in columns:
            assert in_words(name, True).endswith("speaks for it")
    with pytest.raises(KeyError):
        in_words("accepted", True)


def test_a_saved_model_judges_as_before(model, tmp_path):
    path = save_suggestion_model(model, tmp_path / "model")
    again = load_suggestion_model(path.parent)
    shown = shown_in_order(made_up(users=2, each=5))
    assert again.judge_now(shown, explain=True) == model.judge_now(shown, explain=True)
    assert again.users == ("0", "1", "2", "3")
    with pytest.raises(UserError, match="exists already"):
        save_suggestion_model(model, tmp_path / "model")


def test_a_file_that_was_changed_or_is_another_is_refused(model, tmp_path):
    path = save_suggestion_model(model, tmp_path)
    content = json.loads(path.read_text())
    for change, said in [
        ({"seed": 9}, "does not match its hash"),
        ({"groups": ["suggestion", "outcome"]}, "does not match its hash"),
        ({"format": "tactful-reward-1"}, "is no model of suggestions"),
    ]:
        path.write_text(json.dumps({**content, **change}))
        with pytest.raises(DataError, match=said):
            load_suggestion_model(tmp_path)
    path.write_bytes(b"\x80\x04pickle")
    with pytest.raises(DataError, match="is no model of suggestions"):
        load_suggestion_model(tmp_path)
    with pytest.raises(DataError, match="cannot read the model"):
        load_suggestion_model(tmp_path / "elsewhere" / MODEL_FILE)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no decision to learn from"),
        ([decision(10 * at, accepted=at % 2 == 0) for at in range(6)], "group"),
        ([decision(user=user) for user in range(6)], "nothing to tell apart"),
    ],
)
def test_too_little_to_learn_from_is_said_in_a_sentence(rows, said):
    with pytest.raises(UserError, match=said):
        train_suggestions(rows)
