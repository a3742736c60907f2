"""Inside the cage: run the program, then its tests one step at a time, and report over a private descriptor.

A job arrives as JSON: `code`, `setup` and `tests`, each test a list of steps `[kind, source]`. `value` steps are
evaluated and their value is sent (of `items` steps, what iterating it gives); what it is compared with stays in the
parent. `run` steps are executed; `assert` steps are executed too, and only their word can be had: the parent calls those weak.

A report is four bytes of length, one letter and its content: `R` program and setup have run, `V` a value,
`K` a step went through, `E` a step raised, `D` all done.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import random
import struct
import sys
import types
from typing import Any

from . import values

_MAX_TEXT = 400


def read_exactly(descriptor: int, size: int) -> bytes:
    """`size` bytes. Raises EOFError when the other side is gone."""
    pieces = []
    while size:
        piece = os.read(descriptor, min(size, 1 << 16))
        if not piece:
            raise EOFError
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _describe(error: BaseException) -> dict[str, str]:
    kind = values.name_of(type(error))
    if isinstance(error, values.NotPlain):
        return {"kind": "not_plain", "text": str(error)}
    try:
        text = str(error)
    except BaseException:  # the program's own exception may fail to describe itself
        text = ""
    label = (
        "memory"
        if isinstance(error, MemoryError)
        else "assert"
        if type(error) is AssertionError
        else "raised"
    )
    return {"kind": label, "text": f"{kind}: {text}"[:_MAX_TEXT] if text else kind[:_MAX_TEXT]}


class _Reporter:
    """Sends reports. Keeps its own references, so that a program that shadows built-ins harms only itself."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.write = os.write
        self.pack = struct.pack
        self.dumps = json.dumps

    def send(self, letter: bytes, content: bytes = b"") -> None:
        data = self.pack("<I", len(content) + 1) + letter + content
        while data:
            data = data[self.write(self.descriptor, data) :]

    def error(self, error: BaseException) -> None:
        self.send(b"E", self.dumps(_describe(error)).encode())


def _fresh_module() -> dict[str, Any]:
    """The namespace that programs run in: a real module, so that dataclasses and pickles find themselves."""
    module = types.ModuleType("solution")
    sys.modules["solution"] = sys.modules["__main__"] = module
    module.__dict__["__builtins__"] = builtins
    vars(builtins).update(exit=sys.exit, quit=sys.exit)  # what `site` would have defined; it is not loaded
    return module.__dict__


def _execute(source: str, name: str, namespace: dict[str, Any]) -> None:
    exec(compile(source, name, "exec", dont_inherit=True), namespace)  # noqa: S102 - caged, and what the room is for


def _step(kind: str, source: str, namespace: dict[str, Any], reporter: _Reporter) -> bool:
    """Do one step and report. False when the rest of this test must not run."""
    asked = kind in ("value", "items")
    try:
        if asked:
            expression = compile(source, "<test>", "eval", dont_inherit=True)
            value = eval(expression, namespace)  # noqa: S307
            reporter.send(b"V", values.encode(values.items(value) if kind == "items" else value))
        else:
            _execute(source, "<test>", namespace)
            reporter.send(b"K")
    except BaseException as error:  # SystemExit and KeyboardInterrupt are the program's doing too
        reporter.error(error)
        return asked
    return True


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # noqa: S112 - the program may have replaced or closed its streams
            continue


def ready_for_jobs() -> None:
    """The streams that every job finds. Made once, before any fork."""
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(
            io.FileIO(descriptor, "w", closefd=False), encoding="utf-8", errors="backslashreplace"
        )
        for descriptor in (1, 2)
    )


def run_job(job: bytes, descriptor: int) -> None:
    """Run a job to its end, reporting to `descriptor`. Called in the cage, once per process."""
    task = json.loads(job)
    reporter = _Reporter(descriptor)
    random.seed(0)
    namespace = _fresh_module()
    try:
        _execute(task["code"], "<solution>", namespace)
        _execute(task["setup"], "<setup>", namespace)
    except BaseException as error:
        _flush()
        reporter.error(error)
        return
    reporter.send(b"R")
    for steps in task["tests"]:
        for kind, source in steps:
            if not _step(kind, source, namespace, reporter):
                break
    _flush()
    reporter.send(b"D")
