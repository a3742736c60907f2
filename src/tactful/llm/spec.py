"""From a model's name to what the door must know of it."""

from __future__ import annotations

import os

from tactful.llm.types import CallOptions, ModelSpec


def model_spec(
    name: str,
    *,
    scripts: str,
    seed: int = 0,
    base_url: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    temperature: float | None = None,
    max_tokens: int | None = None,
    requests_per_minute: float | None = None,
    timeout_s: float | None = None,
    concurrency: int = 64,
) -> ModelSpec:
    """The model of that name. `offline` speaks by `scripts` and `seed` and knows no endpoint.

    `OPENAI_BASE_URL` stands in for a missing `base_url`; the door lets `concurrency` calls through at a time.
    """
    offline = name == "offline"
    return ModelSpec(
        name=name,
        base_url=None if offline else base_url or os.environ.get("OPENAI_BASE_URL"),
        api_key_env=api_key_env,
        scripts=(scripts,) if offline else (),
        seed=seed if offline else 0,
        options=CallOptions(temperature=temperature, max_tokens=max_tokens),
        timeout_s=timeout_s,
        requests_per_minute=requests_per_minute,
        max_concurrency=max(64, concurrency),
    )
