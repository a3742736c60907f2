import tracemalloc
from contextlib import closing

import pytest

from tactful.data.logs.chains import Chains
from tactful.data.logs.readers.completions import COMPLETIONS
from tactful.data.logs.types import Notes


def response(id, before, said):
    return {
        "request": {"model": "m", "input": said, "previous_response_id": before},
        "response": {
            "object": "response",
            "id": id,
            "output": [{"type": "message", "role": "assistant", "content": f"Answer to {said}"}],
        },
    }


def talks_of(rows):
    notes = Notes(bad=lambda number, why: pytest.fail(why))
    found = COMPLETIONS.read(enumerate(rows, 1), notes)
    return [draft for _, draft in found]


CHAIN = [response("r1", None, "one"), response("r2", "r1", "two"), response("r3", "r2", "three")]


@pytest.mark.parametrize("order", [CHAIN, CHAIN[::-1]], ids=["oldest first", "newest first"])
def test_calls_that_name_the_call_before_are_one_conversation_in_either_order(order):
    assert len(talks_of(order)) == 1


def test_two_answers_to_one_call_are_of_its_conversation():
    assert len(talks_of([*CHAIN, response("r2b", "r1", "or else")])) == 1


def test_calls_after_a_call_that_the_log_lacks_are_of_one_conversation():
    assert len(talks_of([response("r2", "r1", "two"), response("r2b", "r1", "or else")])) == 1


def test_responses_without_ids_are_conversations_of_their_own():
    rows = [response(None, None, "one"), response(None, None, "two"), response("r9", None, "three")]
    assert len(talks_of(rows)) == 3


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_calls():
    with closing(Chains()) as chains:
        tracemalloc.start()
        for number in range(20_000):
            before = f"resp_{number - 1:064}" if number % 3 else ""
            chains.conversation(f"resp_{number:064}", before, lambda number=number: f"talk {number}")
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert held < 100_000  # bytes; a dictionary of these ids holds over 3 million
