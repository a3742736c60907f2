"""What would a helper have offered along ProactiveBench's recorded sessions, and would people have taken it?

Each session is replayed as events on its own clock. What could be offered at an event are the proposals that annotators voted on
there, so that of every offer it is known whether people accepted it. Judges are trained on the other sessions. Run:

    python benchmarks/live_watch.py ../shared/data/proactivebench/reward_train.jsonl
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from common import machine

import tactful as tf
from tactful.live.delivery.ledger import Ledger
from tactful.live.delivery.policy import DeliveryPolicy
from tactful.live.delivery.sending import Sender
from tactful.live.delivery.types import Candidate
from tactful.live.keeping.memory import Memory
from tactful.live.settings import LiveSettings
from tactful.live.storing import open_live_store
from tactful.live.watch.acceptance import Acceptor
from tactful.live.watch.rehearsing import EventClock, Noted
from tactful.live.watch.rules import Kinds
from tactful.live.watch.types import WatchSettings, Window
from tactful.live.watch.watcher import Watcher
from tactful.reading.opening import open_embedded_reader
from tactful.reward.judging.reading import ReadingMomentJudge
from tactful.reward.types import Acceptance, JudgeAtOnce, MomentJudge
from tactful.stats.bootstrap import grouped_mean
from tactful.types import Event, LabelledMoment, Moment

ONE_AT_A_TIME = DeliveryPolicy(
    mode="act", zone="UTC", per_hour=10_000, per_day=10_000, gap_minutes=0.001, new_days=0, quiet=(), busy=(), digest=(),
    repeat_hours=0, cooldown_minutes=0,
)  # fmt: skip
DEFAULT = DeliveryPolicy(mode="act", zone="UTC", quiet=(), new_days=0)
ME = "u-0000000001"


@dataclass
class Session:
    """One recording, and what annotators said of proposals along it."""

    name: str
    events: list[Event]
    votes: dict[int, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))
    """Number of events seen → proposal → accepted."""


class Labelled:
    """Proposes what annotators voted on at this event."""

    name = "labelled"

    def __init__(self, session: Session) -> None:
        self._session, self._kinds = session, Kinds()

    async def propose(self, window: Window) -> list[Candidate]:
        found = sorted(self._session.votes[len(window.events)], key=_by_lot)
        return [Candidate(kind=self._kinds.of(text), text=text) for text in found]

    async def close(self) -> None:
        return None


class Remembering(JudgeAtOnce):
    """A reader's judgements, each made once: it sees events and proposal alone."""

    def __init__(self, judge: JudgeAtOnce) -> None:
        self._judge, self.name = judge, "reader"
        self._said: dict[tuple[str, str | None], Acceptance] = {}

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        keys = [("".join(event.text for event in one.events), one.proposal) for one in moments]
        new = [(key, one) for key, one in zip(keys, moments, strict=True) if key not in self._said]
        for (key, _), said in zip(new, self._judge.judge_now([one for _, one in new]), strict=True):
            self._said[key] = said
        return [self._said[key] for key in keys]


def _by_lot(text: str) -> str:
    """The files list what was accepted first."""
    return sha256(text.encode()).hexdigest()


def sessions_in(moments: Sequence[LabelledMoment]) -> list[Session]:
    by_name: dict[str, list[LabelledMoment]] = defaultdict(list)
    for one in moments:
        by_name[one.moment.session].append(one)
    found = []
    for name, rows in by_name.items():
        longest = max(rows, key=lambda one: len(one.moment.events)).moment.events
        session = Session(name, list(longest))
        for one in rows:
            seen = one.moment.events
            if one.moment.proposal is not None and longest[: len(seen)] == seen:
                session.votes[len(seen)][one.moment.proposal] = one.label.accepted
        found.append(session)
    return found


async def replayed(
    session: Session, judge: MomentJudge | None, least: float, policy: DeliveryPolicy, answers: bool
) -> list[bool]:
    """Whether each offer that goes out was accepted; with `answers` the person answers so, and it is learned."""
    clock = EventClock()
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(open_live_store(f"{folder}/live.sqlite"), LiveSettings())
        ledger = Ledger(memory.store, memory.writer)
        watcher = Watcher(
            memory, ledger, Labelled(session), Acceptor(judge, least=least),
            Sender(ledger, [Noted(clock)], policy.sending, clock),
            policy=policy, clock=clock, settings=WatchSettings(events=2000, minutes=1e6, every_s=0),
        )  # fmt: skip
        took = []
        for number, event in enumerate(session.events, 1):
            clock.now = max(clock.now, event.at or clock.now)
            watcher.seen(ME, [event])
            for offer in await watcher.consider(ME):
                if offer.made == "offered":
                    took.append(session.votes[number][offer.text])
                    if answers:
                        answer = "accept" if took[-1] else "dismiss"
                        await asyncio.to_thread(watcher.answered, offer.id, answer)
        await watcher.close()
    return took


def row(name: str, sessions: Sequence[Session], took: Sequence[Sequence[bool]]) -> str:
    flat = [float(one) for each in took for one in each]
    groups = [session.name for session, each in zip(sessions, took, strict=True) for _ in each]
    if not flat:
        return f"{name:<58} {0:>7}"
    share = grouped_mean(flat, groups)
    interval = "" if share.low is None else f"[{share.low:.2f}, {share.high:.2f}]"
    return f"{name:<58} {len(flat):>7} {share.value:>9.2f} {interval}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("moments", type=Path)
    parser.add_argument("--least", type=float, nargs="+", default=[0.4, 0.5, 0.6])
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    moments = list(tf.moments(arguments.moments))
    sessions = sessions_in(moments)
    looks = sum(len(one.events) for one in sessions)
    every = [[vote for at in one.votes.values() for vote in at.values()] for one in sessions]
    print(f"machine: {machine()}")
    print(f"{len(sessions)} sessions, {looks} events, {sum(map(len, every))} proposals that people voted on")
    print(f"{'':<58} {'offers':>7} {'accepted':>9}")
    print(row("every proposal (base rate)", sessions, every))
    judges: dict[str, list[MomentJudge | None]] = {
        "no judge": [None] * len(sessions),
        "reader": [Remembering(ReadingMomentJudge(open_embedded_reader(), need=False))] * len(sessions),
        "reward model of the other sessions": [
            tf.train_reward([m for m in moments if m.moment.session != one.name], evaluate=False).model
            for one in sessions
        ],
    }
    ways = {
        "one at a time": (ONE_AT_A_TIME, False),
        "default policy": (DEFAULT, False),
        "default policy, answered": (DEFAULT, True),
    }
    for who, each in judges.items():
        for least in arguments.least if each[0] is not None else [0.0]:
            for how, (policy, answers) in ways.items():
                took = [
                    asyncio.run(replayed(session, judge, least, policy, answers))
                    for session, judge in zip(sessions, each, strict=True)
                ]
                at = f" >= {least:g}" if each[0] is not None else ""
                print(row(f"{who}{at}, {how}", sessions, took), flush=True)


if __name__ == "__main__":
    main()
