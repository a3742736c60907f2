"""MBPP as states: half with a wording that names the function and shows one test, half without.

What an open state hides is how its tests call the function: name, arguments and one example. The uninformed
solution is the reference under another name. Tasks whose own reference fails in the sandbox are quarantined.
"""

from __future__ import annotations

import ast
import importlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from tactful.data.io import Rows, write_jsonl
from tactful.errors import MissingExtra
from tactful.sandbox import Job, Sandbox, Verdict
from tactful.types import Hidden, Private, Requirement, State, seeded

OTHER_NAMES = ("solve", "solution", "answer", "compute")
_HUB_NAME = "google-research-datasets/mbpp"
_TIMEOUT_S = 20.0  # generous: a slow machine must not quarantine a sound task


class MbppTask(Private):
    """One row of MBPP as published (the full set, not the sanitised one); other keys are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task_id: int
    text: str = Field(min_length=1)
    code: str = Field(min_length=1)
    test_list: tuple[str, ...] = Field(min_length=1)
    test_setup_code: str = ""
    """Runs after the code and before the tests."""

    @field_validator("text", "code", "test_setup_code")
    @classmethod
    def _plain_line_ends(cls, value: str) -> str:
        return value.replace("\r\n", "\n").replace("\r", "\n")

    @field_validator("text")
    @classmethod
    def _asks_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("it is blank")
        return value

    @field_validator("test_list")
    @classmethod
    def _stripped(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(test.replace("\r\n", "\n").strip() for test in value)


class Quarantined(Private):
    """A task that was left out, and why."""

    task_id: int
    reason: str
    task: MbppTask


@dataclass
class MbppImport:
    """What an import found. `read` = `imported` + `quarantined` + `bad`."""

    states: list[State]
    quarantine: list[Quarantined]
    read: int
    bad: int
    problems: list[str] = field(default_factory=list)
    tier: str = ""
    """Sandbox tier that the references ran under."""

    @property
    def imported(self) -> int:
        """Tasks that became states, one each."""
        return len(self.states)

    @property
    def quarantined(self) -> int:
        """Tasks left out because their own reference does not pass."""
        return len(self.quarantine)


def import_mbpp(path: Path | str, *, sandbox: Sandbox, seed: int = 0, skip_bad: bool = False) -> MbppImport:
    """The states of an MBPP JSONL file; every reference is run against its tests first.

    Raises: DataError at the first bad row (unless `skip_bad`).
    """
    rows = mbpp_rows(path, skip_bad=skip_bad)
    tasks = list(rows)
    result = import_tasks(tasks, sandbox=sandbox, seed=seed)
    result.read, result.bad, result.problems = rows.read, rows.bad, rows.problems
    return result


def mbpp_rows(path: Path | str, *, skip_bad: bool = False) -> Rows[MbppTask]:
    """The tasks in an MBPP JSONL file, validated."""
    return Rows(
        path, MbppTask.model_validate, skip_bad=skip_bad, kind="MBPP task", key=lambda task: str(task.task_id)
    )


def hub_tasks(split: str = "train") -> list[MbppTask]:
    """The tasks of one split from the Hugging Face Hub, through the `datasets` package.

    Raises: MissingExtra when `datasets` is not installed.
    """
    try:
        datasets = importlib.import_module("datasets")
    except ImportError as error:
        raise MissingExtra("train", "reading MBPP from the Hub (package 'datasets')") from error
    return [MbppTask.model_validate(dict(row)) for row in datasets.load_dataset(_HUB_NAME, split=split)]


def import_tasks(tasks: Sequence[MbppTask], *, sandbox: Sandbox, seed: int = 0) -> MbppImport:
    """States for the tasks whose reference passes all its tests, half of them complete and half open."""
    reasons: dict[int, str] = {}
    names: dict[int, str] = {}
    for task in tasks:
        try:
            names[task.task_id] = entry_point(task)
        except ValueError as error:
            reasons[task.task_id] = str(error)
    runnable = [task for task in tasks if task.task_id in names]
    tier = ""
    jobs = (
        Job(code=task.code, tests=task.test_list, setup=task.test_setup_code, timeout_s=_TIMEOUT_S)
        for task in runnable
    )
    for task, verdict in zip(runnable, sandbox.run_many(jobs), strict=True):
        tier = verdict.tier
        if not verdict.passed:
            reasons[task.task_id] = _why(verdict)
    sound = [task for task in runnable if task.task_id not in reasons]
    wordings = _wordings([task.task_id for task in sound], seed)
    return MbppImport(
        states=[mbpp_state(task, names[task.task_id], wordings[task.task_id]) for task in sound],
        quarantine=[
            Quarantined(task_id=task.task_id, reason=reasons[task.task_id], task=task)
            for task in tasks
            if task.task_id in reasons
        ],
        read=len(tasks),
        bad=0,
        tier=tier,
    )


def _why(verdict: Verdict) -> str:
    if verdict.unscored:
        return f"the sandbox could not run the reference: {verdict.error}; import again"
    if not verdict.tests or all(test.outcome == "not_run" for test in verdict.tests):
        return f"the reference does not run: {verdict.error or 'no test ran'}"
    at, failed = next((at, test) for at, test in enumerate(verdict.tests) if test.outcome != "passed")
    return f"the reference does not pass test {at + 1}: {failed.outcome} {failed.detail or verdict.error}".rstrip()


def _wordings(task_ids: Sequence[int], seed: int) -> dict[int, Literal["complete", "open"]]:
    """Half of the tasks (the larger half, if odd) complete, the others open; by seed, not by order."""
    order = sorted(task_ids)
    seeded("mbpp-wording", seed).shuffle(order)
    complete = set(order[: (len(order) + 1) // 2])
    return {task_id: "complete" if task_id in complete else "open" for task_id in task_ids}


def mbpp_state(task: MbppTask, name: str, wording: Literal["complete", "open"]) -> State:
    """One task as a state. `name` is the function that the tests call."""
    call = signature(task.code, name)
    shown = task.test_list[0]
    told = f"The function must be called `{call}`. For example, this must hold: `{shown}`"
    requirement = Requirement(
        id="call",
        text=told,
        weight=1.0,
        open=wording == "open",
        question="What should the function be called, and can you show one example of a call with its result?",
        answer=told,
        keywords=(f"{name}(",),
    )
    hidden = Hidden(
        requirements=(requirement,),
        tests=task.test_list,
        setup=task.test_setup_code,
        reference=task.code,
        uninformed=task.code if wording == "complete" else rename(task.code, name, other_name(task.code)),
    )
    return State(
        id=f"mbpp-{task.task_id}",
        group=f"mbpp-{task.task_id}",
        domain="coding",
        source="mbpp",
        query=task.text.strip() if wording == "open" else f"{task.text.strip()}\n{told}",
        wording=wording,
        hidden=hidden,
    )


def entry_point(task: MbppTask) -> str:
    """The function of the reference that the tests call.

    Raises: ValueError when code or tests cannot be read, or no test calls a function that the code defines.
    """
    try:
        defined = [node.name for node in _parse(task.code).body if isinstance(node, _FUNCTIONS)]
    except SyntaxError as error:
        line = f" (line {error.lineno})" if error.lineno else ""
        raise ValueError(f"the reference cannot be read: {error.msg}{line}") from error
    for test in task.test_list:
        try:
            called = {
                node.func.id
                for node in ast.walk(_parse(test))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
        except SyntaxError as error:
            raise ValueError(f"the test '{test}' cannot be read: {error.msg}") from error
        found = [name for name in defined if name in called]
        if found:
            return found[-1]
    raise ValueError("no test calls a function that the reference defines")


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _parse(code: str) -> ast.Module:
    """The code's tree. Python's own warnings about it ("\\." in a plain string) are not the reader's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(code)


