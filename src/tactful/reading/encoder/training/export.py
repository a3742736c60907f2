"""A trained network as the files that a reader loads: int8 ONNX, vocabulary, scope and card."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

from tactful.reading.encoder.network import WIDTH
from tactful.reading.encoder.training.attending import attend_in_one
from tactful.weights.extras import need

ATTENTION_HEADS = "attention heads"
"""Key of the file's metadata: what its weights do not tell."""


def export_network(network: Any, path: Path) -> None:
    """Write the network as ONNX with int8 weights (about a quarter of the size; dynamic quantisation).

    Raises: MissingExtra, where torch or onnx is not installed.
    """
    need("onnx", "torch", what="exporting a reader")
    import onnx
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    outputs = ("vector", *WIDTH)

    class Ordered(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, ids: Any, segments: Any, mask: Any) -> tuple[Any, ...]:
            found = self.network(ids, segments, mask)
            return tuple(found[name] for name in outputs)

    network.eval()
    example = tuple(torch.ones(2, 9, dtype=torch.long) for _ in range(3))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        plain = Path(folder) / "plain.onnx"
        size = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
        torch.onnx.export(
            Ordered().eval(),
            example,
            str(plain),
            input_names=["ids", "segments", "mask"],
            output_names=list(outputs),
            dynamic_shapes=(size, size, size),
            external_data=False,
            verbose=False,
        )
        quantize_dynamic(plain, path, weight_type=QuantType.QInt8, per_channel=True)
    model, heads = onnx.load(str(path)), network.encoder.config.num_attention_heads
    attend_in_one(model, heads)
    onnx.helper.set_model_props(model, {ATTENTION_HEADS: str(heads)})
    onnx.save(model, str(path))
