import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.reward.synthetic import make_items

from tactful.data.formats.moments import labelled_rows
from tactful.data.times import parse_time
from tactful.reward.features.table import MAX_EVENTS, in_words, proposal_features, silence_features
from tactful.reward.lexicon import MAX_CHARS, event_kinds, proposal_kinds, topic_words
from tactful.reward.likeness import open_likeness
from tactful.types import Event, Moment, ProposalHistory

NGRAMS = open_likeness("ngrams")
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TRAINS = (
    "The user opens a spreadsheet of the yearly budget.",
    "The user adds a column for travel costs to the spreadsheet.",
    "The user searches for 'night trains to Lisbon' and hits 'Enter'.",
)
ON_TRAINS = "Compare the prices of night trains to Lisbon"
ON_BUDGET = "Sum the columns of the yearly budget spreadsheet"


def moment(proposal=ON_TRAINS, texts=TRAINS, *, gaps=None, history=None):
    ats = [None] * len(texts)
    if gaps is not None:
        ats = [START + timedelta(seconds=sum(gaps[:number])) for number in range(len(texts))]
    events = tuple(Event(at=at, text=text) for at, text in zip(ats, texts, strict=True))
    return Moment(id="m", session="s", events=events, proposal=proposal, history=history)


def row(item):
    table = proposal_features([item], NGRAMS)
    return dict(zip(table.names, table.values[0], strict=True))


def scene(item):
    table = silence_features([item], NGRAMS)
    return dict(zip(table.names, table.values[0], strict=True))


# ---------------------------------------------------------------- the tables


def test_a_row_is_made_of_its_own_moment_alone():
    moments = [item.moment for item in make_items(sessions=4) if item.moment.proposal is not None][:60]
    together = proposal_features(moments, NGRAMS).values
    alone = np.vstack([proposal_features([one], open_likeness("ngrams")).values for one in moments])
    reverse = proposal_features(moments[::-1], NGRAMS).values[::-1]
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together, reverse)


def test_session_user_and_id_tell_nothing():
    other = moment().model_copy(update={"id": "other", "session": "another", "user": "someone"})
    assert row(other) == row(moment())


def test_what_is_proposed_does_not_change_what_is_said_of_a_silence():
    assert scene(moment(None)) == scene(moment(ON_BUDGET))


def test_a_silence_has_no_features_of_a_proposal():
    with pytest.raises(ValueError, match="moment 'm' proposes nothing"):
        proposal_features([moment(None)], NGRAMS)


def test_no_moments_give_a_table_without_rows():
    assert proposal_features([], NGRAMS).values.shape == (0, len(proposal_features([], NGRAMS).names))
    assert silence_features([], NGRAMS).values.shape == (0, len(silence_features([], NGRAMS).names))


@pytest.mark.parametrize(
    "item",
    [
        moment("?!", ("...",)),
        moment("x" * 50_000, ("y" * 50_000,) * 3),
        moment("请总结这篇文章", ("用户打开了一篇关于远程工作软件的文章",)),
        moment("ignore\x00all\u202e", ("a\x1b[31m b",)),
        moment(gaps=(1e9, 0.001, 5)),
        moment(gaps=(-500, -500, -500)),
    ],
)
def test_every_value_is_finite_and_bounded_by_one(item):
    values = np.array(list(row(item).values()))
    assert np.isfinite(values).all()
    assert np.abs(values).max() <= 1.0


def test_an_encoder_with_negative_cosines_stays_bounded():
    class Opposite:
        name = "opposite"

        def cosines(self, one, others):
            return np.full(len(others), -1.0)

        def learn(self, texts):
            pass

    assert np.abs(proposal_features([moment()], Opposite()).values).max() <= 1.0


def test_what_stands_behind_the_read_part_of_a_text_changes_nothing():
    long = "The user reads about night trains to Lisbon. ".ljust(MAX_CHARS, "x")
    assert row(moment(texts=(long + " error error",))) == row(moment(texts=(long,)))


def test_only_the_latest_events_are_read():
    many = tuple(f"The user adds row {number}." for number in range(MAX_EVENTS))
    assert row(moment(texts=("The user sees an error in the form.", *many))) == row(moment(texts=many))


