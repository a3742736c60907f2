"""Starting Ray on this machine, or joining a cluster; quiet, without dashboard and telemetry."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tactful.errors import MissingExtra, UserError

_OBJECTS_BYTES = 100_000_000
"""Room for Ray's objects: what our actors say to each other is small and never goes there."""
_KNOCK_S = 10.0
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a warning about what it will do one day
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # Ray tells of dead workers on stdout, where our data goes
    "RAY_worker_niceness": "0",  # else 15: whatever else runs on the machine would go before the run
}

_lock = threading.Lock()
_users = 0
_ours = False


def join(address: str | None, workers: int) -> None:
    """Join the cluster at `address`, or start Ray here with room for so many workers; each `join` wants its `leave`.

    Raises: MissingExtra; UserError where there is no cluster.
    """
    global _users, _ours
    with _lock:
        if not _users:
            _ours = _joined(address, workers)
        _users += 1


def leave() -> None:
    """The last one stops Ray, or leaves the cluster, unless it was joined by somebody else."""
    global _users
    with _lock:
        _users -= 1
        if _users or not _ours:
            return
        import ray

        ray.shutdown()


@contextmanager
def joined(address: str | None, workers: int) -> Iterator[None]:
    """`join` and, at the end, `leave`."""
    join(address, workers)
    try:
        yield
    finally:
        leave()


def _joined(address: str | None, workers: int) -> bool:
    """Whether it was we who joined."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise MissingExtra("ray", "--executor ray") from None
    if ray.is_initialized():
        return False
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        _start(workers, quiet)
        return True
    if address == "auto":  # as Ray itself reads it
        address = os.environ.get("RAY_ADDRESS") or address
    if address.startswith("ray://"):
        raise UserError(
            f"--ray-address {address}: a Ray client stands outside of the cluster, where the call cache of the run "
            "would have to lie; start the command on a machine of the cluster, with --ray-address auto"
        )
    try:
        _knock(address)
        ray.init(address=address, **quiet)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"--ray-address {address}: no Ray cluster answers there ({reason}); start one with 'ray start --head', or "
            "leave the address out"
        ) from None
    return True


def _start(workers: int, quiet: dict[str, Any]) -> None:
    """Start Ray here. Raises: UserError where it does not come up, also the second time: it gives itself half a minute."""
    import ray

    for last in (False, True):
        try:
            ray.init(
                address="local",
                num_cpus=workers,
                num_gpus=0,
                include_dashboard=False,
                object_store_memory=_OBJECTS_BYTES,
                **quiet,
            )
        except Exception as error:  # Ray raises no other kind for it
            if last:
                raise UserError(
                    f"Ray did not start on this machine ({str(error).splitlines()[0]}); is it very busy, or short of "
                    "memory? Run the same command again, or without --executor ray"
                ) from error
            ray.shutdown()
        else:
            return


def _knock(address: str) -> None:
    """Raises OSError where nobody listens: Ray would try for minutes, deaf to Ctrl-C."""
    host, _, port = address.rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_S).close()
