import os
from pathlib import Path

import pytest
from tests.chat_server import Fault, serving
from tests.reward.moments import feeling, labelled, moment, write_items, writer

from tactful.data.formats.moments import labelled_rows
from tactful.llm import ModelSpec
from tactful.llm.offline import OfflineModel
from tactful.reward.forecast import forecast_reasons
from tactful.reward.judging.judge import SCRIPTS
from tactful.reward.offline import PHRASES
from tactful.reward.pipeline import ReasonsConfig, reasons_job
from tactful.reward.reasons.thoughts import (
    DISAGREED,
    FEELINGS,
    LEAKED,
    ReasonedMoment,
    Refused,
    check_prompt,
    leak,
    reason_prompt,
    write_reason,
)
from tactful.runs import RunOptions, retry_run, run_job
from tactful.types import LabelledMoment, MomentLabel

REAL = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TACTFUL_PRICES"):
        monkeypatch.delenv(name, raising=False)


def offline(scripts):
    return OfflineModel(ModelSpec(name="offline"), scripts)


def scripted(thoughts, judge=lambda thought, sample: "accepted"):
    """A model that says these thoughts one after the other; `judge(thought, number of the check)` reads them back."""
    left, checks = list(thoughts), []

    def check(messages, facts, rng):
        checks.append(facts["thought"])
        return {"judgement": judge(facts["thought"], len(checks))}

    return offline(
        {
            "moment_reason": lambda messages, facts, rng: {"thought": left.pop(0)},
            "reason_check": check,
        }
    ), checks


WELCOME = LabelledMoment(moment=moment(), label=MomentLabel(accepted=True))


async def test_thought_is_kept_when_every_check_agrees():
    model, checks = scripted(["This saves me work."])
    kept = await write_reason(WELCOME, model, checks=5)
    assert isinstance(kept, ReasonedMoment)
    assert checks == ["This saves me work."] * 5
    assert (kept.thought, kept.accepted, kept.category, kept.tries, kept.checks) == (
        "This saves me work.",
        True,
        "hit",
        1,
        5,
    )
    assert kept.provenance.generator == "offline"
    assert set(kept.provenance.prompt_hashes) == {"reward/reason", "reward/reason_check"}


@pytest.mark.parametrize("dissent", ["rejected", "unclear", "no word of ours"])
async def test_one_check_that_does_not_agree_costs_the_thought(dissent):
    # checks 1 to 5 belong to the first thought, 6 to 10 to the second; number 3 dissents
    model, checks = scripted(["one", "two"], lambda thought, number: dissent if number == 3 else "accepted")
    kept = await write_reason(WELCOME, model, checks=5)
    assert isinstance(kept, ReasonedMoment)
    assert (kept.thought, kept.tries, len(checks)) == ("two", 2, 10)


async def test_tries_are_bounded_and_the_most_frequent_reason_is_told():
    model, checks = scripted(["one", "The label says yes.", "three", "four"], lambda *_: "unclear")
    refused = await write_reason(WELCOME, model, checks=2, tries=3)
    assert refused == Refused((DISAGREED, LEAKED, DISAGREED))
    assert refused.reason == DISAGREED
    assert len(checks) == 4, "a thought that leaks is not checked"


async def test_rejection_must_be_rederived_as_rejection():
    unwelcome = LabelledMoment(moment=moment(), label=MomentLabel(accepted=False))
    model, _ = scripted(["one"])
    assert isinstance(await write_reason(unwelcome, model, tries=1), Refused)
    model, _ = scripted(["one"], lambda *_: "rejected")
    assert isinstance(await write_reason(unwelcome, model, tries=1), ReasonedMoment)


@pytest.mark.parametrize(
    "thought",
    [
        "The label says that this is welcome.",
        "As the verdict was positive, I like it.",
        "My judgement is that it helps.",
        "This is accepted by me.",
        "The annotators agree that I need this.",
        "According to the ground truth I want it.",
        "I was told that this is good.",
        "As instructed, I find it useful.",
        "The expected answer is yes.",
        "标注显示我需要帮助。",
    ],
)
def test_thought_that_shows_its_source_leaks(thought):
    assert leak(thought, moment())


@pytest.mark.parametrize(
    "thought",
    [
        "I am stuck with the SUM formula and this would do it for me.",
        "I accept that this takes a while, but I want no help with it.",
        "I need nothing; I know how to go on.",
    ],
)
def test_plain_thought_does_not_leak(thought):
    assert leak(thought, moment()) == ""


def test_words_that_the_moment_itself_uses_are_no_leak():
    chart = moment(("The user sets the label of the x axis.", "The pull request was rejected."))
    assert leak("I only want the label to be shorter after it was rejected.", chart) == ""
    assert leak("I only want the label to be shorter.", moment())
    assert leak("The label is short, and the verdict is clear.", chart)


# ---------------------------------------------------------------- prompts


def test_writer_is_told_the_verdict_as_one_feeling_and_nothing_else_of_the_label():
    for number in range(6):
        item = labelled(number)
        text = reason_prompt(item).messages[1].content
        assert [words for words in FEELINGS.values() if words in text] == [FEELINGS[item.category]]
        assert "annotation" not in text
        assert item.moment.session not in text.splitlines()


def test_checker_sees_the_thought_alone_as_one_line():
    messages = check_prompt('I am stuck.\n\nWhat does the person make of it? "accepted"').messages
    assert messages[1].content.splitlines()[1].startswith('"I am stuck.\\n\\nWhat')
    assert len(messages[1].content.splitlines()) == len(check_prompt("x").messages[1].content.splitlines())


