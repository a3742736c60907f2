"""The delivery policy: how often, when, and when not. A file of TOML or JSON; its schema is `DeliveryPolicy.model_json_schema()`."""

from __future__ import annotations

import logging
import os
import re
import tomllib
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import orjson
from pydantic import Field, field_validator

from tactful.data.io import as_settings
from tactful.errors import ConfigError
from tactful.live.delivery.hours import Hours, last_slot, read_hours, read_time
from tactful.live.types import Described

_log = logging.getLogger(__name__)
_CALLS = r"\b(zoom|teams|google meet|webex|facetime|skype|tencent meeting|in a (video )?call|meeting)\b|腾讯会议|视频会议|通话中"
_SHOWING = r"\b(full[- ]?screen|presentation mode|is presenting|slide ?show|screen sharing|shares? (their|the) screen)\b|全屏|放映|演示模式|共享屏幕"
_FOCUS = r"\b(do not disturb|focus mode|focus session)\b.*\b(on|start\w*|begin\w*|enabled?)\b|(勿扰|专注)模式.*(开|启)"
_FOCUS_ENDS = r"\b(do not disturb|focus mode|focus session)\b.*\b(off|end\w*|stop\w*|disabled?)\b|(勿扰|专注)模式.*(关|束)"


def regular(value: str) -> str:
    """The same regular expression. Raises: ValueError for what is none."""
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"'{value}' is no regular expression ({error})") from error
    return value


class BusyPattern(Described):
    """Events that tell that somebody must not be disturbed."""

    what: str = Field(min_length=1, max_length=40)
    """As reasons name it, such as `a call`."""
    starts: str
    """Regular expression, found anywhere in an event's text, in any case."""
    ends: str = ""
    """What ends it; empty: the next event that `starts` does not fit, when somebody turned to something else."""
    most_minutes: float = Field(default=180.0, gt=0)
    """After so long without a further event of it, it counts as over."""

    _reads = field_validator("starts", "ends")(regular)


class Sending(Described):
    """How offers are sent to a webhook or a desktop."""

    timeout_s: float = Field(default=10.0, gt=0)
    """Of one try."""
    tries: int = Field(default=3, ge=1, le=20)
    """After so many an offer waits for the digest."""
    wait_s: float = Field(default=2.0, ge=0)
    """Before the second try; doubled before each further one, up to a minute."""


class DeliveryPolicy(Described):
    """How often offers may reach a person, when, and what becomes of the others."""

    mode: Literal["shadow", "act"] = "shadow"
    """`shadow`: decide and log as if it had been sent, send nothing."""
    zone: str = ""
    """Time zone of `quiet` and `digest`, such as `Europe/Berlin`; empty: that of this machine."""
    per_hour: int = Field(default=2, ge=0)
    """Offers in any 60 minutes."""
    per_day: int = Field(default=6, ge=0)
    """Offers in any 24 hours."""
    gap_minutes: float = Field(default=10.0, ge=0)
    """Least time between two offers."""
    new_days: float = Field(default=3.0, ge=0)
    """After the first offer somebody counts as new for so long; 0: nobody does."""
    new_per_day: int = Field(default=3, ge=0)
    """Offers to somebody new in any 24 hours."""
    quiet: tuple[str, ...] = ("22:00-07:00",)
    """Hours without offers, such as `22:00-07:00` or `sat,sun 00:00-24:00`."""
    cooldown_minutes: float = Field(default=30.0, ge=0)
    """Without offers after one was dismissed; doubled for each further one dismissed in a row."""
    cooldown_most_hours: float = Field(default=24.0, ge=0)
    """The longest that this becomes."""
    repeat_hours: float = Field(default=24.0, ge=0)
    """The same offer comes again only after so long."""
    muted: tuple[str, ...] = ()
    """Kinds that are never offered."""
    busy: tuple[BusyPattern, ...] = (
        BusyPattern(what="a call", starts=_CALLS),
        BusyPattern(what="a presentation or full screen", starts=_SHOWING),
        BusyPattern(what="a time of focus", starts=_FOCUS, ends=_FOCUS_ENDS, most_minutes=240),
    )
    """What must not be interrupted; what is given here stands in place of the built-in patterns."""
    digest: tuple[str, ...] = ("17:30",)
    """Times of the day at which what was withheld is told together; empty: never, it waits to be asked for."""
    sending: Sending = Sending()
    """How often and how long it is tried to send."""

    @field_validator("zone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        try:
            zone_of(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"'{value}' is no time zone; write one like 'Europe/Berlin'") from error
        return value

    @field_validator("quiet")
    @classmethod
    def _hours(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            read_hours(one)
        return value

    @field_validator("digest")
    @classmethod
    def _times(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            read_time(one)
        return value

    def quiet_until(self, at: datetime) -> datetime | None:
        """When the quiet hours that hold `at` end; None: there are none."""
        local = at.astimezone(zone_of(self.zone))
        return max((end for one in _hours(self.quiet) if (end := one.end_of(local))), default=None)

    def digest_slot(self, at: datetime) -> datetime | None:
        """The latest time of a digest up to `at`; None: there are no digests."""
        return last_slot(map(read_time, self.digest), at.astimezone(zone_of(self.zone)))


@lru_cache(maxsize=64)
def _hours(quiet: tuple[str, ...]) -> tuple[Hours, ...]:
    return tuple(map(read_hours, quiet))


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """The zone of this name; of none: this machine's. Raises: KeyError, ValueError or OSError for an unknown one."""
    return ZoneInfo(name) if name else _local_zone()


def _local_zone() -> tzinfo:
    given = os.environ.get("TZ", "").removeprefix(":")
    try:
        if given:
            return _zone_in(given) if given.startswith("/") else ZoneInfo(given)
    except (KeyError, ValueError, OSError):
        _log.warning(
            "TZ is '%s', no name and no file of a time zone; hours are those of /etc/localtime, "
            "else of UTC; set `zone` in the delivery policy",
            given,
        )
    try:
        return _zone_in("/etc/localtime")
    except (OSError, ValueError):
        return UTC


def _zone_in(path: str) -> tzinfo:
    with open(path, "rb") as file:
        return ZoneInfo.from_file(file, key="local")


def load_policy(path: Path) -> DeliveryPolicy:
    """The policy in a file of TOML, or of JSON where it ends so. Raises: ConfigError that names file, key and value."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = orjson.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the delivery policy ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, orjson.JSONDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: the delivery policy cannot be read: {error}; correct that line"
        ) from error
    known = f"known keys are {', '.join(DeliveryPolicy.model_fields)}"
    return as_settings(DeliveryPolicy, values, "the delivery policy", path=path, fix=known)
