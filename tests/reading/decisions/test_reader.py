"""A /v1/decisions endpoint as reader, over real HTTP, against a server that takes the official client's shapes alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.decisions_server import DecisionsServer, deciding

from tactful.data.corpora.types import RequestRow
from tactful.errors import EndpointRefused, ProviderError, UsageError
from tactful.llm import ModelSpec, open_model
from tactful.llm.decisions import Ask, Said, read_answers
from tactful.reading import REACTIONS, Exchange, Request
from tactful.reading.by_calls import ReaderByCalls
from tactful.reading.calibrating import calibrate_asked
from tactful.reading.labelled import Labelled
from tactful.reading.opening import open_reader
from tactful.reading.setup import ReaderSetup
from tactful.types import Event, Message, Moment


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def reader_on(server: DecisionsServer, **setup: Any) -> ReaderByCalls:
    return ReaderByCalls("decisions:m", ReaderSetup(base_url=server.base_url, timeout_s=20, **setup))


def test_every_question_of_a_turn_goes_in_one_call_and_its_probability_is_the_reading() -> None:
    with deciding(
        {"need": 0.8, "input": 0.9, "context": 0.6, "goal": 0.1, "constraint": 0.2, "critical": 0.7}
    ) as server:
        reader = reader_on(server)
        before = Message(role="assistant", content="You have two bookings.")
        [need] = reader.needs_now([Request(text="Cancel it", context=(before,))])
    assert server.requests == 1
    assert (need.need, need.critical) == (0.8, 0.7)
    assert [(gap.kind, gap.p) for gap in need.missing] == [("input", 0.9), ("context", 0.6)]
    [asked] = server.asked
    assert [question.name for question in asked.questions] == [
        "need",
        "goal",
        "constraint",
        "input",
        "context",
        "critical",
    ]
    assert [(one.role, one.content) for one in asked.input] == [
        ("assistant", "You have two bookings."),
        ("user", "Cancel it"),
    ]
    assert reader.usage.calls == 1
    assert reader.usage.prompt_tokens > 100
    assert not reader.usage.estimated


def test_reactions_are_a_choice_of_seven_and_offers_a_predicate() -> None:
    shares = dict.fromkeys(REACTIONS, 0.05) | {"neg_correction": 0.7}
    with deciding({"reaction": shares, "welcome": 0.3}) as server:
        reader = reader_on(server)
        [reading] = reader.reactions_now([Exchange(query="q", answer="a", next="no!")])
        moment = Moment(id="m", session="s", events=(Event(text="exit 1 pytest"),), proposal="A joke?")
        [offer] = reader.offers_now([moment])
    assert reading.label == "neg_correction"
    assert reading.complaint == pytest.approx(0.8)
    assert offer.accept == 0.3
    assert '"A joke?"' in server.asked[1].input


REFUSAL = {"type": "refusal", "name": "need"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (REFUSAL, "refused to answer 'need'"),
        ({"type": "predicate", "name": "need"}, "'need' has probability None"),
        ({"type": "predicate", "name": "need", "probability": 1.2}, "'need' has probability 1.2"),
        ({"type": "predicate", "name": "need", "probability": True}, "'need' has probability True"),
        ({"type": "choice", "name": "need", "choice": "x", "confidence": 1, "probabilities": []}, "answered by a choice"),
    ],
)  # fmt: skip
def test_an_answer_without_a_usable_probability_is_not_known_with_the_reason(said: Any, why: str) -> None:
    with deciding({"need": said}) as server:
        [need] = reader_on(server).needs_now([Request(text="x")])
    assert need.need is None
    assert why in need.unknown


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda reply: reply | {"answers": reply["answers"][:3]}, "3 answers to 6 questions"),
        (lambda reply: reply | {"answers": [None] * 6}, "no answer to 'need'"),
    ],
)
def test_missing_answers_are_not_known(change: Any, why: str) -> None:
    with deciding(faults=[change]) as server:
        [need] = reader_on(server).needs_now([Request(text="x")])
    assert need.need is None
    assert why in need.unknown


@pytest.mark.parametrize(
    ("shares", "why"),
    [
        (dict.fromkeys(REACTIONS, 0.2), "sum to 1.40"),
        ({"type": "choice", "name": "reaction", "choice": "neutral", "confidence": 1.0,
          "probabilities": [{"value": "neutral", "probability": 1.0}]}, "no probability for 'neg_constraint_restate'"),
    ],
)  # fmt: skip
def test_shares_that_are_no_distribution_are_not_known(shares: Any, why: str) -> None:
    with deciding({"reaction": shares}) as server:
        [reading] = reader_on(server).reactions_now([Exchange(query="q", answer="a", next="n")])
    assert reading.probabilities is None
    assert why in reading.unknown


def test_answers_without_names_are_taken_by_place() -> None:
    def unnamed(reply: dict[str, Any]) -> dict[str, Any]:
        return reply | {"answers": [one | {"name": None} for one in reply["answers"]]}

    with deciding({"need": 0.9}, faults=[unnamed]) as server:
        [need] = reader_on(server).needs_now([Request(text="x")])
    assert need.need == 0.9


@pytest.mark.slow
def test_a_busy_server_is_asked_again_and_a_hanging_one_is_not_known_for_that_text() -> None:
    with deciding({"need": 0.9}, faults=[503, None, "hang", "hang", "hang"]) as server:
        reader = ReaderByCalls(
            "decisions:m", ReaderSetup(base_url=server.base_url, timeout_s=1.0, concurrency=1)
        )
        good, late = reader.needs_now([Request(text="x"), Request(text="y")])
    assert good.need == 0.9
    assert late.need is None
    assert "no answer in time" in late.unknown


@pytest.mark.slow
def test_an_endpoint_that_stays_broken_stops_after_ten_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tactful.llm.wire.caller._FIRST_BACKOFF_S", 0.001)
    with (
        deciding(faults=[500] * 400) as server,
        pytest.raises(EndpointRefused, match="10 calls in a row ended without an answer"),
    ):
        reader_on(server, concurrency=1).needs_now([Request(text=f"text {at}") for at in range(40)])


async def test_a_text_that_is_too_long_for_the_model_is_told_as_that() -> None:
    with deciding(faults=[413]) as server:
        model = open_model(ModelSpec(name="m", base_url=server.base_url))
        with pytest.raises(ProviderError, match=f"m at {server.base_url}") as failed:
            await model.decide("some text", [Ask(name="a", instructions="is it so?")])
        await model.aclose()
    assert failed.value.outcome == "too_long"
    assert failed.value.input_too_long


def test_a_wrong_key_and_a_place_without_decisions_stop_with_what_to_fix() -> None:
    with deciding(key="sk-right") as server, pytest.raises(EndpointRefused, match="check the key"):
        reader_on(server).needs_now([Request(text="x")])
    with deciding(faults=["html"] * 9) as server, pytest.raises(EndpointRefused, match="--base-url"):
        reader_on(server).needs_now([Request(text="x")])
    other = [lambda reply: {"choices": []}] * 9
    with deciding(faults=other) as server, pytest.raises(EndpointRefused, match="answers no decisions"):
        reader_on(server).needs_now([Request(text="x")])


def test_without_reported_usage_tokens_are_estimated_and_say_so() -> None:
    with deciding(usage=False) as server:
        reader = reader_on(server)
        reader.needs_now([Request(text="x")])
    assert reader.usage.estimated
    assert reader.usage.prompt_tokens > 100


def test_what_was_answered_once_is_not_asked_again(tmp_path: Path) -> None:
    with deciding({"need": 0.9}) as server:
        for _ in range(2):
            reader = reader_on(server, cache=tmp_path / "calls.sqlite")
            assert reader.needs_now([Request(text="x")])[0].need == 0.9
    assert server.requests == 1
    assert reader.usage.cached == 1


def test_it_is_calibrated_on_labels_like_any_other(tmp_path: Path) -> None:
    """Says 0.9 of odd and 0.6 of even texts; nine in ten of the odd are open, one in ten of the even."""
    rows = Labelled(
        tuple(
            RequestRow(id=str(at), group=str(at), writer="w", lang="en", domain="x", text=f"{'odd' if at % 2 else 'even'} {at}",
                       label="open" if (at % 2 == 1) == (at % 20 < 18) else "complete")
            for at in range(100)
        )
    )  # fmt: skip

    def says(asked: Any) -> dict[str, float]:
        return {"need": 0.9 if asked.input[-1].content.startswith("odd") else 0.6}

    with deciding(says) as server:
        assert asyncio.run(calibrate_asked(reader_on(server), rows, tmp_path / "r")) == {"need": 100}
        odd, even = open_reader(str(tmp_path / "r")).needs_now(
            [Request(text="odd 1"), Request(text="even 2")]
        )
    assert odd.need == pytest.approx(0.9, abs=0.06)
    assert even.need == pytest.approx(0.1, abs=0.06)


def test_the_offline_model_decides_nothing() -> None:
    with pytest.raises(UsageError, match="answers no /v1/decisions"):
        ReaderByCalls("decisions:offline").needs_now([Request(text="x")])


# ---------------------------------------------------------------- the wire


@pytest.mark.parametrize(
    "body",
    [
        {"input": "x", "questions": [{"type": "predicate", "instructions": "y"}]},
        {"model": "m", "input": "x", "questions": []},
        {"model": "m", "input": "x", "questions": [{"type": "choice", "instructions": "y", "choices": [{"value": "a"}]}]},
        {"model": "m", "input": [{"role": "user"}], "questions": [{"type": "predicate", "instructions": "y"}]},
        {"model": "m", "input": "x", "questions": [{"type": "predicate", "prompt": "y"}]},
    ],
)  # fmt: skip
async def test_the_server_of_these_tests_refuses_wrong_shapes(body: dict[str, Any]) -> None:
    import aiohttp

    with deciding() as server:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{server.base_url}/decisions", json=body) as got,
        ):
            assert got.status == 400
    assert server.refused


async def test_the_server_of_these_tests_answers_the_official_client_and_both_see_the_same() -> None:
    openai = pytest.importorskip("openai")
    if not hasattr(openai.AsyncOpenAI, "decisions"):
        pytest.skip("this version of the official client has no decisions")
    with deciding({"a": 0.25, "b": {"x": 0.75, "y": 0.25}}) as server:
        async with openai.AsyncOpenAI(api_key="none", base_url=server.base_url) as client:
            theirs = await client.decisions.create(
                model="m",
                input="some text",
                questions=[
                    {"type": "predicate", "instructions": "is it so?", "name": "a"},
                    {"type": "choice", "instructions": "which?", "choices": [{"value": "x"}, {"value": "y"}], "name": "b"},
                ],
            )  # fmt: skip
        model = open_model(ModelSpec(name="m", base_url=server.base_url))
        ours = await model.decide(
            "some text",
            [
                Ask(name="a", instructions="is it so?"),
                Ask(name="b", instructions="which?", choices={"x": "", "y": ""}),
            ],
        )
        await model.aclose()
    assert theirs.answers[0].probability == ours[0].p == 0.25
    assert {one.value: one.probability for one in theirs.answers[1].probabilities} == ours[1].shares
    assert not server.refused


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"name": ["need"], "type": "predicate", "probability": 0.5}, Said(p=0.5)),
        ({"name": "other", "type": "predicate", "probability": 0.5}, "gave no answer to 'need'"),
        ({"type": "predicate", "probability": 10**400}, "expected 0 to 1"),
        ({"type": "predicate", "probability": float("nan")}, "expected 0 to 1"),
        ({"type": "predicate", "probability": 1.01}, "expected 0 to 1"),
        ({"type": "predicate", "probability": True}, "expected 0 to 1"),
    ],
)
def test_an_odd_answer_is_not_known_and_ends_nothing(answer: dict[str, Any], said: Said | str) -> None:
    [found] = read_answers({"answers": [answer]}, [Ask(name="need", instructions="Is it open?")])
    assert found == said if isinstance(said, Said) else found.p is None and said in found.why
