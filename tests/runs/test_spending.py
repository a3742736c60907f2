"""What a run has cost, whatever became of the records that it was spent on."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from tests.chat_server import Raw, serving
from tests.runs import parts
from tests.runs.parts import items, run

from tactful.errors import BudgetSpent, EndpointRefused
from tactful.llm import ModelSpec
from tactful.runs import RunFolder, RunOptions, retry_run

KEY = Raw(b'{"error": {"message": "Incorrect API key provided"}}', 401)


def ask(out, server, **options):
    return run(out, stage=parts.ask, models=parts.endpoint(server.base_url), concurrency=1, **options)


def test_what_was_paid_for_a_record_that_was_stopped_midway_counts_here_and_against_the_budget(tmp_path):
    with serving(lambda ask: KEY if "second about item-2" in ask.prompt else None) as server:
        with pytest.raises(EndpointRefused):
            ask(tmp_path / "out", server, count=3)
        folder = RunFolder.open(tmp_path / "out")
        # two calls for each of two records, and the first of the third
        assert folder.usage().calls == 5
        spent = folder.usage().prompt_tokens + folder.usage().completion_tokens
        of_rows = folder.state().usage()
        assert of_rows.calls == 4
        server.script = None
        with pytest.raises(BudgetSpent, match=f"{spent} of {spent} tokens"):
            ask(tmp_path / "out", server, count=3, resume=True, budget_tokens=spent)
        assert ask(tmp_path / "out", server, count=3, resume=True).usage.calls == 6


def test_records_that_left_the_input_still_count(tmp_path):
    with serving() as server:
        ask(tmp_path / "out", server, count=4)
        summary = ask(tmp_path / "out", server, source=items(1), resume=True)
        assert (summary.read, summary.usage.calls) == (1, 8)
        spent = summary.usage.prompt_tokens + summary.usage.completion_tokens
        changed = (item.model_copy(update={"number": 7}) for item in items(6, start=5))
        with pytest.raises(BudgetSpent, match=f"{spent} of {spent} tokens"):
            ask(tmp_path / "out", server, source=changed, resume=True, budget_tokens=spent)


@pytest.mark.parametrize("fault", ["usage_missing", "early_close"])
def test_what_a_budget_kept_for_requests_whose_cost_is_unknown_counts_when_the_run_goes_on(tmp_path, fault):
    with serving(faults={fault: 1.0}) as server:
        with pytest.raises(BudgetSpent) as first:
            ask(tmp_path / "out", server, count=50, budget_tokens=9_000)
        sent = server.jobs
        for _ in range(2):
            with pytest.raises(BudgetSpent) as again:
                ask(tmp_path / "out", server, count=50, resume=True, budget_tokens=9_000)
            assert str(again.value).split(";")[0] == str(first.value).split(";")[0]
        assert server.jobs == sent
    used = RunFolder.open(tmp_path / "out").usage()
    assert used.prompt_tokens + used.completion_tokens < 2_000, "what is shown is what was metered"


def test_what_was_spent_before_its_price_was_known_counts_against_a_budget_in_money(tmp_path, monkeypatch):
    with serving() as server:
        summary = ask(tmp_path / "out", server, count=4)
        assert summary.usage.cost_usd is None
        prices = tmp_path / "prices.toml"
        prices.write_text("[prices.m]\ninput_usd = 1000.0\noutput_usd = 2000.0\n")
        monkeypatch.setenv("TACTFUL_PRICES", str(prices))
        used = summary.usage
        cost = (used.prompt_tokens * 1000 + used.completion_tokens * 2000) / 1e6
        with pytest.raises(BudgetSpent, match=f"{cost:.4f} of {cost + 0.001:.4f} USD"):
            ask(tmp_path / "out", server, count=5, resume=True, budget_usd=cost + 0.001)


def test_tokens_from_the_prompt_cache_of_the_endpoint_are_told(tmp_path, capsys):
    body = {
        "choices": [{"message": {"content": "fine"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 8}},
    }
    with serving(lambda ask: Raw(json.dumps(body).encode())) as server:
        summary = ask(tmp_path / "out", server, count=2, progress="plain")
    assert summary.usage.cached_prompt_tokens == 4 * 8
    assert RunFolder.open(tmp_path / "out").usage().cached_prompt_tokens == 32
    assert (
        "40 tokens, price unknown, 32 of the tokens from the endpoint's prompt cache"
        in capsys.readouterr().err
    )


def test_retry_gives_more_room_and_time_to_the_failed_records_alone(tmp_path):
    models = {"assistant": ModelSpec(name="m", options={"max_tokens": 50})}

    def cut(ask):
        return {"first": "ok"} if "item-1" not in ask.prompt or (ask.limit or 0) > 500 else Raw(
            b'{"choices": [{"message": {"content": "so"}, "finish_reason": "length"}]}'
        )  # fmt: skip

    with serving(cut) as server:
        models["assistant"] = models["assistant"].model_copy(update={"base_url": server.base_url})
        job = parts.job(3, stage=parts.ask)
        job = type(job)(**{**vars(job), "models": models})
        summary = run(tmp_path / "out", stage=parts.ask, count=3, models=models)
        assert (summary.done, summary.failed) == (2, 1)
        (failure,) = summary.folder.failures()
        assert failure.error == "too_long"
        assert "tactful runs retry RUN --max-tokens N" in failure.reason
        sent = server.jobs
        options = RunOptions(progress="off", least_max_tokens=900, timeout_s=7)
        job = type(job)(**{**vars(job), "source": items(3)})
        summary = retry_run(RunFolder.open(tmp_path / "out"), job, options=options)
        assert (summary.done, summary.failed, server.jobs - sent) == (3, 0, 2)
        assert [ask.limit for ask in server.asks[-2:]] == [900, 900]


def test_what_a_killed_run_had_paid_for_records_in_flight_counts_against_the_budget(tmp_path, monkeypatch):
    prices = tmp_path / "prices.toml"
    prices.write_text("[prices.m]\ninput_usd = 1000.0\noutput_usd = 2000.0\n")
    monkeypatch.setenv("TACTFUL_PRICES", str(prices))
    with serving() as server:
        paid = ask(tmp_path / "out", server, count=4).usage
        folder = RunFolder.open(tmp_path / "out")
        # as a kill leaves it: two of the four records answered but not stored, the run still `running`
        with closing(sqlite3.connect(folder.state_path)) as state:
            state.execute("DELETE FROM results WHERE ordinal >= 2")
            state.commit()
        folder.save_info(folder.info().model_copy(update={"state": "running"}))
        sent = server.jobs
        with pytest.raises(BudgetSpent, match=f"{paid.cost_usd:.4f} of {paid.cost_usd + 0.001:.4f} USD"):
            ask(tmp_path / "out", server, count=5, resume=True, budget_usd=paid.cost_usd + 0.001)
        assert server.jobs == sent
        assert folder.usage().cost_usd == pytest.approx(paid.cost_usd)


def test_what_a_killed_run_had_paid_is_not_hidden_by_replies_that_the_cache_does_not_keep(tmp_path):
    body = {
        "choices": [{"message": {"content": "no"}, "finish_reason": "content_filter"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 900},
    }
    with serving(lambda ask: Raw(json.dumps(body).encode()) if "item-0" in ask.prompt else None) as server:
        paid = ask(tmp_path / "out", server, count=4).usage
        folder = RunFolder.open(tmp_path / "out")
        with closing(sqlite3.connect(folder.state_path)) as state:
            state.execute("DELETE FROM results WHERE ordinal >= 2")
            state.commit()
        folder.save_info(folder.info().model_copy(update={"state": "running"}))
        again = ask(tmp_path / "out", server, count=4, resume=True).usage
        assert again.prompt_tokens == paid.prompt_tokens
        assert again.completion_tokens == paid.completion_tokens > 1_800


def test_a_run_that_ended_with_a_word_has_lost_nothing(tmp_path):
    with serving() as server:
        first = ask(tmp_path / "out", server, count=4).usage
        assert ask(tmp_path / "out", server, count=4, resume=True).usage == first
