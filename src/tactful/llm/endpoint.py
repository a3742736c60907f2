"""Where a model is and what opens it: URL and key, from the spec and the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from urllib.parse import urlsplit, urlunsplit

from tactful.errors import UserError
from tactful.llm.echoes import without_key
from tactful.llm.types import ModelSpec

NO_MODELS = (
    *("embedded", "offline", "rules", "user", "none", "always", "every", "gate", "policy", "reward"),
    *("encoder", "surface", "estimate", "lexicon", "decisions", "consistency"),
)
"""What may stand on our command line in place of a model's name, some of it with more behind a colon."""
DEFAULT_BASE_URL = "https://api.openai.com/v1"
_AZURE = (".azure.com", ".azure-api.net", ".azure.us", ".azure.cn")
_SECRET = re.compile(r"(?:^|&)[^=&]*(?:key|token|secret|sig|password)=", re.IGNORECASE)
_FULL_PATH = re.compile(r"/(?:chat/completions|decisions)/?(?=$|\?)")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint and its key. The key never shows in `repr`."""

    base_url: str
    key: str | None = field(repr=False)
    key_env: str
    proxy: str | None = field(default=None, repr=False)

    @property
    def chat_url(self) -> str:
        """Where chat completions are posted."""
        return self._below("chat/completions")

    @property
    def decisions_url(self) -> str:
        """Where questions with probabilities for answers are posted."""
        return self._below("decisions")

    def _below(self, path: str) -> str:
        """The path of the base URL goes on, its query stays behind it."""
        parts = urlsplit(self.base_url)
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{path}"))

    @property
    def headers(self) -> dict[str, str]:
        """What opens the endpoint: Azure wants its own header."""
        if not self.key:
            return {}
        parts = urlsplit(self.base_url)
        if "api-version=" in parts.query or (parts.hostname or "").endswith(_AZURE):
            return {"api-key": self.key}
        return {"Authorization": f"Bearer {self.key}"}

    def hide(self, body: bytes) -> bytes:
        """The body with the key blotted out, in case the endpoint echoes it, plain or encoded."""
        return without_key(body, self.key) if self.key else body


def base_url_of(spec: ModelSpec) -> str:
    """Where `spec` is reached, whether or not that is usable."""
    base_url = (spec.base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_BASE_URL).strip()
    return _FULL_PATH.sub("", base_url).rstrip("/")


def find_endpoint(spec: ModelSpec) -> Endpoint:
    """The endpoint of `spec`: its base URL, else `OPENAI_BASE_URL`, else OpenAI's.

    Raises: UserError for an unusable URL, a missing key (where one is named or certainly needed), or a key that
    cannot be sent. Local servers need none.
    """
    base_url = base_url_of(spec)
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UserError(
            f"base URL '{base_url}' is not usable; expected something like http://localhost:8000/v1"
        )
    if parts.username or parts.password or _SECRET.search(parts.query):
        raise UserError(
            "the base URL holds a password or a key; put the key into a variable and name it by --api-key-env"
        )
    key = (os.environ.get(spec.api_key_env) or "").strip() or None
    if key is None and (spec.api_key_env != "OPENAI_API_KEY" or base_url == DEFAULT_BASE_URL):
        raise UserError(
            f"{_misspelt(spec.name)}no key for {base_url}: the variable {spec.api_key_env} is not set; "
            f"run: export {spec.api_key_env}=…, or name another variable by --api-key-env"
        )
    if key is not None and not (key.isascii() and key.isprintable()):
        raise UserError(
            f"the key in {spec.api_key_env} holds characters that a key cannot have; copy it again"
        )
    return Endpoint(base_url, key, spec.api_key_env, _proxy())


def _misspelt(name: str) -> str:
    """What to say first of a name that is no model's, but one letter or two from one of `NO_MODELS`; else nothing."""
    first, colon, rest = name.partition(":")
    meant = get_close_matches(first, NO_MODELS, n=1, cutoff=0.82)
    if not meant or first in NO_MODELS:
        return ""
    return f"no such name: '{name}'; did you mean '{meant[0]}{colon}{rest}'? As the name of a model it has "


def _proxy() -> str | None:
    proxy = os.environ.get("TACTFUL_PROXY", "").strip() or None
    if proxy is not None and not re.match(r"https?://[^/\s]+", proxy):
        raise UserError(
            "TACTFUL_PROXY is no address of a proxy; expected something like http://proxy.example:3128"
        )
    return proxy
