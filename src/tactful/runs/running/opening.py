"""Making a run folder, or going on with one: never overwrites, never mixes configurations."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from tactful import __version__
from tactful.errors import ConfigChanged, ConfigError, UsageError
from tactful.runs.read.folder import RunFolder, RunInfo, new_folder_path, utc_now
from tactful.runs.running.beginning import Beginning
from tactful.runs.store.files import is_half_written, write_atomic
from tactful.runs.store.identity import differences, fingerprint, fingerprint_hash
from tactful.runs.store.lock import LOCK_NAME, only_writer
from tactful.runs.store.state import RunState
from tactful.runs.types import Job, RunOptions

DEFAULT_ROOT = Path("runs")
_PACKAGES = ("pydantic", "aiohttp", "numpy", "scipy", "scikit-learn")
_STATE = "run.sqlite"
_OURS = {
    LOCK_NAME,
    *(_STATE + part for part in ("", "-wal", "-shm", "-journal")),
    "calls.sqlite",
    "config.toml",
}
"""What a folder may hold whose first session was killed before `run.json` was written."""


@contextmanager
def opened_run(job: Job, options: RunOptions) -> Iterator[tuple[RunFolder, RunState, Beginning]]:
    """The run folder, locked, its state, and what stood there before; new or, with `resume`, the one in `out`.

    Raises: UsageError when `out` is taken or there is nothing to resume; UserError when the folder cannot be made;
    RunLocked; ConfigChanged.
    """
    folder = RunFolder(_place(job, options))
    config = config_toml(job.config)
    before = Beginning.at(folder.path)
    before.make()
    with only_writer(folder.path):
        if folder.info_path.exists():
            _refuse_other_configuration(folder, job, options)
        try:
            state = _begun(folder, config, job, options)
        except Exception:
            if before.ours:
                before.restore()
            raise
        try:
            yield folder, state, before
        finally:
            state.close()


def _begun(folder: RunFolder, config: str, job: Job, options: RunOptions) -> RunState:
    """The state, with configuration and identity beside it. Raises: UserError when the disk refuses any of them."""
    state = RunState.create(folder.state_path)
    try:
        if not folder.info_path.exists():
            write_atomic(folder.config_path, (config.encode(),), follow=False)
            folder.save_info(_new_info(job, options.seed))
    except BaseException:
        state.close()
        raise
    return state


def config_toml(config: BaseModel) -> str:
    """The configuration as TOML; fields that are None are left out.

    Raises: ConfigError when reading it back would not give the same configuration.
    """
    import tomlkit

    plain = config.model_dump(mode="json", exclude_none=True)
    try:
        text = tomlkit.dumps(plain)
        same = type(config).model_validate(tomllib.loads(text)) == config
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{type(config).__name__} cannot be saved as TOML ({error})") from error
    if not same:
        empty = [name for name in type(config).model_fields if getattr(config, name) is None]
        raise ConfigError(
            f"{type(config).__name__} reads back differently from TOML, which has no empty value; fields set to None: {empty}"
        )
    return text


def _place(job: Job, options: RunOptions) -> Path:
    if options.out is None:
        if options.resume:
            raise UsageError("--resume needs --out: the folder of the run to go on with")
        return new_folder_path(DEFAULT_ROOT, job.noun, job.verb)
    if not options.out.exists():
        if options.resume:
            raise UsageError(
                f"{options.out}: nothing to resume, there is no such folder; see `tactful runs list`"
            )
        return options.out
    if not options.out.is_dir():
        raise UsageError(f"{options.out}: is a file; --out names a folder")
    held = {entry.name for entry in options.out.iterdir()}
    if not options.resume and held:
        raise UsageError(
            f"{options.out}: exists already; go on with it by --resume, or name a new folder in --out"
        )
    foreign = {name for name in held - _OURS if not is_half_written(name)}
    if options.resume and "run.json" not in held and foreign:
        raise UsageError(f"{options.out}: not a run folder (it has no run.json); see `tactful runs list`")
    return options.out


def _refuse_other_configuration(folder: RunFolder, job: Job, options: RunOptions) -> None:
    changed = differences(folder.info().fingerprint, plain_fingerprint(job, options.seed))
    if changed:
        raise ConfigChanged(
            f"{folder.path}: holds results of another configuration ({'; '.join(changed)}); "
            "take the old values, or a new folder in --out"
        )


def plain_fingerprint(job: Job, seed: int) -> dict[str, Any]:
    """The fingerprint as it reads back from `run.json`."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(fingerprint(job, seed)))
    return plain


def _new_info(job: Job, seed: int) -> RunInfo:
    flat = plain_fingerprint(job, seed)
    digest = fingerprint_hash(flat)
    return RunInfo(
        run_id=f"{job.noun}-{job.verb}-{digest[:12]}",
        noun=job.noun,
        verb=job.verb,
        state="running",
        seed=seed,
        config_hash=digest,
        fingerprint=flat,
        prompts={prompt.prompt_id: prompt.hash for prompt in job.prompts},
        models={role: spec.model_dump(mode="json") for role, spec in job.models.items()},
        versions=_versions(),
        started_at=utc_now(),
        resume_with="" if job.resume_args is None else job.kind,
        resume_args=job.resume_args or {},
        config=job.config.model_dump(mode="json"),
    )


def _versions() -> dict[str, str]:
    found = {"tactful": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
