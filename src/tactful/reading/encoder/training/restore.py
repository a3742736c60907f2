"""An exported network taken back into torch, to learn on: weights are those of its int8 file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.errors import DataError
from tactful.reading.encoder.training.export import ATTENTION_HEADS
from tactful.reading.encoder.training.torch_network import network_on
from tactful.weights.extras import need

_QUANTIZED, _TRANSPOSED = "_quantized", "_Transposed"


def restore_network(path: Path) -> Any:
    """The network in `path` (`reader.onnx`), as `torch_network.build_network` makes it.

    It gives what the file gives, but for int8 activations: probabilities differ by a few thousandths.
    Raises: MissingExtra, where torch, transformers or onnx is not installed; DataError, where the file was exported
    before the number of attention heads was written into it.
    """
    what = "training a reader further"
    onnx, torch, transformers = need("onnx", "torch", "transformers", what=what)
    model = onnx.load(str(path))
    heads = {one.key: one.value for one in model.metadata_props}.get(ATTENTION_HEADS)
    if heads is None:
        raise DataError.at(
            path, None, "does not say how many attention heads it has", fix="train the reader again"
        )
    weights = {name: torch.from_numpy(value) for name, value in _weights(model).items()}
    embeddings = "encoder.embeddings.{}_embeddings.weight"
    words, hidden = weights[embeddings.format("word")].shape
    config = transformers.BertConfig(
        vocab_size=words,
        hidden_size=hidden,
        num_hidden_layers=1 + max(int(name.split(".")[3]) for name in weights if ".layer." in name),
        num_attention_heads=int(heads),
        intermediate_size=len(weights["encoder.encoder.layer.0.intermediate.dense.bias"]),
        max_position_embeddings=len(weights[embeddings.format("position")]),
        type_vocab_size=len(weights[embeddings.format("token_type")]),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
    )
    network = network_on(transformers.BertModel(config, add_pooling_layer=False))
    network.load_state_dict(weights)
    return network


def _weights(model: Any) -> dict[str, NDArray[np.float32]]:
    """Name of a parameter in torch → its values. Matrices of linear layers are found by the bias that is added to their product."""
    from onnx import numpy_helper

    stored = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    biased = _biases(model.graph, stored)
    found: dict[str, NDArray[np.float32]] = {}
    for name, values in stored.items():
        if not name.endswith(_QUANTIZED):
            if name.startswith("network.") and values.dtype == np.float32 and values.ndim:
                found[name.removeprefix("network.")] = np.array(values)
            continue
        base = name.removesuffix(_QUANTIZED)
        scale, zero = stored[f"{base}_scale"], stored[f"{base}_zero_point"]
        plain = (values.astype(np.float32) - zero.astype(np.float32)) * scale
        if name in biased:
            found[biased[name].removesuffix(".bias").removeprefix("network.") + ".weight"] = np.array(plain.T)
        else:
            found[base.removeprefix("network.")] = plain
    return {
        name: np.ascontiguousarray(values) for name, values in found.items() if not name.endswith("_scale")
    }


def _biases(graph: Any, stored: dict[str, NDArray[Any]]) -> dict[str, str]:
    """Name of a quantised matrix → name of the bias added after the product with it."""
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)

    def bias_after(output: str) -> str:
        for node in readers.get(output, ()):
            if node.op_type == "Add":
                return str(next(name for name in node.input if name in stored))
            if node.op_type in {"Cast", "Mul"}:
                return bias_after(node.output[0])
        return ""

    return {
        node.input[1]: bias_after(node.output[0])
        for node in graph.node
        if node.op_type == "MatMulInteger" and node.input[1] in stored
    }
