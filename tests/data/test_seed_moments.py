"""The bundled moments are whole, balanced and tell nothing by their form."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tactful.data.moments import observation_id
from tactful.data.seed_moments import load_seed_moments
from tactful.text import detect_lang
from tactful.types import LabelledMoment


@pytest.fixture(scope="module")
def items() -> tuple[LabelledMoment, ...]:
    return load_seed_moments()


def test_there_are_thirty_sessions_in_two_languages(items: tuple[LabelledMoment, ...]) -> None:
    langs = {item.moment.session: detect_lang(item.moment.events[0].text) for item in items}
    assert Counter(langs.values()) == {"en": 24, "zh": 6}
    assert len({item.moment.id for item in items}) == len(items) >= 399


def test_every_point_offers_silence_and_something_to_say(items: tuple[LabelledMoment, ...]) -> None:
    points = defaultdict(list)
    for item in items:
        points[observation_id(item.moment)].append(item.moment.proposal)
    for offers in points.values():
        assert offers.count(None) == 1
        assert len(offers) >= 3
        assert len(set(offers)) == len(offers)


def test_verdicts_are_balanced_and_agree_with_the_votes_and_the_need(
    items: tuple[LabelledMoment, ...],
) -> None:
    offers = [item for item in items if item.moment.proposal is not None]
    silences = [item for item in items if item.moment.proposal is None]
    assert 0.2 <= np.mean([item.label.accepted for item in offers]) <= 0.5
    assert 0.5 <= np.mean([item.label.accepted for item in silences]) <= 0.7
    for item in items:
        assert len(item.label.votes) == 3
        assert (sum(item.label.votes) >= 2) == item.label.accepted
    for item in silences:
        assert item.label.help_needed is not None
        assert item.label.accepted == (not item.label.help_needed)


def test_the_length_of_a_proposal_does_not_tell_its_verdict(items: tuple[LabelledMoment, ...]) -> None:
    offers = [item for item in items if item.moment.proposal is not None]
    found = roc_auc_score(
        [item.label.accepted for item in offers], [len(item.moment.proposal) for item in offers]
    )
    assert 0.4 <= found <= 0.6


def test_the_order_of_the_rows_of_a_point_does_not_tell_their_verdicts(
    items: tuple[LabelledMoment, ...],
) -> None:
    place: dict[str, int] = Counter()
    ranks, verdicts = [], []
    for item in items:
        if item.moment.proposal is not None:
            ranks.append(place[observation_id(item.moment)])
            verdicts.append(item.label.accepted)
            place[observation_id(item.moment)] += 1
    assert 0.4 <= roc_auc_score(verdicts, ranks) <= 0.6


def test_sessions_share_no_event_and_their_times_go_forward(items: tuple[LabelledMoment, ...]) -> None:
    seen = defaultdict(set)
    for item in items:
        times = [event.at for event in item.moment.events]
        assert None not in times
        assert times == sorted(times)
        for event in item.moment.events:
            seen[event.text].add(item.moment.session)
    assert all(len(sessions) == 1 for sessions in seen.values())