def signature(code: str, name: str) -> str:
    """`name(arg, other=1)` as the code's last definition of `name` has it."""
    nodes = [node for node in _parse(code).body if isinstance(node, _FUNCTIONS) and node.name == name]
    return f"{name}({ast.unparse(nodes[-1].args)})"


def other_name(code: str) -> str:
    """A plain function name that the code does not use anywhere."""
    used = {
        getattr(node, key, None) for node in ast.walk(_parse(code)) for key in ("id", "name", "arg", "attr")
    }
    return next(name for name in (*OTHER_NAMES, *(f"solve_{n}" for n in range(999))) if name not in used)


def rename(code: str, name: str, new: str) -> str:
    """The code with the function `name` called `new`, definition and all references; comments are lost.

    Local variables and parameters of the same name are renamed along, so the meaning stays.
    """

    class Renamer(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            for key in ("id", "name", "arg"):
                if getattr(node, key, None) == name:
                    setattr(node, key, new)
            if isinstance(node, ast.Global | ast.Nonlocal):
                node.names = [new if each == name else each for each in node.names]
            return self.generic_visit(node)

    return ast.unparse(Renamer().visit(_parse(code))) + "\n"


def quarantine_path(out: Path) -> Path:
    """Where the tasks that were left out go: `states.jsonl` → `states.quarantine.jsonl`."""
    return out.with_name(f"{out.stem}.quarantine.jsonl")


def write_import(result: MbppImport, states: Sequence[State], out: Path) -> None:
    """Write the states (with their estimates) and, beside them, what was quarantined, if anything."""
    write_jsonl(out, states)
    if result.quarantine:
        write_jsonl(quarantine_path(out), result.quarantine)
