"""The exported network: token ids in, one vector and the logits of every head out. onnxruntime, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tactful.reading.encoder.inputs import Shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HEADS = ("need", "gaps", "reaction", "accept", "silence")
"""Outputs beside `vector`: need (n, 2), gaps (n, 5: four kinds, critical), reaction (n, 7), accept and silence (n, 2)."""
_BATCH = 32


@dataclass(frozen=True)
class Outputs:
    """One row per input."""

    vector: Floats
    """(n, dimensions): what the heads see; distances to the training texts are measured here."""
    logits: dict[str, Floats]


class Network:
    """Runs `reader.onnx` on `threads` cores."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # the arena keeps the largest batch ever seen
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(self, shown: Sequence[Shown], heads: Sequence[str]) -> Outputs:
        """Vector and the logits of `heads`, in the order given; texts of like length share a batch."""
        order = sorted(range(len(shown)), key=lambda at: len(shown[at].ids))
        names = ["vector", *heads]
        gathered: dict[str, list[Floats]] = {name: [] for name in names}
        for begin in range(0, len(order), _BATCH):
            batch = [shown[at] for at in order[begin : begin + _BATCH]]
            for name, found in zip(names, self._session.run(names, _feed(batch)), strict=True):
                gathered[name].append(found)
        back = np.argsort(np.array(order, dtype=int)) if order else np.array([], dtype=int)
        whole = {name: np.concatenate(parts)[back] for name, parts in gathered.items() if parts}
        return Outputs(whole.pop("vector"), whole)


def _feed(batch: Sequence[Shown]) -> dict[str, NDArray[np.int64]]:
    length = max(len(one.ids) for one in batch)
    feed = {name: np.zeros((len(batch), length), dtype=np.int64) for name in ("ids", "segments", "mask")}
    for row, one in enumerate(batch):
        feed["ids"][row, : len(one.ids)] = one.ids
        feed["segments"][row, : len(one.segments)] = one.segments
        feed["mask"][row, : len(one.ids)] = 1
    return feed
