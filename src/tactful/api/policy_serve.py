"""A policy over HTTP: in a block of a script, or of a coroutine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from tactful.api.options import takes
from tactful.api.serving import Served, ServerOptions, in_a_thread, server_settings

if TYPE_CHECKING:
    from tactful.types import Policy


class PolicyServeOptions(ServerOptions, total=False):
    """What may be given to `serve_policy` beside a policy. Defaults are those of the command."""

    reader: str
    """Reads the clarity of what brings none: `encoder` (bundled, default), `surface`, `estimate` or a folder."""
    domain: str | None
    """Of what names none; None: that of the policy's training, else coding."""


@takes(PolicyServeOptions)
@asynccontextmanager
async def serving_policy(
    policy: Policy | Path | str, **options: Unpack[PolicyServeOptions]
) -> AsyncIterator[Served]:
    """`serve_policy` for coroutines."""
    from tactful.policy import domain_for, read_policy, ready
    from tactful.policy.language_model.policy import LanguageModelPolicy
    from tactful.policy.serve import create_policy_app
    from tactful.reading.opening import ESTIMATE, open_embedded_reader
    from tactful.reward.serve.app import running

    opened = ready(read_policy(Path(policy)) if isinstance(policy, str | Path) else policy)
    settings = server_settings(options, concurrency=1)
    name = options.get("reader", "encoder")
    reader = None if name == ESTIMATE else open_embedded_reader(name)
    if isinstance(opened, LanguageModelPolicy):
        # It is called by its path, which is of this machine and not told to those who ask.
        opened = replace(opened, name=opened.folder.resolve().name)
        if opened.card.shown == "conversation":
            reader = None  # it sees no clarity, so counts of words fill that in
    domain = domain_for(opened, options.get("domain") or None)
    app = create_policy_app(opened, settings, reader=reader, domain=domain)
    async with running(app, settings.host, options.get("port", 0)) as address:
        yield Served(address, opened.name, settings.key is not None)


@takes(PolicyServeOptions)
@contextmanager
def serve_policy(policy: Policy | Path | str, **options: Unpack[PolicyServeOptions]) -> Iterator[Served]:
    """A policy over HTTP while the block runs: states or messages to `POST /v1/act`, action and probabilities back.

    `policy` is a file of `policy train`, the folder of a trained language model, or one in memory. Nothing that is asked
    is stored or logged.

    Raises UserError when the port is taken, SafetyRefusal for a host that others reach, without a key.
    """
    with in_a_thread(lambda: serving_policy(policy, **options)) as served:
        yield served
