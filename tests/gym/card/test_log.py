"""What the card is held against: sessions and reactions of traces, moments, imported activity and runs."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.gym.made import day, episode, event, step

from tactful.api.gym.logs import read_people
from tactful.data.activity.types import WorkSession
from tactful.data.io import write_jsonl
from tactful.errors import DataError
from tactful.gym.card.log import Session, joined, of_episodes, of_moments, of_sessions
from tactful.gym.card.stream import windows
from tactful.gym.card.words import completes, kind_of_event, language, sentence
from tactful.types import Event, LabelledMoment, Moment, MomentLabel


def moment(session: str, count: int, *, proposal: str | None = "Help", accepted=True, needed=None, time=""):
    events = tuple(Event(text=f"{session} {at}", time=time) for at in range(count))
    return LabelledMoment(
        moment=Moment(id=f"{session}{count}{proposal}", session=session, events=events, proposal=proposal),
        label=MomentLabel(accepted=accepted, help_needed=needed),
    )


def test_an_episode_gives_its_events_without_the_assistants_and_its_reactions_in_order():
    found = of_episodes([day("s")])
    [session] = found.sessions
    assert [one.text.split(" of ")[0].rstrip(".") for one in session.events][:3] == [
        "The user types line 0",
        "The user types line 5",
        "The user types line 10",
    ]
    assert [(one.verdict, one.timing, one.refused_before) for one in found.reactions] == [
        ("accepted", "stuck", 0),
        ("rejected", "flow", 0),
        ("ignored", "boundary", 1),
    ]
    assert found.reactions[0].proposal == "Fix the error."
    assert found.reactions[1].recent[-1].text.startswith("The user types line 70")
    assert [one.wanted for one in found.points] == [True, False, False, True]


def test_moments_give_the_longest_observation_of_a_session_and_a_reaction_for_each_offer():
    found = of_moments(
        [moment("a", 1), moment("a", 3, accepted=False), moment("a", 2, proposal=None, needed=True)]
    )
    assert [len(one.events) for one in found.sessions] == [3]
    assert [one.accepted for one in found.reactions] == [True, False]
    assert [one.wanted for one in found.points] == [True]


def test_need_is_counted_once_for_all_offers_at_one_point():
    found = of_moments([moment("a", 2, needed=True), moment("a", 2, proposal="Other", needed=True)])
    assert len(found.points) == 1


def test_sessions_with_times_in_words_count_for_reactions_and_not_for_events():
    found = of_moments([moment("a", 2, time="Day 1, 11:00 PM"), moment("b", 2, time="1717377997.0")])
    assert [one.id for one in found.sessions] == ["b"]
    assert len(found.reactions) == 2
    assert "1 sessions with times in words were written by a generator" in found.notes[0]


def test_a_recording_that_is_held_twice_counts_once_and_the_longer_one_stands():
    events = [event(at, f"line {at}") for at in range(5)]
    found = joined(
        [of_sessions([("a", events[:4])]), of_sessions([("b", events), ("c", [event(0, "other")])])]
    )
    assert [one.id for one in found.sessions] == ["b", "c"]


def test_two_days_that_begin_alike_are_two_recordings():
    days = [
        [event(start + at, f"line {at}") for at in range(length)] for start, length in ((0, 4), (86_400, 5))
    ]
    found = joined([of_sessions(zip(("monday", "tuesday"), days, strict=True))])
    assert [one.id for one in found.sessions] == ["monday", "tuesday"]


def test_a_log_that_is_given_twice_has_its_reactions_and_points_once():
    doubled = [moment("a", 2, needed=True), moment("a", 2, needed=True), moment("a", 3, accepted=False)]
    once = of_moments(doubled)
    assert (len(once.reactions), len(once.points)) == (3, 1)
    twice = joined([once, of_moments(doubled)])
    assert (twice.reactions, twice.points) == (once.reactions, once.points)
    more = joined([once, of_moments([*doubled, moment("b", 2, needed=True)])])
    assert (len(more.reactions), len(more.points)) == (4, 2)


def test_untimed_sessions_that_begin_alike_are_one_only_where_one_goes_on_from_the_other():
    days = {
        name: [Event(text=text) for text in ("opens the mail", "reads it", "answers", *rest)]
        for name, rest in {"mon": ["leaves"], "tue": ["calls Bo", "leaves"], "late": ["calls Bo"]}.items()
    }
    found = joined([of_sessions(days.items())])
    assert [one.id for one in found.sessions] == ["mon", "tue"]


def test_moments_of_several_users_in_one_session_give_each_users_events():
    told = [moment("a", 3, needed=True), moment("a", 2, needed=True)]
    found = of_moments(
        one.model_copy(update={"moment": one.moment.model_copy(update={"user": user})})
        for user in ("u", "v")
        for one in told
    )
    assert [(one.id, one.group, len(one.events)) for one in found.sessions] == [("u", "a", 3), ("v", "a", 3)]
    assert len(found.points) == 4


def test_gaps_where_the_clock_jumps_or_is_unknown_are_none():
    session = Session("a", "a", (event(0, "a"), event(5, "b"), event(3, "c"), Event(text="d"), event(9, "e")))
    assert session.gaps == [5.0]


def test_stretches_are_equal_long_and_a_short_rest_is_left_out():
    session = Session("a", "a", tuple(event(at, "x") for at in range(49)))
    assert [len(one.events) for one in windows(session, 20)] == [20, 20]
    assert [len(one.events) for one in windows(Session("b", "b", session.events[:7]), 20)] == [7]
    assert [len(one.events) for one in windows(Session("b", "b", session.events[:31]), 20)] == [20, 11]


def test_imported_activity_and_runs_are_read_and_other_files_are_refused(tmp_path: Path):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    work = WorkSession(
        id="u/1",
        started_at=start,
        ended_at=start,
        active_s=5,
        events=(Event(at=start, text="The user opens the editor."),),
        lasted_s=(5.0,),
    )
    write_jsonl(tmp_path / "work.jsonl", [work])
    write_jsonl(tmp_path / "run.jsonl", [day("s")])
    found, name = read_people([tmp_path / "work.jsonl", tmp_path / "run.jsonl"])
    assert [one.id for one in found.sessions] == ["u/1", "s/p0"]
    assert " + " in name
    write_jsonl(tmp_path / "states.jsonl", [{"query": "Sort"}])
    with pytest.raises(DataError, match="holds 'states', expected people at work"):
        read_people(tmp_path / "states.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no trace"):
        read_people(tmp_path / "empty")


@pytest.mark.slow
def test_real_traces_and_moments_are_twelve_recordings():
    data = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
    folder = data / "proactivebench"
    if not folder.is_dir():
        pytest.skip("no ProactiveBench: set TACTFUL_TEST_DATA")
    found, _ = read_people([folder / "traces", folder / "reward_train.jsonl"])
    # 6 traces; of the 16 judged sessions 4 are a generator's and 6 are the traces
    assert len(found.sessions) == 12
    rows = [json.loads(line) for line in (folder / "reward_train.jsonl").read_text().splitlines()]
    assert len(found.reactions) == sum(row["pred_task"] is not None for row in rows) == 1387


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The user opens 'error.log' in the editor.", "opens"),  # what is quoted does not count
        ("The build fails with an error.", "fails"),
        ("The user types a line and saves the file.", "writes"),  # the first word tells
        ("The user saves the file.", "completes"),
        ("The user scrolls through the results.", "reads"),
        ("The user remains in the editor.", "rests"),
        ("用户切换到浏览器。", "switches"),
        ("用户搜索了资料。", "searches"),
        ("Lunch.", "other"),
    ],
)
def test_the_first_word_that_tells_is_the_kind_of_an_event(text, kind):
    assert kind_of_event(text) == kind


def test_a_sentence_is_what_is_left_without_its_content():
    assert sentence("The user opens 'a b.py' at line 12 of report.md") == "the user opens … at line … of …"
    assert sentence("用户在报告第3行输入了文字。") == "用户在报告第…行输入了文字。"


def test_a_log_may_hold_anything_and_takes_no_long_look():
    started = time.process_time()
    kind_of_event("z" * 1_000_000)
    kind_of_event("The user opens " + "a." * 500_000)
    assert time.process_time() - started < 5


def test_a_language_is_that_of_the_sentences_not_of_what_they_quote():
    assert language([Event(text="The user searches for '智能手机发布会的新闻'.")]) == "en"
    assert language([Event(text="用户在编辑器里打开了 main.py。")]) == "zh"


def test_completion_is_seen_in_both_languages():
    assert completes([event(0, "The user submits the form.")])
    assert completes([event(0, "用户保存了报告。")])
    assert not completes([event(0, "The user looks out of the window.")])


def test_an_end_right_after_an_accepted_offer_that_was_not_carried_out_is_too_early():
    from tactful.gym.card.pipeline import card_of

    def one(name: str, *, done):
        last = step(0, 0, offer="Save it?", verdict="accepted", timing="boundary", wanted=True, done=done)
        return episode(name, last, step(1, 9, timing="boundary"))

    early = card_of([one(f"s{at}", done=()) for at in range(8)], source="a").check("ends too early")
    assert (early.figure.value, early.verdict) == (1.0, "unlike")
    right = card_of([one(f"s{at}", done=(5,)) for at in range(8)], source="a").check("ends too early")
    assert (right.figure.value, right.verdict) == (0.0, "ok")
