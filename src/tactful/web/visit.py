"""Who asks, as far as every app must know: the language, and the token that this browser's forms carry."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Visit:
    """What the guard found out about a request, before any route saw it."""

    language: str
    token: str
    """Against requests that other sites make in this browser's name; bound to the browser and to its session."""
    secure: bool
    """Cookies must be `Secure`: the app is behind TLS."""


def visit_of(request: Request) -> Visit:
    """What the guard found out."""
    visit: Visit = request.scope["tactful.visit"]
    return visit


class Signer:
    """Signs with the secret of an app: tokens of forms, and small values that a browser keeps."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def signed(self, text: str, *, purpose: str) -> str:
        """A signature that cannot be made, or used for another purpose, without the secret."""
        return hmac.digest(self._secret, f"{purpose}\n{text}".encode(), "sha256").hex()

    def sealed(self, value: Any) -> str:
        """A value of JSON with its signature, for a cookie."""
        text = base64.urlsafe_b64encode(orjson.dumps(value)).decode()
        return f"{text}.{self.signed(text, purpose='sealed')}"

    def opened(self, given: str | None) -> Any:
        """What `sealed` was given; None for anything else."""
        text, _, signature = (given or "").rpartition(".")
        if not same(signature, self.signed(text, purpose="sealed")):
            return None
        try:
            return orjson.loads(base64.urlsafe_b64decode(text))
        except (binascii.Error, orjson.JSONDecodeError):
            return None


def same(given: str, wanted: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())
