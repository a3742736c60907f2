"""The command line for the tests of this folder."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tactful.cli.data.root import noun


@pytest.fixture
def own_process():
    """The command line in a process of its own, where exit codes and streams matter."""

    def call(*words, cwd, stdin=""):
        return subprocess.run(
            [sys.executable, "-c", "from tactful.cli.main import main; main()", *words],
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=100,
        )

    return call


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """Call `tactful data …` in this process; errors raised on purpose come out as they are."""
    monkeypatch.chdir(tmp_path)

    def call(*words, **options):
        return CliRunner().invoke(noun, words, catch_exceptions=False, standalone_mode=True, **options)

    return call
