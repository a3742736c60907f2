"""The hindsight-leak report."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.utterance.test_pipeline import made

from tactful.utterance.leakage import LeakCount, content_words, leak


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Does it have a parking lot, please?", {"parking", "lot"}),
        ("READ_CSV('a.csv') fails", {"read_csv", "csv", "fails"}),
        ("room 12 for 2", {"room", "12", "2"}),
        ("故宫的门票？", {"故宫", "门票"}),
        ("人均１００元", {"人均", "100"}),
        ("Thanks! ok?", set()),
    ],
)
def test_content_words(text, words):
    assert content_words(text) >= words
    assert not content_words(text) & {"the", "it", "please"}


async def leaking(reasoning, message="Does the garage have charging?"):
    record = await made()
    view = record.chosen.insight.mining.model_copy(update={"reasoning": reasoning})
    chosen = record.chosen.model_copy(update={"insight": record.chosen.insight.with_view("mining", view)})
    return record.model_copy(
        update={"chosen": chosen, "gold": record.gold.model_copy(update={"message": message})}
    )


async def test_share_counts_words_of_the_message_that_only_the_reasoning_holds():
    # content words of the message: garage, charging; the context holds neither
    assert leak(await leaking("They may ask about a garage.")) == 0.5
    assert leak(await leaking("They may ask about charging in the garage.")) == 1.0
    assert leak(await leaking("They may ask about the car.")) == 0.0


async def test_words_of_the_context_are_no_leak():
    # cheap stands in the context; garage does not
    assert leak(await leaking("A cheap garage is open.", "A cheap garage?")) == 0.5


async def test_message_without_content_words_is_counted_apart():
    assert leak(await leaking("x", "ok, thanks")) is None


async def test_report_sets_revised_beside_as_is_with_an_interval_over_dialogues():
    count = LeakCount()
    for number in range(9):
        record = await leaking(f"About {('garage', 'garage charging', 'car')[number % 3]}.")
        count.add(record.model_copy(update={"dialogue_id": f"d{number}"}))
    report = count.report()
    # shares 0.5, 1, 0, thrice each
    assert report.revised.mean == 0.5
    assert report.revised.low < 0.3 < 0.7 < report.revised.high
    assert report.revised.any_word == pytest.approx(2 / 3)
    assert (report.as_is.records, report.as_is.mean, report.as_is.low) == (0, None, None)
    assert report.as_is.text() == "no records"


async def test_several_targets_of_one_dialogue_count_as_one_group():
    count = LeakCount()
    for words in ("garage", "car"):
        count.add(await leaking(f"About {words}."))
    share = count.report().revised
    assert (share.records, share.dialogues, share.mean, share.low) == (2, 1, 0.25, None)


async def test_a_dialogue_counts_once_wherever_its_records_stand():
    count = LeakCount()
    for words in ("garage", "car"):
        for number in range(10):
            record = await leaking(f"About {words}.")
            count.add(record.model_copy(update={"dialogue_id": f"d{number}"}))
    share = count.report().revised
    assert (share.records, share.dialogues, share.mean, share.low) == (20, 10, 0.25, None)


ORDER = """
from tactful.utterance.leakage import _Running

running = _Running()
for number in range(9):
    running.add(f"d{number}", number / 10)
print(list(running.dialogues), running.share().text())
"""


@pytest.mark.slow
def test_report_is_the_same_in_every_process():
    said = {
        subprocess.run(
            [sys.executable, "-c", ORDER],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
