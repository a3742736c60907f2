"""Which configuration made these results? A flat fingerprint, its hash, and the keys in which two differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel

from tactful.errors import ConfigError
from tactful.runs.types import Job, OutsideHash
from tactful.types import content_hash

_MODEL_OUTSIDE = frozenset(
    {"api_key_env", "timeout_s", "max_concurrency", "requests_per_minute", "least_max_tokens"}
)
"""Fields of a ModelSpec that decide how calls are sent, not what comes back."""

Fingerprint = Mapping[str, Any]


def fingerprint(job: Job, seed: int) -> dict[str, Any]:
    """Everything that decides the results, as dotted key → plain value: configuration, models, prompts, seed."""
    flat: dict[str, Any] = {"noun": job.noun, "verb": job.verb, "seed": seed}
    _flatten("config", job.config, flat)
    for role, spec in job.models.items():
        for name, value in spec.model_dump(mode="json", exclude=set(_MODEL_OUTSIDE)).items():
            flat[f"models.{role}.{name}"] = value
    for prompt in job.prompts:
        if flat.setdefault(f"prompts.{prompt.prompt_id}", prompt.hash) != prompt.hash:
            raise ConfigError(f"two prompts are both called '{prompt.prompt_id}'; give them different ids")
    return flat


def fingerprint_hash(flat: Fingerprint) -> str:
    """The identity of a configuration: equal in every process and Python."""
    return content_hash(orjson.dumps(flat, option=orjson.OPT_SORT_KEYS))


def record_hash(record: BaseModel) -> str:
    """The identity of an input record: its content, in the field order of its type."""
    return content_hash(record.model_dump_json())


def differences(old: Fingerprint, new: Fingerprint) -> list[str]:
    """The keys in which two fingerprints differ, each with both values: `config.alpha: 0.3 → 0.6`."""
    missing = "(absent)"
    keys = sorted(key for key in {*old, *new} if old.get(key, missing) != new.get(key, missing))
    return [f"{key}: {_short(old.get(key, missing))} → {_short(new.get(key, missing))}" for key in keys]


def _flatten(prefix: str, value: Any, flat: dict[str, Any]) -> None:
    """Add the plain values under `value`, leaving out the fields marked `OutsideHash`."""
    if isinstance(value, BaseModel):
        plain = value.model_dump(mode="json")
        for name, info in type(value).model_fields.items():
            if any(isinstance(mark, OutsideHash) or mark is OutsideHash for mark in info.metadata):
                continue
            inner = getattr(value, name)
            nested = isinstance(inner, BaseModel | dict | list | tuple) and inner
            _flatten(f"{prefix}.{name}", inner if nested else plain[name], flat)
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            _flatten(f"{prefix}.{key}", inner, flat)
    elif isinstance(value, list | tuple) and any(isinstance(inner, BaseModel) for inner in value):
        for index, inner in enumerate(value):
            _flatten(f"{prefix}.{index}", inner, flat)
    else:
        flat[prefix] = orjson.loads(orjson.dumps(value, default=str))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
