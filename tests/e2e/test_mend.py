"""The whole way of docs/mend.md on a log made here: audit → learn → replay, with finding, prompt patch and difference."""

from __future__ import annotations

import json

import pytest
from tests.commands import tactful  # noqa: F401 - a fixture
from tests.mend.logs import write_log

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_from_a_log_to_a_finding_a_patch_and_a_difference(tmp_path, tactful):  # noqa: F811
    log = write_log(tmp_path / "log.jsonl", 200)
    kept = write_log(tmp_path / "kept.jsonl", 100, seed=7)
    done = tactful("audit", log, "--out", tmp_path / "audit")
    assert done.returncode == 0
    assert "needless" in done.stdout
    assert (tmp_path / "audit" / "audit.html").is_file()

    done = tactful("learn", log, "--out", tmp_path / "learned", "--json")
    assert done.returncode == 0, done.stderr
    lesson = json.loads(done.stdout)
    lines = lesson["patch"]["lines"]
    assert {line["kind"] for line in lines} >= {"ask less", "ask"}
    assert len(lines) <= 10
    assert all(line["of"] >= line["count"] > 0 and line["conversations"] for line in lines)
    assert (tmp_path / "learned" / "prompt.md").read_text().count("\n") == len(lines)
    by = {number["name"]: number["by"] for number in lesson["costs"]["numbers"]}
    assert by["otherwise"] == by["lam"] == by["delta"] == "log"

    # on conversations that it was not learned from
    policy = tmp_path / "learned" / "policy.json"
    done = tactful("replay", kept, "--policy", policy, "--out", tmp_path / "replayed", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    shares = {change["name"]: change["share"]["value"] for change in found["changes"]}
    assert shares["spared"] > 0.9
    assert shares["asked before a guess"] > 0.4
    assert shares["added"] < 0.05
    assert found["effects"]["better"] > 5 * found["effects"]["worse"]
    page = (tmp_path / "replayed" / "replay.md").read_text()
    assert "▶ assistant:" in page
    assert "(better)" in page

    done = tactful(
        "replay", tmp_path / "replayed", "--policy", policy, "--against", "always-Execute", "--json"
    )
    assert json.loads(done.stdout)["asks_before"] == 0


def test_a_log_that_drew_its_actions_tells_policies_apart(tmp_path, tactful):  # noqa: F811
    drawn = write_log(tmp_path / "drawn.jsonl", 300, draws=True)
    found = {}
    for policy in ("cost", "always-Clarify"):
        done = tactful("replay", drawn, "--policy", policy, "--out", tmp_path / policy, "--json")
        found[policy] = json.loads(done.stdout)["value"]
    asks, cost = found["always-Clarify"], found["cost"]
    assert not asks["refused"]
    assert not cost["refused"]
    assert asks["effective"] > 100
    for name in ("ips", "self_normalised", "doubly_robust"):
        # half of the requests are open: asking always is right about half of the time
        assert asks[name]["low"] < 0.55 < asks[name]["high"] + 0.1
        assert cost[name]["value"] > asks[name]["value"]
