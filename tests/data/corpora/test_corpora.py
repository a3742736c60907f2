from __future__ import annotations

from collections import Counter

import pytest

from tactful.data.corpora import (
    CALIBRATION,
    HELD_OUT,
    load_followups,
    load_glosses,
    load_moments,
    load_requests,
    load_words,
)
from tactful.reading import REACTIONS
from tactful.reading.encoder.card import read_card
from tactful.reading.encoder.reader import WEIGHTS
from tactful.reading.labelled import corpora, held_out


@pytest.mark.slow
def test_the_corpora_are_as_large_as_the_datasheet_says() -> None:
    assert (len(load_requests()), len(load_followups()), len(load_moments())) == (35871, 40780, 54078)
    assert len(load_words()) == 8680
    assert (len(load_glosses()), sum(map(len, load_glosses().values()))) == (19, 110202)


def test_languages_lengths_and_labels_are_spread() -> None:
    requests = load_requests()
    for rows in (requests, load_followups(), load_moments()):
        langs = Counter(row.lang for row in rows)
        assert langs["en"] >= 0.55 * len(rows)
        assert langs["zh"] >= 0.25 * len(rows)
    assert 0.45 < sum(row.label == "open" for row in requests) / len(requests) < 0.55
    assert sum(len(row.text.split()) <= 12 for row in requests) > len(requests) / 3
    labels = Counter(row.label7 for row in load_followups())
    assert set(labels) == set(REACTIONS)
    assert max(labels.values()) < 2 * min(labels.values())


def test_ids_are_unique_and_open_requests_say_what_is_missing() -> None:
    for rows in (load_requests(), load_followups()):
        assert len({row.id for row in rows}) == len(rows)
    assert len({row.labelled.moment.id for row in load_moments()}) == len(load_moments())
    assert all(bool(row.missing) == (row.label == "open") for row in load_requests())


def test_half_of_the_requests_stand_in_contrast_groups() -> None:
    labels: dict[str, set[str]] = {}
    for row in load_requests():
        labels.setdefault(row.group, set()).add(row.label)
    paired = sum(len(labels[row.group]) == 2 for row in load_requests())
    assert paired > 0.5 * len(load_requests())


def test_the_same_offer_stands_at_a_good_and_at_a_bad_moment() -> None:
    verdicts: dict[tuple[str, str], set[bool]] = {}
    for row in load_moments():
        moment = row.labelled.moment
        if moment.proposal:
            verdicts.setdefault((moment.session, moment.proposal), set()).add(row.labelled.label.accepted)
    assert sum(len(both) == 2 for both in verdicts.values()) > 2000


def test_nothing_that_ships_was_trained_on_held_out_writers() -> None:
    training = read_card(WEIGHTS).training
    assert not set(training["writers"]) & (HELD_OUT | CALIBRATION)
    assert set(training["calibrated_on"]) == CALIBRATION
    assert set(held_out().writers) == HELD_OUT
    assert len(corpora()) == 35871 + 40780 + 54078


def test_what_is_missing_and_the_verdicts_cannot_be_rendered() -> None:
    row = next(row for row in load_requests() if row.missing)
    assert row.missing[0].what not in repr(row.missing)
