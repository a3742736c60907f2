"""What a consumer sees: lazy names, the same as coroutines, typed for mypy strict, options as on the command line."""

import ast
import asyncio
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import fields
from inspect import Parameter, iscoroutine, signature
from pathlib import Path

import pytest

import tactful
from tactful.api.annotate.serve import AnnotateOptions
from tactful.api.data.activity import ActivityReading
from tactful.api.feedback.labelled import ChoiceOptions
from tactful.api.gym.run import PlayOptions
from tactful.api.live.options import LiveOptions
from tactful.api.live.watch import WatchOptions
from tactful.api.options import JudgeOptions, ModelOptions, ReaderOptions, RunSettings, spec_of
from tactful.api.serving import ServerOptions
from tactful.cli.annotate.serve import PlaceFlags, ProjectFlags
from tactful.cli.data.activity import ActivityFlags
from tactful.cli.feedback.options import ChoiceFlags
from tactful.cli.gym.run import PlayFlags
from tactful.cli.live.options import LiveFlags
from tactful.cli.live.watch import WatchFlags
from tactful.cli.options import JudgeFlags, ModelFlags, ReaderFlags, RunFlags
from tactful.cli.reader.train import TrainingFlags
from tactful.cli.serving import ServerFlags
from tactful.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"scipy", "sklearn", "matplotlib", "aiohttp", "rich", "typer", "pandas", "numpy", "pydantic"}


def loaded(code: str) -> dict[str, float | list[str]]:
    """Top-level modules, their milliseconds and peak memory after `code`, in a process of its own."""
    program = (
        "import re, time, sys, json; began = time.process_time()\n"
        f"{code}\n"
        "spent = (time.process_time() - began) * 1000\n"
        "roots = sorted({name.split('.')[0] for name in sys.modules})\n"
        "peak = int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) / 1024\n"
        "print(json.dumps({'ms': spent, 'roots': roots, 'mb': peak}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found: dict[str, float | list[str]] = json.loads(done.stdout)
    return found


def test_importing_tactful_loads_next_to_nothing() -> None:
    found = loaded("import tactful")
    assert not HEAVY & set(found["roots"])  # type: ignore[arg-type]
    assert min(float(loaded("import tactful")["ms"]) for _ in range(3)) <= 60  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_process_that_only_decides_needs_numpy_and_pydantic_alone(tmp_path: Path) -> None:
    import numpy as np

    from tactful.policy.embedded import EmbeddedPolicy
    from tactful.policy.features import FEATURES

    width = len(FEATURES)
    plain = (np.zeros(width), np.ones(width), np.zeros((2, width)), np.zeros(2))
    EmbeddedPolicy(("LOW", "HIGH"), *plain, l2=1.0).save(tmp_path / "policy.json")
    found = loaded(
        "import tactful as tf; from tactful.types import PublicState\n"
        f"policy = tf.load({str(tmp_path / 'policy.json')!r})\n"
        "policy.act(PublicState(id='a', domain='coding', query='x', query_clarity=0.3, task_complexity=0.4))"
    )
    assert HEAVY & set(found["roots"]) == {"numpy", "pydantic"}  # type: ignore[arg-type]
    assert float(found["mb"]) < 80  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_state_that_says_how_clear_it_is_opens_no_reader() -> None:
    found = loaded(
        "import tactful as tf; tf.states([{'query': 'Plan a dinner', 'domain': 'planning', 'query_clarity': 0.2}])"
    )
    assert not {"onnxruntime", "tokenizers"} & set(found["roots"])  # type: ignore[arg-type]
    found = loaded("import tactful as tf; tf.states(['Plan a dinner'], domain='planning')")
    assert {"onnxruntime", "tokenizers"} <= set(found["roots"])  # type: ignore[arg-type]


@pytest.mark.slow
def test_reading_a_request_needs_neither_runner_nor_door_to_models() -> None:
    found = loaded("import tactful as tf; tf.states(['Plan a dinner'], domain='planning')")
    assert not {"asyncio", "aiohttp", "scipy", "sklearn"} & set(found["roots"])  # type: ignore[arg-type]


def test_every_public_name_is_there_and_has_a_coroutine() -> None:
    from tactful import aio

    for name in tactful.__all__:
        assert getattr(tactful, name) is not None
    functions = {name for name in tactful.__all__ if name[0].islower() and not name.startswith("_")}
    assert all(hasattr(aio, name) for name in functions)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tactful.nothing  # noqa: B018


@pytest.mark.slow
def test_importing_a_room_hides_no_public_name() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import tactful as tf, tactful.reward.types as room; assert callable(tf.reward) and room; import tactful.runs",
        ]
    )
    assert done.returncode == 0


