"""Pages over Jinja2: what is foreign is escaped and its control characters are shown, what is ours comes by its key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment, nodes
from jinja2.bccache import Bucket
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tactful.data.page import TEMPLATES, clean, open_templates
from tactful.errors import ConfigError
from tactful.stats.estimate import Estimate
from tactful.web.language import LANGUAGES, Words, load_words
from tactful.web.visit import Signer, visit_of

HERE = Path(__file__).parent
SAID = "tactful_said"
"""Cookie of the message for the next page."""
_MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}


class Pages:
    """The templates, words and assets of an app's rooms. Earlier rooms win over later ones, and all of them over web's.

    Raises: ConfigError, at once, when a template asks for a word that is missing.
    """

    def __init__(self, title: str, rooms: Sequence[Path], signer: Signer) -> None:
        self.signer = signer
        rooms = [*rooms, HERE]
        self.words = load_words(rooms)
        self.assets, self.version = _assets(rooms)
        folders = [room / "templates" for room in rooms]
        self._environments = {
            language: open_environment(folders, words, title, self.asset)
            for language, words in self.words.items()
        }
        for environment in self._environments.values():
            for name in {path.name for folder in folders for path in folder.glob("*.j2")}:
                _check_words(environment, name)
                environment.get_template(name)

    def rename(self, title: str) -> None:
        """Give the app another title, from the next page on."""
        for environment in self._environments.values():
            environment.globals["app_title"] = title

    def render(self, request: Request, template: str, /, status: int = 200, **values: Any) -> HTMLResponse:
        """The page, or a part of one, in the language of who asks."""
        visit = visit_of(request)
        words = self.words[visit.language]
        said = self.signer.opened(request.cookies.get(SAID))
        found = self._environments[visit.language].get_template(template)
        text = found.render(
            language=visit.language,
            token=visit.token,
            csrf=Markup('<input type="hidden" name="csrf_token" value="{}">').format(visit.token),
            in_language=lambda code: _in_language(request, code),
            said=words(said[0], **said[1]) if said and said[0] in words else None,
            **values,
        )
        response = HTMLResponse(text, status)
        if said and not is_part(request):
            response.delete_cookie(SAID, httponly=True, samesite="lax")
        return response

    def error(self, request: Request, status: int, sentence: str | None = None) -> Response:
        """The page that tells what went wrong; for htmx the sentence alone, which goes to the messages of the page."""
        t = self.words[visit_of(request).language]
        kind = status if f"errors.{status}.title" in t else 500 if status >= 500 else 400
        sentence = sentence or t(f"errors.{kind}.text")
        if is_part(request):
            to = {"HX-Retarget": "#said", "HX-Reswap": "innerHTML"}
            return HTMLResponse(f'<p class="banner" role="alert">{escape(clean(sentence))}</p>', status, to)
        return self.render(
            request, "error.html.j2", status, heading=t(f"errors.{kind}.title"), sentence=sentence
        )

    def asset(self, name: str) -> str:
        """The address of a file of `assets/`. Raises: ConfigError where there is none."""
        if name not in self.assets:
            raise ConfigError(f"no asset '{name}' in the app's rooms")
        return f"/assets/{self.version}/{name}"

    def asset_response(self, version: str, name: str) -> Response | None:
        """The file; kept for ever by the browser under the version of now. None where there is none."""
        if name not in self.assets:
            return None
        kept = "public, max-age=31536000, immutable" if version == self.version else "no-store"
        body, media = self.assets[name]
        return Response(body, media_type=media, headers={"Cache-Control": kept})


def pages_of(request: Request) -> Pages:
    """The pages of the app that was asked."""
    pages: Pages = request.app.state.pages
    return pages


def page(request: Request, template: str, /, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of the app that was asked: `page(request, "home.html.j2", items=items)`."""
    return pages_of(request).render(request, template, status, **values)


def words_of(request: Request) -> Words:
    """The words in the language of who asks."""
    return pages_of(request).words[visit_of(request).language]


def say_next(request: Request, response: Response, key: str, /, **values: str | int) -> None:
    """Show the words of `key` on the page that comes after `response`, a redirect. Signed, so that nobody else says it."""
    words_of(request)(key, **values)
    response.set_cookie(
        SAID,
        pages_of(request).signer.sealed([key, values]),
        max_age=60,
        httponly=True,
        samesite="lax",
        secure=visit_of(request).secure,
    )


