"""A watcher by what it is to do: who proposes, who judges, what the delivery policy is, where offers go."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from tactful.errors import ConfigError, UsageError
from tactful.live.deciding.unread import NONE
from tactful.live.delivery.channels import Channel, DesktopNote, Lines, Webhook
from tactful.live.delivery.ledger import Ledger
from tactful.live.delivery.policy import DeliveryPolicy, load_policy
from tactful.live.delivery.sending import Sender
from tactful.live.keeping.memory import Memory
from tactful.live.settings import LiveSettings
from tactful.live.storing import open_live_store
from tactful.live.watch.acceptance import Acceptor
from tactful.live.watch.command import CommandProposer
from tactful.live.watch.model import ChatProposer
from tactful.live.watch.rules import Kinds, RuleFile, RuleProposer, load_rules
from tactful.live.watch.types import Proposer, WatchSettings
from tactful.live.watch.watcher import Clock, Watcher, wall_clock
from tactful.llm import ModelSpec, open_model
from tactful.reading.opening import DEFAULT, open_embedded_reader
from tactful.reward.gate.store import gate_beside, load_gate
from tactful.reward.judging.reading import ReadingMomentJudge
from tactful.reward.opening import open_judge
from tactful.reward.types import MomentJudge
from tactful.types import Preparing, Record


class WatchConfig(Record):
    """What a watcher is to do."""

    rules: Path | None = None
    """Beside one of the other two: the kinds of their offers, without any rule."""
    command: str | None = None
    model: ModelSpec | None = None
    operations: tuple[str, ...] = ()
    """What the helper can do, as a model is told."""
    judge: Path | None = None
    """Folder of `reward train`; None: the reader judges."""
    reader: str = DEFAULT
    """`encoder` (bundled), a folder, or `none`: without a judge, everything proposed is welcome."""
    gate: Path | None = None
    """None: gate.json beside the judge, if there is one; else `least`."""
    least: float = 0.5
    """p(accept) from which on offers are made, where no gate decides."""
    delivery: Path | None = None
    mode: str | None = None
    """Goes before the delivery policy's."""
    settings: WatchSettings = WatchSettings()
    database: str = "live.sqlite"
    keep_texts: bool = False
    retention_days: float = 180.0
    stdout: bool = False
    """Lines of JSON; also where nothing else is asked for."""
    webhook: str | None = None
    webhook_key_env: str | None = None
    """Variable that holds the key which is sent to the webhook."""
    notify: bool = False

    @property
    def named(self) -> str:
        """Who proposes, in a word."""
        if self.model:
            return f"model {self.model.name}"
        return "a command" if self.command else "rules"


def _policy(config: WatchConfig) -> DeliveryPolicy:
    policy = DeliveryPolicy() if config.delivery is None else load_policy(config.delivery)
    if config.mode not in (None, "shadow", "act"):
        raise UsageError(f"--mode '{config.mode}' is unknown; there are shadow and act")
    if config.mode is None:
        return policy
    return DeliveryPolicy.model_validate({**policy.model_dump(), "mode": config.mode})


def _proposer(config: WatchConfig) -> Proposer:
    rules = RuleFile() if config.rules is None else load_rules(config.rules)
    others = sum(one is not None for one in (config.command, config.model))
    by_rules = bool(rules.rule) if others else config.rules is not None
    if others + by_rules != 1:
        raise UsageError("say who proposes: give one of --rules FILE, --command COMMAND and --model NAME")
    kinds = Kinds(rules.kinds)
    if config.command is not None:
        return CommandProposer(config.command, kinds)
    if config.model is None:
        return RuleProposer(rules.rule)
    offline = config.model.name == "offline"
    return ChatProposer(None if offline else open_model(config.model), kinds, operations=config.operations)


def _acceptor(config: WatchConfig) -> Acceptor:
    gate = None if config.gate is None else load_gate(config.gate)
    judge: MomentJudge
    if config.judge is not None:
        judge, gate = open_judge(config.judge), gate or gate_beside(config.judge)
    elif config.reader != NONE:
        judge = ReadingMomentJudge(open_embedded_reader(config.reader), need=gate is not None)
    elif gate is not None:
        raise UsageError(
            "--gate decides by a judge's probabilities; give --judge or --reader, or leave it out"
        )
    else:
        return Acceptor(None)
    if isinstance(judge, Preparing):
        judge.ready()
    if gate is not None:
        gate.check(judge)
    return Acceptor(judge, gate=gate, least=config.least)


async def open_watcher(
    config: WatchConfig, *, clock: Clock = wall_clock, channels: Sequence[Channel] | None = None
) -> Watcher:
    """The watcher on its database; the caller closes it.

    Raises: UsageError unless one of rules, command and model is given; UserError for what cannot be opened, or a gate that
    was set for another judge.
    """
    # A reader takes seconds: in a thread. Whoever gives up meanwhile leaves no database behind, which is opened after it.
    opening = asyncio.to_thread(lambda: (_proposer(config), _policy(config), _acceptor(config)))
    proposer, policy, acceptor = await opening
    live = LiveSettings(keep_texts=config.keep_texts, retention_days=config.retention_days)
    memory = Memory(open_live_store(config.database), live)
    ledger = Ledger(memory.store, memory.writer, keep_texts=config.keep_texts)
    ways = list(channels or ())
    sender = Sender(ledger, ways, policy.sending, clock)
    watcher = Watcher(
        memory, ledger, proposer, acceptor, sender, policy=policy, settings=config.settings, clock=clock
    )
    if channels is None:
        try:
            ways += _channels(config, policy, watcher)
        except BaseException:
            memory.close()
            raise
    return watcher


def _channels(config: WatchConfig, policy: DeliveryPolicy, watcher: Watcher) -> list[Channel]:
    async def react(id: str, answer: str) -> None:
        await asyncio.to_thread(watcher.answered, id, answer)

    found: list[Channel] = []
    if config.webhook is not None:
        key = None if config.webhook_key_env is None else key_of(config.webhook_key_env)
        found.append(Webhook(config.webhook, timeout_s=policy.sending.timeout_s, key=key))
    if config.notify:
        found.append(DesktopNote(react))
    if config.stdout or not found:
        found.append(Lines())
    return found


def key_of(variable: str) -> str:
    """The key in this variable. Raises: ConfigError where it is empty."""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ConfigError(f"the variable {variable} is not set or empty; put the key of the webhook into it")
    return key
