"""The libraries' own bars and notes stay off while they work for us; ours are shown instead."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_CHATTY = ("transformers", "trl", "peft", "datasets", "accelerate", "huggingface_hub", "torch")


@contextmanager
def quietly() -> Iterator[None]:
    """Only errors of the libraries are shown inside the block."""
    from transformers.utils import logging as transformers_logging

    datasets = sys.modules.get("datasets")  # where nothing has loaded it, it shows nothing
    levels = {name: logging.getLogger(name).level for name in _CHATTY}
    of_datasets = datasets is not None and not datasets.are_progress_bars_disabled()
    of_transformers = transformers_logging.is_progress_bar_enabled()
    if datasets is not None:
        datasets.disable_progress_bars()
    transformers_logging.disable_progress_bar()
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        if datasets is not None and of_datasets:
            datasets.enable_progress_bars()
        if of_transformers:
            transformers_logging.enable_progress_bar()
