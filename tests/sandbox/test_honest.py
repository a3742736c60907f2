"""X16 and X17: honest programs pass, wrong references are found, and verdicts do not depend on the workers."""

from __future__ import annotations

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tactful.sandbox import Job, Outcome, Sandbox, quarantine

SNIPPETS = {
    "arithmetic": ("def f(x): return x * 2 + 1", "assert f(3) == 7"),
    "float_for_int": ("def f(x): return x / 2", "assert f(4) == 2"),
    "rounding": ("import math\ndef f(x): return math.sqrt(x)", "assert abs(f(2) - 1.41421356) < 1e-6"),
    "isclose": ("import math\ndef f(x): return x / 3", "assert math.isclose(f(1), 0.3333333, rel_tol=1e-4)"),
    "nested_literals": ("def f(): return {'a': [(1, -2), {3}]}", "assert f() == {'a': [(1, -2), {3}]}"),
    "counter": (
        "from collections import Counter\ndef f(s): return Counter(s)",
        "assert f('aab') == {'a': 2, 'b': 1}",
    ),
    "defaultdict": (
        "from collections import defaultdict\ndef f():\n    d = defaultdict(list)\n    d[1].append(2)\n    return d",
        "assert f() == {1: [2]}",
    ),
    "named_tuple": (
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(): return P(1, 2)",
        "assert f() == (1, 2)",
    ),
    "generator_listed": ("def f(n):\n    for i in range(n): yield i * i", "assert list(f(3)) == [0, 1, 4]"),
    "sorted_set": ("def f(x): return set(x)", "assert sorted(f([3, 1, 3])) == [1, 3]"),
    "text": ("def f(s): return s[::-1].title()", "assert f('olleh') == 'Hello'"),
    "dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\ndef f(): return P(3)",
        "assert f().x == 3",
    ),
    "regex_date_json": (
        "import re, json, datetime\ndef f(s): return json.dumps([re.findall(r'\\d+', s), "
        "datetime.datetime.strptime('2024-01-02', '%Y-%m-%d').year])",
        "assert f('a1b22') == '[[\"1\", \"22\"], 2024]'",
    ),
    "recursion_and_cache": (
        "from functools import lru_cache\n@lru_cache(None)\ndef f(n): return n if n < 2 else f(n-1) + f(n-2)",
        "assert f(80) == 23416728348467685",
    ),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\ndef f(n):\n"
        "    with ThreadPoolExecutor(4) as pool: return list(pool.map(lambda x: x + 1, range(n)))",
        "assert f(3) == [1, 2, 3]",
    ),
    "asyncio": (
        "import asyncio\nasync def g(x):\n    await asyncio.sleep(0.001)\n    return x\ndef f(): return asyncio.run(g(5))",
        "assert f() == 5",
    ),
    "prints_mutates_catches": (
        "def f(items):\n    print('working')\n    items.append(4)\n    try:\n        int('x')\n"
        "    except ValueError:\n        return items",
        "values = [1]\nassert f(values) == [1, 4]\nassert values == [1, 4]",
    ),
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_X16_honest_snippets_pass(name, sandbox):
    code, test = SNIPPETS[name]
    verdict = sandbox.run(Job(code=code, tests=(test,)))
    assert verdict.passed, verdict
    assert not verdict.weak


def test_X16_there_are_seventeen_snippets():
    assert len(SNIPPETS) == 17


def _mbpp() -> list[Job]:
    root = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
    path = root / "mbpp" / "mbpp_train_validation.jsonl"
    if not path.exists():
        pytest.skip("MBPP is not at TACTFUL_TEST_DATA")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Job(code=row["code"], setup=row["test_setup_code"], tests=tuple(row["test_list"])) for row in rows
    ]


@pytest.mark.slow
def test_X16_every_mbpp_reference_passes_and_nearly_every_test_is_strong(sandbox):
    jobs = _mbpp()
    with Sandbox() as box:
        verdicts = list(box.run_many(jobs))
    assert [verdict.job_hash for verdict in verdicts] == [job.hash for job in jobs]
    assert [verdict for verdict in verdicts if not verdict.passed] == []
    tests = [test for verdict in verdicts for test in verdict.tests]
    assert len(tests) == 3 * len(jobs)
    assert sum(test.weak for test in tests) <= 3


def test_X17_tasks_whose_reference_fails_are_quarantined(sandbox):
    right = Job(code="def f(): return 1", tests=("assert f() == 1",))
    wrong = Job(code="def f(): return 2", tests=("assert f() == 1",))
    broken = Job(code="def f(: return", tests=("assert f() == 1",))
    empty = Job(code="def f(): return 1", tests=())
    assert sandbox.run(right).passed
    sound, failing = quarantine([right, wrong, broken, empty], sandbox)
    assert sound == [right]
    assert [job for job, _ in failing] == [wrong, broken, empty]
    assert "returned 2 == 1" in failing[0][1]
    assert "SyntaxError" in failing[1][1]
    assert "no test" in failing[2][1]


