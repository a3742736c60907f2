"""The run folder: what lies where, and how to read it.

config.toml     the resolved configuration, which can be run again
run.json        versions, prompt and input hashes, models, seed, times
run.sqlite      the state (`state.py`); run.lock beside it admits one writer
calls.sqlite    the call cache
records.jsonl   the outputs in input order, and failures.jsonl: written from the state
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from tactful.errors import DataError
from tactful.llm.types import Usage
from tactful.runs.read.reasons import Reason, grouped
from tactful.runs.result import Failure, RowState
from tactful.runs.store.files import write_atomic
from tactful.runs.store.lock import is_locked
from tactful.runs.store.state import Counts, RunState
from tactful.sources import refuse_missing
from tactful.types import AnyRecord, Record

Standing = Literal["running", "done", "interrupted", "killed"]


class RunInfo(Record):
    """What `run.json` says."""

    run_id: str
    noun: str
    verb: str
    state: Literal["running", "done", "interrupted"]
    why_stopped: str = ""
    seed: int
    config_hash: str
    input_hash: str = ""
    """Over the content of all input records in order; empty until a run reached the end of its input."""
    fingerprint: Mapping[str, Any]
    """Everything in the configuration hash, as dotted key → value."""
    prompts: Mapping[str, str] = {}
    """Prompt id → hash of the prompt file."""
    models: Mapping[str, Mapping[str, Any]] = {}
    """Role → model specification; the name of the key variable, never a key."""
    versions: Mapping[str, str]
    started_at: datetime
    ended_at: datetime | None = None
    """Of the last session; None while it runs."""
    elapsed_s: float = 0.0
    """Time worked over all sessions, by a clock that never jumps."""
    sessions: int = 0
    session_at: datetime | None = None
    """When the last session began."""
    unfinished_usage: Usage = Usage()
    """Paid for records that were stopped midway. Their answers are in the call cache."""
    kept_usage: Usage = Usage()
    """What budgets set aside for requests whose cost stayed unknown: counts against later budgets, and nowhere else."""
    cached_prompt_tokens: int = 0
    """Of the prompt tokens of finished records: those that endpoints found in their own prompt caches."""
    cache: str = ""
    """The shared call cache, if not the folder's own."""
    resume_with: str = ""
    """The kind of the job, where `runs retry` can build it again; older folders name a module instead, which is not
    looked at: noun and verb say the same."""
    resume_args: Mapping[str, Any] = {}
    """See `Job`."""
    config: Mapping[str, Any] = {}

    def usage_beside_rows(self) -> Usage:
        """What no stored row says: the usage of unfinished records, and what endpoints found in their caches."""
        return self.unfinished_usage + Usage(cached_prompt_tokens=self.cached_prompt_tokens)


