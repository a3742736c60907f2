import json
import pickle
import random
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from tests.chat_server import Fault, serving, serving_process
from tests.feedback.chats import fenced, judged, many_chats, turn, verdict, write_rows
from tests.feedback.worker import InstantJudge, job

from tactful.data.io import write_jsonl
from tactful.errors import ConfigChanged, DataError, EndpointRefused, UsageError
from tactful.feedback.judged import JUDGEMENTS, JudgedTurns
from tactful.feedback.judging.judge import EMBEDDED
from tactful.feedback.judging.refit import refit
from tactful.feedback.labels import Label
from tactful.feedback.pipeline import JudgeConfig, judge_job
from tactful.feedback.types import FeedbackConfig, JudgedTurn
from tactful.runs import RunOptions, retry_run, run_job


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TACTFUL_PRICES"):
        monkeypatch.delenv(name, raising=False)


def by_message(ask):
    """A verdict that depends on the next message alone."""
    number = sum(map(ord, fenced(ask.prompt, "next message")))
    return verdict(["pos_progress", "neg_correction", "neutral"][number % 3], 0.5 + number % 50 / 100)


def run(job_, out, **options):
    return run_job(job_, RunOptions(out=out, **{"progress": "off", "concurrency": 8, **options}))


def test_run_over_a_chat_log_writes_one_judged_turn_per_turn_in_order(tmp_path):
    chats = many_chats(tmp_path / "log.jsonl", 10)
    with serving(by_message) as server:
        summary = run(job(chats, server.base_url), tmp_path / "out")
        assert server.jobs == 30
    records = list(JudgedTurns(tmp_path / "out"))
    assert [record.id for record in records] == [f"c{at}/{place}" for at in range(10) for place in range(3)]
    assert (summary.read, summary.done, summary.failed) == (30, 30, 0)
    assert {record.judgement.provenance.run_id for record in records} == {summary.folder.info().run_id}
    assert records[0].turn.meta == {"model": "m0"}


def test_unscored_is_counted_taken_again_on_request_and_never_replayed(tmp_path):
    chats = many_chats(tmp_path / "log.jsonl", 4)
    broken = True

    def script(ask):
        if broken and "message 2 of dialogue 1" in fenced(ask.prompt, "next message"):
            return verdict("applause")
        return by_message(ask)

    with serving(script) as server:
        made = job(chats, server.base_url)
        summary = run(made, tmp_path / "out")
        assert (summary.done, summary.unscored, summary.failed) == (12, 1, 0)
        (unscored,) = [record for record in JudgedTurns(tmp_path / "out") if record.unscored]
        assert unscored.judgement.label is None
        sent, broken = server.jobs, False
        again = retry_run(summary.folder, unscored=True, job=made)
        assert server.jobs == sent + 1, "the bad reply in the cache is no answer"
    assert (again.done, again.unscored) == (12, 0)


@pytest.mark.slow
def test_a_fifth_of_the_requests_failing_loses_and_doubles_nothing(tmp_path):
    chats = many_chats(tmp_path / "log.jsonl", 60)
    faults = dict.fromkeys(["503", "reset", "502", "wrong_schema", "html"], 0.04)
    with serving(by_message, faults=faults, seed=2) as server:
        made = job(chats, server.base_url)
        summary = run(made, tmp_path / "out", concurrency=32)
        assert summary.read == 180 == summary.done + summary.failed + summary.skipped
        server.faults = {}
        summary = retry_run(summary.folder, unscored=True, job=made)
        assert sum(count for name, count in server.statuses.items() if name != "200") > 0
    ids = [record.id for record in JudgedTurns(tmp_path / "out")]
    assert len(ids) == len(set(ids)) == 180
    assert (summary.done, summary.failed, summary.unscored) == (180, 0, 0)


def test_refused_turn_fails_its_own_record(tmp_path):
    chats = many_chats(tmp_path / "log.jsonl", 2)

    def script(ask):
        return (
            Fault("refusal") if "message 2 of dialogue 0" in fenced(ask.prompt, "query") else by_message(ask)
        )

    with serving(script) as server:
        summary = run(job(chats, server.base_url), tmp_path / "out")
    assert (summary.done, summary.failed) == (5, 1)
    assert [failure.error for failure in summary.folder.failures()] == ["refused"]


