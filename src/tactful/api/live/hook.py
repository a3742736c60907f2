"""One call of a coding agent's hook, answered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Unpack

from tactful.api.live.options import LiveOptions

if TYPE_CHECKING:
    from tactful.live.configuring import LiveConfig
    from tactful.live.counsel.types import Counsel


def answer_hook(
    given: BinaryIO,
    told: BinaryIO,
    *,
    url: str | None = None,
    api_key_env: str | None = None,
    timeout_ms: float = 200.0,
    **options: Unpack[LiveOptions],
) -> None:
    """Read a call of Claude Code's or Codex's hooks from `given`, and write to `told` what the agent is told, if anything.

    Never raises: what fails is a line without texts in `hooks.log` in the state folder (`~/.local/state/tactful`), where
    `live.sqlite` is kept too unless `database` names another. With `url`, a running `live serve` decides, within
    `timeout_ms` an answer; `api_key_env` names the variable of its key. Without, one is asked that works on the same database
    with the same settings, where it runs; else this process decides.
    """
    from tactful.live.hooks.running import run_hook, state_folder

    folder = state_folder()

    def counsel() -> Counsel:
        if url is not None:
            from tactful.api.serving import server_key
            from tactful.live.counsel.there import CounselThere

            return CounselThere(url, server_key(api_key_env), timeout_ms / 1000)
        from tactful.live.counsel.served import serving

        return serving(_config(folder, options)) or counsel_here(folder, options)

    run_hook(counsel, folder, given=given, told=told)


def counsel_here(folder: Path, options: LiveOptions, **defaults: Any) -> Counsel:
    """An advisor of this process with its database in `folder`, for requests to a coding agent, in no hurry to load."""
    from tactful.live.counsel.here import CounselHere
    from tactful.live.opening import open_advisor

    return CounselHere(open_advisor(_config(folder, options, **defaults)))


def _config(folder: Path, options: LiveOptions, **defaults: Any) -> LiveConfig:
    from tactful.live.configuring import read_live_config

    folder.mkdir(parents=True, exist_ok=True)
    config = read_live_config(**options)
    usual = {"database": str(folder / "live.sqlite"), "domain": "coding", "timeout_ms": 5000.0, **defaults}
    return config.model_copy(
        update={name: value for name, value in usual.items() if name not in config.model_fields_set}
    )
