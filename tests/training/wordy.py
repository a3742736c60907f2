"""The tiny model with a vocabulary of whole words, so that our prompts are short and real steps are cheap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def wordy_model(tiny: Path, folder: Path, texts: Sequence[str]) -> Path:
    """`tiny` with a tokenizer trained on `texts`, its weights drawn anew where words were added."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    words = tokenizer.train_new_from_iterator([*texts] * 5, vocab_size=900)
    model = AutoModelForCausalLM.from_pretrained(tiny)
    model.resize_token_embeddings(len(words), mean_resizing=False)
    model.config.pad_token_id, model.config.eos_token_id = words.pad_token_id, words.eos_token_id
    model.config.bos_token_id = words.eos_token_id
    model.generation_config.eos_token_id = model.generation_config.bos_token_id = words.eos_token_id
    model.generation_config.pad_token_id = words.pad_token_id
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