def test_wrong_key_stops_the_run_and_it_goes_on_later(tmp_path):
    chats = many_chats(tmp_path / "log.jsonl", 10)
    with serving(by_message, sequence=[None] * 5 + ["401"] * 100) as server:
        made = job(chats, server.base_url)
        with pytest.raises(EndpointRefused):
            run(made, tmp_path / "out", concurrency=2)
        server.sequence = []
        summary = run(job(chats, server.base_url), tmp_path / "out", resume=True)
    assert (summary.done, summary.failed) == (30, 0)


def test_another_threshold_is_another_configuration(tmp_path):
    chats = many_chats(tmp_path / "log.jsonl", 2)
    run(job(chats, None), tmp_path / "out")
    with pytest.raises(ConfigChanged, match=r"config\.tau_c: 0\.6 → 0\.9"):
        run(job(chats, None, tau_c=0.9), tmp_path / "out", resume=True)


@pytest.mark.slow
def test_killed_run_goes_on_and_sends_again_only_what_was_in_flight(tmp_path):
    chats, out, rng = many_chats(tmp_path / "log.jsonl", 200), tmp_path / "out", random.Random(4)
    with serving_process(latency_s=0.02) as base_url:
        for kill in range(3):
            process = start(out, chats, base_url, resume=kill > 0)
            wait_for_jobs(base_url, jobs(base_url) + rng.randint(40, 120))
            process.kill()
            process.communicate()
            assert process.returncode == -signal.SIGKILL
        process = start(out, chats, base_url, resume=True)
        _, said = process.communicate(timeout=100)
        assert process.returncode == 0, said
        assert jobs(base_url) <= 600 + 3 * 8
    ids = [record.id for record in JudgedTurns(out)]
    assert ids == [f"c{at}/{place}" for at in range(200) for place in range(3)]


def start(out, chats, base_url, *, resume):
    words = [out, chats, "--base-url", base_url, *(["--resume"] if resume else [])]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.feedback.worker", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def jobs(base_url):
    with urllib.request.urlopen(f"{base_url}/stats", timeout=5) as reply:
        return json.load(reply)["jobs"]


def wait_for_jobs(base_url, number):
    deadline = time.monotonic() + 30
    while jobs(base_url) < number:
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("few", "many"),
    [
        pytest.param(1_000, 5_000, marks=pytest.mark.slow),
        pytest.param(3_000, 33_334, marks=pytest.mark.soak),
    ],
)
def test_up_to_a_hundred_thousand_turns_stream_in_flat_memory(tmp_path, few, many):
    peaks = {}
    for dialogues in (few, many):
        chats = many_chats(tmp_path / f"{dialogues}.jsonl", dialogues)
        words = [
            sys.executable,
            "-m",
            "tests.feedback.worker",
            str(tmp_path / f"out-{dialogues}"),
            str(chats),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        peaks[dialogues] = int(done.stdout)
    assert peaks[many] - peaks[few] < 25, peaks


# ---------------------------------------------------------------- panels


@pytest.mark.slow
def test_panel_keeps_every_vote_and_its_judgements_know_the_whole_run(tmp_path):
    chats = many_chats(tmp_path / "log.jsonl", 8)

    def script(ask):
        return verdict("neutral", 0.9) if ask.body["model"] == "c" else by_message(ask)

    with serving(script) as server:
        made = job(chats, server.base_url, judges=("a", "b", "c"), votes=2)
        summary = run(made, tmp_path / "out")
        assert server.jobs == 24 * 3 * 2, "each draw is a call of its own"
    stored = list(summary.folder.records(JudgedTurn))
    panel = JudgedTurns(tmp_path / "out")
    final = list(panel)
    assert [record.id for record in final] == [record.id for record in stored]
    assert all(len(record.judgement.votes) == 6 for record in final)
    assert panel.panel.judges == ("a", "b", "c")
    assert panel.panel.reliability["c"] < panel.panel.reliability["a"]
    assert final[0].judgement.posterior.keys() == set(Label)
    assert final[0].judgement.provenance.model == "a, b, c ×2"
    assert write_jsonl(summary.folder.path / JUDGEMENTS, panel) == 24
    assert list(JudgedTurns(tmp_path / "out" / JUDGEMENTS)) == final


def test_panel_with_a_judge_out_of_reach_fails_the_record_and_asks_only_what_is_missing_later(tmp_path):
    chats = many_chats(tmp_path / "log.jsonl", 1)
    broken = True

    def script(ask):
        return Fault("refusal") if broken and ask.body["model"] == "b" else by_message(ask)

    with serving(script) as server:
        made = job(chats, server.base_url, judges=("a", "b"))
        summary = run(made, tmp_path / "out")
        assert (summary.done, summary.failed) == (0, 3)
        answered = [ask for ask in server.asks if ask.body["model"] == "a"]
        broken = False
        summary = retry_run(summary.folder, job=made)
        assert summary.done == 3
        assert len([ask for ask in server.asks if ask.body["model"] == "a"]) == len(answered) == 3


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"judges": ("a", "a")}, "not distinct"),
        ({"judges": ("a",)}, "'a' has no model"),
        ({"judges": (EMBEDDED,)}, "'embedded' has no model"),
    ],
)
def test_judges_that_cannot_work_are_refused(config, said):
    with pytest.raises(UsageError, match=said):
        judge_job(JudgeConfig(**config), [])


