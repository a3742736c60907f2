"""From an event as the log has it to what of it may be told.

Only the fields named here are looked at; whatever else an event holds is left behind. Every text that stays goes through
`Redactor.clean`: URLs lose query and fragment, names of people and machines, secrets, addresses, numbers and folders are cut.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from tactful.data.activity.redacting.apps import bare_title, is_locked, says_private
from tactful.data.activity.redacting.names import Names, names_in
from tactful.data.activity.redacting.patterns import Patterns, texts_of
from tactful.data.activity.redacting.web import cut_queries, is_search, site_of
from tactful.data.activity.types import Gone, LogEvent, RawEvent, Shown
from tactful.text.redaction import Redaction, marker

_LOOKED_AT = 4_000
"""Characters of a text that are cleaned; what is told is far shorter."""
_TOLD = 160
_PRIVATE_MARKS = ("incognito", "private", "inPrivate", "isPrivate")
_FOLDERS = re.compile(r"[/\\]+")


class Redactor:
    """Redacts the events of one machine, and counts by kind what it cut."""

    def __init__(self, *, allow: Patterns, deny: Patterns, names: Iterable[str] = ()) -> None:
        self._allow = allow
        self._deny = deny
        self._names = Names(names)
        self._cleaned = cache(self._clean)
        self.cut: Counter[str] = Counter()
        """Kind → how many, over all events."""

    def redact(self, event: RawEvent) -> LogEvent:
        """The event with what may be told; with nothing where it is private, denied or holds nothing."""
        if event.kind == "away":
            return LogEvent(event.kind, event.start, event.end, away=event.text("status") == "afk")
        gone = self.gone(event)
        shown = Shown() if gone else self._shown(event)
        return LogEvent(event.kind, event.start, event.end, shown, gone)

    def gone(self, event: RawEvent) -> Gone:
        """Why nothing of the event may be told; empty where it may be."""
        app, title = event.text("app"), event.text("title")
        if event.kind == "window" and is_locked(app):
            return "locked"
        if any(_is_set(event.data.get(mark)) for mark in _PRIVATE_MARKS):
            return "private"
        if event.kind == "window" and says_private(app, title):
            return "private"
        if self._deny.match(texts_of(dict(event.data))):
            return "denied"
        if not any(event.text(key).strip() for key in ("app", "title", "url", "file")):
            return "blank"
        return ""

    def _shown(self, event: RawEvent) -> Shown:
        app, title, url, file = map(event.text, ("app", "title", "url", "file"))
        told = self.clean(app)
        if self._allow and not self._allow.match((app, title, url, file)):
            self.cut["title"] += bool(title or url or file)
            return Shown(app=told)
        title = bare_title(_visible(title), _visible(app))
        return Shown(
            app=told,
            title=self.clean(title),
            site=self._site(url),
            file=self._last_part(file),
            project=self._last_part(event.text("project")),
            language=self.clean(event.text("language")),
            search=is_search(url),
        )

    def _site(self, url: str) -> str:
        if not url:
            return ""
        return self.clean(site_of(_visible(url), marker(self.cut, "query"), marker(self.cut, "id", "…")))

    def _last_part(self, path: str) -> str:
        """The name at the end of a path, or of an editor's URL for a file elsewhere."""
        bare = cut_queries(_visible(path)[:_LOOKED_AT], marker(self.cut, "query"))
        return self.clean(_FOLDERS.split(bare.rstrip("/\\"))[-1])

    def clean(self, text: str) -> str:
        """The text in one line, redacted, at most 160 characters."""
        told, counts = self._cleaned(text)
        self.cut.update(counts)
        return told

    def _clean(self, text: str) -> tuple[str, Counter[str]]:
        counts: Counter[str] = Counter()
        redaction = Redaction()
        told = cut_queries(_visible(text)[:_LOOKED_AT], marker(counts, "query"), marker(counts, "id", "…"))
        told = redaction.text(told)
        told = self._names.cut(told, marker(counts, "name", "[NAME]")).strip()
        told = told if len(told) <= _TOLD else told[: _TOLD - 1].rstrip() + "…"
        return told, counts + redaction.cut


def names_of(events: Iterable[RawEvent]) -> set[str]:
    """Names of people and machines that the events give away."""
    seen: set[str] = set()
    names: set[str] = set()
    for event in events:
        for text in texts_of(dict(event.data)):
            if text not in seen:
                seen.add(text)
                names |= names_in(text[:_LOOKED_AT])
    return names


def _is_set(value: Any) -> bool:
    """Whether a mark is set; in doubt it is."""
    return value not in (None, False, 0, "", "false", "False", "0", "no")


@lru_cache(maxsize=65_536)
def _visible(text: str) -> str:
    """The text in one line, without characters that nobody sees."""
    kept = (char for char in text if unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn"))
    return " ".join("".join(char if unicodedata.category(char) != "Cc" else " " for char in kept).split())
