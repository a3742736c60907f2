"""Decisions, advice, offers and actions at one address: in a block of a script, or of a coroutine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Unpack

from tactful.api.live.options import LiveOptions
from tactful.api.options import takes
from tactful.api.serving import Served, ServerOptions, in_a_thread, server_settings


class LiveServeOptions(ServerOptions, LiveOptions, total=False):
    """What may be given to `live_serve`. Defaults are those of the command."""

    judge: Path | str | None
    """Folder of `reward train`, which judges offers; None: the reader does."""
    gate: Path | str | None
    """Gate that decides; None: gate.json beside the judge, if there is one."""
    concurrency: int
    """Requests that are read at a time; default 2."""


@takes(LiveServeOptions)
@asynccontextmanager
async def serving_live(**options: Unpack[LiveServeOptions]) -> AsyncIterator[Served]:
    """`live_serve` for coroutines."""
    from tactful.live.counsel.served import announced
    from tactful.live.opening import open_advisor, read_live_config
    from tactful.live.serve.app import create_live_app
    from tactful.policy import domain_for
    from tactful.reward.gate.store import gate_beside, load_gate
    from tactful.reward.judging.reading import ReadingMomentJudge
    from tactful.reward.opening import open_judge
    from tactful.reward.serve.app import running
    from tactful.reward.types import MomentJudge
    from tactful.types import Preparing

    settings = server_settings(options, concurrency=options.get("concurrency", 2))
    given, model = options.get("gate"), options.get("judge")
    gate = load_gate(Path(given)) if given else gate_beside(Path(model)) if model else None
    decided: dict[str, Any] = {
        key: value for key, value in options.items() if key in LiveOptions.__annotations__
    }
    config = read_live_config(**decided)
    with open_advisor(config) as advisor:
        advisor.ready()
        judge: MomentJudge = ReadingMomentJudge(advisor.reader) if model is None else open_judge(Path(model))
        if isinstance(judge, Preparing):
            judge.ready()
        app = create_live_app(
            advisor,
            settings,
            judge=judge,
            gate=gate,
            policy=advisor.policy,
            domain=domain_for(advisor.policy, advisor.settings.domain or None),
        )
        async with running(app, settings.host, options.get("port", 0)) as address:
            with nullcontext() if settings.key else announced(config, address):
                yield Served(address, advisor.reader.name, settings.key is not None, decides=gate is not None)


@takes(LiveServeOptions)
@contextmanager
def live_serve(**options: Unpack[LiveServeOptions]) -> Iterator[Served]:
    """Decisions over HTTP while the block runs: the decisions endpoint, advice, offers and actions at one address.

    The database keeps what was decided and learned. Texts are not logged, and stored with `keep_texts` alone.

    Raises UserError when the port is taken, SafetyRefusal for a host that others reach, without a key.

    >>> import json, urllib.request, tactful as tf
    >>> with tf.live_serve(reader="surface") as served:
    ...     json.load(urllib.request.urlopen(served.address + "/health"))["status"]
    'ok'
    """
    with in_a_thread(lambda: serving_live(**options)) as served:
        yield served
