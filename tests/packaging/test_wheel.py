"""What a user installs holds everything that the code reads at run time."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.packaging.bootstrap import ROOT

import tactful

PACKAGE = ROOT / "src" / "tactful"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built offline by the pinned hatchling in a process of its own."""
    folder = tmp_path_factory.mktemp("dist")
    program = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_is_named_by_version_and_fits_every_python(wheel: Path) -> None:
    assert wheel.name == f"tactful-{tactful.__version__}-py3-none-any.whl"


@pytest.mark.parametrize(
    "kind", ["*.py", "*.md", "*.toml", "*.jsonl", "*.yaml", "*.j2", "*.css", "*.js", "py.typed"]
)
def test_the_wheel_holds_every_file_of_a_kind(names: set[str], kind: str) -> None:
    wanted = {f"tactful/{path.relative_to(PACKAGE).as_posix()}" for path in PACKAGE.rglob(kind)}
    assert wanted
    assert wanted <= names


def test_the_wheel_holds_nothing_but_the_package(names: set[str]) -> None:
    info = f"tactful-{tactful.__version__}.dist-info/"
    ours = ("tactful/", "tactful_calibration/", "tactful_gym/", "tactful_verifiers/")
    assert not [name for name in names if not name.startswith((*ours, info))]
    assert {f"{folder}__init__.py" for folder in ours} <= names
    assert not [name for name in names if "__pycache__" in name]
    assert f"{info}licenses/LICENSE" in names


def test_the_wheel_installs_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = f"tactful-{tactful.__version__}.dist-info"
        entry_points = archive.read(f"{info}/entry_points.txt").decode()
        metadata = archive.read(f"{info}/METADATA").decode()
    assert "tactful = tactful.cli.main:main" in entry_points
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: <3.14,>=3.11" in metadata


@pytest.mark.slow
def test_the_unpacked_wheel_works_outside_the_clone(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    program = (
        "import sys; sys.path.insert(0, 'site')\n"
        "import tactful; assert tactful.__file__.startswith(sys.argv[1]), tactful.__file__\n"
        "sys.argv = ['tactful', 'calibrate', 'states', '--mode', 'synthetic', '--domain', 'planning', '--n', '2']\n"
        "from tactful.cli.main import main; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
