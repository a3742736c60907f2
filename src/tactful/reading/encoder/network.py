"""The exported network: token ids in, one vector and the logits of every head out. onnxruntime, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tactful.reading.encoder.inputs import Shown
from tactful.reading.types import GAPS, REACTIONS

Floats = NDArray[np.float32]

WIDTH = {"need": 2, "gaps": len(GAPS) + 1, "reaction": len(REACTIONS), "accept": 2, "silence": 2}
"""Head → classes; `gaps` are the four kinds and whether one is critical. The outputs beside `vector`, in this order."""

_SLOWER = ["SkipLayerNormFusion"]
"""onnxruntime's rewriting of an addition and a normalisation into one operation, whose kernel for processors takes
three times as long as the two (measured on 1.32)."""

_SAME_EVERYWHERE = "session.x64quantprecision"
"""Processors without VNNI add products of int8 in 16 bits, which overflow: probabilities came out 0.01 to 0.03 off. With
this, onnxruntime shifts the weights there, so that nothing does; elsewhere it changes nothing."""


@dataclass(frozen=True)
class Outputs:
    """One row per input."""

    vector: Floats
    """(n, dimensions): what the heads see; distances to the training texts are measured here."""
    logits: dict[str, Floats]


class Runs(Protocol):
    """A network that gives a vector and logits."""

    def run(self, shown: Sequence[Shown], heads: Sequence[str]) -> Outputs:
        """Vector and the logits of `heads`, in the order given; of one input at least."""
        ...


class Network:
    """Runs `reader.onnx` on `threads` cores."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # the arena keeps the largest batch ever seen
        options.add_session_config_entry(_SAME_EVERYWHERE, "1")
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
        )

    def run(self, shown: Sequence[Shown], heads: Sequence[str]) -> Outputs:
        """Vector and the logits of `heads`, in the order given. One text at a time: int8 activations are scaled by all
        that stands in a batch, and what is read of a text must not depend on its neighbours."""
        names = ["vector", *heads]
        rows = [self._session.run(names, _feed(one)) for one in shown]
        columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
        return Outputs(columns[0], dict(zip(heads, columns[1:], strict=True)))


def _feed(one: Shown) -> dict[str, NDArray[np.int64]]:
    ids = np.array([one.ids], dtype=np.int64)
    return {"ids": ids, "segments": np.array([one.segments], dtype=np.int64), "mask": np.ones_like(ids)}