# ---------------------------------------------------------------- what a proposal is about


def test_a_proposal_about_what_has_just_happened_aims_at_it():
    now, before = row(moment(ON_TRAINS)), row(moment(ON_BUDGET))
    for name in (
        "aims_last",
        "aims_last_of_best",
        "aims_last_over_all",
        "aims_last_over_earlier",
        "aims_new",
    ):
        assert now[name] > before[name]
    assert now["aims_last_over_earlier"] > 0 > before["aims_last_over_earlier"]
    assert before["last_covered"] == 0.0


def test_a_proposal_about_nothing_that_was_seen_aims_at_nothing():
    found = row(moment("Whistle!"))
    assert {name: value for name, value in found.items() if name.startswith("aims_") and value} == {}


def test_something_that_has_been_going_on_is_less_fresh():
    repeated = (*TRAINS, TRAINS[-1])
    assert row(moment(texts=repeated))["aims_fresh"] < 0.2 * row(moment())["aims_fresh"]
    assert row(moment(texts=repeated))["last_repeats"] == pytest.approx(1.0)


# ---------------------------------------------------------------- what must not pay


@pytest.mark.parametrize(
    "copy",
    [
        TRAINS[-1],
        f"Help with this: {TRAINS[-1]}",
        f"{TRAINS[-1]} Would you like a hand, so that it takes no time at all?",
        TRAINS[0],
    ],
)
def test_a_copy_of_an_event_is_about_nothing(copy):
    found = row(moment(copy))
    assert found["copies_event"] > 0.8
    assert found["aims_last_of_best"] < 0.2
    assert found["last_covered"] < 0.2


def test_a_proposal_in_its_own_words_is_no_copy():
    assert row(moment(ON_TRAINS))["copies_event"] == 0.0


def test_padding_raises_no_measure_of_the_aim():
    plain = row(moment())
    padded = row(
        moment(
            f"{ON_TRAINS}. It would be really good for all of us, with no effort at all, whenever it suits."
        )
    )
    for name in plain:
        if name.startswith(("aims_", "last_covered")) and plain[name] > 0:
            assert padded[name] <= plain[name] + 1e-9, name


def test_saying_it_twice_changes_nothing_by_much():
    once, twice = row(moment()), row(moment(f"{ON_TRAINS}. {ON_TRAINS}."))
    assert max(abs(once[name] - twice[name]) for name in once) < 0.06


def test_stacking_kinds_of_help_makes_each_count_less():
    stacked = row(
        moment("Provide a summary, examples, a comparison, an explanation, a tutorial and a review")
    )
    kinds = [value for name, value in stacked.items() if name.startswith("help_")]
    assert sum(kinds) == pytest.approx(2.0)
    assert row(moment("Summarise the trains"))["help_condenses"] == 1.0


# ---------------------------------------------------------------- time


def test_clocks_of_minutes_and_of_seconds_tell_the_same_pace():
    scripted = [parse_time(text) for text in ("Day 1, 8:00 PM", "Day 1, 8:02 PM", "Day 1, 8:12 PM")]
    real = [parse_time(text) for text in ("1717336761", "1717336881", "1717337481")]
    found = []
    for ats in (scripted, real):
        events = tuple(Event(at=at, text=text) for at, text in zip(ats, TRAINS, strict=True))
        found.append(scene(moment(None).model_copy(update={"events": events})))
    assert found[0] == found[1]
    assert found[0]["pause_long"] == 1.0


def test_a_pause_counts_against_the_users_own_pace():
    # The pauses before were 10 s. ln(61 / 11) = 1.71 > 1, as a share of 3: 0.57.
    texts = (*TRAINS, "The user scrolls.")
    assert scene(moment(None, texts, gaps=(10, 10, 60)))["pause"] == pytest.approx(np.log(61 / 11) / 3)
    assert scene(moment(None, texts, gaps=(10, 10, 10)))["pause"] == 0.0


def test_without_times_the_pace_is_unknown_and_counts_for_nothing():
    assert scene(moment(None))["pause"] == 0.0
    assert scene(moment(None, gaps=(10, 10), texts=TRAINS[:2]))["pause"] == 0.0


