"""What an embedded reader takes: bytes on disk, seconds until the first answer, memory; measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tactful.types import Record

_PROBE = """
import json, sys, time
began = time.perf_counter()
from tactful.reading import Request
from tactful.reading.opening import open_reader
open_reader(sys.argv[1]).needs_now([Request(text="Set a timer for 10 minutes.")])
took = time.perf_counter() - began
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(json.dumps([took, int(peak[0].split()[1]) / 1024 if peak else None]))
"""

_LONGEST_S = 120
"""A reader that has not answered by then has its size measured alone."""


class Footprint(Record):
    """None: not measured."""

    size_mb: float | None = None
    """Its files, in 10⁶ bytes."""
    loading_s: float | None = None
    """From the start of Python's imports to the first answer."""
    memory_mb: float | None = None
    """Most memory held by then, Python and libraries included, in 2²⁰ bytes."""


def footprint(name: str) -> Footprint:
    """Of the embedded reader of that name."""
    size = sum(path.stat().st_size for path in _files(name)) / 1e6
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, name],
            capture_output=True,
            text=True,
            check=True,
            timeout=_LONGEST_S,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return Footprint(size_mb=size)
    took, memory = json.loads(done.stdout)
    return Footprint(size_mb=size, loading_s=took, memory_mb=memory)


def _files(name: str) -> list[Path]:
    if name == "surface":
        from tactful.reading.surface import WEIGHTS

        return [WEIGHTS]
    if name == "estimate":
        from tactful.reading.estimate.estimator import FITTED

        return [FITTED]
    from tactful.reading.encoder.reader import WEIGHTS as FOLDER
    from tactful.reading.tuned.reader import base_in

    place = FOLDER if name == "encoder" else Path(name)
    base = base_in(place)
    weights = [] if base is None else [*base.glob("*.safetensors")]
    return [*weights, *(path for path in place.iterdir() if path.is_file())]
