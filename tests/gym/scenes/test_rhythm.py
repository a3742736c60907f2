"""What of a log scenes follow: figures, and no word of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tactful.gym.scenes.pipeline import follow
from tactful.gym.scenes.rhythm import KINDS, distance, event_app, event_kind, habits, rhythm_of
from tactful.gym.scenes.seeds import read_seeds
from tactful.gym.scenes.settings import event_setting
from tactful.types import Event

START = datetime(2025, 3, 3, 9, tzinfo=UTC)


def session(*events):
    """Events, each (seconds after the start, text)."""
    return tuple(Event(at=START + timedelta(seconds=at), text=text) for at, text in events)


def test_figures_of_a_small_log():
    rhythm = rhythm_of(
        [
            session(
                (0, "The user searches Google for ducks."),
                (10, "The user edits ducks.py."),
                (20, "The user edits b.py."),
            ),
            session((0, "The user reads pond.md in Word."), (700, "The user reads pond.md in Word.")),
        ]
    )
    # gaps 10, 10, 700 s: 0.2 h, in it 3 events after a first one and 2 first ones: 5 / 0.2 h
    assert (rhythm.sessions, rhythm.events, rhythm.events_per_hour) == (2, 5, 25.0)
    assert rhythm.gap_s == (10.0, 10.0, 700.0)
    assert rhythm.pauses_per_hour == 5.0
    assert rhythm.kinds == {"editing": 0.4, "reading": 0.4, "searching": 0.2}
    assert rhythm.apps == {"editor": 0.4, "office": 0.4, "browser": 0.2}
    assert rhythm.settings == {"coding": 0.5, "writing": 0.5}


def test_nothing_and_events_without_times():
    assert rhythm_of([]) is None
    assert rhythm_of([()]) is None
    rhythm = rhythm_of([(Event(text="The user hums."),)])
    assert (rhythm.events_per_hour, rhythm.gap_s, rhythm.pauses_per_hour) == (None, None, None)
    assert rhythm.kinds == {"other": 1.0}
    assert habits(rhythm, "en") == ""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The build fails.", "failing"),
        ("用户在浏览器里搜索“幂等”。", "searching"),
        ("A message arrives.", "communicating"),
        ("The user runs the tests.", "running"),
        ("用户改了一行。", "editing"),
        ("The user scrolls.", "reading"),
        ("The user hums.", "other"),
    ],
)
def test_kinds_by_words_of_two_languages(text, kind):
    assert event_kind(text) == kind


def test_applications_and_settings_by_names_and_files():
    assert event_app("The user types in Visual Studio Code.") == "editor"
    assert event_app("用户切换到微信。") == "chat"
    assert event_app("The user hums.") is None
    assert event_setting("The user types in Visual Studio Code.") is None
    assert event_setting("The user types brand.md in Visual Studio Code.") == "writing"
    assert event_setting("The user opens main.py.") == "coding"


def test_distance_is_0_for_equal_and_1_for_nothing_in_common():
    assert distance({"editing": 1.0}, {"editing": 1.0}) == 0.0
    assert distance({"editing": 1.0}, {"reading": 1.0}) == 1.0
    assert distance({"editing": 0.5, "reading": 0.5}, {"reading": 1.0}) == 0.5


def test_seeds_follow_the_settings_of_the_log():
    def counted(**shares):
        rhythm = rhythm_of([session((0, "x"))]).model_copy(update={"settings": shares})
        found = [seed.setting for seed in follow(read_seeds(), rhythm)]
        return {setting: found.count(setting) for setting in ("coding", "writing", "daily")}

    assert counted(coding=1.0) == {"coding": 12, "writing": 0, "daily": 0}
    assert counted(coding=0.6, writing=0.4) == {"coding": 12, "writing": 8, "daily": 0}
    assert counted() == {"coding": 12, "writing": 12, "daily": 12}


def test_a_rhythm_has_no_room_for_a_word_of_the_log():
    planted = ["Xaviera Quendale", "sk-live-9f8e7d6c5b4a", "xq@quendale.example", "Project Heliotrope"]
    texts = [f"The user searches for {one} and edits {one}.docx in Word" for one in planted]
    rhythm = rhythm_of([session(*enumerate(texts))])
    shown = json.dumps(rhythm.model_dump(mode="json")) + habits(rhythm, "en") + habits(rhythm, "zh")
    for one in planted:
        assert not any(
            part.lower() in shown.lower() for part in one.replace("@", " ").split() if len(part) > 3
        )
    words = set(rhythm.kinds) | set(rhythm.apps) | set(rhythm.settings)
    assert words <= {*KINDS, "editor", "terminal", "browser", "office", "mail", "chat", "calendar", "files", "media",
                     "coding", "writing", "daily"}  # fmt: skip
