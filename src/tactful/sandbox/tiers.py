"""Which cage is at hand on this machine, and how the fork server is started inside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from tactful.errors import SafetyRefusal
from tactful.sandbox.inside import landlock, seccomp
from tactful.sandbox.types import Tier

_HERE = Path(__file__).parent
_START = "import sys; sys.path.append(sys.argv[1]); from inside import server; sys.path.pop(); server.main()"
SERVER_ENVIRONMENT = {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1", "TZ": "UTC"}
"""All that the fork server, and so every program, sees; nothing of ours is passed on. One hash seed: equal programs give equal verdicts."""

_LOADER = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
"""Where the loader finds the interpreter's libraries."""

HOW_TO_CAGE = (
    "needs Linux 5.13 or newer on x86_64 or aarch64 with Landlock and seccomp switched on; "
    "use such a machine, or allow it with --unsafe-exec where nothing can be lost"
)


def current_tier() -> Tier:
    """The strongest cage that this machine offers. Bubblewrap is used where it is installed and works."""
    if landlock.abi() == 0 or not seccomp.available():
        return Tier.NONE
    return Tier.BUBBLEWRAP if bubblewrap() else Tier.CAGED


def require_tier(*, unsafe: bool) -> Tier:
    """The tier to run in. Raises SafetyRefusal where there is no cage, unless `unsafe`."""
    tier = current_tier()
    if tier is Tier.NONE and not unsafe:
        raise SafetyRefusal(f"no cage for untrusted code on this machine, nothing was run; it {HOW_TO_CAGE}")
    return tier


def server_command(tier: Tier) -> list[str]:
    """The command of the fork server, to be followed by its three arguments."""
    # Not -I: that would pass over the environment, which is ours alone, and with it the hash seed.
    python = [sys.executable, "-s", "-P", "-S", "-B", "-X", "utf8", "-c", _START, str(_HERE)]
    return [*_bubblewrap_arguments(), *python] if tier is Tier.BUBBLEWRAP else python


@lru_cache(maxsize=1)
def bubblewrap() -> bool:
    """True where bubblewrap is installed and may do its work here (tried once, by starting Python in it)."""
    if shutil.which("bwrap") is None:
        return False
    command = [*_bubblewrap_arguments(), sys.executable, "-I", "-S", "-c", "pass"]
    try:
        return (
            subprocess.run(command, env=SERVER_ENVIRONMENT, capture_output=True, timeout=20).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _bubblewrap_arguments() -> list[str]:
    """Own namespaces and a file system of the interpreter alone. As root the server may still make its jobs nobody's, and kill them."""
    shown = dict.fromkeys([*_LOADER, *_interpreter_folders(), str(_HERE), "/usr/share/zoneinfo"])
    binds = [word for path in shown for word in ("--ro-bind-try", path, path)]
    rights = ["--cap-drop", "ALL"]
    if os.geteuid() == 0:
        for right in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL"):
            rights += ["--cap-add", right]
    return [
        str(shutil.which("bwrap")),
        *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *rights,
        *binds,
        *("--proc", "/proc", "--dev", "/dev", "--chdir", "/"),
    ]


def _interpreter_folders() -> list[str]:
    """Where the interpreter and its standard library live, the environment's own folder included."""
    real = Path(os.path.realpath(sys.executable)).parent.parent
    return [str(Path(sys.base_prefix)), str(Path(sys.prefix)), str(real)]
