"""Is everything there that Tactful needs, and if not, what to do?"""

from __future__ import annotations

import asyncio
import importlib.util
import platform
import sys
from typing import TYPE_CHECKING

from tactful.api.runs import outside_loop

if TYPE_CHECKING:
    from tactful.llm.checkup import Check


def doctor(
    model: str = "offline",
    *,
    base_url: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    timeout: float = 60.0,
) -> list[Check]:
    """What was looked at: Python, the sandbox, the encoder, and with a model its endpoint (up to four small requests).

    A check is `ok`, `limited` (it works with the restriction that is named) or `failed`, then with its `fix`.

    >>> import tactful as tf
    >>> [check.name for check in tf.doctor()]
    ['python', 'sandbox', 'encoder', 'model']
    """
    from tactful.llm.checkup import Check, check_model
    from tactful.llm.types import ModelSpec

    checks = [_check_python(), _check_sandbox(), _check_encoder()]
    if model == "offline":
        found = "offline: a rehearsal by scripts, without network or key"
        return [*checks, Check(name="model", state="ok", found=found)]
    spec = ModelSpec(name=model, base_url=base_url, api_key_env=api_key_env, timeout_s=timeout)
    return checks + outside_loop(lambda: asyncio.run(check_model(spec)))


def _check_python() -> Check:
    from tactful.llm.checkup import Check

    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check(
            name="python", state="limited", found=found, fix="use Python 3.11, 3.12 or 3.13, which are tested"
        )
    return Check(name="python", state="ok", found=found)


def _check_sandbox() -> Check:
    from tactful.llm.checkup import Check
    from tactful.sandbox import Tier, current_tier

    tier = current_tier()
    if tier is Tier.NONE:
        fix = "coding tasks need Linux 5.13 or newer with Landlock and seccomp; planning tasks work here"
        return Check(name="sandbox", state="limited", found="no cage for untrusted code", fix=fix)
    return Check(name="sandbox", state="ok", found=tier.value)


def _check_encoder() -> Check:
    from tactful.llm.checkup import Check

    if importlib.util.find_spec("sentence_transformers") is None:
        fix = "for sentence embeddings run, in the clone of Tactful: pip install '.[encoder]'; the n-gram encoder works without"
        return Check(name="encoder", state="limited", found="extra not installed", fix=fix)
    return Check(name="encoder", state="ok", found="sentence-transformers is installed")
