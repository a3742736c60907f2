"""`--reader MODEL` where a policy decides: the model reads the request, the policy decides from what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.chat_server import serving

GAP = {"what": "which booking", "kind": "context", "critical": True}
OPEN = {
    "missing": [GAP],
    "default_in_place": "",
    "default_would_do": False,
    "verdict": "ask",
    "chance_of_ask": 98,
}
DONE = {
    "missing": [],
    "default_in_place": "",
    "default_would_do": True,
    "verdict": "answer",
    "chance_of_ask": 2,
}


@pytest.mark.parametrize(("reply", "action"), [(OPEN, "HIGH"), (DONE, "LOW")])
def test_a_policy_decides_on_what_a_model_reads(tactful, reply: dict, action: str) -> None:
    with serving(script={".": reply}) as server:
        at = ("--reader", "m", "--base-url", server.base_url)
        done = tactful("policy", "act", "rule", "--query", "Cancel it", "--domain", "chat", *at, "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["action"] == action or (action == "HIGH" and made["action"] == "MID")
    assert server.jobs == 5


def test_what_the_model_does_not_say_is_answered_at_once_and_the_reason_kept(tactful, tmp_path: Path) -> None:
    rows = tmp_path / "mine.jsonl"
    rows.write_text(json.dumps({"query": "Cancel it", "domain": "chat"}) + "\n")
    with serving(script={".": "I would rather not."}, modes=set()) as server:
        done = tactful("calibrate", "states", "--mode", "dataset", "--input", rows, "--reader", "m",
                       "--samples", "1", "--base-url", server.base_url)  # fmt: skip
    assert done.returncode == 0, done.stderr
    state = json.loads(done.stdout.splitlines()[0])
    assert state["query_clarity"] == 1.0
    assert state["need_unknown"].startswith("unreadable: m: no valid NeedReply")


def test_the_bundled_costs_weigh_any_domain_without_a_word_about_it(tactful) -> None:
    done = tactful("policy", "explain", "cost", "--query", "Book a table for us", "--domain", "chat")
    assert (done.returncode, done.stderr.count("no value of its own")) == (0, 0)
    assert done.stdout.startswith("query: MID")


@pytest.mark.parametrize("verb", ["act", "explain"])
def test_costs_say_by_which_domain_they_weigh_where_none_is_given(tactful, verb: str) -> None:
    done = tactful("policy", verb, "cost", "--query", "Book a table for us")
    assert done.returncode == 0, done.stderr
    assert "a question is worth what it is in 'coding'" in done.stderr
    for told in (("cost", "--domain", "chat"), ("rule",)):
        quiet = tactful("policy", "act", *told, "--query", "Book a table for us")
        assert "a question is worth" not in quiet.stderr


@pytest.mark.slow
def test_a_decision_imports_nothing_that_only_other_commands_need() -> None:
    code = (
        "import sys\n"
        "from tactful.cli.main import main\n"
        "sys.argv = ['tactful', 'policy', 'act', 'cost', '--domain', 'chat', '--query', 'Book a table']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "others = {'aiohttp', 'asyncio', 'html', 'matplotlib', 'rich', 'scipy', 'sklearn', 'sqlite3', 'tomllib'}\n"
        "print(sorted({*others, 'tactful.data.corpora', 'tactful.llm'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    decision, imported = done.stdout.splitlines()
    assert (decision.startswith("query\t"), imported) == (True, "[]")
