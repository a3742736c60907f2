import json

import pytest
from tests.annotation.items.sources import moment, obs, rows
from tests.gym.made import day

from tactful.annotation.items.reading import read_items
from tactful.annotation.types import ProposalsAnswer

EVENTS = obs("The user opens a file.", "The tests fail.")
ELSE = obs("The user opens a file.", "The tests pass.")


def one(path, **how):
    [item] = read_items(path, **how)
    return item


def test_moments_at_one_observation_are_one_item_wherever_they_stand(tmp_path):
    given = [
        moment(EVENTS, "Fix it.", valid=True, annotation=[True, False]),
        moment(ELSE, "Commit.", valid=True),
        moment(EVENTS, None, valid=False, annotation=[False, False]),
        moment(EVENTS, "Show the log.", valid=False),
        moment(EVENTS, "Fix it.", valid=False, annotation=[False]),
    ]
    first, second = read_items(rows(tmp_path / "a.jsonl", given))
    assert first.shown.candidates == ("Fix it.", "Show the log.")
    assert [row["candidate"] for row in first.origin["moments"]] == [0, None, 1, 0]
    assert [row["annotation"] for row in first.origin["moments"]] == [
        [True, False],
        [False, False],
        [],
        [False],
    ]
    assert second.shown.candidates == ("Commit.",)
    assert first.session == second.session == "one day"


def test_two_users_at_equal_events_are_two_items(tmp_path):
    given = [moment(EVENTS, "Fix it.", valid=True, user=user) for user in ("a", "b")]
    assert len(list(read_items(rows(tmp_path / "a.jsonl", given)))) == 2


def test_a_silence_alone_asks_only_whether_help_was_wanted(tmp_path):
    item = one(rows(tmp_path / "a.jsonl", [moment(EVENTS, None, valid=True)]))
    assert item.shown.candidates == ()


def test_only_the_last_events_are_shown_and_the_earlier_ones_are_kept_and_the_id_stays(tmp_path):
    long = obs(*(f"The user does {number}." for number in range(40)))
    path = rows(tmp_path / "a.jsonl", [moment(long, "Stop.", valid=True)])
    item = one(path)
    assert [event.text for event in item.shown.events] == [row["event"] for row in long[10:]]
    assert [event["text"] for event in item.origin["earlier"]] == [row["event"] for row in long[:10]]
    assert one(path, window=3).id == item.id
    assert len(one(path, window=3).shown.events) == 3


def test_the_id_follows_from_the_row_and_not_from_the_file(tmp_path):
    given = moment(EVENTS, "Fix it.", valid=True)
    first = one(rows(tmp_path / "a.jsonl", [given]))
    second = list(read_items(rows(tmp_path / "b.jsonl", [moment(ELSE, "Commit.", valid=True), given])))[1]
    assert first.id == second.id == "item-b9bfa9e43491e2d1"
    assert (first.source, second.source) == ("a.jsonl", "b.jsonl")


def test_a_step_of_an_episode_is_an_item_whatever_came_of_it(tmp_path):
    found = list(read_items(rows(tmp_path / "a.jsonl", [day("monday")])))
    assert [item.shown.candidates for item in found] == [
        ("Fix the error.",),
        (),
        ("Rename it.",),
        ("Write a note.",),
    ]
    assert [item.origin["outcome"]["verdict"] for item in found] == ["accepted", None, "rejected", "ignored"]
    assert "The assistant writes 6." in [event.text for event in found[1].shown.events]
    assert {item.setting for item in found} == {"coding"}
    assert {item.session for item in found} == {"monday"}


# ---------------------------------------------------------------- traces


def trace(folder, name, *points):
    folder.mkdir(exist_ok=True)
    told = [
        {"observation": {"time": str(at), "event": text}, "agent_response": said}
        for at, (text, said) in enumerate(points)
    ]
    (folder / name).write_text(json.dumps(told))
    return folder / name


