"""From labelled texts to a tuned language model that reads: the encoder's examples, loss and calibration, another network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tactful.data.sealed import save_document
from tactful.reading.encoder.card import ReaderCard, refuse_used
from tactful.reading.encoder.examples import Example, examples_of
from tactful.reading.encoder.training.learning import LearningSettings, fit
from tactful.reading.encoder.training.train import finish, refuse_unfit
from tactful.reading.labelled import Labelled
from tactful.reading.tuned.inputs import LAYOUT, SHOWN, ModelTokens
from tactful.reading.tuned.network import HEADS_FILE, load_network, new_network, save_network
from tactful.reading.tuned.reader import TUNED_FILE, TunedFile
from tactful.runs.store.files import make_folder
from tactful.types import Record, seeded
from tactful.weights import load_base
from tactful.weights.base import fingerprint
from tactful.weights.extras import device, need, quick_in_bf16
from tactful.weights.quiet import quietly

BOUNDING = 600
SETTINGS = LearningSettings(learning_rate=5e-4, epochs=2)


class Adapters(Record):
    """Which part of the language model learns."""

    layers: int = 8
    """Uppermost layers that get adapters; below them nothing learns, and no gradient is computed."""
    rank: int = 16


def train_tuned(
    training: Labelled,
    calibration: Labelled,
    base: str,
    out: Path,
    *,
    adapters: Adapters | None = None,
    settings: LearningSettings | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> ReaderCard:
    """Train on `training`, fit probabilities and limits on `calibration`, write everything into the folder `out`.

    Both are fitted on the network as it will be opened, in float32: half precision can move a text beyond its limit.

    `base` is a language model as `tactful.weights` takes it. Its weights stay as they are and are not copied: the folder
    holds adapters, heads and tokenizer. Raises: UserError, when `out` exists, a writer stands in both sets, or the base
    cannot be opened; MissingExtra without the extra `[train]`.
    """
    refuse_unfit(training, calibration)
    refuse_used(out)
    torch, _ = need("torch", "peft", what="training a reader")
    adapters = adapters or Adapters()
    settings = settings or SETTINGS
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    loaded = load_base(base, dtype="bf16" if quick_in_bf16(device()) else "f32", chat=False)
    tokens = ModelTokens(loaded.tokenizer)
    network = new_network(loaded, layers=adapters.layers, rank=adapters.rank).to(loaded.model.device)
    trained = examples_of(training, tokens, SHOWN)
    learnt = fit(network, trained, settings, on_step=on_step)
    make_folder(out)
    with quietly():
        save_network(network, out)
        loaded.tokenizer.save_pretrained(out)
    about = TunedFile(
        base=base,
        base_folder=str(loaded.folder),
        base_fingerprint=fingerprint(loaded.folder),
        layout=LAYOUT,
        **adapters.model_dump(),
    )
    save_document(out / TUNED_FILE, about)
    held = examples_of(calibration, tokens, SHOWN)
    kept = {"adapter_config.json", "adapter_model.safetensors", HEADS_FILE, TUNED_FILE}
    kept |= {path.name for pattern in ("tokenizer*", "*.jinja") for path in out.glob(pattern)}
    reading = load_network(load_base(str(loaded.folder), dtype="f32", chat=False), out)
    seen = _some(trained, settings.seed)
    return finish(out, sorted(kept), reading, training, calibration, seen, held, learnt, settings)


def _some(examples: Sequence[Example], seed: int) -> list[Example]:
    """At most `BOUNDING` texts a judgement: where the training texts lie is told by them as well as by all."""
    mixed = list(examples)
    seeded("bounding", seed).shuffle(mixed)
    tasks = sorted({one.task for one in mixed})
    return [one for task in tasks for one in [one for one in mixed if one.task == task][:BOUNDING]]
