"""The optional tier: the same fork server inside bubblewrap's namespaces, where it is installed and allowed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from tests.sandbox.conftest import server_pids

from tactful.sandbox import Job, Sandbox, Tier, tiers

_works = tiers.bubblewrap


@pytest.fixture
def wrapped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    if not _works():
        pytest.skip("bubblewrap is not installed here or may not make namespaces")
    monkeypatch.setattr(tiers, "bubblewrap", _works)
    with Sandbox(workers=1) as box:
        assert box.tier is Tier.BUBBLEWRAP
        yield box


def test_jobs_pass_and_every_verdict_names_the_tier(wrapped):
    verdict = wrapped.run(
        Job(code="import os\ndef f(): return sorted(os.environ)", tests=("assert len(f()) == 4",))
    )
    assert verdict.passed, verdict
    assert verdict.tier is Tier.BUBBLEWRAP


def test_the_machine_outside_is_not_even_seen(wrapped):
    code = """
import os
def seen(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True
"""
    shown = (
        sys.prefix,
        sys.base_prefix,
        __file__,
    )  # the interpreter and this clone may live under one of them
    outside = ["/etc/passwd", "/var/log"]
    outside += [
        place for place in ("/home", "/tmp") if not any(path.startswith(f"{place}/") for path in shown)
    ]
    tests = tuple(f"assert seen({place!r}) is False" for place in outside)
    assert wrapped.run(Job(code=code, tests=tests)).passed


def test_an_endless_loop_is_killed_and_leaves_nothing(wrapped):
    wrapped.run(Job(code="", tests=()))
    before = psutil.Process(server_pids(wrapped)[0]).children(recursive=True)
    started = time.monotonic()
    verdict = wrapped.run(Job(code="while True: pass", tests=("assert 1 == 1",), timeout_s=1))
    assert time.monotonic() - started < 1.5
    assert not verdict.passed
    assert psutil.Process(server_pids(wrapped)[0]).children(recursive=True) == before


def test_closing_ends_everything_in_the_namespaces(wrapped):
    wrapped.run(Job(code="", tests=()))
    family = psutil.Process(server_pids(wrapped)[0]).children(recursive=True)
    wrapped.close()
    _, alive = psutil.wait_procs(family, timeout=3)
    assert alive == []
