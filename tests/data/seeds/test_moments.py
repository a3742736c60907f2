"""The bundled seed moments: what a model can learn from them, and what it must not be able to."""

from __future__ import annotations

from collections import Counter, defaultdict
from importlib.resources import files
from itertools import pairwise

import orjson
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline

from tactful.data.formats.moments import moment_row, observation_id
from tactful.data.seeds.moments import load_seed_moments
from tactful.types import LabelledMoment

ITEMS = load_seed_moments()
PROPOSALS = tuple(item for item in ITEMS if item.moment.proposal is not None)
SILENCES = tuple(item for item in ITEMS if item.moment.proposal is None)
SEED_FILE = files("tactful.data") / "seeds" / "moments.jsonl"


def grouped(items: tuple[LabelledMoment, ...]) -> dict[str, list[LabelledMoment]]:
    """The items of each session, in file order."""
    groups: dict[str, list[LabelledMoment]] = defaultdict(list)
    for item in items:
        groups[item.moment.session].append(item)
    return groups


def at_points(items: tuple[LabelledMoment, ...]) -> dict[str, list[LabelledMoment]]:
    """The items of each point of each session."""
    groups: dict[str, list[LabelledMoment]] = defaultdict(list)
    for item in items:
        groups[observation_id(item.moment)].append(item)
    return groups


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def accepted(items: tuple[LabelledMoment, ...] | list[LabelledMoment]) -> list[bool]:
    return [item.label.accepted for item in items]


def share(values: list[bool]) -> float:
    return sum(values) / len(values)


def test_there_are_thirty_sessions_of_which_six_are_chinese():
    sessions = grouped(ITEMS)
    spoken = [is_chinese(" ".join(e.text for e in items[-1].moment.events)) for items in sessions.values()]
    assert Counter(spoken) == {False: 24, True: 6}
    assert 350 <= len(ITEMS) <= 450


def test_the_rows_of_a_session_stand_together_and_every_id_is_unique():
    order = [item.moment.session for item in ITEMS]
    assert len(list(dict.fromkeys(order))) == 1 + sum(one != other for one, other in pairwise(order))
    assert len({item.moment.id for item in ITEMS}) == len(ITEMS)


def test_a_row_reads_back_as_it_is_written_with_all_its_keys():
    rows = [orjson.loads(line) for line in SEED_FILE.read_text(encoding="utf-8").splitlines()]
    keys = {"id", "session", "obs", "pred_task", "valid", "help_needed", "annotation", "category"}
    assert all(set(row) == keys for row in rows)
    assert rows == [moment_row(item) for item in ITEMS]


def test_three_or_four_points_of_a_session_offer_silence_once_and_two_to_four_proposals():
    for session, items in grouped(ITEMS).items():
        points = at_points(tuple(items))
        assert len(points) in {3, 4}, session
        for moments in points.values():
            said = [item.moment.proposal for item in moments]
            assert said.count(None) == 1, session
            assert 2 <= len(said) - 1 <= 4, session


def test_later_points_of_a_session_have_seen_what_earlier_ones_saw():
    for items in grouped(ITEMS).values():
        for one, other in pairwise(items):
            assert other.moment.events[: len(one.moment.events)] == one.moment.events


def test_all_times_are_known_and_go_forward_at_uneven_paces():
    for session, items in grouped(ITEMS).items():
        times = [event.at for event in items[-1].moment.events]
        gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(times)]
        assert all(gap > 0 for gap in gaps), session
        assert max(gaps) > 1.5 * min(gaps), session


def test_no_event_is_told_twice_and_no_proposal_is_made_twice():
    told = [event.text for items in grouped(ITEMS).values() for event in items[-1].moment.events]
    assert [text for text, times in Counter(told).items() if times > 1] == []
    made = [item.moment.proposal for item in PROPOSALS]
    assert [text for text, times in Counter(made).items() if times > 1] == []


