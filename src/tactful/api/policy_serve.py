"""A policy over HTTP: in a block of a script, or of a coroutine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from tactful.api.serving import Served, in_a_thread, server_key

if TYPE_CHECKING:
    from tactful.types import Policy


class PolicyServeOptions(TypedDict, total=False):
    """What may be given to `serve_policy` beside a policy. Defaults are those of the command."""

    reader: str
    """Reads the clarity of what brings none: `encoder` (bundled, default), `surface`, `estimate` or a folder."""
    domain: str | None
    """Of what names none; None: that of the policy's training, else coding."""
    host: str
    """Address to listen at; others than loopback need a key."""
    port: int
    """0, the default, takes a free one; the command's default is 8000."""
    api_key_env: str | None
    """Variable that holds the key which clients must send."""
    allow_hosts: Sequence[str]
    """Further names in the Host header."""
    queue: int
    """Requests that may wait; more get 429."""
    deadline_s: float
    """Seconds for one request; default 30."""


@asynccontextmanager
async def serving_policy(
    policy: Policy | Path | str, **options: Unpack[PolicyServeOptions]
) -> AsyncIterator[Served]:
    """`serve_policy` for coroutines."""
    from tactful.policy import read_policy, ready
    from tactful.policy.serve import create_policy_app
    from tactful.reading.opening import ESTIMATE, open_reader
    from tactful.reward.serve.app import ServeSettings, running

    opened = ready(read_policy(Path(policy)) if isinstance(policy, str | Path) else policy)
    settings = ServeSettings(
        host=options.get("host", "127.0.0.1"),
        allow_hosts=tuple(options.get("allow_hosts", ())),
        key=server_key(options.get("api_key_env")),
        concurrency=1,
        queue=options.get("queue", 64),
        deadline_s=options.get("deadline_s", 30.0),
    )
    name = options.get("reader", "encoder")
    known = getattr(opened, "training", {}).get("domains", [])
    domain = options.get("domain") or (known[0] if len(known) == 1 else "coding")
    app = create_policy_app(
        opened, settings, reader=None if name == ESTIMATE else open_reader(name), domain=domain
    )
    async with running(app, settings.host, options.get("port", 0)) as address:
        yield Served(address, opened.name, settings.key is not None)


@contextmanager
def serve_policy(policy: Policy | Path | str, **options: Unpack[PolicyServeOptions]) -> Iterator[Served]:
    """A policy over HTTP while the block runs: states or messages to `POST /v1/act`, action and probabilities back.

    `policy` is a file of `policy train`, the folder of a trained language model, or one in memory. Nothing that is asked
    is stored or logged.

    Raises UserError when the port is taken, SafetyRefusal for a host that others reach, without a key.
    """
    with in_a_thread(lambda: serving_policy(policy, **options)) as served:
        yield served
