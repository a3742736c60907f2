"""Where a model is and what opens it: URL and key, from the spec and the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tactful.errors import UserError
from tactful.llm.types import ModelSpec

DEFAULT_BASE_URL = "https://api.openai.com/v1"
_HIDDEN = b"[key]"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint and its key. The key never shows in `repr`."""

    base_url: str
    key: str | None = field(repr=False)
    key_env: str

    @property
    def chat_url(self) -> str:
        """Where chat completions are posted."""
        return f"{self.base_url}/chat/completions"

    def hide(self, body: bytes) -> bytes:
        """The body with the key blotted out, in case the endpoint echoes it."""
        if not self.key:
            return body
        key = self.key.encode()
        return body.replace(key, _HIDDEN) if key in body else body


def find_endpoint(spec: ModelSpec) -> Endpoint:
    """The endpoint of `spec`: its base URL, else `OPENAI_BASE_URL`, else OpenAI's.

    Raises: UserError for an unusable URL, a missing key (where one is named or certainly needed), or a key that
    cannot be sent. Local servers need none.
    """
    base_url = (spec.base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_BASE_URL).strip().rstrip("/")
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UserError(
            f"base URL '{base_url}' is not usable; expected something like http://localhost:8000/v1"
        )
    if parts.username or parts.password:
        raise UserError(
            "the base URL holds a password; put the key into a variable and name it by --api-key-env"
        )
    key = (os.environ.get(spec.api_key_env) or "").strip() or None
    if key is None and (spec.api_key_env != "OPENAI_API_KEY" or base_url == DEFAULT_BASE_URL):
        raise UserError(
            f"no key for {base_url}: the variable {spec.api_key_env} is not set; "
            f"run: export {spec.api_key_env}=…, or name another variable by --api-key-env"
        )
    if key is not None and not (key.isascii() and key.isprintable()):
        raise UserError(
            f"the key in {spec.api_key_env} holds characters that a key cannot have; copy it again"
        )
    return Endpoint(base_url, key, spec.api_key_env)
