"""Rules of the house: imports point up, help stays light, every prompt renders, nothing of one machine is kept."""

from __future__ import annotations

import ast
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tactful
from tactful.prompts import Prompt, read_prompt

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "tactful"
MODULES = sorted(PACKAGE.rglob("*.py"))
PROMPTS = sorted(path for path in PACKAGE.rglob("*.md") if path.name != "DATASHEET.md")
HEAVY = {"aiohttp", "numpy", "scipy", "sklearn", "matplotlib", "torch"}


# ---------------------------------------------------------------- imports


@pytest.mark.slow
def test_imports_point_up_the_house(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from importlinter.cli import lint_imports

    monkeypatch.chdir(ROOT)
    # Its setting up would silence the loggers of every test that comes after.
    monkeypatch.setattr("logging.config.dictConfig", lambda config: None)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0, (
        capsys.readouterr().out
    )


HELP = """
import contextlib, io, json, socket, sys

def refuse(*_, **__):
    raise AssertionError("help must not use the network")

socket.socket.connect = socket.getaddrinfo = refuse
from tactful.cli.main import app, main
from typer.main import get_command

def paths(command, words=()):
    yield words
    for name, below in getattr(command, "commands", {}).items():
        yield from paths(below, (*words, name))

seen = {}
for words in paths(get_command(app)):
    sys.argv = ["tactful", *words, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.suppress(SystemExit):
        main()
    seen[" ".join(words)] = ["Usage" in shown.getvalue(), sorted({name.partition(".")[0] for name in sys.modules})]
print(json.dumps(seen))
"""


@pytest.mark.slow
def test_help_of_every_command_loads_nothing_heavy_and_takes_no_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    seen = json.loads(done.stdout)
    assert {"", "calibrate", "calibrate rollout", "data import mbpp", "runs show"} <= seen.keys()
    for words, (shown, modules) in seen.items():
        assert shown, f"tactful {words} --help"
        assert not HEAVY & set(modules), f"tactful {words} --help"


def _modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(tactful.__path__, "tactful."):
        if not found.name.endswith("__main__") and ".sandbox.inside" not in found.name:
            yield found.name


# ---------------------------------------------------------------- prompts


def test_every_prompt_file_in_a_prompts_folder_is_loaded_by_its_room() -> None:
    loaded = set()
    for name in _modules():
        module = importlib.import_module(name)
        loaded |= {item.prompt_id for item in vars(module).values() if isinstance(item, Prompt)}
    files = {
        f"{path.relative_to(PACKAGE).parts[0]}/{path.stem}"
        for path in PROMPTS
        if path.parent.name == "prompts"
    }
    assert files
    assert files <= loaded


@pytest.mark.parametrize("path", PROMPTS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_prompt_renders_with_its_fields(path: Path) -> None:
    prompt = read_prompt(path, prompt_id=path.stem)
    values = {name: f"<{name}>" for name in prompt.fields}
    rendered = prompt.render(**values)
    text = "\n".join(message.content for message in rendered.messages)
    assert all(message.content for message in rendered.messages)
    assert all(value in text for value in values.values())
    assert "{{" not in text


def test_every_action_space_file_is_used_by_its_space() -> None:
    from tactful.calibration.play.actions import load_action_spaces

    for folder in (PACKAGE / "calibration" / "play" / "spaces").iterdir():
        for domain, space in load_action_spaces(folder.name).items():
            used = {prompt.prompt_id.rpartition("/")[2] for prompt in space.prompts}
            assert used == {path.stem for path in (folder / domain).glob("*.md")}


# ---------------------------------------------------------------- text


@pytest.mark.slow
def test_every_module_opens_with_a_docstring() -> None:
    def says_what_it_is(path: Path) -> bool:
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        return docstring is not None and len(docstring.split()) >= 3

    assert [str(path.relative_to(PACKAGE)) for path in MODULES if not says_what_it_is(path)] == []


def tracked() -> list[Path]:
    """Text files under version control; skips where this is no clone."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git clone")
    files = (ROOT / name for name in done.stdout.split("\0") if name)
    return [
        path
        for path in files
        if path.is_file() and path.suffix not in {".png", ".ico", ".gz", ".npz", ".onnx"}
    ]


@pytest.mark.slow
def test_no_tracked_file_names_a_place_on_somebodys_machine() -> None:
    own = [str(ROOT), str(Path(sys.prefix))]
    homes = re.compile(r"(?<![\w.])/(?:home|Users)/(?!user\b|me\b|you\b|nobody\b|x\b)[a-z][\w-]*/")
    found = []
    for path in tracked():
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(ROOT)}: {place}" for place in own if place in text]
        if path.parent.name != "corpora":  # people in there work in made-up homes
            found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in homes.finditer(text)]
    assert not found


@pytest.mark.slow
def test_no_tracked_file_names_a_package_registry() -> None:
    host = re.compile(
        r"https?://[^\s\"'<>)]*(?:/simple\b|/packages/|pythonhosted|artifactory|nexus|devpi)|--(?:extra-)?index-url[ =]\S+://",
        re.IGNORECASE,
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if path != Path(__file__).resolve()
        for match in host.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_no_tracked_file_is_a_pickle_or_compiled() -> None:
    assert not [path for path in tracked() if path.suffix in {".pkl", ".pickle", ".pyc", ".so", ".joblib"}]


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_the_version_is_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import importlib.metadata as m; print(m.version('tactful'))"],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == tactful.__version__


# ---------------------------------------------------------------- what stands beside the package


def _names(module: str) -> set[str]:
    """What can be imported from a module, as its text tells; a lazy one tells by `dir`."""
    stem = PACKAGE.parent.joinpath(*module.split("."))
    alone = stem.with_suffix(".py")
    file = alone if alone.is_file() else stem / "__init__.py"
    found = {path.stem for path in stem.glob("*")}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(one.asname or one.name).partition(".")[0] for one in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found | set(dir(importlib.import_module(module))) if "__getattr__" in found else found


@pytest.mark.slow
def test_benchmarks_tools_and_examples_import_what_there_is() -> None:
    files = [file for room in ("benchmarks", "tools", "examples") for file in (ROOT / room).rglob("*.py")]
    asked = [
        (file.name, node.module, name.name)
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "tactful"
        for name in node.names
    ]
    assert asked
    assert [one for one in asked if one[2] not in _names(one[1])] == []


# ---------------------------------------------------------------- output


def test_commands_print_for_people_through_what_makes_foreign_text_harmless() -> None:
    """`output.say` and `output.print_lines`; what stays are lines of JSON, fixed words and the progress line."""
    own = {"output.py", "main.py", "progress.py", "serving.py", "judge_trained.py"}
    found = {
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in MODULES
        if path.is_relative_to(PACKAGE / "cli") and path.name not in own
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert not found
