"""Which endpoints and shared call caches has this user used on this machine? Remembered beside other programs' state, never with a key.

A run folder names an endpoint and the variable of its key. Where the folder comes from someone else, sending that
variable there is what its author may want.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import orjson

from tactful.llm.endpoint import DEFAULT_BASE_URL
from tactful.llm.types import ModelSpec

_DEFAULT_KEY = "OPENAI_API_KEY"
_CACHE = "--cache"
"""What stands for the key variable beside the path of a call cache."""


def url_of(spec: ModelSpec) -> str:
    """Where the calls of this model go."""
    return (spec.base_url or _own_url()).strip().rstrip("/")


def is_known(spec: ModelSpec) -> bool:
    """Whether an earlier run of this user sent this key variable to this endpoint, or the environment names both."""
    if spec.name == "offline" or _pair(spec) == (_own_url().rstrip("/"), _DEFAULT_KEY):
        return True
    return _pair(spec) in set(_remembered())


def is_known_cache(path: str) -> bool:
    """Whether an earlier run of this user named this call cache."""
    return (path, _CACHE) in set(_remembered())


def remember(specs: Iterable[ModelSpec], cache: Path | None = None) -> None:
    """Keep the endpoints and the call cache of a run that this user starts. A machine that cannot keep them asks again."""
    new = dict.fromkeys(_pair(spec) for spec in specs if not is_known(spec))
    if cache is not None and not is_known_cache(str(cache.absolute())):
        new[str(cache.absolute()), _CACHE] = None
    if not new:
        return
    path = _path()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, b"".join(orjson.dumps(pair, option=orjson.OPT_APPEND_NEWLINE) for pair in new))
        finally:
            os.close(handle)


def _pair(spec: ModelSpec) -> tuple[str, str]:
    return url_of(spec), spec.api_key_env


def _own_url() -> str:
    return os.environ.get("OPENAI_BASE_URL") or DEFAULT_BASE_URL


def _path() -> Path:
    root = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    return Path(root) / "tactful" / "endpoints.jsonl"


def _remembered() -> Iterable[tuple[str, str]]:
    with suppress(OSError, ValueError, RuntimeError):
        for line in _path().read_bytes().splitlines():
            url, key_env = orjson.loads(line)
            yield url, key_env
