"""URLs: what of them may be told."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|www\.|(?<![\w@.-])(?:(?:[\w-]+\.)+[a-z]{2,}|localhost|(?:\d{1,3}\.){3}\d{1,3})(?::\d+)?/)"
    r"[^\s\"'<>?#;]*(?:[?#;](?=\S).*?(?=\s+[-—–|·]\s|$))?",
    re.IGNORECASE,
)
"""A URL in a title. Its query goes on to the next dash or the end: browsers show spaces and quotes in it as they are."""
_PAIRS = re.compile(r"[?&#;](?:amp;)?[\w.%\[\]-]{1,64}=[^\s\"'<>)]*")
_FROM = re.compile(r"[?#;].*", re.DOTALL)
_ID = re.compile(r"(?=.*\d)[\w=%.~+-]{20,}|[0-9a-f]{8}-[0-9a-f-]{20,}|\d{6,}|[\w=-]{28,}", re.IGNORECASE)
_IN_PATH = re.compile(r"(?<=/)[^/\s]+")
_MOST_PARTS = 3
_SEARCHES = {
    "google": "/search", "bing": "/search", "duckduckgo": "/", "baidu": "/s", "sogou": "/web", "yahoo": "/search",
    "ecosia": "/search", "startpage": "/", "yandex": "/search", "kagi": "/search", "brave": "/search", "so": "/s",
    "github": "/search", "stackoverflow": "/search", "wikipedia": "/w/index.php", "zhihu": "/search",
}  # fmt: skip
"""Site → the path of its results."""


def cut_queries(text: str, cut: Callable[[], str], identifier: Callable[[], str] | None = None) -> str:
    """A text whose URLs end before their query or fragment; `name=value` pairs behind `?`, `&` or `#` are cut anywhere.

    What `identifier()` gives stands in place of ids in the URLs' paths; None: they stay.
    """
    if not any(mark in text for mark in "?#=;%/"):
        return text

    def shorter(found: re.Match[str]) -> str:
        url = found[0] if "%3" not in found[0] and "%2" not in found[0] else unquote(unquote(found[0]))
        url = _FROM.sub(lambda _: cut(), url) if _FROM.search(url) else found[0]
        return (
            url
            if identifier is None
            else _IN_PATH.sub(lambda part: identifier() if _ID.fullmatch(part[0]) else part[0], url)
        )

    return _PAIRS.sub(lambda found: cut(), _URL.sub(shorter, text))


def site_of(url: str, query: Callable[[], str], identifier: Callable[[], str]) -> str:
    """Host and at most three parts of the path, ids cut; of URLs without host the scheme alone; empty for none.

    `query()` and `identifier()` are called for what is cut; what they give stands in its place.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.query or parts.fragment or parts.username or parts.password:
        query()
    if parts.scheme.lower() not in ("http", "https", "") or not host:
        return (
            f"{parts.scheme.lower()}:"
            if re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme, re.IGNORECASE)
            else ""
        )
    path = unquote(unquote(parts.path))
    if _FROM.search(path):
        query()
        path = _FROM.sub("", path)
    kept = [part for part in path.split("/") if part]
    told = [identifier() if _ID.fullmatch(part) else part for part in kept[:_MOST_PARTS]]
    if len(kept) > _MOST_PARTS:
        told.append("…")
    name = host.removeprefix("www.") + (f":{port}" if port else "")
    return "/".join([name, *told])


def is_search(url: str) -> bool:
    """Whether the page lists what somebody searched for."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not parts.query:
        return False
    site = next((word for word in reversed(host.split(".")[:-1]) if word in _SEARCHES), None)
    if site is None:
        return host.startswith("search.")
    path = _SEARCHES[site]
    return parts.path == path or (path != "/" and parts.path.startswith(path))