def test_the_verdict_is_the_majority_of_three_votes_which_do_not_always_agree():
    assert all(len(item.label.votes) == 3 for item in ITEMS)
    assert all(item.label.accepted == (sum(item.label.votes) >= 2) for item in ITEMS)
    unanimous = share([len(set(item.label.votes)) == 1 for item in ITEMS])
    assert 0.55 <= unanimous <= 0.85


def test_silence_is_right_exactly_where_no_help_was_needed():
    for moments in at_points(ITEMS).values():
        assert len({item.label.help_needed for item in moments}) == 1
    assert all(item.label.accepted != item.label.help_needed for item in SILENCES)


def test_acceptance_is_neither_the_rule_nor_rare():
    assert 0.35 <= share(accepted(PROPOSALS)) <= 0.45
    assert 0.55 <= share(accepted(SILENCES)) <= 0.65


def test_some_sessions_want_almost_nothing_and_others_want_help_often():
    rates = [share(accepted(items)) for items in grouped(PROPOSALS).values()]
    assert sum(rate <= 0.25 for rate in rates) >= 3
    assert sum(rate >= 0.5 for rate in rates) >= 5


def test_some_help_is_rejected_where_help_was_needed_and_some_accepted_where_it_was_not():
    where_needed = [item for item in PROPOSALS if item.label.help_needed]
    elsewhere = [item for item in PROPOSALS if not item.label.help_needed]
    assert 0.4 <= share(accepted(where_needed)) <= 0.75
    assert 0.1 <= share(accepted(elsewhere)) <= 0.4


@pytest.mark.parametrize("chinese", [False, True], ids=["English", "Chinese"])
def test_the_length_of_a_proposal_does_not_tell_whether_it_was_accepted(chinese: bool):
    items = [item for item in PROPOSALS if is_chinese(item.moment.proposal or "") is chinese]
    lengths = [len(item.moment.proposal or "") for item in items]
    assert 0.45 <= roc_auc_score(accepted(items), lengths) <= 0.55


def test_neither_the_place_among_the_rows_of_a_point_nor_the_id_tells_the_verdict():
    places = [(place, item) for moments in at_points(ITEMS).values() for place, item in enumerate(moments)]
    kept = [(place, item) for place, item in places if item.moment.proposal is not None]
    told = roc_auc_score([item.label.accepted for _, item in kept], [place for place, _ in kept])
    assert 0.45 <= told <= 0.55
    letters = [ord(item.moment.id[-1]) for item in PROPOSALS]
    assert 0.45 <= roc_auc_score(accepted(PROPOSALS), letters) <= 0.55


def test_a_question_or_an_offer_in_the_first_person_is_accepted_about_as_often_as_other_wording():
    offers = [
        any(word in f" {item.moment.proposal}" for word in (" I ", "Shall", "我")) for item in PROPOSALS
    ]
    asks = [item.moment.proposal is not None and item.moment.proposal[-1] in "?？" for item in PROPOSALS]
    for form in (offers, asks):
        with_it = share([item.label.accepted for item, has in zip(PROPOSALS, form, strict=True) if has])
        without = share([item.label.accepted for item, has in zip(PROPOSALS, form, strict=True) if not has])
        assert abs(with_it - without) < 0.15


@pytest.mark.slow
def test_the_words_of_a_proposal_alone_tell_little_about_its_verdict_in_another_session():
    items = [item for item in PROPOSALS if not is_chinese(item.moment.proposal or "")]
    words = make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(class_weight="balanced"))
    told = cross_val_predict(
        words,
        [item.moment.proposal for item in items],
        accepted(items),
        groups=[item.moment.session for item in items],
        cv=LeaveOneGroupOut(),
        method="predict_proba",
    )
    assert roc_auc_score(accepted(items), told[:, 1]) < 0.66


def test_the_file_is_small():
    assert len(SEED_FILE.read_bytes()) < 900_000
