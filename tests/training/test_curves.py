"""Curves of a training: the rows as they were logged, and a picture."""

from __future__ import annotations

import json
from pathlib import Path

from tactful.training.curves import CURVES, PICTURE, save_curves


def test_a_title_is_no_formula_whatever_the_path_of_the_base_holds(tmp_path: Path) -> None:
    rows = [{"step": 0, "eval_loss": 0.7}, {"step": 1, "loss": 0.5}, {"step": 1, "eval_loss": 0.6}]
    save_curves(rows, tmp_path, "dpo on /data/$base_{$2")
    assert [json.loads(line) for line in (tmp_path / CURVES).read_text().splitlines()] == rows
    assert (tmp_path / PICTURE).stat().st_size
