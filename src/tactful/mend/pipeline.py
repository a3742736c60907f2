"""From a log to what mends its assistant:

logs ──read──▶ Conversation ──LogStage──▶ LoggedTalk ──with_history──▶ situations · costs · patch · rows ──▶ folder

The reading is a run: it resumes where it stopped, and `tactful replay` takes its folder in place of the logs.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

from tactful.audit.pipeline import judged, nobody_answers
from tactful.audit.turns import passages
from tactful.data.logs import Log, LogOptions
from tactful.errors import DataError, UserError
from tactful.mend.learning.learn import LEARNED, POLICY
from tactful.mend.reading import Remembering
from tactful.mend.turns import logged_talk, with_history
from tactful.mend.types import LoggedTalk
from tactful.policy import CostPolicy, read_policy
from tactful.reading.opening import open_embedded_reader
from tactful.runs import Context, Job, RunFolder, RunOptions, Skip, run_job
from tactful.sources import whole
from tactful.types import Conversation, Record

NOUN, VERB = "learn", "turns"


class ReadConfig(Record):
    """What is read, and who judges."""

    reader: str = "encoder"
    """`encoder`, `surface`, or the folder of a reader."""


@dataclass(frozen=True)
class LogStage:
    """A conversation's decision points, judged."""

    config: ReadConfig

    async def __call__(self, record: Conversation, context: Context) -> LoggedTalk | Skip:
        """The conversation as decisions; skipped where no assistant answers."""
        reader = self._reader
        found = next(iter(judged([record], reader)), None)
        return Skip("no assistant answers") if found is None else logged_talk(*found, reader)

    @cached_property
    def _reader(self) -> Remembering:
        return Remembering(open_embedded_reader(self.config.reader))


class Talks:
    """The judged conversations of a run, as often as they are asked for; each state knows its user's past."""

    def __init__(self, folder: RunFolder, reader: str, read: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        self.reader = reader
        """The name under which the reader that judged them is opened."""
        self.read = read or {}
        """What was read, skipped and cut, where the logs were read just now."""

    def __iter__(self) -> Iterator[LoggedTalk]:
        return with_history(self.folder.records(LoggedTalk))


def uniquely_named(conversations: Iterable[Conversation]) -> Iterator[Conversation]:
    """The conversations, each under an id of its own: the second one of a name is called `name~2`."""
    seen: dict[str, int] = {}
    for one in conversations:
        count = seen[one.id] = seen.get(one.id, 0) + 1
        yield one if count == 1 else one.model_copy(update={"id": f"{one.id}~{count}"})


def read_job(config: ReadConfig, log: Log) -> Job:
    """The run that judges the conversations of `log`."""
    paths = [str(path) for path in log.paths]
    again = None
    if "-" not in paths:
        again = {"logs": [whole(path) for path in paths], "reading": log.options.stored}
    return Job(
        noun=NOUN,
        verb=VERB,
        config=config,
        source=uniquely_named(log),
        stage=LogStage(config),
        resume_args=again,
    )


def retry_read(config: dict[str, Any], logs: list[str], reading: Mapping[str, Any] | None = None) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    return read_job(ReadConfig.model_validate(config), Log(logs, LogOptions.of(reading)))


def read_turns(log: Log, config: ReadConfig, options: RunOptions) -> Talks:
    """The log judged, in a run folder. Raises: DataError for a log in which no assistant answers; it leaves no folder."""
    summary = run_job(replace(read_job(config, log), source=_answered(log, options.limit)), options)
    return Talks(summary.folder, config.reader, log.counts())


def _answered(log: Log, limit: int | None) -> Iterator[Conversation]:
    """The log's conversations; read now as far as the first of them in which an assistant answers."""
    source = uniquely_named(log)
    unanswered: list[Conversation] = []
    for one in islice(source, limit):
        if any(passages(one)):
            return chain(unanswered, [one], source)
        unanswered.append(one)
    raise nobody_answers(log)


def talks_of(folder: Path) -> Talks | None:
    """The judged conversations that lie in `folder` already; None where it is no folder of ours.

    Raises: UserError for the folder of another run, of a reading that did not end, or of a lesson from another folder.
    """
    opened = RunFolder(folder)
    if not (folder / "run.json").is_file():
        if (folder / LEARNED).is_file():
            raise UserError(
                f"{folder}: holds what was learned, not the conversations that it was learned from; "
                f"give {_learned_from(folder)}"
            )
        return None
    info = opened.info()
    if (info.noun, info.verb) != (NOUN, VERB):
        raise DataError(
            f"{folder}: is a run of '{info.noun} {info.verb}'; give logs, or a folder of 'tactful learn'"
        )
    reader, standing = info.fingerprint["config.reader"], opened.standing()
    if standing == "running":
        raise UserError(f"{folder}: its log is still being read; wait for the end")
    if standing != "done":
        logs = " ".join(shlex.quote(str(log)) for log in info.resume_args.get("logs", ["-"]))
        raise UserError(
            f"{folder}: only a part of its log was read; go on, with the options that it was begun with: "
            f"tactful learn {logs} --out {shlex.quote(str(folder))} --reader {shlex.quote(reader)} --resume"
        )
    return Talks(opened, reader)


def _learned_from(folder: Path) -> str:
    """What a lesson's policy says that it was learned from."""
    policy = read_policy(folder / POLICY) if (folder / POLICY).is_file() else None
    training = policy.training if isinstance(policy, CostPolicy) else {}
    return " ".join(map(str, training.get("logs", ()))) or "the folder that it was learned from"
