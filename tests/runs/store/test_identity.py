from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import pytest
from tests.runs import parts

from tactful.errors import ConfigError
from tactful.llm.types import ModelSpec
from tactful.prompts import Prompt
from tactful.runs import OutsideHash
from tactful.runs.store.identity import differences, fingerprint, fingerprint_hash, record_hash
from tactful.types import Record


class Inner(Record):
    alpha: float = 0.3
    timeout_s: Annotated[float, OutsideHash] = 5.0


class Outer(Record):
    inner: Inner = Inner()
    several: tuple[Inner, ...] = (Inner(),)
    weights: Mapping[str, float] = {"a": 1.0}


def test_field_marked_outside_the_hash_may_change_also_deep_inside():
    one = replace(parts.job(), config=Outer())
    slow = Inner(timeout_s=9.0)
    other = replace(parts.job(), config=Outer(inner=slow, several=(slow,)))
    assert fingerprint(one, 0) == fingerprint(other, 0)


def test_difference_names_the_key_and_both_values():
    one = replace(parts.job(), config=Outer())
    other = replace(parts.job(), config=Outer(inner=Inner(alpha=0.6), weights={"a": 2.0}))
    assert differences(fingerprint(one, 0), fingerprint(other, 1)) == [
        "config.inner.alpha: 0.3 → 0.6",
        "config.weights.a: 1.0 → 2.0",
        "seed: 0 → 1",
    ]


def test_how_calls_are_sent_is_outside_but_the_model_is_inside():
    def flat(**changes):
        spec = ModelSpec(name="m", **changes)
        return fingerprint(replace(parts.job(), models={"user": spec}), 0)

    sending = flat(api_key_env="ZAI_API_KEY", timeout_s=3, max_concurrency=2, requests_per_minute=9)
    assert differences(flat(), sending) == []
    assert [line.split(":")[0] for line in differences(flat(), flat(base_url="http://localhost:1"))] == [
        "models.user.base_url"
    ]


def test_changed_prompt_changes_the_hash_and_two_prompts_of_one_name_are_refused():
    old = Prompt("calibration/mid", "<!-- user -->\nold", frozenset())
    new = Prompt("calibration/mid", "<!-- user -->\nnew", frozenset())
    (line,) = differences(
        fingerprint(replace(parts.job(), prompts=[old]), 0),
        fingerprint(replace(parts.job(), prompts=[new]), 0),
    )
    assert line.startswith("prompts.calibration/mid:")
    with pytest.raises(ConfigError, match="two prompts are both called 'calibration/mid'"):
        fingerprint(replace(parts.job(), prompts=[old, new]), 0)


def test_record_hash_follows_the_content():
    assert record_hash(parts.Item(id="a", number=1)) == record_hash(parts.Item(id="a", number=1))
    assert record_hash(parts.Item(id="a", number=1)) != record_hash(parts.Item(id="a", number=2))


@pytest.mark.slow
def test_hash_is_the_same_in_a_process_with_another_hash_seed():
    program = (
        "from tests.runs import parts; from tactful.runs.store.identity import *;"
        "print(fingerprint_hash(fingerprint(parts.job(), 3)))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    other = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == fingerprint_hash(fingerprint(parts.job(), 3))
