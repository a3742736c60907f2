"""What our environments of `verifiers` (0.4) share: that it is installed, how the model runs, and how it is asked.

The environments are `tactful_calibration` and `tactful_gym`, each a package of its own since verifiers finds a task set by a
package called like its id.
"""

from __future__ import annotations

from typing import Any, ClassVar

import aiohttp

from tactful.errors import UserError

try:
    import verifiers.v1 as vf
except ImportError as error:
    raise UserError("the environment needs verifiers; run: pip install 'verifiers>=0.4,<0.5'") from error

__all__ = ["TalkHarness", "local_agent", "vf"]
_AS_LONG_AS_IT_TAKES = aiohttp.ClientTimeout(total=None, sock_connect=30)
"""A model may think, or wait in the trainer's queue, for long; verifiers bounds the rollout."""


def local_agent() -> Any:
    """The model that is trained or measured. Nothing of it runs in the runtime, so the local one does."""
    return vf.AgentConfig(runtime=vf.SubprocessConfig())


class TalkHarness(vf.Harness[vf.HarnessConfig]):  # type: ignore[misc]
    """Sends the conversation to the model and takes one message: no program, no tools, nothing runs."""

    APPENDS_SYSTEM_PROMPT: ClassVar[bool] = True
    SUPPORTS_RESUME: ClassVar[bool] = True
    EXECUTES_CODE: ClassVar[bool] = False
    NEEDS_CONTAINER: ClassVar[bool] = False

    async def launch(
        self,
        ctx: Any,
        trace: Any,
        runtime: Any,
        endpoint: str,
        secret: str,
        mcp_urls: Any,
        data: Any,
    ) -> Any:
        """One message of the model after `data.prompt`."""
        system, said = self.resolve_prompt(data)
        messages = [{"role": "system", "content": system}] if system else []
        messages += [{"role": item.role, "content": item.content} for item in said or ()]
        async with (
            aiohttp.ClientSession(timeout=_AS_LONG_AS_IT_TAKES) as http,
            http.post(
                f"{endpoint}/chat/completions",
                json={"model": ctx.model, "messages": messages},
                headers={"Authorization": f"Bearer {secret}"},
            ) as reply,
        ):
            return vf.ProgramResult(0 if reply.ok else 1, "", "" if reply.ok else await reply.text())
