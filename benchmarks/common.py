"""What benchmarks share: the machine in a line, and medians with their spread."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence


def machine() -> str:
    """Processor, cores, Python, system, and how busy the machine is: figures are only comparable with these."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def spread(values: Sequence[float], unit: str = "", digits: int = 2) -> str:
    """`median unit (lowest to highest)`."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Median and range of ours / theirs, round by round, so that a busy moment counts for both."""
    return spread([one / other for one, other in zip(ours, theirs, strict=True)], " x")
