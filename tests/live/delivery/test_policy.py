"""Policies as files, hours in their zones, and events that tell of calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH

import orjson
import pytest

from tactful.errors import ConfigError
from tactful.live.delivery.busy import Busy
from tactful.live.delivery.policy import DeliveryPolicy, load_policy, zone_of
from tactful.types import Event

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_toml_and_json_give_the_same_policy(tmp_path: Path) -> None:
    toml, json = tmp_path / "p.toml", tmp_path / "p.json"
    toml.write_text(
        'mode = "act"\nper_hour = 1\nquiet = ["mon-fri 12:00-13:00"]\n[[busy]]\nwhat = "yoga"\nstarts = "mat"\n'
    )
    json.write_bytes(
        orjson.dumps(
            {
                "mode": "act",
                "per_hour": 1,
                "quiet": ["mon-fri 12:00-13:00"],
                "busy": [{"what": "yoga", "starts": "mat"}],
            }
        )
    )
    assert load_policy(toml) == load_policy(json)
    for one in (toml, json):
        marked = one.with_stem("marked")
        marked.write_bytes(b"\xef\xbb\xbf" + one.read_bytes())
        assert load_policy(marked) == load_policy(one)
    assert load_policy(toml).busy[0].what == "yoga"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("per_hour = -1", "per_hour"),
        ("per_our = 1", "per_our"),
        ('quiet = ["late"]', "'late' is no stretch of hours"),
        ('quiet = ["22:00-22:00"]', "ends where it begins"),
        ('quiet = ["noday 10:00-11:00"]', "the days are mon"),
        ('digest = ["25:00"]', "'25:00' is no time of the day; write '18:30'"),
        ('zone = "Middle/Earth"', "no time zone"),
        ('[[busy]]\nwhat = "x"\nstarts = "("', "no regular expression"),
        ("per_hour = ", "p.toml"),
    ],
)
def test_a_wrong_policy_is_refused_by_file_key_and_value(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_policy(path)
    assert said in str(caught.value)
    assert "p.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("zone", "quiet", "at", "ends"),
    [
        ("UTC", "22:00-07:00", "2026-03-02T21:59:59", None),
        ("UTC", "22:00-07:00", "2026-03-02T22:00:00", "2026-03-03T07:00:00"),
        ("UTC", "22:00-07:00", "2026-03-03T06:59:59", "2026-03-03T07:00:00"),
        ("UTC", "22:00-07:00", "2026-03-03T07:00:00", None),
        # Berlin is one hour ahead of UTC in winter, two in summer
        ("Europe/Berlin", "22:00-07:00", "2026-01-05T21:00:00", "2026-01-06T06:00:00"),
        ("Europe/Berlin", "22:00-07:00", "2026-07-05T20:00:00", "2026-07-06T05:00:00"),
        # the night in which clocks go forward: from 22:00 (+1) to 07:00 (+2) are eight hours
        ("Europe/Berlin", "22:00-07:00", "2026-03-28T21:00:00", "2026-03-29T05:00:00"),
        ("Asia/Kathmandu", "12:00-13:00", "2026-03-02T06:15:00", "2026-03-02T07:15:00"),
        # over midnight, the day is that on which the stretch begins: Saturday's ends on Sunday
        ("UTC", "sat 23:00-01:00", "2026-03-08T00:30:00", "2026-03-08T01:00:00"),
        ("UTC", "sat 23:00-01:00", "2026-03-07T00:30:00", None),
        ("UTC", "sat,sun 00:00-24:00", "2026-03-08T23:59:59", "2026-03-09T00:00:00"),
        ("UTC", "fri-mon 12:00-13:00", "2026-03-02T12:30:00", "2026-03-02T13:00:00"),
        ("UTC", "fri-mon 12:00-13:00", "2026-03-03T12:30:00", None),
    ],
)  # fmt: skip
def test_quiet_hours_are_those_of_the_clock_on_the_wall(
    zone: str, quiet: str, at: str, ends: str | None
) -> None:
    policy = DeliveryPolicy(zone=zone, quiet=(quiet,))
    found = policy.quiet_until(datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert (None if found is None else found.astimezone(UTC).replace(tzinfo=None).isoformat()) == ends


@pytest.fixture
def zones_are_looked_up_anew() -> Iterator[None]:
    zone_of.cache_clear()
    yield
    zone_of.cache_clear()


@pytest.mark.usefixtures("zones_are_looked_up_anew")
@pytest.mark.parametrize("given", ["Europe/Berlin", ":Europe/Berlin", "{file}", ":{file}"])
def test_without_a_zone_hours_are_those_that_tz_names_also_by_a_file(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "localtime"
    file.write_bytes(_zone_file("Europe", "Berlin"))
    monkeypatch.setenv("TZ", given.format(file=file))
    policy = DeliveryPolicy(quiet=("22:00-07:00",), digest=("09:00",))
    assert policy.quiet_until(NOON.replace(hour=21)) == NOON.replace(day=3, hour=6)
    assert policy.digest_slot(NOON) == NOON.replace(hour=8)


def _zone_file(*name: str) -> bytes:
    for folder in TZPATH:
        if (path := Path(folder, *name)).is_file():
            return path.read_bytes()
    return files("tzdata").joinpath("zoneinfo", *name).read_bytes()


@pytest.mark.usefixtures("zones_are_looked_up_anew")
@pytest.mark.parametrize("given", ["CET-1CEST,M3.5.0,M10.5.0/3", ":/no/such/file", "Middle/Earth"])
def test_a_tz_that_names_no_zone_is_warned_of_and_silences_nothing(
    given: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TZ", given)
    policy = DeliveryPolicy(zone="")
    assert policy.quiet_until(NOON) == policy.quiet_until(NOON)
    assert policy.digest_slot(NOON) is not None
    assert [given.removeprefix(":") in one.getMessage() for one in caplog.records] == [True]


def test_the_time_of_a_digest_is_the_latest_that_has_come() -> None:
    policy = DeliveryPolicy(zone="Europe/Berlin", digest=("09:00", "17:30"))
    assert policy.digest_slot(NOON) == NOON.replace(hour=8)
    assert policy.digest_slot(NOON.replace(hour=16, minute=30)) == NOON.replace(hour=16, minute=30)
    assert policy.digest_slot(NOON.replace(hour=2)) == NOON.replace(hour=16, minute=30) - timedelta(days=1)
    assert DeliveryPolicy(digest=()).digest_slot(NOON) is None


def busy_after(*texts: str, later: float = 0) -> str:
    busy = Busy(DeliveryPolicy().busy)
    for text in texts:
        busy.note(Event(text=text), NOON)
    return busy.now(NOON + timedelta(minutes=later))


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        (["The user switched to 'Zoom Meeting'."], "a call"),
        (["用户切换到“腾讯会议”。"], "a call"),
        (["The user switched to 'Zoom'.", "The user switched to 'Code': 'a.py'."], ""),
        (["The user starts the slide show in full screen."], "a presentation or full screen"),
        (["Do not disturb was turned on.", "The user opened a.py."], "a time of focus"),
        (["Do not disturb was turned on.", "Do not disturb was turned off."], ""),
        (["The user reads about zooming lenses."], ""),
    ],
)
def test_events_tell_of_calls_presentations_and_focus(texts: list[str], what: str) -> None:
    assert busy_after(*texts) == what


def test_a_call_that_nothing_is_heard_of_is_over_in_the_end() -> None:
    assert busy_after("In a call with the team.", later=179) == "a call"
    assert busy_after("In a call with the team.", later=181) == ""


def test_the_schema_describes_every_key() -> None:
    schema = DeliveryPolicy.model_json_schema()
    assert set(schema["properties"]) == set(DeliveryPolicy.model_fields)
    assert schema["additionalProperties"] is False
    assert all("description" in one for one in schema["properties"].values())
