"""A judging run in a process of its own: python -m tests.feedback.worker OUT CHATS [--resume] [--base-url URL]

Without an endpoint an instant judge answers. Prints the peak memory in MiB at the end.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from tactful.errors import TactfulError
from tactful.feedback.chats import Turns
from tactful.feedback.judging.judge import EMBEDDED, judge_spec
from tactful.feedback.labels import LABELS
from tactful.feedback.pipeline import JudgeConfig, judge_job
from tactful.feedback.types import FeedbackConfig, Turn, TurnJudgement
from tactful.runs import Job, RunOptions, run_job
from tactful.types import Provenance


class InstantJudge:
    """Labels by the length of the message; needs no model."""

    name = EMBEDDED

    async def judge(self, turn: Turn) -> TurnJudgement:
        return TurnJudgement.scored(
            turn.id,
            LABELS[len(turn.user_next) % len(LABELS)],
            0.9,
            FeedbackConfig(),
            provenance=Provenance(model=EMBEDDED, generator="rules"),
        )

    async def judge_batch(self, turns: Sequence[Turn]) -> list[TurnJudgement]:
        return [await self.judge(turn) for turn in turns]


def job(chats: Path, base_url: str | None, **more: object) -> Job:
    turns = Turns(chats)
    if base_url is None:
        return judge_job(JudgeConfig(judges=(EMBEDDED,), **more), turns, embedded=InstantJudge())
    names = more.pop("judges", ("m",))
    specs = tuple(judge_spec(name, base_url=base_url) for name in names)
    return judge_job(JudgeConfig(judges=names, models=specs, **more), turns)


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("out", type=Path)
    arguments.add_argument("chats", type=Path)
    arguments.add_argument("--resume", action="store_true")
    arguments.add_argument("--base-url")
    arguments.add_argument("--concurrency", type=int, default=8)
    given = arguments.parse_args()
    options = RunOptions(out=given.out, resume=given.resume, concurrency=given.concurrency, progress="off")
    try:
        run_job(job(given.chats, given.base_url), options)
    except TactfulError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main())
