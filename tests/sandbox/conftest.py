"""Every attack runs in the cage or not at all: the fixtures skip where there is none."""

from __future__ import annotations

import contextlib
import os
import textwrap
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from tactful.sandbox import Job, Sandbox, Tier, Verdict, current_tier, tiers


@pytest.fixture(scope="session", autouse=True)
def without_bubblewrap() -> Iterator[None]:
    """The tests attack the cage that every machine has; `test_bubblewrap.py` asks for the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiers, "bubblewrap", lambda: False)
        yield


@pytest.fixture(scope="session")
def sandbox(without_bubblewrap: None) -> Iterator[Sandbox]:
    if current_tier() is Tier.NONE:
        pytest.skip("no cage on this machine")
    with Sandbox(workers=1) as box:
        assert box.tier is not Tier.NONE
        box.run(Job(code="", tests=()))  # the fork server is up before anything is timed
        yield box


@pytest.fixture
def attack(sandbox: Sandbox) -> Callable[..., Verdict]:
    """Runs an attack program that notes in `effects` what it managed to do."""

    def run(code: str, **options: object) -> Verdict:
        assert sandbox.tier is not Tier.NONE
        program = "effects = []\n" + _TRY + textwrap.dedent(code)
        return sandbox.run(Job(code=program, tests=("assert effects == []",), **options))  # type: ignore[arg-type]

    return run


_TRY = """
def attempt(name, action):
    try:
        result = action()
    except BaseException as error:
        return error
    effects.append(name)
    return result
def call(number, *arguments):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    wide = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
    if libc.syscall(ctypes.c_long(number), *wide) < 0:
        raise OSError(ctypes.get_errno(), "refused")
"""


def server_pids(box: Sandbox) -> list[int]:
    return [worker._process.pid for worker in box._workers if worker._process is not None]


@pytest.fixture
def left_behind(sandbox: Sandbox) -> Callable[[], list[psutil.Process]]:
    """Processes that a job left: below the fork servers, or orphans of theirs."""
    started = time.time()

    def look() -> list[psutil.Process]:
        servers = server_pids(sandbox)
        found = [child for pid in servers for child in psutil.Process(pid).children(recursive=True)]
        for process in psutil.process_iter(["ppid", "create_time"]):
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan = process.info["ppid"] in (1, os.getpid()) and process.info["create_time"] > started
                if orphan and process.pid not in servers and "inside" in " ".join(process.cmdline()):
                    found.append(process)
        return found

    return look
