"""Tactful as a guardrail of LiteLLM's proxy: the model hears what is known of the request before it answers.

    tactful live serve --mode advise --port 8000

In LiteLLM's configuration, with this file beside it:

    guardrails:
      - guardrail_name: tactful
        litellm_params: {guardrail: litellm_guardrail.TactfulGuardrail, mode: pre_call, default_on: true}

The address of the server is in TACTFUL_URL, its key, if it asks for one, in TACTFUL_KEY.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from litellm.integrations.custom_guardrail import CustomGuardrail

from tactful.live.counsel.facts import Facts
from tactful.live.counsel.there import CounselThere


class TactfulGuardrail(CustomGuardrail):
    """Adds a fact to chat requests. Where there is no advice in time, they go on as they came."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        url, key = os.environ.get("TACTFUL_URL", "http://127.0.0.1:8000"), os.environ.get("TACTFUL_KEY")
        self.facts = Facts(CounselThere(url, key))

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> dict[str, Any]:
        """The fact is a system message before the user's last one."""
        messages = data.get("messages") or []
        user = str(data.get("user") or "")
        fact = await asyncio.to_thread(self.facts.fact, messages, user=user)
        if fact:
            last = max(at for at, one in enumerate(messages) if one["role"] == "user")
            fact_message = {"role": "system", "content": fact}
            data["messages"] = [*messages[:last], fact_message, *messages[last:]]
        return data
