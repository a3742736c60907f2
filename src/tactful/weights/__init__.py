"""Local language models: a base by name, folder or GGUF file, and what training made of it, opened and read.

    base = load_base("smollm2")              # model, tokenizer
    tuned = load_trained("runs/dpo")         # the same, its manifest checked
    prompt_ids(tuned.tokenizer, messages)    # the tokens that training, evaluation and live use share

torch, transformers and peft (extra `[train]`) are imported when a model is opened, never before.
"""

from tactful.weights.base import Loaded, base_folder, load_base, load_tokenizer
from tactful.weights.tokens import answer_ids, choice_ids, prompt_ids
from tactful.weights.trained import load_trained, read_manifest, selectors_of
from tactful.weights.types import MANIFEST_FILE, Manifest

__all__ = [
    "MANIFEST_FILE",
    "Loaded",
    "Manifest",
    "answer_ids",
    "base_folder",
    "choice_ids",
    "load_base",
    "load_tokenizer",
    "load_trained",
    "prompt_ids",
    "read_manifest",
    "selectors_of",
]