def lead_to(request: Request, address: str, key: str, /, **values: str | int) -> Response:
    """Another page is shown, with the words of `key` on it."""
    response = RedirectResponse(address, 303)
    say_next(request, response, key, **values)
    return response


def is_part(request: Request) -> bool:
    """Whether htmx asks, for a part of a page."""
    return "hx-request" in request.headers


# ---------------------------------------------------------------- what values look like


def number(value: float, digits: int = 0) -> str:
    """With thousands apart."""
    return f"{value:,.{digits}f}"


def percent(value: float | Estimate | None, digits: int = 1) -> str:
    """A share in [0, 1] as percent; an estimate with its interval; a dash for what nobody measured."""
    if value is None:
        return "–"
    if isinstance(value, int | float):
        return f"{100 * value:.{digits}f}%"
    if value.value is None or value.low is None or value.high is None:
        return percent(value.value, digits)
    return f"{percent(value.value, digits)} ({100 * value.low:.{digits}f} – {percent(value.high, digits)})"


def when(at: datetime) -> Markup:
    """A time in UTC to the minute, readable for machines too."""
    at = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), f"{at:%Y-%m-%d %H:%M} UTC"
    )


def shown(value: Any) -> Any:
    """Text as it may stand in a page: control and bidirectional characters as marks. Done to every value of a template."""
    return clean(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


# ---------------------------------------------------------------- parts


class _Compiled(BytecodeCache):
    """Templates as code, kept in memory: compiled once for all languages of an app and for all apps of a process."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def open_environment(folders: Iterable[Path], words: Words, title: str, asset: Any = None) -> Environment:
    """Jinja2 over these folders, with the words and forms that every template asks for."""
    environment = open_templates(folders, finalize=shown, auto_reload=False, bytecode_cache=_COMPILED)
    environment.globals.update(
        t=words, app_title=title, languages=LANGUAGES, asset=asset, shown=shown,
        number=number, percent=percent, when=when,
    )  # fmt: skip
    return environment


def _check_words(environment: Environment, name: str) -> None:
    """Every `t("key", n=…)` of a template has its text and fills it."""
    words = environment.globals["t"]
    assert isinstance(words, Words)
    assert environment.loader is not None
    source, path, _ = environment.loader.get_source(environment, name)
    for line, key, given in _asked_words(source):
        if key not in words:
            raise ConfigError(f"{path}:{line}: no word '{key}' in '{words.language}'; write it")
        if given is not None and given != words.placeholders(key):
            wanted = ", ".join(sorted(words.placeholders(key))) or "nothing"
            raise ConfigError(f"{path}:{line}: the word '{key}' is filled with {wanted}")


@lru_cache(maxsize=256)
def _asked_words(source: str) -> tuple[tuple[int, str, frozenset[str] | None], ...]:
    """Line, key and names of values of every `t("key", n=…)` in a template; None where the names come at run time."""
    return tuple(
        (
            call.lineno,
            call.args[0].value,
            frozenset(one.key for one in call.kwargs) if call.dyn_kwargs is None else None,
        )
        for call in Environment(autoescape=True).parse(source).find_all(nodes.Call)
        if isinstance(call.node, nodes.Name)
        and call.node.name == "t"
        and call.args
        and isinstance(call.args[0], nodes.Const)
    )


def _assets(rooms: Iterable[Path]) -> tuple[Mapping[str, tuple[bytes, str]], str]:
    paths = [TEMPLATES / "page.css"]
    for room in rooms:
        paths += sorted(path for path in room.glob("assets/*") if path.suffix in _MEDIA)
    found: dict[str, tuple[bytes, str]] = {}
    for path in paths:
        if path.name in found:
            raise ConfigError(f"{path}: another room has an asset of this name; rename it")
        found[path.name] = path.read_bytes(), _MEDIA[path.suffix]
    whole = hashlib.sha256(b"".join(body for body, _ in found.values()))
    return found, whole.hexdigest()[:12]


def _in_language(request: Request, code: str) -> str:
    """Relative to the page: its path is what someone asked for, and may look like another site's."""
    return f"?{request.url.include_query_params(lang=code).query}"