@dataclass(frozen=True)
class RunFolder:
    """A run on disk. `RunFolder.open` checks that it is one; nothing here writes, except `save_info`."""

    path: Path

    @classmethod
    def open(cls, path: Path | str) -> RunFolder:
        """The run in `path`. Raises: DataError when it is no run folder."""
        folder = cls(Path(path))
        folder.info()
        return folder

    @property
    def records_path(self) -> Path:
        """The outputs, in input order."""
        return self.path / "records.jsonl"

    @property
    def failures_path(self) -> Path:
        """The failures, in input order."""
        return self.path / "failures.jsonl"

    @property
    def config_path(self) -> Path:
        """The resolved configuration."""
        return self.path / "config.toml"

    @property
    def info_path(self) -> Path:
        """`run.json`, which makes a folder a run folder."""
        return self.path / "run.json"

    @property
    def state_path(self) -> Path:
        """The SQLite file."""
        return self.path / "run.sqlite"

    @property
    def calls_path(self) -> Path:
        """The call cache."""
        return self.path / "calls.sqlite"

    def info(self) -> RunInfo:
        """What `run.json` says. Raises: DataError when it is missing or unreadable."""
        try:
            text = self.info_path.read_text(encoding="utf-8")
        except FileNotFoundError:
            missing = "not a run folder (it has no run.json)" if self.path.is_dir() else "no such run folder"
            raise DataError(f"{self.path}: {missing}; see `tactful runs list`") from None
        except NotADirectoryError:
            raise DataError(
                f"{self.path}: is a file, expected the folder of a run; see `tactful runs list`"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{self.info_path}: cannot be read ({error})") from error
        try:
            return RunInfo.model_validate_json(text)
        except ValidationError as error:
            raise DataError(
                f"{self.info_path}: {_first_fault(error)}; was it edited or cut short?"
            ) from error

    def save_info(self, info: RunInfo) -> None:
        """Replace `run.json`."""
        text = json.dumps(info.model_dump(mode="json"), ensure_ascii=False, indent=2)
        write_atomic(self.info_path, (text.encode(), b"\n"), follow=False)

    def standing(self) -> Standing:
        """How the run stands now; `killed` when its process ended without a word. All but `done` can be resumed."""
        state = self.info().state
        if is_locked(self.path):  # asked after the state: a run that ended in between is no killed one
            return "running"
        return "killed" if state == "running" else state

    def state(self) -> RunState:
        """The open state; close it."""
        return RunState.read(self.state_path)

    def save_summary(self, result: Mapping[str, Any]) -> None:
        """`summary.json` beside the records: what the command printed, for reports."""
        text = json.dumps(result, ensure_ascii=False, indent=2)
        write_atomic(self.path / "summary.json", (text.encode(), b"\n"))

    def records(self, type_: type[AnyRecord]) -> Iterator[AnyRecord]:
        """The outputs in input order, one at a time, from the state. Raises: DataError."""
        with closing(self.state()) as state:
            for row in state.sound_rows("done"):
                for line in row.result.lines.splitlines():
                    try:
                        yield type_.model_validate_json(line)
                    except ValidationError as error:
                        raise DataError(
                            f"{self.path}: the outputs of record '{row.record_id}' are no {type_.__name__} "
                            f"({_first_fault(error)}); is this the run you meant?"
                        ) from error

    def failures(self) -> Iterator[Failure]:
        """The failures in input order."""
        with closing(self.state()) as state:
            for row in state.sound_rows("failed"):
                result = row.result
                yield Failure(
                    id=row.record_id,
                    stage=result.stage,
                    error=result.error,
                    reason=result.reason,
                    detail=result.detail,
                    attempts=row.attempts,
                    input_hash=row.record_hash,
                )

    def reasons(self, state: RowState) -> list[Reason]:
        """Why records failed or were skipped, most frequent first."""
        with closing(self.state()) as opened:
            return grouped(opened.reasons(state))

    def counts(self) -> Counts:
        """Records by state."""
        with closing(self.state()) as state:
            return state.counts()

    def usage(self) -> Usage:
        """Tokens and money of the whole run, unfinished records included."""
        with closing(self.state()) as state:
            return state.usage() + self.info().usage_beside_rows()


def _first_fault(error: ValidationError) -> str:
    """Where and what the first thing wrong is."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}"


def resolve_input(path_or_run: Path | str, name: str = "records.jsonl") -> Path:
    """The file that a command should read: `path_or_run` itself, or `name` in it if it is a run folder.

    `-` (stdin) passes through. Raises: DataError when there is no such file, UserError for a URL that cannot be read.
    """
    path = Path(path_or_run)
    if str(path) == "-":
        return path
    if path.is_dir():
        if not (path / "run.json").exists():
            raise DataError(
                f"{path}: is a folder, and not a run folder (it has no run.json); give a file, or the folder of a run"
            )
        RunFolder.open(path)
        path = path / name
        if not path.exists():
            raise DataError(
                f"{path}: not written yet; run: tactful runs export {shlex.quote(str(path.parent))}"
            )
    refuse_missing(path)
    return path


def utc_now() -> datetime:
    """The wall clock, for people. Durations are measured by a clock that never jumps."""
    return datetime.now(UTC)


def new_folder_path(root: Path, noun: str, verb: str) -> Path:
    """`<root>/<noun>-<verb>-<UTC time>`, with a number behind it when that is taken."""
    stem = f"{noun}-{verb}-{utc_now():%Y%m%dT%H%M%SZ}"
    path, number = root / stem, 2
    while path.exists():
        path, number = root / f"{stem}-{number}", number + 1
    return path
