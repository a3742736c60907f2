"""Names of people and machines that a log gives away in paths and prompts of shells, cut wherever else they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_IN_PATH = re.compile(
    r"(?:/(?:home|Users|export/home)/|[A-Za-z]:/Users/|/run/media/|/media/)([\w.@%+-]+)"
    r"|[A-Za-z]:\\{1,2}Users\\{1,2}([^\\/:*?\"<>|\r\n]{1,64})"
    r"|(?<![\w/])~([\w.-]+)(?=/)",
    re.IGNORECASE,
)
_SHELL = re.compile(
    r"(?<![\w.@/+-])([a-z_][\w.-]*)@([A-Za-z][\w-]*(?:\.[\w-]+)*)(?=:\s*[~/]|:\s*$|\s+(?:—\s+)?[~/]|\s[^\]\s]+\][$#%])"
    r"|^\s*([a-z_][\w.-]*)@([A-Za-z][\w-]*(?:\.[\w-]+)*)\s*$"
    r"|(?<=ssh )([a-z_][\w.-]*)@(\w[\w.-]*)"
)
"""`ann@laptop: ~/work`, `ann@laptop ~ %`, `[ann@laptop work]$`, `ssh ann@laptop`, or nothing but `ann@laptop`; `react@latest`
in a command is none."""
_COMMON = frozenset(
    [
        "root",
        "admin",
        "administrator",
        "user",
        "users",
        "guest",
        "public",
        "shared",
        "default",
        "home",
        "me",
        "dev",
        "work",
        "test",
        "tests",
        "demo",
        "ubuntu",
        "debian",
        "fedora",
        "arch",
        "pi",
        "ec2-user",
        "vagrant",
        "docker",
        "node",
        "runner",
        "build",
        "app",
        "apps",
        "www",
        "www-data",
        "git",
        "data",
        "local",
        "localhost",
        "unknown",
        "laptop",
        "desktop",
        "mac",
        "macbook",
        "pc",
        "computer",
        "server",
        "host",
        "machine",
        "phone",
        "android",
        "linux",
        "windows",
        "code",
        "projects",
        "documents",
        "downloads",
    ]
)
_CJK = re.compile(r"[㐀-鿿぀-ヿ가-힯]")


def names_in(text: str) -> set[str]:
    """User names that stand in paths and shell prompts of a text, lower case."""
    if "/" not in text and "\\" not in text and "@" not in text and "~" not in text:
        return set()
    found = {
        name
        for pattern in (_IN_PATH, _SHELL)
        for match in pattern.finditer(text)
        for name in match.groups("")
    }
    found |= {word for name in found for word in name.split()}
    return {name for name in (name.strip().lower() for name in found) if is_telling(name)}


def is_telling(name: str) -> bool:
    """Whether a name is worth cutting: long enough to be one, and no everyday word."""
    least = 2 if _CJK.search(name) else 3
    return len(name) >= least and name.lower() not in _COMMON and not name.isdigit()


class Names:
    """Cuts the names that it was given."""

    def __init__(self, names: Iterable[str]) -> None:
        told = sorted(
            {name.lower() for name in names if is_telling(name)}, key=lambda name: (-len(name), name)
        )
        bounded = [
            re.escape(name) if _CJK.search(name) else rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])"
            for name in told
        ]
        self._pattern = re.compile("|".join(bounded), re.IGNORECASE) if bounded else None

    def cut(self, text: str, mark: Callable[[], str]) -> str:
        """The text with `mark()` in place of every name, of shell prompts also those that stand nowhere else."""
        text = _SHELL.sub(lambda found: mark(), text)
        return text if self._pattern is None else self._pattern.sub(lambda found: mark(), text)
