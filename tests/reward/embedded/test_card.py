"""The model cards: what a model was trained on, what it reaches, and what it cannot."""

from datetime import UTC, datetime

import pytest
from tests.data.formats.test_suggestions import decision
from tests.reward.synthetic import make_items

from tactful.reward.card import CardData, CardFigure, model_card, suggestion_card
from tactful.reward.embedded.training import train
from tactful.reward.suggestions.model import train_suggestions

MADE = {"version": "1.2.3", "made_at": datetime(2026, 11, 21, tzinfo=UTC)}
DATA = CardData(source="labelled.jsonl", moments=90, categories=(("hit", 60), ("false-alarm", 30)))
FIGURE = CardFigure(name="AUROC (1)", value="0.700 [0.600, 0.800]", beside="0.500 chance")


@pytest.fixture(scope="module")
def model():
    return train(make_items(4, 6))


@pytest.fixture(scope="module")
def suggestions():
    return train_suggestions(
        [decision(30 * at, accepted=at % 3 == 0, user=user) for user in range(3) for at in range(12)]
    )


def test_it_says_on_what_the_model_was_trained(model):
    card = model_card(model, DATA, [FIGURE], **MADE)
    assert card.startswith("# Reward model\n")
    assert "Made by Tactful 1.2.3 on 2026-11-21." in card
    assert "`labelled.jsonl`: 90 moments of 4 sessions (60 hit, 30 false-alarm).\n" in card
    assert f"Hash of the data: `{model.data_hash}`. Seed 0. Texts are compared by `ngrams`." in card


def test_it_says_what_is_inside(model):
    card = model_card(model, DATA, [], **MADE)
    for name, head in (("Proposals", model.proposals), ("Help wanted", model.silences)):
        line = next(line for line in card.splitlines() if line.startswith(f"- **{name}**"))
        assert (
            f"on {len(head.names)} columns, {head.rows} rows of 4 sessions, penalty C = {head.penalty:g}"
            in line
        )
        heaviest = max(range(len(head.names)), key=lambda at: abs(head.weights[at]))
        assert f"`{head.names[heaviest]}`" in line


def test_a_head_that_is_missing_is_not_told_about():
    model = train([item for item in make_items(4, 6) if item.moment.proposal is None])
    card = model_card(model, DATA, [], **MADE)
    assert "**Proposals**" not in card
    assert "**Help wanted**" in card


def test_every_figure_stands_beside_what_it_must_be_held_against(model):
    card = model_card(model, DATA, [FIGURE], **MADE)
    assert "| AUROC (1) | 0.700 [0.600, 0.800] | 0.500 chance |" in card
    assert "This model itself has seen all\nof them" in card
    assert "(1) The four categories weigh the same." in card
    assert "Not measured" not in card


def test_a_card_without_figures_says_why(model):
    card = model_card(model, DATA, [], not_measured="trained with --no-evaluate", **MADE)
    assert "Not measured: trained with --no-evaluate. Measure it on sessions that it has not seen" in card
    assert "| figure |" not in card
    assert "(1)" not in card


def test_rows_left_out_are_counted(model, suggestions):
    some = DATA.model_copy(update={"unusable_rows": 7})
    assert "7 unusable rows were left out." in model_card(model, some, [], **MADE)
    assert "7 unusable rows were left out." in suggestion_card(suggestions, some, [], **MADE)
    assert "left out" not in model_card(model, DATA, [], **MADE)


def test_limits_are_on_every_card(model, suggestions):
    assert "Do not judge people by it" in model_card(model, DATA, [], **MADE)
    assert "set a\n  gate on sessions that took no part in training" in model_card(model, DATA, [], **MADE)
    assert "Accepted is not good" in suggestion_card(suggestions, DATA, [], **MADE)


def test_a_model_of_suggestions_has_its_own_card(suggestions):
    data = CardData(source="decisions.jsonl", moments=36, categories=(("rejected", 24), ("accepted", 12)))
    card = suggestion_card(suggestions, data, [FIGURE], **MADE)
    assert card.startswith("# Model of suggestions in an editor\n")
    assert "`decisions.jsonl`: 36 decisions of 3 users (24 rejected, 12 accepted)." in card
    assert "Groups of columns: suggestion, scene, history." in card
    assert "Each user was judged by a model trained on other users" in card
    assert "36 rows of 3 users" in card
