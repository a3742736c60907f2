"""Rows L1–L14 of the reliability matrix, through the whole door."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.chat_server import Ask, ChatServer, Fault, Raw
from tests.llm.asking import Verdict, opened, outcomes, prompt

from tactful.errors import (
    BudgetSpent,
    DataError,
    EndpointRefused,
    ParseError,
    ProviderError,
    StopRun,
    UserError,
)
from tactful.llm import Budget, CallOptions, ChatModel, metered
from tactful.llm.spending.prices import Price, PriceTable
from tactful.types import Message

CENT_TABLE = PriceTable({"m": Price(input_usd=1.0, output_usd=2.0)})


# ---------------------------------------------------------------- L1, L2: too many requests


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["429", "429_date"])
async def test_L1_retry_after_is_honoured_by_everyone(fault: str) -> None:
    async with ChatServer(sequence=[fault]) as server, opened(server) as model:
        await model.complete(prompt("first"))
        first, second = server.asks
        # one second is asked for; a date has whole seconds, so its remainder may be cut
        assert second.at - first.at >= (1.0 if fault == "429" else 0.0)
        assert server.jobs == 2


@pytest.mark.slow
async def test_L1_one_429_pauses_calls_that_had_none() -> None:
    async with ChatServer(sequence=["429"], retry_after_s=0.5) as server, opened(server) as model:
        first = asyncio.create_task(model.complete(prompt("first")))
        await _until(lambda: bool(server.statuses) and model._sender._line.throttle._opens_at > 0)  # type: ignore[attr-defined]
        await asyncio.gather(first, model.complete(prompt("second")))
        refused_at = server.asks[0].at
        assert all(ask.at - refused_at >= 0.5 for ask in server.asks[1:])


async def test_L1_a_wait_longer_than_the_deadline_stops_the_run_and_says_until_when() -> None:
    async with ChatServer(sequence=["429"], retry_after_s=7200) as server, opened(server) as model:
        with pytest.raises(EndpointRefused, match=r"wait 7200 s; resume after 20\d\d-"):
            await model.complete(prompt())


@pytest.mark.slow
@pytest.mark.parametrize(("timeout_s", "ends"), [(None, "answered"), (1.0, "deferred")])
async def test_L1_pauses_do_not_use_up_a_deadline_that_nobody_gave(
    monkeypatch: pytest.MonkeyPatch, timeout_s: float | None, ends: str
) -> None:
    monkeypatch.setattr("tactful.llm.wire.shown._FIRST_S", 1.0)
    async with (
        ChatServer(sequence=["429"] * 3, retry_after_s=0.6) as server,
        opened(server, timeout_s=timeout_s) as model,  # 3 pauses of 0.6 s, a deadline of 1 s
    ):
        assert await outcomes(model, 1, structured=False) == {ends: 1}


@pytest.mark.slow
async def test_a_rate_limit_holds_for_retries_too() -> None:
    async with ChatServer(sequence=["empty"] * 3) as server, opened(server, requests_per_minute=240) as model:
        await model.complete(prompt())
        assert server.jobs == 4
        assert server.asks[3].at - server.asks[0].at >= 0.7  # four a second: three gaps of a quarter


@pytest.mark.slow
async def test_L2_a_storm_of_429s_loses_nothing_and_sends_little_twice() -> None:
    async with ChatServer(rate_per_s=100, burst=20) as server, opened(server) as model:
        assert await outcomes(model, 120, structured=False) == {"answered": 120}
        assert server.jobs <= 1.6 * 120


@pytest.mark.slow
async def test_L2_with_a_rate_limit_there_are_hardly_any_429s() -> None:
    async with (
        ChatServer(rate_per_s=100, burst=40) as server,
        opened(
            server, requests_per_minute=4800
        ) as model,  # below the endpoint's own 6,000, as a user would set it
    ):
        assert await outcomes(model, 200, structured=False) == {"answered": 200}
        assert server.jobs <= 1.05 * 200


# ---------------------------------------------------------------- L3: refusals


@pytest.mark.parametrize(
    ("fault", "fix"),
    [
        ("quota", "add credit"),
        ("quota_in_200", "add credit"),
        ("401", "check the key in OPENAI_API_KEY"),
        ("403", "check the key"),
        ("404", "check --model and --base-url"),
        ("redirect", "not followed"),
    ],
)
async def test_L3_a_refusal_stops_at_once_and_says_what_to_fix(fault: str, fix: str) -> None:
    async with (
        ChatServer(faults={fault: 1.0}, latency_s=0.02) as server,
        opened(server, max_concurrency=8) as model,
    ):
        results = await asyncio.gather(
            *(model.complete(prompt(number)) for number in range(100)), return_exceptions=True
        )
        assert all(isinstance(result, EndpointRefused) for result in results)
        assert fix in str(results[0])
        assert server.jobs <= 8, "only requests in flight may still end"
        with pytest.raises(EndpointRefused):
            await model.complete(prompt("later"))
        assert server.jobs <= 8


@pytest.mark.slow
async def test_L3_a_server_that_is_not_there_stops_the_run() -> None:
    async with ChatServer() as server:
        pass
    async with opened(server) as model:
        with pytest.raises(EndpointRefused, match="start the server or check --base-url"):
            await model.complete(prompt())


# ---------------------------------------------------------------- L4, L5: transport


@pytest.mark.slow
async def test_L4_server_errors_resets_and_early_closes_lose_and_double_nothing(tmp_path: Path) -> None:
    faults = {"500": 0.05, "503": 0.1, "reset": 0.05, "early_close": 0.05}
    async with (
        ChatServer(faults=faults, seed=3) as server,
        opened(server, cache=tmp_path / "calls.sqlite", timeout_s=60) as model,
    ):
        assert await outcomes(model, 100) == {"answered": 100}
        assert server.statuses["ok"] == 100
        assert set(server.statuses) == {"ok", *faults}, "every fault occurred"
    with sqlite3.connect(tmp_path / "calls.sqlite") as database:
        assert database.execute("SELECT count(*), sum(invalid) FROM calls").fetchone() == (100, 0)
    database.close()


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["hang", "slow_drip"])
async def test_L5_a_call_ends_by_its_deadline(fault: str) -> None:
    async with ChatServer(faults={fault: 1.0}) as server, opened(server, timeout_s=1.5) as model:
        started = time.monotonic()
        with pytest.raises(ProviderError, match="no answer in time") as failed:
            await model.complete(prompt())
        assert time.monotonic() - started <= 1.5 + 1
        assert failed.value.outcome == "out_of_reach"


@pytest.mark.slow
async def test_L4_the_wait_that_a_503_asks_for_is_honoured() -> None:
    answers = [Raw(b'{"error": {"message": "busy"}}', 503, {"Retry-After": "0.7"}), None]
    async with ChatServer(lambda ask: answers.pop(0)) as server, opened(server) as model:
        await model.complete(prompt())
        first, second = server.asks
        assert second.at - first.at >= 0.7


@pytest.mark.slow
async def test_L4_a_server_that_stays_broken_stops_the_run_after_ten_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tactful.llm.wire.caller._FIRST_BACKOFF_S", 0.001)
    async with ChatServer(faults={"500": 1.0}) as server, opened(server) as model:
        ends = []
        for number in range(12):
            try:
                await model.complete(prompt(number))
            except (ProviderError, EndpointRefused) as error:
                ends.append(error)
        assert [type(error) for error in ends] == [ProviderError] * 9 + [EndpointRefused] * 3
        assert "10 calls in a row ended without an answer" in str(ends[9])
        assert "HTTP 500: internal error; tried 9 times" in str(ends[9])
        assert server.jobs == 10 * 9


async def test_L5_no_answer_in_time_names_what_helps() -> None:
    async with ChatServer(faults={"hang": 1.0}) as server, opened(server, timeout_s=0.2) as model:
        with pytest.raises(
            ProviderError, match=r"no answer in time; gave up after 0.2 s; a slow model needs .*--timeout"
        ):
            await model.complete(prompt())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that signed itself, with its key in one file."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("no openssl to make a certificate with")
    place = tmp_path_factory.mktemp("tls") / "own.pem"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(
        [*command.split(), "-keyout", place, "-out", f"{place}.crt"], check=True, capture_output=True
    )
    place.write_text(place.read_text() + Path(f"{place}.crt").read_text())
    return place


@pytest.mark.slow
async def test_L4_a_certificate_that_is_not_trusted_is_said_at_once(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, ssl=context)
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}/v1"
    async with server:
        async with ChatServer() as other, opened(other, base_url=url) as model:
            with pytest.raises(EndpointRefused, match=r"certificate is not trusted .*; set SSL_CERT_FILE to"):
                await model.complete(prompt())
        plain = url.replace("https", "http")
        async with ChatServer() as other, opened(other, base_url=plain, timeout_s=1.0) as model:
            with pytest.raises(ProviderError):
                await model.complete(prompt())


@pytest.mark.slow
async def test_L5_one_hung_attempt_leaves_time_for_another() -> None:
    async with ChatServer(sequence=["hang"]) as server, opened(server, timeout_s=4.0) as model:
        assert (await model.complete(prompt())).text.startswith("Reply to")


# ---------------------------------------------------------------- L6–L9: answers that are none

UNREADABLE = [
    "truncated",
    "empty",
    "no_choices",
    "null_choices",
    "error_in_200",
    "no_text",
]


@pytest.mark.parametrize("fault", UNREADABLE)
async def test_L6_an_unreadable_answer_is_asked_again(fault: str) -> None:
    async with ChatServer(sequence=[fault]) as server, opened(server) as model:
        assert (await model.complete(prompt())).text.startswith("Reply to")
        assert server.jobs == 2


@pytest.mark.parametrize("fault", UNREADABLE)
async def test_L6_an_endpoint_that_stays_unreadable_fails_the_record_and_stores_nothing(
    fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "calls.sqlite"
    async with ChatServer(faults={fault: 1.0}) as server, opened(server, cache=path) as model:
        with pytest.raises(ProviderError) as failed:
            await model.complete(prompt())
        assert failed.value.outcome == "unreadable"
        assert server.jobs == 4
    assert _stored(path) == 0


@pytest.mark.parametrize(
    ("fault", "outcome", "requests"),
    [
        ("length_empty", "too_long", 4),
        ("length_cut", "too_long", 2),
        ("refusal", "refused", 2),
        ("filter", "filtered", 2),
        ("context", "too_long", 1),
        ("400", "refused", 1),
    ],
)
async def test_L7_each_way_of_not_answering_has_its_outcome_and_is_never_stored(
    fault: str, outcome: str, requests: int, tmp_path: Path
) -> None:
    path = tmp_path / "calls.sqlite"
    async with ChatServer(faults={fault: 1.0}) as server, opened(server, cache=path) as model:
        with pytest.raises(ProviderError) as failed:
            await model.complete(prompt())
        assert (failed.value.outcome, server.jobs) == (outcome, requests)
        assert "m at http://127.0.0.1" in str(failed.value)
    assert _stored(path) == 0


async def test_L7_empty_content_at_the_limit_is_retried_with_a_larger_limit() -> None:
    async with ChatServer(needs_tokens=350) as server, opened(server) as model:
        await model.complete(prompt(), options=CallOptions(max_tokens=100))
        assert [ask.limit for ask in server.asks] == [100, 200, 400]


@pytest.mark.parametrize("fault", ["fences", "think", "think_no_start"])
async def test_L8_fences_and_think_blocks_are_no_obstacle(fault: str) -> None:
    async with ChatServer(faults={fault: 1.0}) as server, opened(server) as model:
        assert (await model.structured(prompt(), Verdict)).reason == "text"
        assert server.jobs == 1


WRONG = [
    "nan",
    "wrong_schema",
    "not_json",
    "list_for_dict",
    "dict_for_list",
    "truncated_json",
]


@pytest.mark.parametrize("fault", WRONG)
async def test_L8_a_reply_of_the_wrong_shape_is_asked_again_with_the_reason(fault: str) -> None:
    async with ChatServer(sequence=[fault]) as server, opened(server) as model:
        with metered() as meter:
            assert (await model.structured(prompt(), Verdict)).reason == "text"
        assert (server.jobs, meter.asked_again, meter.repaired) == (2, 1, 0)
        again = server.asks[1].messages
        assert [message["role"] for message in again] == ["user", "assistant", "user"]
        assert "could not be used" in again[2]["content"]


@pytest.mark.parametrize("fault", WRONG)
async def test_L9_a_reply_that_stays_wrong_is_a_parse_error_and_is_marked_in_the_cache(
    fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "calls.sqlite"
    async with ChatServer(faults={fault: 1.0}) as server, opened(server, cache=path) as model:
        with pytest.raises(ParseError, match="no valid Verdict after 3 replies"):
            await model.structured(prompt(), Verdict)
        assert server.jobs == 3
    assert _stored(path) == 0


async def test_L9_a_marked_reply_is_not_replayed_when_the_record_is_retried(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    async with ChatServer(sequence=["not_json"] * 3) as server:
        async with opened(server, cache=path) as model:
            with pytest.raises(ParseError):
                await model.structured(prompt(), Verdict)
        async with opened(server, cache=path) as model:
            assert (await model.structured(prompt(), Verdict)).accepted
        assert server.jobs == 4


async def test_L9_broken_json_is_repaired_only_when_the_reply_ended_by_itself_and_is_flagged() -> None:
    async with ChatServer(faults={"trailing_comma": 1.0}) as server, opened(server) as model:
        with metered() as meter:
            await model.structured(prompt(), Verdict)
        assert (server.jobs, meter.repaired) == (1, 1)


async def test_L9_counts_add_up_to_the_input_under_mixed_faults() -> None:
    faults = {"html": 0.2, "refusal": 0.3, "wrong_schema": 0.2, "length_cut": 0.1, "context": 0.05}
    async with ChatServer(faults=faults, seed=1) as server, opened(server) as model:
        counts = await outcomes(model, 120)
    assert sum(counts.values()) == 120
    assert {"answered", "refused", "too_long"} <= set(counts)


async def test_a_prompt_with_a_lone_surrogate_fails_its_record_before_anything_is_sent() -> None:
    async with ChatServer() as server, opened(server) as model:
        with pytest.raises((DataError, ValueError)):
            await model.complete(prompt("a \ud83d b"))
        assert server.jobs == 0


# ---------------------------------------------------------------- L10–L12


@pytest.mark.parametrize("fault", ["giant", "gzip_bomb"])
async def test_L10_a_giant_answer_is_capped(fault: str) -> None:
    async with ChatServer(faults={fault: 1.0}) as server, opened(server) as model:
        with pytest.raises(ProviderError, match="larger than 8 MiB") as failed:
            await model.complete(prompt())
        assert (failed.value.outcome, server.jobs) == ("too_long", 1)


async def test_L11_the_same_calls_again_send_nothing_and_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    async with ChatServer(faults={"wrong_schema": 0.2, "fences": 0.2}, seed=5) as server:
        runs = []
        for _ in range(2):
            async with opened(server, cache=path) as model:
                with metered() as meter:
                    replies = [await model.structured(prompt(number), Verdict) for number in range(20)]
                    text = await model.complete(prompt("text"))
                runs.append((replies, text.text, text.usage.completion_tokens))
            sent = server.jobs, server.probes
        assert runs[0] == runs[1]
        assert (meter.usage.calls, meter.usage.cost_usd) == (0, 0.0)
        assert meter.usage.cached >= 21
        assert (server.jobs, server.probes) == sent
        assert server.probes == 1
        assert server.jobs == sum(server.statuses.values())


async def test_L11_what_probing_found_is_stored_so_that_a_cached_run_sends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    async with ChatServer() as server:
        for _ in range(2):
            async with opened(server, cache=path) as model:
                await model.structured(prompt(), Verdict)
        assert (server.jobs, server.probes) == (1, 1)


async def test_L12_finished_calls_are_stored_when_the_rest_is_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    slow = {"Job [0-9]$": None}
    async with ChatServer(slow, faults={"hang": 0.5}, seed=2) as server, opened(server, cache=path) as model:
        tasks = [asyncio.create_task(model.complete(prompt(f"Job {number}"))) for number in range(32)]
        await _until(lambda: sum(server.statuses.values()) == 32 and _stored(path) == server.statuses["ok"])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        answered = server.statuses["ok"]
        assert 0 < answered < 32
    assert _stored(path) == answered


# ---------------------------------------------------------------- L13, L14: usage and budget


@pytest.mark.parametrize(
    "fault", ["usage_missing", "usage_negative", "usage_absurd", "usage_zero", "usage_text", "usage_tiny"]
)
async def test_L13_usage_that_lies_is_estimated_and_labelled(fault: str) -> None:
    async with (
        ChatServer({"": "x" * 400}, faults={fault: 1.0}) as server,
        opened(server, prices=CENT_TABLE) as model,
    ):
        with metered() as meter:
            await model.complete(prompt("y" * 400))
        assert meter.usage.estimated
        # 400 characters are 100 tokens on either side, at 1 and 2 USD for a million
        assert (meter.usage.prompt_tokens, meter.usage.completion_tokens) == (100, 100)
        assert meter.usage.cost_usd == pytest.approx(300e-6)


@pytest.mark.parametrize("fault", [None, "usage_missing", "usage_negative", "usage_absurd", "usage_zero"])
async def test_L14_a_token_budget_is_never_exceeded(fault: str | None) -> None:
    faults = {fault: 1.0} if fault else {}
    budget = Budget(tokens=9000)
    async with ChatServer({"": "x" * 2000}, faults=faults) as server, opened(server, budget=budget) as model:
        options = CallOptions(max_tokens=500)
        results = await asyncio.gather(
            *(model.complete(prompt(number), options=options) for number in range(60)), return_exceptions=True
        )
        done = [result for result in results if not isinstance(result, BaseException)]
        assert all(isinstance(result, BudgetSpent) for result in results if isinstance(result, BaseException))
        assert 0 < len(done) < 60
        assert budget.spent_tokens <= 9000
        assert server.jobs * 500 <= 9000, "each answer used its whole limit"


async def test_L13_usage_above_the_limit_that_was_sent_is_not_believed() -> None:
    body = {"choices": [{"message": {"content": "x" * 40}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 101}}  # fmt: skip
    async with ChatServer(lambda ask: Raw(json.dumps(body).encode())) as server, opened(server) as model:
        with metered() as meter:
            await model.complete(prompt("y" * 40), options=CallOptions(max_tokens=100))
        assert (meter.usage.estimated, meter.usage.completion_tokens) == (True, 10)


async def test_prompt_tokens_that_the_endpoint_had_cached_are_counted_apart() -> None:
    said = {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}
    usage = {"prompt_tokens": 30, "completion_tokens": 1}
    forms = [{"prompt_tokens_details": {"cached_tokens": 20}}, {"prompt_cache_hit_tokens": 20}, {}]
    answers = [Raw(json.dumps(said | {"usage": usage | form}).encode()) for form in forms]
    async with ChatServer(lambda ask: answers.pop(0)) as server, opened(server) as model:
        with metered() as meter:
            for number in range(3):
                await model.complete(prompt(number))
        assert (meter.usage.prompt_tokens, meter.usage.cached_prompt_tokens) == (90, 40)


async def test_L14_a_token_budget_reserves_from_what_calls_have_used() -> None:
    def short(ask: Ask) -> str:
        return "x" * 40

    budget = Budget(tokens=20_000)
    async with ChatServer(short) as server, opened(server, budget=budget) as model:
        with pytest.raises(BudgetSpent):
            await _in_turn(model, 1000, before="y" * 400)
        # a call uses about 112 tokens, and reserves 512 of an answer: the last ones leave less than that
        assert server.jobs > 160
        assert 19_000 < budget.spent_tokens <= 20_000
        assert server.asks[0].limit == 4096
        assert server.asks[-1].limit == 512


async def test_L14_an_answer_longer_than_any_before_gets_its_whole_limit() -> None:
    async with ChatServer({"long": "x" * 4000, "": "short"}) as server:
        server.needs_tokens = 0
        async with opened(server, budget=Budget(tokens=10**6)) as model:
            for number in range(6):
                await model.complete(prompt(number))
            server.needs_tokens = 1000
            assert (await model.complete(prompt("long"))).text.startswith("x")
            assert [ask.limit for ask in server.asks[-2:]] == [512, 4096]


@pytest.mark.slow
async def test_L14_a_money_budget_stops_cleanly_and_says_so() -> None:
    budget = Budget(usd=0.005)
    async with ChatServer() as server, opened(server, budget=budget, prices=CENT_TABLE) as model:
        with pytest.raises(BudgetSpent, match=r"of 0\.0050 USD.*raise the budget and resume"):
            await _in_turn(model, 1000, CallOptions(max_tokens=1000))
        assert 0 < budget.spent_usd <= 0.005


async def test_L14_a_model_of_unknown_price_refuses_a_money_budget_up_front() -> None:
    async with ChatServer() as server:
        with pytest.raises(UserError, match=r"price of 'm' .* is not known.*--budget-tokens"):
            async with opened(server, budget=Budget(usd=1.0)):
                pass


async def test_with_a_budget_and_no_limit_of_its_own_a_call_is_sent_with_one() -> None:
    async with ChatServer() as server, opened(server, budget=Budget(tokens=100_000)) as model:
        await model.complete(prompt())
        assert server.asks[0].limit == 4096


# ---------------------------------------------------------------- other promises


async def test_concurrent_equal_calls_are_sent_once() -> None:
    async with ChatServer(latency_s=0.05) as server, opened(server) as model:
        with metered() as meter:
            replies = await asyncio.gather(*(model.complete(prompt()) for _ in range(10)))
        assert len({reply.text for reply in replies}) == server.jobs == 1
        assert (meter.usage.calls, meter.usage.cached) == (1, 9)


async def test_a_cancelled_call_does_not_take_its_equals_with_it() -> None:
    async with ChatServer(sequence=["hang"]) as server, opened(server) as model:
        first, second = (asyncio.create_task(model.complete(prompt())) for _ in range(2))
        await _until(lambda: server.jobs == 1)
        first.cancel()
        assert (await second).text.startswith("Reply to")
        assert server.jobs == 2


async def test_another_type_of_reply_makes_another_call(tmp_path: Path) -> None:
    class Longer(Verdict):
        """The same fields under another name: each answer to the one fits the other."""

    async with ChatServer() as server, opened(server, cache=tmp_path / "c.sqlite") as model:
        for _ in range(2):
            await model.structured(prompt("Would this user accept?"), Verdict)
            await model.structured(prompt("Would this user accept?"), Longer)
        assert server.jobs == 2


async def test_whatever_may_change_an_answer_makes_another_call(tmp_path: Path) -> None:
    said = "Would this user accept the proposal?"
    async with ChatServer() as server, opened(server, cache=tmp_path / "c.sqlite") as model:
        for _ in range(2):
            await model.complete(prompt(said))
            await model.complete(prompt(said), sample=1)
            for name, value in [("temperature", 0.5), ("top_p", 0.5), ("seed", 1), ("max_tokens", 50)]:
                await model.complete(prompt(said), options=CallOptions(**{name: value}))
            await model.complete([Message(role="system", content=said)])
            await model.complete([Message(role="assistant", content=said)])
            await model.structured(prompt(said), Verdict)
        assert server.jobs == 9
        async with ChatServer() as other, opened(other, cache=tmp_path / "c.sqlite") as elsewhere:
            await elsewhere.complete(prompt(said))
            assert other.jobs == 1, "another base URL"
        async with opened(server, cache=tmp_path / "c.sqlite", name="n") as another:
            await another.complete(prompt(said))
            assert server.jobs == 10, "another model"


async def test_more_room_for_the_same_question_replays_what_was_answered(tmp_path: Path) -> None:
    options = CallOptions(max_tokens=50)
    async with ChatServer() as server:
        async with opened(server, cache=tmp_path / "c.sqlite") as model:
            await model.complete(prompt("answered"), options=options)
        async with opened(server, cache=tmp_path / "c.sqlite", least_max_tokens=900) as model:
            await model.complete(prompt("answered"), options=options)
            await model.complete(prompt("new"), options=options)
            await model.complete(prompt("newer"), options=CallOptions(max_tokens=2000))
        assert [ask.limit for ask in server.asks] == [50, 900, 2000]


async def test_a_reply_that_repeats_itself_is_asked_for_in_other_words_and_at_a_higher_temperature() -> None:
    async with ChatServer(faults={"wrong_schema": 1.0}) as server, opened(server) as model:
        with pytest.raises(ParseError):
            await model.structured(prompt(), Verdict, options=CallOptions(temperature=0.0))
        assert [ask.body["temperature"] for ask in server.asks] == [0.0, 0.7, 0.7]
        assert "the same as the one before" not in server.asks[1].text
        assert "the same as the one before" in server.asks[2].text


async def test_a_script_may_order_a_fault_for_one_prompt() -> None:
    async with ChatServer({"bad": Fault("refusal"), "good": {"a": 1}}) as server, opened(server) as model:
        assert (await model.complete(prompt("good"))).text == '{"a":1}'
        with pytest.raises(ProviderError, match="refused"):
            await model.complete(prompt("bad"))


async def test_a_full_disk_stops_the_run_and_keeps_what_was_stored(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    async with ChatServer({"": "x" * 50_000}) as server, opened(server, cache=path) as model:
        await model.complete(prompt("first"))
        model._cache._connection.execute("PRAGMA max_page_count = 30")  # type: ignore[attr-defined]
        with pytest.raises(StopRun, match="free space and resume"):
            await _in_turn(model, 10)
    assert _stored(path) >= 1


async def _in_turn(
    model: ChatModel, calls: int, options: CallOptions | None = None, before: str = ""
) -> None:
    for number in range(calls):
        await model.complete(prompt(f"{before}{number}"), options=options or CallOptions())


async def _until(reached: Callable[[], bool]) -> None:
    while not reached():  # noqa: ASYNC110 - the server counts in plain numbers
        await asyncio.sleep(0.01)


def _stored(path: Path) -> int:
    """Answers in the cache that may be replayed."""
    database = sqlite3.connect(path)
    try:
        return int(database.execute("SELECT count(*) FROM calls WHERE invalid = 0").fetchone()[0])
    finally:
        database.close()


async def test_a_stripped_think_block_is_kept_beside_the_text() -> None:
    said = {"colour": "<think>\nred or blue?\n</think>\nblue", "plain": "no thoughts"}
    async with ChatServer(script=said) as server, opened(server) as model:
        thought = await model.complete(prompt("which colour"))
        plain = await model.complete(prompt("plain"))
    assert (thought.thoughts, thought.text) == ("<think>\nred or blue?\n</think>", "blue")
    assert (plain.thoughts, plain.text) == ("", "no thoughts")
