"""Starting Ray on this machine, or joining a cluster; quiet, without dashboard and telemetry."""

from __future__ import annotations

import logging
import os
from typing import Any

from tactful.errors import MissingExtra, UserError

_OBJECTS_BYTES = 100_000_000
"""Room for Ray's objects: what our actors say to each other is small and never goes there."""


def join(address: str | None, workers: int) -> bool:
    """Join the cluster at `address`, or start Ray here with room for so many workers; True when it is ours to stop.

    Raises: MissingExtra; UserError where there is no cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise MissingExtra("ray", "--executor ray") from None
    if ray.is_initialized():
        return False
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        ray.init(
            address="local",
            num_cpus=workers,
            num_gpus=0,
            include_dashboard=False,
            object_store_memory=_OBJECTS_BYTES,
            **quiet,
        )
        return True
    if address.startswith("ray://"):
        raise UserError(
            f"--ray-address {address}: a Ray client stands outside of the cluster, where the call cache of the run "
            "would have to lie; start the command on a machine of the cluster, with --ray-address auto"
        )
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"--ray-address {address}: no Ray cluster answers there ({reason}); start one with 'ray start --head', or "
            "leave the address out"
        ) from None
    return True


def leave() -> None:
    """Stop Ray here, or leave the cluster."""
    import ray

    ray.shutdown()
