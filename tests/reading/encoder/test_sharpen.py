from __future__ import annotations

import numpy as np
import pytest

from tactful.reading.encoder.card import Sharpness
from tactful.reading.encoder.examples import examples_of
from tactful.reading.encoder.reader import TOKENS_FILE, WEIGHTS
from tactful.reading.encoder.sharpen import fit_sharpness, probabilities
from tactful.reading.encoder.tokens import Tokens
from tactful.reading.encoder.training.train import HEADS
from tactful.reading.labelled import Labelled, corpora
from tactful.reading.types import COMPLAINTS, REACTIONS

COMPLAIN = np.array([label in COMPLAINTS for label in REACTIONS])


def test_complaints_are_as_likely_as_on_the_texts_calibrated_on_and_keep_their_order() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (600, len(REACTIONS))).astype(np.float32)
    true = [int(rng.choice(len(REACTIONS), p=_softmax(row + COMPLAIN))) for row in logits]
    fitted = fit_sharpness(logits, true, ["en-short"] * 600)
    assert 0.6 < fitted["all"].bias < 1.4
    found = probabilities(logits, ["en-short"] * 600, fitted)
    share = float(np.mean([REACTIONS[one] in COMPLAINTS for one in true]))
    assert abs(float(found[:, COMPLAIN].sum(axis=1).mean()) - share) < 0.02
    for these in (COMPLAIN, ~COMPLAIN):
        order = np.argsort(logits[:, these], axis=1)
        assert (np.argsort(found[:, these], axis=1) == order).all()


def test_of_two_classes_the_second_is_moved_and_of_three_none() -> None:
    moved = {"all": Sharpness(temperature=1.0, bias=1.0)}
    two = np.zeros((1, 2), dtype=np.float32)
    assert probabilities(two, ["en-short"], moved)[0, 1] > 0.7
    three = np.array([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]] * 40, dtype=np.float32)
    kinds = ["en-short"] * 80
    still = {"all": Sharpness(temperature=1.0)}
    assert np.array_equal(probabilities(three, kinds, moved), probabilities(three, kinds, still))
    assert fit_sharpness(three, [2, 0] * 40, kinds)["all"].bias == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("habit", [False, True])
def test_a_habit_of_half_the_writers_about_short_texts_is_not_taken_for_a_property_of_the_kind(
    habit: bool,
) -> None:
    rng = np.random.default_rng(1)
    writers = np.repeat([f"w{at}" for at in range(8)], 100)
    kinds = np.tile(np.repeat(["en-short", "en-long"], 50), 8)
    odd = np.array([int(writer[1:]) % 2 * 2 - 1 for writer in writers]) if habit else np.ones(800)
    true = rng.random(800) < 1 / (1 + np.exp(-1.5 * odd * np.where(kinds == "en-short", 1, -1)))
    fitted = fit_sharpness(
        np.zeros((800, 2), dtype=np.float32), list(true.astype(int)), list(kinds), list(writers)
    )
    assert set(fitted) == ({"all"} if habit else {"all", "en-short", "en-long"})


def test_an_example_names_the_writer_of_its_text() -> None:
    some = corpora()
    rows = Labelled(some.requests[:9], some.followups[:9], some.moments[:40])
    shown = examples_of(rows, Tokens.load(WEIGHTS / TOKENS_FILE))
    assert {task: sum(one.task == task for one in shown) > 3 for task in HEADS} == dict.fromkeys(HEADS, True)
    assert [one.writer for one in shown] == [one.group.split("-")[0] for one in shown]


def _softmax(row: np.ndarray) -> np.ndarray:
    raised = np.exp(row - row.max())
    return raised / raised.sum()
