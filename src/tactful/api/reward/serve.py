"""A judge over HTTP, for scripts that know only chat endpoints: in a block of a script, or of a coroutine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from tactful.api.options import takes
from tactful.api.serving import Served, ServerOptions, in_a_thread, server_settings
from tactful.errors import UsageError
from tactful.types import Preparing

if TYPE_CHECKING:
    from tactful.llm import ModelSpec
    from tactful.reward.types import MomentJudge


class ServeOptions(ServerOptions, total=False):
    """What may be given to `serve` beside a model. Defaults are those of the command."""

    judge: str | None
    """Judge by this chat model instead; `offline` rehearses."""
    votes: int
    """Draws per moment, with `judge`."""
    base_url: str | None
    judge_api_key_env: str
    """Variable that holds the key of the judge's endpoint."""
    gate: Path | str | None
    """Gate that decides; None: gate.json beside the model, if there is one."""
    concurrency: int
    """Requests judged at a time; default 2."""


@takes(ServeOptions)
@asynccontextmanager
async def serving(model: Path | str | None = None, **options: Unpack[ServeOptions]) -> AsyncIterator[Served]:
    """`serve` for coroutines: `async with tactful.aio.serve("model") as served`."""
    from tactful.reward.gate.store import gate_beside, load_gate
    from tactful.reward.judging.judge import LMJudge
    from tactful.reward.opening import open_judge
    from tactful.reward.serve.app import create_app, running

    name, votes = options.get("judge"), options.get("votes", 1)
    if (model is None) == (name is None):
        raise UsageError("give MODEL, a folder of 'tactful reward train', or --judge with a model's name")
    if model is not None and (votes > 1 or options.get("base_url") is not None):
        raise UsageError("--votes and --base-url go with --judge; MODEL judges once and asks nobody")
    settings = server_settings(options, concurrency=options.get("concurrency", 2))
    given = options.get("gate")
    gate = (
        load_gate(Path(given)) if given is not None else None if model is None else gate_beside(Path(model))
    )
    async with AsyncExitStack() as stack:
        judge: MomentJudge
        if model is not None:
            judge = open_judge(Path(model))
            if isinstance(judge, Preparing):
                judge.ready()  # what is wrong with it is told now, and no request waits for it
        else:
            spec = _spec(options, settings.concurrency * votes, settings.deadline_s)
            judge = await stack.enter_async_context(LMJudge.open(spec, votes=votes))
        app = create_app(judge, settings, gate=gate)
        address = await stack.enter_async_context(running(app, settings.host, options.get("port", 0)))
        yield Served(address, judge.name, settings.key is not None, decides=gate is not None)


@takes(ServeOptions)
@contextmanager
def serve(model: Path | str | None = None, **options: Unpack[ServeOptions]) -> Iterator[Served]:
    """A reward model as a judge over HTTP while the block runs: ProactiveBench's prompt as a chat endpoint, and /v1/judge.

    `model` is the folder of a trained one; or `judge` names a chat model. Nothing that is asked is stored or logged.

    Raises UsageError, UserError when the port is taken, SafetyRefusal for a host that others reach, without a key.

    >>> import json, urllib.request, tactful as tf
    >>> paths = tf.train_reward(tf.moments(), limit=100, evaluate=False).save("model")
    >>> with tf.serve("model") as served:
    ...     json.load(urllib.request.urlopen(served.address + "/health"))["status"]
    'ok'
    """
    with in_a_thread(lambda: serving(model, **options)) as served:
        yield served


def _spec(options: ServeOptions, at_once: int, deadline_s: float) -> ModelSpec:
    from tactful.llm import model_spec
    from tactful.reward.judging.judge import SCRIPTS
    from tactful.reward.pipeline import MAX_TOKENS

    return model_spec(
        str(options.get("judge")),
        scripts=SCRIPTS,
        seed=0,
        base_url=options.get("base_url"),
        api_key_env=options.get("judge_api_key_env", "OPENAI_API_KEY"),
        max_tokens=MAX_TOKENS,
        concurrency=at_once,
        timeout_s=deadline_s,
    )