def test_checks_are_asked_without_the_moment(tmp_path):
    data = write_items(tmp_path / "items.jsonl", 4)
    with serving(writer()) as server:
        run(job(data, server.base_url), tmp_path / "out")
        checks = [ask.prompt for ask in server.asks if feeling(ask) is None]
    assert len(checks) == 4 * 5
    assert not any("sheet" in prompt or "Offer number" in prompt for prompt in checks)


# ---------------------------------------------------------------- run


def job(path, base_url=None, **changes):
    spec = (
        ModelSpec(name="offline", scripts=(SCRIPTS,))
        if base_url is None
        else ModelSpec(name="m", base_url=base_url)
    )
    return reasons_job(ReasonsConfig(model=spec, **changes), labelled_rows(path))


def run(made, out, **options):
    return run_job(made, RunOptions(out=out, **{"progress": "off", "concurrency": 16, **options}))


def test_what_is_not_kept_is_skipped_with_a_counted_reason(tmp_path):
    data = write_items(tmp_path / "items.jsonl", 24)
    thoughts = {
        "hit": "I think hit.",
        "correct-silence": "Vague.",
        "false-alarm": "The label says no.",
        "missed-need": "I think missed-need.",
    }
    with serving(writer(thoughts.__getitem__)) as server:
        summary = run(job(data, server.base_url), tmp_path / "out")
    # 24 items: every third silent; of both kinds half accepted: 8 hits, 8 false alarms, 4 and 4 silences
    assert (summary.read, summary.done, summary.skipped, summary.failed) == (24, 12, 12, 0)
    skips = summary.folder.reasons("skipped")
    assert {reason: count for _, _, reason, count in skips} == {LEAKED: 8, DISAGREED: 4}
    kept = list(summary.folder.records(ReasonedMoment))
    assert {record.category for record in kept} == {"hit", "missed-need"}
    assert all(record.accepted is (record.category == "hit") for record in kept)


@pytest.mark.slow
def test_a_fifth_of_the_requests_failing_loses_and_doubles_nothing(tmp_path):
    data = write_items(tmp_path / "items.jsonl", 40)
    faults = dict.fromkeys(["503", "reset", "502", "wrong_schema", "html"], 0.04)
    with serving(writer(), faults=faults, seed=5) as server:
        made = job(data, server.base_url)
        summary = run(made, tmp_path / "out")
        assert summary.read == 40 == summary.done + summary.failed + summary.skipped
        server.faults = {}
        summary = retry_run(summary.folder, job=made)
    ids = [record.id for record in summary.folder.records(ReasonedMoment)]
    assert len(ids) == len(set(ids)) == summary.done
    assert (summary.done + summary.skipped, summary.failed) == (40, 0)


def test_writer_that_never_gives_a_readable_thought_fails_its_item(tmp_path):
    data = write_items(tmp_path / "items.jsonl", 3)

    def script(ask):
        if "sheet 1" in ask.prompt:
            return "no JSON at all"
        return Fault("refusal") if "sheet 2" in ask.prompt else writer()(ask)

    with serving(script) as server:
        summary = run(job(data, server.base_url), tmp_path / "out")
    assert (summary.read, summary.done, summary.failed, summary.skipped) == (3, 1, 2, 0)
    assert {failure.id: failure.error for failure in summary.folder.failures()} == {
        "m1": "ParseError",
        "m2": "refused",
    }


def test_resumed_run_asks_nothing_twice(tmp_path):
    data = write_items(tmp_path / "items.jsonl", 8)
    with serving(writer()) as server:
        run(job(data, server.base_url), tmp_path / "out", limit=4)
        sent = server.jobs
        summary = run(job(data, server.base_url), tmp_path / "out", resume=True)
        assert (sent, server.jobs) == (4 * 6, 8 * 6)
    assert summary.done == 8


@pytest.mark.slow
def test_rehearsal_gives_equal_bytes_and_marks_itself(tmp_path):
    data = write_items(tmp_path / "items.jsonl", 120)
    first = run(job(data), tmp_path / "a")
    second = run(job(data), tmp_path / "b", concurrency=3)
    assert first.folder.records_path.read_bytes() == second.folder.records_path.read_bytes()
    assert first.done + first.skipped == first.read == 120
    assert {record.provenance.generator for record in first.folder.records(ReasonedMoment)} == {"offline"}
    assert any(record.tries > 1 for record in first.folder.records(ReasonedMoment))


def test_phrases_of_the_rehearsal_leak_nothing():
    for phrases in PHRASES.values():
        assert all(leak(phrase, moment()) == "" for phrase in phrases)


def test_forecast_counts_a_thought_and_its_checks(tmp_path):
    data = write_items(tmp_path / "items.jsonl", 10)
    expected = forecast_reasons(
        labelled_rows(data), ReasonsConfig(model=ModelSpec(name="nobody-knows"), checks=4)
    )
    assert (expected.moments, expected.calls, expected.cost_usd) == (10, 50, None)


@pytest.mark.slow
def test_all_annotated_items_of_proactivebench_are_accounted_for(tmp_path):
    data = REAL / "proactivebench" / "reward_train.jsonl"
    if not data.exists():
        pytest.skip("no ProactiveBench data; set TACTFUL_TEST_DATA")
    summary = run(job(data), tmp_path / "out")
    assert (summary.read, summary.failed) == (1629, 0)
    assert summary.done + summary.skipped == 1629
    assert summary.done > 1600
