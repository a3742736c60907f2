"""The vocabulary: what is private stays private, what is seeded stays the same."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from tactful.types import (
    Hidden,
    Message,
    PublicState,
    Reaction,
    Requirement,
    State,
    content_hash,
    seeded,
)

SECRET = "the-secret-answer"
REQUIREMENT = {"id": "r1", "text": SECRET, "weight": 1.0, "open": True}


def state(**changes: Any) -> State:
    values: dict[str, Any] = {"id": "s", "domain": "coding", "query": "Sort it", "query_clarity": 0.2}
    return State.model_validate({**values, "task_complexity": 0.4, **changes})


# ---------------------------------------------------------------- private records


@pytest.mark.parametrize("record", [Hidden(reference=SECRET), Requirement.model_validate(REQUIREMENT)])
def test_a_private_record_cannot_be_turned_into_text(record: Hidden | Requirement) -> None:
    for turn in (
        str,
        format,
        lambda item: f"{item}",
        lambda item: f"{item:>10}",
        "{}".format,
        lambda item: "%s" % item,  # noqa: UP031
    ):
        with pytest.raises(TypeError, match="is private and cannot be turned into text"):
            turn(record)


def test_the_representation_of_a_private_record_shows_nothing() -> None:
    hidden = Hidden(reference=SECRET, requirements=(Requirement.model_validate(REQUIREMENT),))
    assert repr(hidden) == "Hidden(<private>)"
    assert SECRET not in repr(state(hidden=hidden))
    assert SECRET not in repr([hidden])


# ---------------------------------------------------------------- states


def test_private_keys_beside_the_query_are_gathered_in_hidden() -> None:
    row = state(
        tests=["assert f(1) == 1"],
        setup="import os",
        reference="def f(x): return x",
        requirements=[REQUIREMENT],
    )
    assert row.hidden.tests == ("assert f(1) == 1",)
    assert row.hidden.setup == "import os"
    assert row.hidden.reference == "def f(x): return x"
    assert row.hidden.requirements[0].text == SECRET


def test_private_keys_in_both_places_are_an_error_that_names_them() -> None:
    with pytest.raises(ValidationError, match=r"has both 'hidden' and \['reference', 'tests'\]"):
        state(hidden={"reference": "a"}, tests=["assert True"], reference="b")


def test_a_state_survives_json() -> None:
    row = state(reference=SECRET, history=[{"role": "assistant", "content": "Which order?"}])
    assert State.model_validate_json(row.model_dump_json()) == row


def test_what_a_policy_sees_has_neither_hidden_side_nor_wording_nor_source() -> None:
    row = state(reference=SECRET, requirements=[REQUIREMENT], wording="open", source="seed:coding")
    public = row.public()
    assert type(public) is PublicState
    assert SECRET not in public.model_dump_json()
    assert not {"hidden", "wording", "source"} & public.model_dump().keys()
    assert public.query == "Sort it"
    assert public.query_clarity == 0.2


def test_the_public_side_takes_what_happened_since() -> None:
    said = Message(role="assistant", content="Which order?")
    public = state().public(dialogue_turn=1, prev_reject=1, history=(said,))
    assert (public.dialogue_turn, public.prev_reject, public.history) == (1, 1, (said,))


def test_a_state_without_clarity_has_no_public_side_yet() -> None:
    with pytest.raises(ValidationError, match="query_clarity"):
        state(query_clarity=None).public()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("query_clarity", 1.2),
        ("task_complexity", -0.1),
        ("query_clarity", float("nan")),
        ("dialogue_turn", -1),
        ("prev_reject", -1),
        ("colour", "red"),
    ],
)
def test_values_out_of_range_and_unknown_keys_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=key):
        state(**{key: value})


def test_records_are_immutable() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Reaction(reply="ok").reply = "changed"  # type: ignore[misc]


# ---------------------------------------------------------------- seeds and hashes


def test_equal_parts_give_equal_draws_and_other_parts_others() -> None:
    assert seeded(1, "a").random() == seeded(1, "a").random()
    assert seeded(1, "a").random() == seeded("1", "a").random()
    assert (
        len({seeded(*parts).random() for parts in ((1, "a"), (2, "a"), (1, "b"), (1, "a", ""), ("1a",))}) == 5
    )


@pytest.mark.parametrize("hash_seed", ["0", "1", "4711"])
def test_draws_and_hashes_are_the_same_in_every_process(hash_seed: str) -> None:
    program = (
        "from tactful.types import content_hash, seeded\n"
        "print([seeded(7, 'task', 'persona', 2).random() for _ in range(1)], content_hash('täctful'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"{[seeded(7, 'task', 'persona', 2).random()]} {content_hash('täctful')}"


def test_text_and_its_bytes_have_the_same_content_hash() -> None:
    # SHA-256 of "abc" starts with ba7816bf 8f01cfea 414140de 5dae2223 (FIPS 180-4, example B.1).
    assert content_hash("abc") == content_hash(b"abc") == "ba7816bf8f01cfea414140de5dae2223"


# ---------------------------------------------------------------- first use


def test_many_threads_may_make_the_first_record_of_a_kind_at_once() -> None:
    code = (
        "import sys; sys.setswitchinterval(1e-5)\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from threading import Barrier\n"
        "from tactful.types import State\n"
        "together = Barrier(16)\n"
        "def made(at):\n"
        "    together.wait()\n"
        "    history = [{'role': 'user', 'content': 'By date'}]\n"
        "    return State(id='s', domain='coding', query='Sort it', query_clarity=0.2, task_complexity=0.4, history=history).public()\n"
        "with ThreadPoolExecutor(16) as pool:\n"
        "    print(len({repr(one) for one in pool.map(made, range(16))}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
