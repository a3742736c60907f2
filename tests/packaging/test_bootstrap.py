"""S2–S4: set-up from a fresh clone with Python's standard library alone, and not a second time."""

from __future__ import annotations

import ast
import builtins
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.packaging.bootstrap import FILE, ROOT, load_bootstrap


def clone(folder: Path) -> Path:
    """A fresh clone of what is committed; skips where this is no clone itself."""
    target = folder / "clone"
    done = subprocess.run(["git", "clone", "-q", str(ROOT), str(target)], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git clone")
    return target


def bare_python(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """This Python's base interpreter, isolated: no site-packages of ours, no PYTHON* variables."""
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return subprocess.run(
        [str(base if base.exists() else sys.executable), "-I", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


# ---------------------------------------------------------------- S2: nothing but the standard library


def test_the_bootstrap_imports_nothing_but_the_standard_library() -> None:
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_the_bootstrap_reads_on_a_python_too_old_to_run_tactful() -> None:
    # So that an old Python prints our sentence instead of a syntax error.
    ast.parse(FILE.read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize("arguments", [(), ("no-such-job",), ("--help",)])
def test_wrong_usage_prints_the_jobs_and_sets_nothing_up(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "tools").mkdir()
    shutil.copy(FILE, tmp_path / "tools" / "bootstrap.py")
    done = bare_python("tools/bootstrap.py", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "python3 tools/bootstrap.py demo" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_make_and_the_bootstrap_know_the_same_jobs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    line = next(line for line in makefile.splitlines() if line.endswith("setup:"))
    assert set(line.removesuffix(":").split()) == set(load_bootstrap().JOBS)


def test_the_gate_runs_the_readmes_test_command_first() -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"^make (\w+)$", gate, re.MULTILINE) == ["test", "slow", "lint"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "set -euo pipefail" in gate


# ---------------------------------------------------------------- S3: one exact line to type


def test_a_missing_venv_gives_the_one_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap, plain = load_bootstrap(), builtins.__import__

    def without_venv(name: str, *rest: Any, **more: Any) -> Any:
        if name in {"venv", "ensurepip"}:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return plain(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_venv)
    with pytest.raises(bootstrap.SetupError) as raised:
        bootstrap.check_venv()
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert re.search(rf"; type: (sudo )?apt-get install -y {re.escape(package)}$", str(raised.value))


@pytest.mark.parametrize(("user", "line"), [(0, "apt-get install"), (1000, "sudo apt-get install")])
def test_the_line_to_type_fits_who_types_it(user: int, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = load_bootstrap()
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert bootstrap.install_venv_line((3, 12)) == f"{line} -y python3.12-venv"


def test_a_python_without_ensurepip_stops_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    shutil.copy(FILE, tmp_path / "tools" / "bootstrap.py")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    program = (
        "import sys, runpy\n"
        "sys.modules['ensurepip'] = None\n"
        "sys.argv = ['tools/bootstrap.py', 'test']\n"
        "runpy.run_path('tools/bootstrap.py', run_name='__main__')\n"
    )
    done = bare_python("-c", program, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("tactful: ")
    assert len(re.findall(r"type: ", done.stderr)) == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("version", [(3, 9), (3, 10), (3, 14), (4, 0)])
def test_an_unsupported_python_gives_the_one_line_to_type(
    version: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap = load_bootstrap()
    monkeypatch.setattr(sys, "argv", ["tools/bootstrap.py", "demo"])
    with pytest.raises(bootstrap.SetupError) as raised:
        bootstrap.check_python(version, "linux")
    assert f"Python {version[0]}.{version[1]} is not supported" in str(raised.value)
    assert re.search(r"; type: python3\.1[123] tools/bootstrap\.py demo$", str(raised.value))


def test_the_line_to_type_names_a_python_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "python3.12"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert load_bootstrap().supported_python() == "python3.12"
    other.unlink()
    assert load_bootstrap().supported_python() == "python3.11"


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_supported_pythons_pass(version: tuple[int, int]) -> None:
    load_bootstrap().check_python(version, "linux")


def test_another_system_is_told_what_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    load_bootstrap().check_python((3, 12), "darwin")
    assert "only Linux has the cage" in capsys.readouterr().out


def test_a_failed_step_says_which_and_to_run_it_again() -> None:
    bootstrap = load_bootstrap()
    with pytest.raises(bootstrap.SetupError, match=r"making tea failed; .* run the same command again"):
        bootstrap.run([sys.executable, "-c", "raise SystemExit(3)"], what="making tea")


# ---------------------------------------------------------------- S4: the second run needs nothing


@pytest.fixture
def ready(tmp_path: Path) -> tuple[Path, Path]:
    """A project whose environment bears the stamp of its lock, and a log that its python writes to when called."""
    log = tmp_path / "calls.log"
    (tmp_path / "tools").mkdir()
    shutil.copy(FILE, tmp_path / "tools" / "bootstrap.py")
    (tmp_path / "requirements.lock").write_text("one==1 --hash=sha256:00\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\ncase "$*" in *pip*) exit 99;; esac\n')
    python.chmod(0o755)
    made_from = "import runpy; print(runpy.run_path('tools/bootstrap.py')['stamp'](), end='')"
    (tmp_path / ".venv" / "made-from").write_text(bare_python("-c", made_from, cwd=tmp_path).stdout)
    return tmp_path, log


def test_a_second_run_installs_nothing_and_runs_the_job(ready: tuple[Path, Path]) -> None:
    folder, log = ready
    done = bare_python("tools/bootstrap.py", "test", "-k", "nothing", cwd=folder)
    assert done.returncode == 0, done.stderr
    calls = log.read_text().splitlines()
    assert len(calls) == 1
    assert calls[0].startswith("-m pytest")
    assert calls[0].endswith("-k nothing")


def test_the_tests_say_first_how_long_they_take_but_not_for_a_part_of_them(ready: tuple[Path, Path]) -> None:
    folder, _ = ready
    whole = bare_python("tools/bootstrap.py", "test", cwd=folder)
    assert re.match(r"tactful: about [\d,]+ tests, about five minutes on two cores", whole.stdout)
    assert bare_python("tools/bootstrap.py", "test", "-k", "one", cwd=folder).stdout == ""


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_is_set_up_again(ready: tuple[Path, Path], name: str) -> None:
    folder, _ = ready
    code = "import runpy; print(runpy.run_path('tools/bootstrap.py')['ready']())"
    assert bare_python("-c", code, cwd=folder).stdout == "True\n"
    with (folder / name).open("a") as file:
        file.write("# changed\n")
    assert bare_python("-c", code, cwd=folder).stdout == "False\n"


def test_a_set_up_that_broke_off_is_not_taken_for_ready(ready: tuple[Path, Path]) -> None:
    folder, _ = ready
    (folder / ".venv" / "made-from").unlink()
    code = "import runpy; print(runpy.run_path('tools/bootstrap.py')['ready']())"
    assert bare_python("-c", code, cwd=folder).stdout == "False\n"


def test_the_exit_code_of_a_failing_job_is_passed_on(ready: tuple[Path, Path]) -> None:
    folder, log = ready
    (folder / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexit 7\n')
    assert bare_python("tools/bootstrap.py", "check", cwd=folder).returncode == 7
    assert len(log.read_text().splitlines()) == 1  # the first failure ends the job


# ---------------------------------------------------------------- the real thing


def registry_in_reach(folder: Path) -> bool:
    """Can pip fetch one small package from wherever this machine gets its packages?"""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--no-cache-dir",
        "-d",
        str(folder),
        "editables",
    ]
    try:
        return (
            subprocess.run(
                [*command, "--retries", "0"], capture_output=True, timeout=60, check=False
            ).returncode
            == 0
        )
    except subprocess.TimeoutExpired:
        return False


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_fresh_clone_sets_itself_up_and_plays_the_demo_then_again_offline(tmp_path: Path) -> None:
    if not registry_in_reach(tmp_path / "probe"):
        pytest.skip("no package registry in reach")
    here = clone(tmp_path)
    done = bare_python("tools/bootstrap.py", "setup", cwd=here)
    assert done.returncode == 0, done.stderr
    assert (here / ".venv" / "made-from").is_file()
    no_network = {"PIP_NO_INDEX": "1", "PIP_INDEX_URL": "http://127.0.0.1:9", "NO_COLOR": "1"}
    again = bare_python("tools/bootstrap.py", "demo", cwd=here, **no_network)
    assert again.returncode == 0, again.stderr
    assert "setting up" not in again.stdout
    reports = list((here / "runs").rglob("*.html"))
    assert len(reports) == 1
    assert reports[0].name in again.stdout + again.stderr
