"""What a server keeps of conversations is remembered within bounds."""

from __future__ import annotations

import pytest

from tactful.live.proxy import threads
from tactful.live.proxy.threads import Threads


def said(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def test_what_is_oldest_goes_where_much_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_MOST_CHARACTERS", 10_000)
    held = Threads()
    for number in range(50):
        held.keep("c", [said("x" * 2_000)], {"id": f"r{number}"})
        held.keep("c", [said("x" * 2_000)], {"id": f"r{number}"})  # again: it counts once
    assert [number for number in range(50) if held.get(f"r{number}")] == [46, 47, 48, 49]


def test_a_conversation_is_found_by_its_response_and_by_its_name() -> None:
    held = Threads()
    held.keep(
        "c", [said("Hello")], {"id": "r1", "output": [{"role": "assistant", "content": "Hi"}]}, "conv_1"
    )
    found = held.get("r1")
    assert found is not None
    assert found is held.get("conv_1")
    assert [one["content"] for one in found.items] == ["Hello", "Hi"]


def test_one_item_that_is_very_long_and_an_answer_without_id_are_left_out() -> None:
    held = Threads()
    held.keep("c", [said("x" * 20_000), said("Hello")], {"id": "r1"})
    held.keep("c", [said("Hello")], {"output": []}, "conv_1")
    held.keep("c", [said("Hello")], {"id": "r2", "output": 5})
    found = held.get("r1")
    assert found is not None
    assert len(found.items) == 1
    assert held.get("conv_1") is None
    assert held.get("r2") is not None


def call(id: str, name: str = "read") -> dict[str, str]:
    return {"type": "function_call", "call_id": id, "name": name, "arguments": '{"question": "Which file?"}'}


def result(id: str) -> dict[str, str]:
    return {"type": "function_call_output", "call_id": id, "output": "a.csv"}


def test_calls_that_are_over_make_no_room_for_themselves_and_questions_to_the_user_stay() -> None:
    held = Threads()
    steps = [
        one for step in range(9) for one in ({"type": "reasoning"}, call(f"c{step}"), result(f"c{step}"))
    ]
    asks = [call("a", "ask_user"), result("a")]
    held.keep("c", [said("Hello"), *steps, *asks], {"id": "r1", "output": [call("open")]})
    found = held.get("r1")
    assert found is not None
    assert found.items == (said("Hello"), *asks, call("open"))
