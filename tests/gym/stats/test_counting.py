"""What is counted, by hand."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from tests.gym.made import START, day, episode, step

import tactful as tf
from tactful.data.activity.types import WorkSession
from tactful.data.formats.moments import moment_row
from tactful.data.io import write_jsonl
from tactful.errors import DataError, UsageError
from tactful.gym.stats.page import draw, render_page
from tactful.gym.stats.tally import count
from tactful.gym.stats.telling import headline
from tactful.gym.traces import export_traces
from tactful.types import Event

DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
REAL = DATA / "proactivebench" / "traces"


def days(number: int, **more):
    return [day(f"scene-{at}", **more) for at in range(number)]


def test_instances_scenes_events_and_offers_are_counted_by_setting():
    found = tf.gym_stats([*days(3), *days(2, setting="daily")])
    # a day: 2 + 2 carried out + 3 + 1 + 2 events; 3 offers, 80 s
    assert [(row.name, row.instances, row.scenes, row.events, row.offers) for row in found.settings] == [
        ("coding", 3, 3, 30, 9),
        ("daily", 2, 2, 20, 6),
    ]
    row = found.whole
    assert (row.instances, row.scenes, row.events, row.offers) == (5, 3, 50, 15)
    assert row.hours == pytest.approx(5 * 80 / 3600)
    assert row.per_hour.value == pytest.approx(3 / (80 / 3600))
    assert row.acceptance.value == pytest.approx(1 / 3)
    assert row.silence.value == pytest.approx(1 / 4)
    assert row.endings == {"goal": 5}
    assert row.first_offer_s == (5, 5, 5)


def test_boundary_flow_stuck_and_late_are_told_apart_each_with_an_interval_by_scene():
    late = step(4, 90, offer="Too late.", verdict="rejected", timing="late")
    episodes = []
    for at, one in enumerate(days(12)):
        steps = list(one.steps)
        if at % 3:  # a third of the scenes accepts in the flow, too
            steps[2] = step(2, 70, offer="Rename it.", verdict="accepted", wanted=True)
        episodes.append(one.model_copy(update={"steps": (*steps, late)}))
    found = tf.gym_stats(episodes)
    rows = {row.timing: row for row in found.timings}
    assert list(rows) == ["boundary", "flow", "stuck", "late"]
    assert [row.offers for row in rows.values()] == [12, 12, 12, 12]
    assert [row.accepted.value for row in rows.values()] == [0, pytest.approx(8 / 12), 1, 0]
    assert rows["boundary"].ignored.value == rows["late"].rejected.value == 1
    flow = rows["flow"].accepted
    assert flow.groups == 12
    assert flow.low is not None
    assert flow.high is not None
    assert flow.low < 8 / 12 < flow.high
    assert [row.timing for row in found.by_setting["coding"]] == list(rows)


def test_repeated_events_gaps_and_burstiness():
    ticking = episode("tick", *(step(at, 10 * at) for at in range(9)))
    same = episode("same", step(0, 0), step(1, 0), step(2, 0))
    found = tf.gym_stats([ticking]).whole
    assert found.burstiness.value == -1
    assert (found.gaps.gaps, found.gaps.p50, found.gaps.longest) == (8, 10, 10)
    assert found.gaps.shares == (0, 0, 0, 1, 0, 0, 0)  # 10 to 30 s
    assert found.duplicates.value == 0
    assert tf.gym_stats([same]).whole.duplicates.value == pytest.approx(2 / 3)


def test_an_offer_held_back_was_not_made():
    held = episode(
        "a", step(0, 0, offer="Held back.", shown=False), step(1, 5, offer="Shown.", verdict="ignored")
    )
    row = tf.gym_stats([held]).whole
    assert (row.offers, row.silence.value, row.never_offered) == (1, 0.5, 0)


def test_the_act_by_which_somebody_finishes_is_no_silence():
    always = [step(0, 0, offer="Help?", verdict="ignored"), step(1, 5, offer="Help?", verdict="ignored")]
    assert tf.gym_stats([episode("a", *always, step(2, 9), end="goal")]).whole.silence.value == 0
    assert tf.gym_stats(
        [episode("a", *always, step(2, 9), end="rounds")]
    ).whole.silence.value == pytest.approx(1 / 3)


def test_nothing_offered_and_no_times_are_undefined_and_not_zero():
    quiet = episode("a", step(0, 0, wanted=None))
    bare = quiet.model_copy(
        update={"steps": (quiet.steps[0].model_copy(update={"events": (Event(text="x"), Event(text="y"))}),)}
    )
    found = tf.gym_stats([bare])
    row = found.whole
    assert row.acceptance.value is row.burstiness.value is row.per_hour.value is row.first_offer_s is None
    assert (row.never_offered, row.gaps.gaps) == (1, 0)
    assert found.notes == ("1 of 1 instances bear no times",)
    assert not found.timelines[0].timed
    assert "2 events without times" in render_page(found)


def test_every_kind_of_recorded_work_is_read_and_told_apart(tmp_path):
    write_jsonl(tmp_path / "e.jsonl", days(2))
    export_traces(tmp_path / "e.jsonl", tmp_path / "t")
    write_jsonl(tmp_path / "m.jsonl", [moment_row(item) for one in days(2) for item in one.moments()])
    events = tuple(Event(at=START + timedelta(minutes=at), text=f"window {at}") for at in range(4))
    session = WorkSession(
        id="u/1", started_at=START, ended_at=START + timedelta(minutes=4), active_s=240, events=events,
        lasted_s=(60.0,) * 4,
    )  # fmt: skip
    write_jsonl(tmp_path / "w.jsonl", [session])
    found = tf.gym_stats(*(tmp_path / name for name in ("e.jsonl", "t", "m.jsonl", "w.jsonl")))
    assert {row.name: (row.instances, row.events, row.offers) for row in found.parts} == {
        "assistant always": (2, 20, 6),
        "traces": (2, 20, 0),
        "moments": (2, 20, 6),
        "activity": (1, 4, 0),
    }
    assert {row.name: row.instances for row in found.settings} == {"coding": 4, "not said": 3}


@pytest.mark.skipif(not REAL.is_dir(), reason="needs ProactiveBench's traces")
def test_the_real_traces():
    row = tf.gym_stats(REAL).whole
    assert (row.instances, row.events, row.offers) == (6, 112, 0)
    assert row.burstiness.value == pytest.approx(0.07, abs=0.01)


def test_pictures_are_bounded_and_come_in_turn_from_each_setting():
    found = tf.gym_stats([*days(5), *days(5, setting="writing")], pictures=3)
    assert [line.setting for line in found.timelines] == ["coding", "writing", "coding"]
    page = render_page(found)
    assert page.count("<svg") == 3
    assert "3 of 10 instances are shown" in page


def test_a_picture_says_when_and_what():
    drawn = draw(count_one(day("a")).timelines[0])
    assert drawn.caption == (
        "a/p0 · coding · assistant always · 10 events in 80 s · 3 offers: 1 accepted, 1 rejected, 1 ignored · ended: goal"
    )
    assert [(place, verdict) for place, verdict in drawn.marks] == [
        (round(900 * 5 / 80, 1), "accepted"), (787.5, "rejected"), (900.0, "ignored")
    ]  # fmt: skip
    assert [text for _, text in drawn.labels] == ["0", *(f"{at}0 s" for at in range(1, 9))]
    assert len(drawn.ticks) == 10


def count_one(one):
    from tactful.gym.stats.recordings import of_episodes

    return count(of_episodes([one]))


def test_scenes_of_one_seed_task_are_one_group_and_both_are_said():
    several = [day(f"scene-{at}", group=f"task-{at // 2}") for at in range(20)]
    found = tf.gym_stats(several)
    assert (found.whole.instances, found.whole.scenes, found.whole.groups) == (20, 20, 10)
    assert found.whole.acceptance.groups == 10
    assert headline(found).startswith("20 instances of 20 scenes in 10 groups, 200 events;")
    assert "20 scenes in 10 groups" in render_page(found)


def test_where_no_assistant_was_there_nothing_was_kept_silent():
    alone = [episode(f"a-{at}", step(0, 0), step(1, 9), assistant="none", setting="daily") for at in range(3)]
    row = tf.gym_stats(alone).whole
    assert row.silence.value is row.per_hour.value is None
    assert row.never_offered == 0
    beside = tf.gym_stats([*days(3), *alone]).whole
    assert beside.silence.value == pytest.approx(1 / 4)
    assert beside.per_hour.value == pytest.approx(3 / (80 / 3600))


def test_moments_of_episodes_of_one_group_stay_apart():
    """Both episodes have the session `task`; only the first lasts 80 s."""
    short = episode("b", step(0, 0), step(1, 4, offer="Help.", verdict="rejected"), group="task")
    items = [item for one in (day("a", group="task"), short) for item in one.moments()]
    found = tf.gym_stats(items)
    assert (found.whole.instances, found.whole.scenes, found.whole.groups) == (2, 0, 1)
    assert headline(found).startswith("2 instances in 1 group, 12 events;")
    assert found.whole.hours == pytest.approx(84 / 3600)
    assert [line.offers[-1].at_s for line in found.timelines] == [80, 4]


def test_the_picture_of_a_very_long_instance_says_that_it_shows_its_beginning():
    long = episode("a", step(0, *range(1_600)))
    assert "the first 1,500 of 1,600 events in" in draw(count_one(long).timelines[0]).caption


def test_a_source_given_twice_would_count_twice_and_is_refused(tmp_path):
    moments, file = tf.moments(limit=3), tmp_path / "m.jsonl"
    moments.save(file)
    for twice in ((moments, moments), (file, str(file))):
        with pytest.raises(DataError, match="source 2 is source 1 again, which would count twice"):
            tf.gym_stats(*twice)


def test_what_is_no_recorded_work_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds GymEpisode and dict, expected moments, or episodes alone"):
        tf.gym_stats([day("a"), {"query": "x"}])
    with pytest.raises(UsageError, match="nothing to count"):
        tf.gym_stats()
    with pytest.raises(DataError, match="holds no recorded work"):
        tf.gym_stats([])
    write_jsonl(tmp_path / "s.jsonl", [{"query": "x"}])
    with pytest.raises(DataError, match="holds 'states', expected people at work"):
        tf.gym_stats(tmp_path / "s.jsonl")