def test_votes_and_precision_want_what_they_need():
    with pytest.raises(UsageError, match="same every time"):
        judge_job(JudgeConfig(judges=(EMBEDDED,), votes=3), [], embedded=InstantJudge())
    with pytest.raises(UsageError, match="fit-confidence"):
        judge_job(JudgeConfig(judges=(EMBEDDED,), precision=0.9), [], embedded=InstantJudge())


def test_stage_survives_pickling():
    made = judge_job(JudgeConfig(judges=(EMBEDDED,)), [], embedded=InstantJudge())
    assert pickle.loads(pickle.dumps(made.stage)).config == made.config


# ---------------------------------------------------------------- fitted confidence and reading


class Halved:
    """Fitted on the source `shop` alone: half of what is stated; 0.9 precise from 0.4 on."""

    def probability(self, judgement, source):
        return judgement.stated_confidence / 2 if source == "shop" else None

    def threshold(self, source, precision):
        return 0.4 if source == "shop" and precision <= 0.9 else None


def test_fitted_confidence_takes_the_place_of_the_stated_one_only_where_it_was_fitted():
    config = FeedbackConfig(tau_c=0.5)
    here = judged(turn(), Label.POS_PRAISE, 0.9).judgement
    fitted = refit(here, "shop", config, Halved())
    assert (fitted.confidence, fitted.stated_confidence, fitted.fitted, fitted.should_update) == (
        0.45,
        0.9,
        True,
        False,
    )
    elsewhere = refit(here, "street", config, Halved())
    assert (elsewhere.confidence, elsewhere.fitted, elsewhere.should_update) == (0.9, False, True)


def test_target_precision_sets_the_threshold_and_promises_nothing_for_other_sources():
    here = judged(turn(), Label.POS_PRAISE, 0.9).judgement
    known = refit(here, "shop", FeedbackConfig(), Halved(), precision=0.9)
    assert (known.tau_c, known.reward, known.should_update) == (0.4, 0.8, True)
    for source, precision in [("street", 0.9), ("shop", 0.99)]:
        unknown = refit(here, source, FeedbackConfig(), Halved(), precision=precision)
        assert (unknown.tau_c, unknown.reward, unknown.should_update) == (None, 0.0, False)
    unscored = judged(turn(), None).judgement
    assert refit(unscored, "shop", FeedbackConfig(), Halved()) == unscored


def test_another_run_and_rows_that_are_not_judged_are_named(tmp_path):
    log = write_rows(tmp_path / "log.jsonl", [{"id": "a", "conversation": []}])
    with pytest.raises(
        DataError, match=r"log\.jsonl: holds 'dialogues', expected .*; run: tactful feedback judge"
    ):
        list(JudgedTurns(log))
    rows = JudgedTurns(log, skip_bad=True)
    assert list(rows) == []
    assert rows.bad == 1
    with pytest.raises(DataError, match="no such file"):
        list(JudgedTurns(tmp_path / "none"))