def test_a_clock_that_jumps_back_counts_as_no_pause():
    texts = (*TRAINS, "The user scrolls.")
    assert scene(moment(None, texts, gaps=(10, 10, -3600))) == scene(moment(None, texts, gaps=(10, 10, 0)))


# ---------------------------------------------------------------- the user, kinds, words


def test_earlier_proposals_count_when_they_are_known():
    nothing = scene(moment(None))
    assert (nothing["acceptance_so_far"], nothing["proposed_lately"]) == (0.0, 0.0)
    assert scene(moment(None, history=ProposalHistory())) == nothing
    liked = scene(moment(None, history=ProposalHistory(shown=8, accepted=8, since_last_s=0)))
    # (8 + 1) / (8 + 2) - 0.5
    assert liked["acceptance_so_far"] == pytest.approx(0.4)
    assert liked["proposed_lately"] == 1.0
    disliked = scene(moment(None, history=ProposalHistory(shown=8, accepted=0, since_last_s=3600)))
    assert disliked["acceptance_so_far"] == pytest.approx(-0.4)
    assert disliked["proposed_lately"] < 0.001


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("The user searches on Google for 'How to sort a list?'", {"searches", "asks"}),
        ("The terminal shows an error message", {"trouble", "runs"}),
        ("The user switches back to the editor", {"returns"}),
        ("The user is in an application without performing any actions", {"vague"}),
        ("The user presses cmd+v in the ChatGPT tab", {"copies", "chats"}),
        ("用户搜索如何排序", {"searches", "asks"}),
        ("The user prunes the brunch menu", set()),
    ],
)
def test_events_are_told_apart_by_their_words(text, kinds):
    assert event_kinds(text) == kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Summarize the article", {"condenses", "refers"}),
        ("Fix the failing import", {"mends"}),
        ("Continue the work.", {"carries_on", "vague"}),
        ("翻译这一段", {"explains"}),
        ("Prefix of the shelter", set()),
    ],
)
def test_proposals_are_told_apart_by_their_words(text, kinds):
    assert proposal_kinds(text) == kinds


def test_topic_words_are_what_is_left_without_words_that_every_log_has():
    assert topic_words("The user clicks on the search results for 'night trains' 列车") == {
        "night",
        "trains",
        "列",
        "车",
    }


def test_a_search_a_while_ago_counts_less():
    # 1, then 1/5 less with each event after it
    later = (*TRAINS, "The user writes a letter.", "The user signs the letter.")
    assert scene(moment(None))["search_near"] == 1.0
    assert scene(moment(None, later))["search_near"] == pytest.approx(0.6)
    assert scene(moment(None, TRAINS[:2]))["search_near"] == 0.0


def test_every_column_has_words_for_both_directions():
    names = (*proposal_features([], NGRAMS).names, *silence_features([], NGRAMS).names)
    for name in names:
        assert in_words(name, raises=True).endswith("speaks for it")
        assert in_words(name, raises=False).endswith("speaks against it")
    assert len(set(proposal_features([], NGRAMS).names)) == len(proposal_features([], NGRAMS).names)
    with pytest.raises(KeyError):
        in_words("unheard_of", raises=True)


# ---------------------------------------------------------------- real data


DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.mark.slow
def test_on_real_sessions_aiming_at_the_last_event_goes_with_acceptance():
    path = DATA / "proactivebench" / "reward_train.jsonl"
    if not path.exists():
        pytest.skip("no real moments; set TACTFUL_TEST_DATA")
    items = [item for item in labelled_rows(path) if item.moment.proposal is not None]
    table = proposal_features([item.moment for item in items], NGRAMS)
    accepted = np.array([item.label.accepted for item in items])
    aim = table.values[:, table.names.index("aims_last_of_best")]
    ranks = aim.argsort().argsort()
    hits, misses = accepted.sum(), (~accepted).sum()
    auroc = (ranks[accepted].sum() - hits * (hits - 1) / 2) / (hits * misses)
    assert auroc > 0.65
    assert np.isfinite(table.values).all()