def test_names_for_type_checkers_are_the_names_at_run_time() -> None:
    assert tactful.__file__ is not None
    tree = ast.parse(Path(tactful.__file__).read_text())
    shown = {
        (node.names[0].name, node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tactful.")
    }
    assert shown == set(tactful._HOMES.items())


def test_options_have_the_names_of_the_flags() -> None:
    assert {field.name for field in fields(RunFlags)} == RunSettings.__annotations__.keys() - {"progress"}
    assert {field.name for field in fields(ModelFlags)} == ModelOptions.__annotations__.keys()
    assert {field.name for field in fields(JudgeFlags)} == JudgeOptions.__annotations__.keys()
    of_runs = ModelOptions.__annotations__.keys() | RunSettings.__annotations__.keys()
    assert {field.name for field in fields(PlayFlags)} | {
        "strict"
    } == PlayOptions.__annotations__.keys() - of_runs
    of_servers = ServerOptions.__annotations__.keys()
    assert {field.name for field in fields(WatchFlags)} == WatchOptions.__annotations__.keys() - of_servers
    assert {field.name for field in fields(ServerFlags)} - {"as_json"} == of_servers
    assert {field.name for field in fields(LiveFlags)} == LiveOptions.__annotations__.keys()
    assert {field.name for field in fields(ChoiceFlags)} == ChoiceOptions.__annotations__.keys()
    assert {field.name for field in fields(ReaderFlags)} - {
        "reader"
    } == ReaderOptions.__annotations__.keys() - {"seed"}
    of_pages = {field.name for flags in (PlaceFlags, ProjectFlags) for field in fields(flags)}
    assert of_pages < AnnotateOptions.__annotations__.keys()
    assert {field.name for field in fields(ActivityFlags)} < ActivityReading.__annotations__.keys()
    assert {field.name for field in fields(TrainingFlags)} < signature(tactful.train_reader).parameters.keys()


def test_an_option_that_is_none_is_refused_by_every_name_that_takes_options() -> None:
    from tactful import aio

    taking = [
        getattr(room, name)
        for name in tactful.__all__
        for room in (tactful, aio)
        if name[0].islower() and _takes_options(getattr(tactful, name))
    ]
    assert len(taking) > 50
    for call in taking:
        with pytest.raises(
            UsageError, match=r"^'budjet_us' is no option of \w+; (did you mean|expected some of) "
        ):
            _called(call, budjet_us=2)
    with pytest.raises(
        UsageError, match=r"^'budjet_us' is no option of evaluate; did you mean 'budget_usd'\?$"
    ):
        tactful.evaluate("states.jsonl", budjet_us=2)  # type: ignore[call-arg]


def _takes_options(call: Callable[..., object]) -> bool:
    kinds = {one.kind: one.annotation for one in signature(call).parameters.values()}
    return Parameter.VAR_KEYWORD in kinds and kinds[Parameter.VAR_KEYWORD] != "Any"


def _called(call: Callable[..., object], **options: object) -> None:
    found = call(**options)
    if iscoroutine(found):
        asyncio.run(found)


def test_every_flag_of_a_model_reaches_the_model() -> None:
    flags = ModelFlags(
        base_url="http://m/v1", timeout=7, temperature=0.5, max_tokens=99, requests_per_minute=3
    )
    spec = spec_of("m", "room", {**flags.given(), **RunFlags(concurrency=8).given()})
    assert (spec.base_url, spec.timeout_s, spec.requests_per_minute) == ("http://m/v1", 7, 3)
    assert (spec.options.temperature, spec.options.max_tokens) == (0.5, 99)


def test_a_consumers_script_is_among_what_lint_checks_strictly() -> None:
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert checked["strict"]
    assert (Path(__file__).parent / "consumer.py").relative_to(ROOT).as_posix() in checked["files"]
