"""S1: what is installed is what the lock names, to the byte."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.packaging.bootstrap import ROOT, load_bootstrap

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def entries() -> list[str]:
    """The requirements of the lock, each with its continuation lines joined."""
    joined = LOCK.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def name_of(requirement: str) -> str:
    """`scikit-learn` from `scikit_learn>=1.7 ; marker`."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_every_requirement_is_pinned_to_a_version_and_to_hashes() -> None:
    assert len(entries()) > 20
    for entry in entries():
        assert re.match(r"[a-z0-9._-]+==[\w.]+( ;[^;]+?)?\s+--hash=sha256:[0-9a-f]{64}", entry), entry[:120]
        assert not re.sub(r"--hash=sha256:[0-9a-f]{64}", "", entry).count("--"), entry[:120]


def test_the_lock_names_no_address() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK
    assert not [entry for entry in entries() if " @ " in entry or entry.startswith(("-", "."))]


def test_the_lock_covers_everything_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    own = {"tactful"}  # the dev extra takes in others of the project's own
    named = [*project["dependencies"], *extras["dev"], *extras["annotate"], *extras["live"]]
    asked = {name_of(item) for item in named} - own
    locked = {name_of(entry) for entry in entries()}
    assert asked <= locked
    assert "torch" not in locked


def make_wheel(folder: Path) -> Path:
    """A tiny wheel, written by hand, that pip accepts without any other package."""
    wheel = folder / "tinypart-1.0-py3-none-any.whl"
    info = "tinypart-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tinypart.py", "ANSWER = 42\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinypart\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(
            f"{info}/RECORD", f"tinypart.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )
    return wheel


Installs = Callable[[str, Path], "subprocess.CompletedProcess[str]"]


@pytest.fixture(params=["uv", "pip"])
def install(request: pytest.FixtureRequest) -> Installs:
    """The bootstrap's own command, on a lock of one line, from a folder alone: by uv, and by pip where uv can't."""
    bootstrap, by_uv = load_bootstrap(), request.param == "uv"
    made = bootstrap.quick_command if by_uv else bootstrap.install_command

    def installed(lock_line: str, folder: Path) -> subprocess.CompletedProcess[str]:
        lock = folder / "requirements.lock"
        lock.write_text(lock_line + "\n", encoding="utf-8")
        offline = ["--no-index", "--find-links", str(folder), "--target", str(folder / "site")]
        command = [*made(Path(sys.executable), lock), "--no-config" if by_uv else "--isolated", *offline]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    return installed


def installed_in(folder: Path) -> list[str]:
    """All that was put into `site`, but for the empty file by which uv keeps others out."""
    return sorted(path.name for path in (folder / "site").rglob("*") if path.name != ".lock")


@pytest.mark.slow
def test_a_file_with_the_right_hash_is_installed(tmp_path: Path, install: Installs) -> None:
    digest = hashlib.sha256(make_wheel(tmp_path).read_bytes()).hexdigest()
    done = install(f"tinypart==1.0 --hash=sha256:{digest}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "tinypart.py").is_file()


@pytest.mark.slow
def test_a_file_that_changed_after_locking_is_refused(tmp_path: Path, install: Installs) -> None:
    wheel = make_wheel(tmp_path)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("slipped_in.py", "print('not what was locked')\n")
    done = install(f"tinypart==1.0 --hash=sha256:{digest}", tmp_path)
    assert done.returncode != 0
    assert ("Hash mismatch" if "uv" in done.args[0] else "DO NOT MATCH THE HASHES") in done.stderr
    assert installed_in(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("line", ["tinypart==1.0", "tinypart>=1.0"])
def test_a_requirement_without_hash_is_refused(tmp_path: Path, line: str, install: Installs) -> None:
    make_wheel(tmp_path)
    done = install(line, tmp_path)
    assert done.returncode != 0
    assert "--require-hashes" in done.stderr
    assert installed_in(tmp_path) == []


def test_where_uv_cannot_install_pip_does(tmp_path: Path) -> None:
    """Two stand-ins: a Python whose pip works and whose uv ends with an error, as behind a mirror that it does not know."""
    bootstrap, said = load_bootstrap(), tmp_path / "said"
    python, uv = tmp_path / "bin" / "python", tmp_path / "bin" / "uv"
    python.parent.mkdir()
    for program, code in ((python, 0), (uv, 2)):
        program.write_text(f'#!/bin/sh\necho "{program.name} $*" >> {said}\nexit {code}\n', encoding="utf-8")
        program.chmod(0o755)
    bootstrap.install(python, ROOT / "requirements.lock")
    first, second, last = said.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"python -m pip .*uv\.txt", first)
    assert second.startswith("uv pip install")
    assert re.fullmatch(r"python -m pip .*requirements\.lock", last)
    assert (tmp_path / "uv.txt").read_text(encoding="utf-8").startswith("uv==")
