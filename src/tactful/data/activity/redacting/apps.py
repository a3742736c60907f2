"""Which programs show pages, which edit files; what they add to a title; how a private window says so."""

from __future__ import annotations

import re
from functools import lru_cache

from tactful.data.activity.redacting.patterns import plain

_BROWSERS = (
    "firefox", "chrome", "chromium", "brave", "edge", "msedge", "safari", "opera", "vivaldi", "librewolf", "waterfox",
    "tor browser", "epiphany", "gnome web", "falkon", "qutebrowser", "browser", "navigator", "duckduckgo", "浏览器", "iexplore",
    "arc", "zen", "thorium", "floorp", "whale", "yandex",
)  # fmt: skip
_EDITORS = (
    "code", "codium", "vscodium", "cursor", "windsurf", "vim", "nvim", "gvim", "neovim", "emacs", "sublime", "sublime_text",
    "pycharm", "intellij", "idea", "idea64", "webstorm", "goland", "clion", "rider", "phpstorm", "jetbrains", "visual studio",
    "devenv", "android studio", "xcode", "zed", "rstudio", "atom", "kate", "gedit", "notepad++", "helix",
)  # fmt: skip
_TERMINALS = (
    "terminal",
    "kitty",
    "alacritty",
    "wezterm",
    "iterm",
    "iterm2",
    "konsole",
    "xterm",
    "foot",
    "ghostty",
    "tmux",
    "powershell",
    "cmd",
)
_LOCKS = frozenset(
    {
        "loginwindow",
        "lockapp",
        "screensaverengine",
        "logonui",
        "i3lock",
        "swaylock",
        "gnome-screensaver",
        "kscreenlocker_greet",
    }
)
"""What stands in front while the screen is locked: nobody works at that."""
_PRIVATE = (
    r"\(incognito\)|\[incognito\]|incognito(?: mode| window| tab)?|in ?private(?: browsing)?|private brows\w+|private window|\(private\)"
    r"|inkognito|privater (?:modus|tab)|privates (?:fenster|surfen)|\(privat\)|navigation privée|incógnito|navegación privada"
    r"|navegação (?:priva\w+|an[ôó]nima)|\(an[ôó]nima\)|an[ôó]nimo|navigazione (?:anonima|privata)|privénavigatie|tryb prywatny"
    r"|privat (?:surfning|browsing|nettlesing)|anonymní prohlížení|privát böngészés|navigare privată|yksityinen selaus|gizli gezinti"
    r"|инкогнито|приватн\w+ (?:просмотр|перегляд)|无痕|無痕|隐身|隐私浏览|隱私瀏覽|シークレット|プライベート|시크릿|사생활 보호"
)
_PRIVATE_ANYWHERE = re.compile(rf"(?:{_PRIVATE})", re.IGNORECASE)
_PRIVATE_AT_END = re.compile(rf"(?:^|[-—–|(\[·]\s*)(?:{_PRIVATE})[)\]\s]*$", re.IGNORECASE)
_SUFFIX = re.compile(
    r"\s+[-—–|·]\s+(?:mozilla firefox|firefox(?: developer edition)?|google chrome|chromium|brave|microsoft\W*edge|safari|opera|vivaldi"
    r"|visual studio code|code - oss|vscodium|cursor|vim|nvim|sublime text|pycharm|intellij idea|personal|work)\s*$",
    re.IGNORECASE,
)
_LAST = re.compile(r"(.+)\s[-—–|]\s+(\S.*)", re.DOTALL)
_LEAST_NAME = 3
_COUNT = re.compile(r"^(?:\(\d+\+?\)|\[\d+\+?\]|[●•*✳✶⠁-⣿]+)\s+")


def _named(app: str, names: tuple[str, ...]) -> bool:
    words = app.lower().removesuffix(".exe")
    return any(
        (name in words)
        if len(name) > 4 or not name.isascii()
        else re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", words)
        for name in names
    )


@lru_cache(maxsize=65_536)
def is_browser(app: str) -> bool:
    """Whether the program shows pages."""
    return _named(app, _BROWSERS)


@lru_cache(maxsize=65_536)
def is_editor(app: str) -> bool:
    """Whether files are edited in the program."""
    return _named(app, _EDITORS)


@lru_cache(maxsize=65_536)
def may_edit(app: str) -> bool:
    """Whether an editor may run in the program: it is one, or a terminal."""
    return is_editor(app) or _named(app, _TERMINALS)


def is_locked(app: str) -> bool:
    """Whether the program is a locked screen."""
    return app.lower().removesuffix(".exe") in _LOCKS


@lru_cache(maxsize=65_536)
def says_private(app: str, title: str) -> bool:
    """Whether a window's title says that it is private: of a browser anywhere in it, of others at its end.

    The Tor Browser has no other windows, and says nothing.
    """
    place = _PRIVATE_ANYWHERE if is_browser(app) else _PRIVATE_AT_END
    return "tor browser" in app.lower() or bool(place.search(plain(title)))


@lru_cache(maxsize=65_536)
def bare_title(title: str, app: str) -> str:
    """The title without counts of what is unread and without the name of the program behind it."""
    while (shorter := _COUNT.sub("", title)) != title:
        title = shorter
    while (shorter := _SUFFIX.sub("", title)) != title:
        title = shorter
    own, parts = app.lower().removesuffix(".exe"), _LAST.fullmatch(title)
    if parts and len(own) >= _LEAST_NAME and (own in parts[2].lower() or parts[2].lower() in own):
        title = parts[1]
    return title.strip()
