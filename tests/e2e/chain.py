"""The documented jobs, command by command, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tactful.data.io import read_jsonl
from tactful.types import State

PERSONAS = "patient-tutor,senior-engineer,startup-founder"
ROOT = Path(__file__).resolve().parents[2]


def mbpp_file() -> Path:
    """The real MBPP: TACTFUL_TEST_DATA, else ../shared/data; without it the test is skipped."""
    folder = Path(os.environ.get("TACTFUL_TEST_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "mbpp" / "mbpp_train_validation.jsonl"
    if not path.is_file():
        pytest.skip("no real data: set TACTFUL_TEST_DATA to the folder that holds it")
    return path


@dataclass
class Shell:
    """`tactful …` in `folder`. Without `base_url` there is no endpoint and no key."""

    folder: Path
    base_url: str = ""
    said: list[str] = field(default_factory=list)

    def command(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "tactful", *map(str, words)]

    @property
    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "TACTFUL_"))}
        if self.base_url:
            clean |= {"OPENAI_API_KEY": "sk-e2e-secret", "OPENAI_BASE_URL": self.base_url}
        return clean

    def json(self, *words: object) -> Any:
        """What the command prints with --json; it must succeed."""
        done = subprocess.run(
            self.command(*words, "--json"),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"tactful {' '.join(map(str, words))}\n{done.stderr}"
        self.said.append(done.stderr)
        return json.loads(done.stdout)


def states_of(path: Path) -> list[State]:
    """The states in a file."""
    return list(read_jsonl(path, State))


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