def test_a_trace_gives_an_item_for_each_event_with_candidates_and_silent_points_when_asked(tmp_path):
    path = trace(
        tmp_path,
        "code_1.json",
        ("The user opens a file.", {"candidate_task": []}),
        ("The tests fail.", {"candidate_task": ["Fix it.", "Fix it.", "null"]}),
    )
    read = read_items(tmp_path)
    [item] = read
    assert (item.shown.candidates, item.session, item.setting) == (("Fix it.",), "code_1", "coding")
    assert [event.text for event in item.shown.events] == ["The user opens a file.", "The tests fail."]
    assert read.left_out == {"an event without a candidate": 1}
    assert [len(one.shown.candidates) for one in read_items(path, silent=True)] == [0, 1]


def test_what_an_assistant_said_along_a_trace_is_read_too(tmp_path):
    path = trace(
        tmp_path, "writing_2.json", ("A page is open.", ["Proof-read it."]), ("It is shut.", ["null"])
    )
    item = one(path)
    assert (item.shown.candidates, item.setting) == (("Proof-read it.",), "writing")


def test_a_broken_trace_is_refused_or_counted(tmp_path):
    from tactful.errors import DataError

    trace(tmp_path, "a.json", ("The tests fail.", {"candidate_task": ["Fix it."]}))
    trace(tmp_path, "b.json", ("", {"candidate_task": ["Fix it."]}))
    with pytest.raises(DataError, match=r"b\.json: event 1 is"):
        list(read_items(tmp_path))
    read = read_items(tmp_path, skip_bad=True)
    assert (len(list(read)), read.read, read.bad) == (1, 2, 1)
    assert "b.json" in read.problems[0]


# ---------------------------------------------------------------- gold


@pytest.mark.parametrize(
    ("given", "right"),
    [
        pytest.param(
            [
                moment(EVENTS, "Fix it.", valid=True, annotation=[True, True]),
                moment(EVENTS, "Tidy.", valid=False, annotation=[False, False]),
                moment(EVENTS, None, valid=False, annotation=[False, False]),
            ],
            ProposalsAnswer(accepted=(True, False), help_wanted=True),
            id="unanimous",
        ),
        pytest.param(
            [moment(EVENTS, "Fix it.", valid=True)],
            ProposalsAnswer(accepted=(True,), help_wanted=True),
            id="an accepted offer says that help was wanted",
        ),
        pytest.param(
            [moment(EVENTS, "Fix it.", valid=False, help_needed=False)],
            ProposalsAnswer(accepted=(False,), help_wanted=False),
            id="verdicts alone",
        ),
        pytest.param([moment(EVENTS, None, valid=True)], ProposalsAnswer(accepted=(), help_wanted=False), id="silence"),
        pytest.param([moment(EVENTS, "Fix it.", valid=False)], None, id="nobody said whether help was wanted"),
        pytest.param(
            [moment(EVENTS, "Fix it.", valid=False, help_needed=False, annotation=[False, False])],
            None,
            id="votes on the offer alone, and a derived need",
        ),
        pytest.param(
            [moment(EVENTS, "Fix it.", valid=True, help_needed=True, annotation=[True, False])], None, id="a split vote"
        ),
        pytest.param(
            [moment(EVENTS, None, valid=True, help_needed=False, annotation=[False, False])],
            None,
            id="a verdict against its own votes",
        ),
        pytest.param(
            [
                moment(EVENTS, "Fix it.", valid=True, annotation=[True, True]),
                moment(EVENTS, None, valid=True, annotation=[True, True]),
            ],
            None,
            id="an accepted offer where silence was right",
        ),
        pytest.param([moment(EVENTS, "Fix it.", valid=True, judge="user")], None, id="a simulated user's word"),
    ],
)  # fmt: skip
def test_gold_is_what_people_agree_on_in_all_its_parts(tmp_path, given, right):
    from tactful.errors import DataError

    path = rows(tmp_path / "a.jsonl", given)
    assert one(path).gold is None
    if right is None:
        with pytest.raises(DataError, match="no item whose right answer is known: 1 × an item whose right"):
            list(read_items(path, gold=True))
    else:
        assert one(path, gold=True).gold == right
        assert one(path, gold=True).id == one(path).id