def _mixed(count: int) -> list[Job]:
    codes = (
        "def f(x): return x",
        "def f(x): return x + 1",
        "def f(x): raise KeyError('gone')",
        "import random\ndef f(x): return 3 if random.random() < 0.5 else 4",
        "def f(x): return list({'a', 'b', 'c', 'd'}) and 3",
        "boom",
    )
    return [
        Job(code=codes[i % len(codes)] + f"\n# {i}", tests=("assert f(3) == 3", "assert f(4) != 3"))
        for i in range(count)
    ]


@pytest.mark.slow
def test_verdicts_do_not_depend_on_the_number_of_workers():
    jobs = _mixed(36)
    outcomes = []
    for workers in (1, 3):
        with Sandbox(workers=workers) as box:
            outcomes.append([verdict.model_dump() for verdict in box.run_many(jobs)])
    assert outcomes[0] == outcomes[1]


@pytest.mark.slow
def test_every_fork_server_has_the_same_hash_seed():
    job = Job(code="", tests=("assert hash('abc') == 0",))
    with Sandbox(workers=1) as one, Sandbox(workers=1) as other:
        assert one.run(job) == other.run(job)


@pytest.mark.parametrize(
    "code",
    [
        "import tarfile, filecmp, socketserver, pydoc, cProfile, modulefinder",
        "import xml.dom.minidom, email.mime.text, logging.config, importlib.metadata, ctypes.util",
        "import multiprocessing.pool, concurrent.futures.process, unittest.async_case",
        "[('x' * 3).encode(name) for name in ('cp1251', 'cp437', 'shift_jis', 'gbk', 'utf-7')]",
        "import json, pkgutil\nassert 'tool' in [found.name for found in pkgutil.iter_modules(json.__path__)]",
    ],
)
def test_the_whole_standard_library_is_at_hand_wherever_python_lies(code, sandbox):
    verdict = sandbox.run(Job(code=code, tests=("assert 1 == 1",), timeout_s=20))
    assert verdict.passed, verdict


def test_two_jobs_never_share_a_process(sandbox):
    first = sandbox.run(
        Job(code="import math\nmath.pi = 3\nimport builtins\nbuiltins.leak = 1", tests=("assert leak == 1",))
    )
    second = sandbox.run(Job(code="import math", tests=("assert math.pi > 3.1", "assert leak == 1")))
    assert first.passed
    assert [test.outcome for test in second.tests] == [Outcome.PASSED, Outcome.ERROR]


def test_jobs_are_taken_only_as_fast_as_they_run(sandbox):
    taken = 0

    def jobs():
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield Job(code="", tests=("assert 1 == 1",))

    with Sandbox(workers=1) as box:
        verdicts = box.run_many(jobs())
        next(verdicts)
        verdicts.close()
    assert taken < 20


@pytest.mark.slow
def test_one_sandbox_serves_several_threads_and_asyncio(sandbox):
    jobs = _mixed(12)
    with Sandbox(workers=2) as box:
        expected = list(box.run_many(jobs))
        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(box.run, jobs)) == expected

        async def all_of_them():
            return await asyncio.gather(*(asyncio.to_thread(box.run, job) for job in jobs))

        assert asyncio.run(all_of_them()) == expected


def test_a_job_without_tests_is_never_passed(sandbox):
    verdict = sandbox.run(Job(code="x = 1", tests=()))
    assert not verdict.passed
    assert verdict.share_passed is None


def test_setup_runs_after_the_program_and_before_the_tests(sandbox):
    job = Job(code="class Node: pass", setup="root = Node()\r\nroot.x = 4", tests=("assert root.x == 4",))
    assert sandbox.run(job).passed


@pytest.mark.slow
def test_a_test_that_times_out_ends_the_job_but_keeps_what_was_decided(sandbox):
    code = "def f(x):\n    while x: pass\n    return 0"
    verdict = sandbox.run(
        Job(code=code, tests=("assert f(0) == 0", "assert f(1) == 0", "assert f(0) == 0"), timeout_s=0.5)
    )
    assert [test.outcome for test in verdict.tests] == [Outcome.PASSED, Outcome.TIMEOUT, Outcome.NOT_RUN]
    assert verdict.share_passed == pytest.approx(1 / 3)


def test_a_large_job_travels_whole(sandbox):
    code = "data = '" + "x" * 3_000_000 + "'"
    assert sandbox.run(Job(code=code, tests=("assert len(data) == 3_000_000",))).passed


def test_what_a_failing_program_printed_is_kept_in_short(sandbox):
    verdict = sandbox.run(
        Job(code="print('clue' * 10000)\nraise ValueError('no')", tests=("assert f() == 1",))
    )
    assert verdict.error == "ValueError: no"
    assert verdict.output.startswith("clueclue")
    assert len(verdict.output) == 4000


def test_lone_surrogates_in_a_program_fail_that_program_alone(sandbox):
    verdict = sandbox.run(Job(code="x = '\ud800'", tests=("assert x == 1",)))
    assert "UnicodeEncodeError" in verdict.error
    assert verdict.model_dump_json()
