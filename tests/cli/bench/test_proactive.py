"""`tactful bench proactive` and `tactful bench freeze`, as typed."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.chat_server import Ask, Fault, serving, serving_process
from tests.commands import Command
from tests.evaluation.proactive_fixtures import a_label, a_trace, write_trace

from tactful.data.formats.moments import moment_row
from tactful.data.formats.traces import Trace
from tactful.data.io import write_jsonl
from tactful.evaluation.proactive.points import GENERIC

DATA = (
    Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
    / "proactivebench"
)
BASELINES = ("always-propose", "never-propose", "random", "look-up")
GOOD = "Offer to sum the column."
WORK = {
    "code_1": ["opens the editor", "searches for a parser", "reads a page on parsers", "types def parse"],
    "writing_1": ["opens the letter", "searches for a greeting", "types Dear Ms Weber", "saves the letter"],
}


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TACTFUL_PRICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def the_traces() -> list[Trace]:
    return [a_trace(name, texts, {1: [GOOD]}) for name, texts in WORK.items()]


@pytest.fixture
def traces(alone: Path) -> Path:
    for trace in the_traces():
        write_trace(alone / "traces" / f"{trace.id}.json", trace)
        write_trace(
            alone / "responses" / "small" / f"{trace.id}.json",
            trace,
            {0: ["null"], 1: [GOOD], 2: [], 3: [GOOD]},
        )
    return alone / "traces"


def labels(path: Path) -> Path:
    items = [
        a_label(trace, at, text, accepted=accepted, need=need)
        for trace in the_traces()
        for at, text, accepted, need in (
            (1, GOOD, True, True),
            (1, None, False, True),
            (2, None, True, False),
            (2, "Tell a joke.", False, False),
        )
    ]
    write_jsonl(path, [moment_row(item) for item in items])
    return path


def test_responses_are_scored_with_both_tables_and_every_baseline(
    tactful: Command, traces: Path, alone: Path
) -> None:
    done = tactful(
        "bench", "proactive", traces, "--responses", "responses", "--judge", "offline",
        "--reward-data", labels(alone / "labels.jsonl"), "--out", "scored",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for title in ("As published", "Corrected", "Behind it"):
        for split in ("coding", "writing", "all"):
            assert f"{title}, {split}:" in done.stdout
    assert all(done.stdout.count(f"\n  {name} ") >= 9 for name in BASELINES)
    assert "small: 2 files, 8 events as in the traces, 0 reworded" in done.stdout
    assert "Krippendorff's alpha" in done.stdout
    rows = [json.loads(line) for line in (alone / "scored" / "decisions.jsonl").read_text().splitlines()]
    mine = [row for row in rows if row["assistant"] == "small" and row["trace"] == "code_1"]
    assert [row["proposal"] for row in mine] == [None, GOOD, None, GOOD], (
        "null is silence, so is an empty list"
    )
    assert mine[1]["accepted_by"] == "people"
    assert mine[3]["accepted_by"] == "judge"


def test_json_holds_the_tables_of_every_split(tactful: Command, traces: Path) -> None:
    done = tactful("bench", "proactive", traces, "--responses", "responses", "--judge", "offline", "--json")
    result = json.loads(done.stdout)
    assert [split["name"] for split in result["splits"]] == ["coding", "writing", "all"]
    for split in result["splits"]:
        for table in ("published", "corrected"):
            assert {row["name"] for row in split[table] if row["baseline"]} == set(BASELINES)
    assert "f1" in result["splits"][0]["published"][0]["counts"]
    assert result["agreement"] is None


def assistant(ask: Ask) -> Any:
    """Speaks after a search; a call about a saved letter fails for good."""
    last = ask.prompt.split('{"time"')[-1]
    if "saves the letter" in last:
        return Fault("refusal")
    return {"thought": "I watch.", "proposal": "I can look that up." if "searches" in last else None}


def test_a_model_runs_over_the_traces_and_failed_calls_are_counted(
    tactful: Command, traces: Path, alone: Path
) -> None:
    with serving(script=assistant) as server:
        words = (
            "bench",
            "proactive",
            traces,
            "--model",
            "m",
            "--base-url",
            server.base_url,
            "--judge",
            "offline",
        )
        os.environ["OPENAI_API_KEY"] = "sk-test"
        try:
            done = tactful(*words, "--out", "run")
            sent = server.jobs
            again = tactful(*words, "--out", "run", "--resume")
        finally:
            del os.environ["OPENAI_API_KEY"]
        assert done.returncode == 0, done.stderr
        assert server.jobs == sent, "what was answered is not asked again"
    assert "1 of 8 failed" in done.stderr
    result = json.loads((alone / "run" / "results.json").read_text())
    row = next(row for row in result["splits"][-1]["corrected"] if row["name"] == "m")
    assert row["counts"]["failed"] == 1
    assert row["figures"]["speaks"]["items"] == 7
    assert done.stdout == again.stdout
    written = json.loads((alone / "run" / "responses" / "m" / "writing_1.json").read_text())
    assert [entry.get("agent_response", "failed") for entry in written] == [
        [None], ["I can look that up."], [None], "failed",
    ]  # fmt: skip


def test_what_a_run_wrote_can_be_scored_again_and_gives_the_same_figures(
    tactful: Command, traces: Path, alone: Path
) -> None:
    first = tactful(
        "bench", "proactive", traces, "--model", "offline", "--judge", "offline", "--out", "one", "--json"
    )
    responses = alone / "one" / "responses"
    again = tactful("bench", "proactive", traces, "--responses", responses, "--judge", "offline", "--json")
    rows = [json.loads(done.stdout)["splits"][-1]["corrected"][0] for done in (first, again)]
    assert rows[0] == rows[1]


def test_the_assistant_is_shown_the_events_so_far_and_no_suggestion_or_label(
    tactful: Command, traces: Path
) -> None:
    with serving(script=assistant) as server:
        os.environ["OPENAI_API_KEY"] = "sk-test"
        try:
            tactful(
                "bench",
                "proactive",
                traces,
                "--model",
                "m",
                "--base-url",
                server.base_url,
                "--judge",
                "offline",
            )
        finally:
            del os.environ["OPENAI_API_KEY"]
        prompts = [ask.prompt for ask in server.asks]
    assert not any(GOOD in prompt for prompt in prompts)
    first = next(
        prompt
        for prompt in prompts
        if "opens the editor" in prompt and "searches" not in prompt.split("{", 1)[1]
    )
    assert "types def parse" not in first


def test_a_dry_run_sends_nothing(tactful: Command, traces: Path, alone: Path) -> None:
    done = tactful("bench", "proactive", traces, "--model", "gpt-5-nano", "--dry-run", "--json")
    assert json.loads(done.stdout)["calls"] == 8
    assert not (alone / "runs").exists()


def test_policies_are_scored_like_any_assistant(tactful: Command, traces: Path) -> None:
    done = tactful(
        "bench",
        "proactive",
        traces,
        "--policy",
        "always",
        "--policy",
        "never",
        "--judge",
        "offline",
        "--json",
    )
    rows = {row["name"]: row for row in json.loads(done.stdout)["splits"][-1]["corrected"]}
    for name in ("always", "never"):
        assert rows[f"policy {name}"]["figures"] == rows[f"{name}-propose"]["figures"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "nothing to score; give --responses"),
        (("--policy", "never"), "must be trained on labels; give --reward-data"),
        (("--policy", "sometimes"), "--policy sometimes: is unknown"),
        (("--policy", "never", "--judge", "offline", "--reward-model", "m"), "exclude each other"),
        (
            ("--policy", "never", "--judge", "offline", "--judge-data", "x"),
            "--judge judges; give one of them",
        ),
        (("--policy", "never", "--votes", "3"), "--votes 3 belongs to --judge"),
        (("--policy", "never", "--resume"), "--resume goes on with the runs in --out"),
        (("--responses", "nowhere", "--judge", "offline"), "nowhere: holds no response file"),
    ],
)
def test_wrong_use_is_one_clear_sentence(
    tactful: Command, traces: Path, words: tuple[str, ...], says: str
) -> None:
    done = tactful("bench", "proactive", traces, *words)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_is_not_asked_where_nobody_could_judge_it(
    tactful: Command, traces: Path, alone: Path
) -> None:
    done = tactful("bench", "proactive", traces, "--model", "offline", "--out", "scored")
    assert done.returncode == 2
    assert "must be trained on labels; give --reward-data" in done.stderr
    assert not (alone / "scored").exists()


def test_a_model_is_not_asked_where_its_row_would_bear_another_name_of_the_table(
    tactful: Command, traces: Path, alone: Path
) -> None:
    (alone / "responses" / "small").rename(alone / "responses" / "offline")
    words = ("bench", "proactive", traces, "--model", "offline", "--judge", "offline", "--out", "scored")
    done = tactful(*words, "--responses", "responses")
    assert done.returncode == 1
    assert "two rows would bear the name 'offline'" in done.stderr
    assert not (alone / "scored").exists()


def test_results_are_never_written_over(tactful: Command, traces: Path, alone: Path) -> None:
    (alone / "there").mkdir()
    done = tactful("bench", "proactive", traces, "--policy", "never", "--judge", "offline", "--out", "there")
    assert done.returncode == 2
    assert "exists already" in done.stderr


@pytest.mark.slow
def test_failed_and_unscored_calls_can_be_taken_again(
    tactful: Command, traces: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    ill = True

    def script(ask: Ask) -> Any:
        if "judgement" not in ask.prompt:
            return Fault("refusal") if ill and "saves the letter" in ask.prompt else assistant_words
        return (
            "no verdict" if ill and GENERIC in ask.prompt else {"thought": "Fine.", "judgement": "accepted"}
        )

    assistant_words = {"thought": "I watch.", "proposal": None}
    with serving(script=script) as server:
        words = ("bench", "proactive", traces, "--model", "m", "--base-url", server.base_url, "--judge", "m")
        first = tactful(*words, "--out", "run", "--json")
        assert json.loads(first.stdout)["unscored"] == 2, (
            "what always-propose says at the first event of each trace"
        )
        ill = False
        assert tactful("runs", "retry", "run/assistant").returncode == 0
        assert tactful("runs", "retry", "run/judge", "--unscored").returncode == 0
        again = json.loads(tactful(*words, "--out", "run", "--resume", "--json").stdout)
    assert again["unscored"] == 0
    row = next(row for row in again["splits"][-1]["corrected"] if row["name"] == "m")
    assert "failed" not in row["counts"]


@pytest.mark.slow
def test_a_killed_run_goes_on_and_asks_again_only_what_was_in_flight(alone: Path) -> None:
    texts = [f"writes line number {at} of the report" for at in range(60)]
    for name in ("one", "two"):
        write_trace(alone / "traces" / f"{name}.json", a_trace(name, [f"opens {name}", *texts[:59]]))
    with serving_process(latency_s=0.02) as base_url:
        words = [
            "--model",
            "m",
            "--base-url",
            base_url,
            "--judge",
            "offline",
            "--concurrency",
            "4",
            "--out",
            "run",
        ]
        command = [sys.executable, "-m", "tactful", "bench", "proactive", "traces", *words]
        environment = {**os.environ, "OPENAI_API_KEY": "sk-test"}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
        while asked(base_url) < 40:
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)
        process.kill()
        process.communicate()
        again = subprocess.run(
            [*command, "--resume", "--json"], env=environment, capture_output=True, timeout=100, check=True
        )
        assert asked(base_url) <= 120 + 4
    result = json.loads(again.stdout)
    row = next(row for row in result["splits"][-1]["corrected"] if row["name"] == "m")
    assert sum(row["counts"].values()) == 120


def asked(base_url: str) -> int:
    with urllib.request.urlopen(f"{base_url}/stats", timeout=5) as reply:
        return int(json.load(reply)["jobs"])


# ---------------------------------------------------------------- freeze


def frozen(tactful: Command, alone: Path, name: str = "code_1", *more: str) -> Any:
    trace = next(trace for trace in the_traces() if trace.id == name)
    write_jsonl(alone / f"{name}.jsonl", [{"time": one.time, "event": one.text} for one in trace.events])
    items = [
        a_label(trace, 1, GOOD, accepted=True, need=True),
        a_label(trace, 2, None, accepted=True, need=False),
    ]
    write_jsonl(alone / f"{name}-labels.jsonl", [moment_row(item) for item in items])
    return tactful(
        "bench",
        "freeze",
        alone / f"{name}.jsonl",
        "--labels",
        alone / f"{name}-labels.jsonl",
        "--out",
        "mine",
        *more,
    )


def test_a_frozen_session_is_a_benchmark_of_its_own(tactful: Command, alone: Path) -> None:
    done = frozen(tactful, alone)
    assert done.returncode == 0, done.stderr
    assert (
        "code_1: 4 events, 2 labelled moments, need for help known at 2 events; mine holds 1 sessions"
        in done.stderr
    )
    assert frozen(tactful, alone, "writing_1", "--add", "--split", "letters").returncode == 0
    done = tactful("bench", "proactive", "mine", "--policy", "always", "--judge", "offline", "--json")
    result = json.loads(done.stdout)
    assert [(split["name"], split["events"]) for split in result["splits"]] == [
        ("own", 4),
        ("letters", 4),
        ("all", 8),
    ]
    assert [trace["needs_known"] for trace in result["traces"]] == [2, 2], "its own labels are used"


def test_a_changed_benchmark_is_refused(tactful: Command, alone: Path) -> None:
    frozen(tactful, alone)
    path = alone / "mine" / "traces" / "code_1.json"
    path.write_text(path.read_text(encoding="utf-8").replace("editor", "oven"), encoding="utf-8")
    done = tactful("bench", "proactive", "mine", "--policy", "always", "--judge", "offline")
    assert done.returncode == 1
    assert "was changed since it was frozen" in done.stderr


def test_one_session_alone_cannot_train_the_judge_of_itself(tactful: Command, alone: Path) -> None:
    pytest.importorskip("tactful.reward.embedded.training")
    frozen(tactful, alone)
    done = tactful("bench", "proactive", "mine", "--policy", "always")
    assert done.returncode == 1
    assert "give data of other sessions with --judge-data" in done.stderr


# ---------------------------------------------------------------- the given files


@pytest.mark.slow
def test_the_given_responses_are_judged_by_models_that_have_not_seen_their_session(
    tactful: Command, alone: Path
) -> None:
    pytest.importorskip("tactful.reward.embedded.training")
    if not (DATA / "traces").is_dir():
        pytest.skip(f"no real data: {DATA} lacks traces; set TACTFUL_TEST_DATA")
    done = tactful(
        "bench", "proactive", DATA / "traces", "--responses", DATA / "agent_responses",
        "--reward-data", DATA / "reward_train.jsonl", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert "6 of 6 traces are among them" in result["regime"]
    assert all(trace["needs_known"] == trace["events"] for trace in result["traces"])
    for matches in result["files"].values():
        assert [sum(one[kind] for one in matches) for kind in ("exact", "reworded", "missing", "extra")] == [
            95,
            13,
            4,
            0,
        ]
    whole = result["splits"][-1]
    rows = {row["name"]: row for row in whole["corrected"]}
    assert set(rows) == {"gpt-4o", "qwen2-7b", *BASELINES}
    assert rows["never-propose"]["figures"]["balanced_accuracy"]["value"] == 0.5
    assert rows["look-up"]["figures"]["balanced_accuracy"]["value"] == 1.0
    assert rows["gpt-4o"]["counts"]["absent"] == 4
    assert result["agreement"]["all"]["items"] == 556
