"""What tells who somebody is: e-mail addresses, phone numbers, card numbers, folders of their machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

_EMAIL = re.compile(r"[\w.!#$&'*+/=?^`{|}~%-]*[\w+%-](?:@|＠|%40)(?:[\w-]+\.)+[^\W\d_]{2,}", re.IGNORECASE)
_BEFORE = r"(?:(?<![A-Za-z0-9_{more}])|(?<=\\[nrt]))"
"""Not inside a word; Chinese puts no space between, and a line end may be spelt as in JSON."""
_DIGITS = re.compile(
    _BEFORE.replace("{more}", "+") + r"[+(]?\d(?:(?:[ \u00a0\u2009./‐-–-]|\)[ .-]?| ?\()?\d){6,40}(?!\d)"
)
"""Digits with single separators between them: the columns of a table stand further apart."""
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}(?!\d)")
_CARD_GROUPS = frozenset({(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 4, 4, 1)})
_UNIX = re.compile(
    r"(?:file://)?"
    + _BEFORE.replace("{more}", ".~")
    + r"(?:/[a-z])?/(?:home|Users|root|mnt|media|Volumes|private|srv|export/home|workspaces?|var/(?:folders|home|lib/[\w.-]+))"
    r"(?:/[^\s\"'<>|:*?`,;()\[\]{}\\]+)+/?"
)
_WINDOWS = re.compile(
    r"(?:(?<![A-Za-z0-9_])[A-Za-z]:|\\\\(?!u[0-9a-fA-F]{4})[\w.$-]+)(?:\\{1,2}[^\\/:*?\"'<>|\r\n]+)*\\{1,2}[^\\/:*?\"'<>|\r\n\s]*"
)
_PATHS = (
    "/home/",
    "/Users/",
    "/root/",
    "/mnt/",
    "/media/",
    "/Volumes/",
    "/private/",
    "/srv/",
    "/workspace",
    "/var/",
    ":\\",
    "\\\\",
)
_CALLED = re.compile(
    r"(?<![A-Za-z])(?:phone|tel|telephone|mobile|cell|call|fax|whats ?app|sms|text|reach|ring|my number|电话|手机|微信|号码|tél|telefon|móvil)"
    r"(?:\s+(?:me|us|is|number|no|at|on|back|them|nr))*\W{0,6}\Z",
    re.IGNORECASE,
)
_INSIDE_BEFORE = re.compile(r"(?<!\\)[A-Za-z0-9_]-?\Z|\\[^nrt\s\"']-?\Z")
_INSIDE_AFTER = re.compile(r"-?[A-Za-z0-9_]")
_SPACE = re.compile(r"\s+")
_PIECE = re.compile(r"\S{7,}")
_REGIONS = ("GB", "DE", "FR", "CN", "IN", "JP", "KR", "BR", "ES", "IT", "AU", "RU", "MX", "NL")
_CHINESE_MOBILE = re.compile(r"1[3-9]\d{9}")


def is_called_phone(name: str) -> bool:
    """Whether a key calls its value a phone number."""
    return _CALLED.search(f"{name}: ") is not None


def cut_emails(text: str, cut: Callable[[], str]) -> str:
    """The text with `cut()` in place of every e-mail address."""
    if "@" not in text and "＠" not in text and "%40" not in text:
        return text
    return _EMAIL.sub(lambda found: cut(), text)


def cut_numbers(text: str, card: Callable[[], str], phone: Callable[[], str]) -> str:
    """The text with `card()` and `phone()` in place of card and phone numbers."""

    def cut(found: re.Match[str]) -> str:
        run = found[0]
        place = card_in(run)
        if place is not None:
            start, end = place
            return run[:start] + card() + _DIGITS.sub(cut, run[end:])
        before = text[max(0, found.start() - 24) : found.start()]
        if _INSIDE_BEFORE.search(before):  # the first group is part of an id
            first = _SPACE.search(run)
            return run if first is None else run[: first.end()] + _DIGITS.sub(cut, run[first.end() :])
        if _INSIDE_AFTER.match(found.string, found.end()):  # the last one is
            *_, last = (None, *_SPACE.finditer(run))
            return run if last is None else _DIGITS.sub(cut, run[: last.start()]) + run[last.start() :]
        if _is_phone(run, before):
            return phone()
        behind = next((gap.end() for gap in _SPACE.finditer(run) if _is_phone(run[gap.end() :], "")), None)
        left, tail = (run, "") if behind is None else (run[:behind], phone())
        return _PIECE.sub(lambda piece: phone() if _is_phone(piece[0], "") else piece[0], left) + tail

    return _DIGITS.sub(cut, text)


def card_in(run: str) -> tuple[int, int] | None:
    """Where in a run of digits and separators a card number stands: 13 to 19 digits of an issuer whose check digit fits."""
    places = [place for place, char in enumerate(run) if char.isdigit()]
    for first, start in enumerate(places):
        if start and run[start - 1].isdigit():
            continue
        for length in (16, 15, 14, 13, 19, 18, 17):
            last = first + length - 1
            if last >= len(places):
                continue
            end = places[last] + 1
            if end < len(run) and run[end].isdigit():
                continue
            if _is_written_as_card(run[start:end], run[:start]) and _is_card(
                [int(char) for char in run[start:end] if char.isdigit()]
            ):
                return start, end
    return None


def _is_written_as_card(inside: str, before: str) -> bool:
    """Whether digits stand in one piece, or in groups as on a card with one kind of separator; not behind a decimal point."""
    groups = re.findall(r"\d+", inside)
    if len(groups) == 1:
        return re.search(r"\d\.\Z", before) is None
    return tuple(map(len, groups)) in _CARD_GROUPS and len(set(re.findall(r"\D", inside))) == 1


def _is_card(digits: list[int]) -> bool:
    if digits[0] not in (2, 3, 4, 5, 6) or len(set(digits)) < 2:
        return False
    doubled = (digit if place % 2 else digit * 2 for place, digit in enumerate(digits, start=len(digits) % 2))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_phone(run: str, before: str) -> bool:
    digits = "".join(char for char in run if char.isdigit())
    if run.startswith("+"):
        return len(digits) >= 8  # also where more digits follow than a number has
    if not 7 <= len(digits) <= 15:
        return False
    if run.startswith("00") and _is_valid(f"+{digits[2:]}", "US", anywhere=True):
        return True
    if _CHINESE_MOBILE.fullmatch(digits) and not re.search(r"[.,]", run):
        return True
    if _DATE.search(run):
        return False
    if _CALLED.search(before):
        return True
    if run.isdigit() or re.fullmatch(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*", run):
        return False  # a count, an id, a time; a date
    return any(_is_valid(run, region) for region in _regions_of(re.findall(r"\d+", run)))


def _regions_of(groups: list[str]) -> Sequence[str]:
    """Where people part digits so: (415) 555-2671, 020 7946 0958."""
    if [len(group) for group in groups] in ([3, 3, 4], [1, 3, 3, 4]):
        return ("US",)
    return _REGIONS if groups[0].startswith("0") and 2 <= len(groups) <= 6 else ()


@lru_cache(maxsize=4096)
def _is_valid(run: str, region: str, *, anywhere: bool = False) -> bool:
    import phonenumbers

    try:
        number = phonenumbers.parse(run, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(
        phonenumbers.is_valid_number(number)
        if anywhere
        else phonenumbers.is_valid_number_for_region(number, region)
    )


def cut_paths(text: str, cut: Callable[[], str]) -> str:
    """The text with `cut()` in place of folders on somebody's machine; the name of a file in them stays."""
    if not any(map(text.__contains__, _PATHS)):
        return text
    text = _UNIX.sub(lambda found: _without_folders(found[0], "/", cut), text)
    return _WINDOWS.sub(lambda found: _without_folders(found[0], "\\", cut), text)


def _without_folders(path: str, between: str, cut: Callable[[], str]) -> str:
    parts = [part for part in path.removeprefix("file://").split(between) if part]
    last = parts[-1].rstrip(".!?")
    tail = path[len(path) - len(parts[-1]) + len(last) :] if not path.endswith(between) else ""
    return f"{cut()}{between}{last}{tail}" if len(parts) > 2 and "." in last[1:] else f"{cut()}{tail}"
