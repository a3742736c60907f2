from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from tests.evaluation.utterance_fixtures import item

from tactful.errors import UsageError
from tactful.evaluation.utterance.baselines import (
    BASELINES,
    Known,
    Pool,
    baseline_predictions,
    context_text,
    pool_from_file,
    pool_from_items,
)


def known(dialogue: str, message: str, context: str = "x", lang: str = "en") -> Known:
    return Known(dialogue, lang, context, message)


def test_every_baseline_gives_k_predictions_for_every_item() -> None:
    items = [item(f"d{n}", f"gold {n}") for n in range(7)]
    for k in (1, 4, 9):
        said = baseline_predictions(items, pool_from_items(items), k)
        assert set(said) == set(BASELINES)
        assert all(len(texts) == k for rows in said.values() for texts in rows)


def test_repeat_gives_the_users_last_messages_latest_first_and_again_when_there_are_few() -> None:
    asked = item("d", "gold", said=("one", "answer", "two", "answer"))
    said = baseline_predictions([asked], Pool(()), 3)["repeat"]
    assert said == [("two", "one", "two")]


def test_nearest_takes_what_came_after_the_most_similar_contexts() -> None:
    pool = Pool(
        (
            known("a", "book it", "a hotel in the north\nArchway House is free"),
            known("b", "how long is the ride", "a taxi to the station\nIt comes at nine"),
            known("c", "谢谢", "附近的景点\n有长城", "zh"),
        )
    )
    asked = item("d", "gold", said=("I need a taxi to the museum", "It comes at ten"))
    assert baseline_predictions([asked], pool, 1)["nearest"] == [("how long is the ride",)]


def test_common_counts_messages_whatever_their_case_in_the_same_language() -> None:
    pool = Pool(
        (known("a", "Thanks!"), known("b", "thanks"), known("c", "Book it"), known("e", "谢谢", lang="zh"))
    )
    items = [item("d", "gold"), item("f", "gold", lang="zh"), item("g", "gold", lang="de")]
    common = baseline_predictions(items, pool, 2)["common"]
    assert common == [("Thanks!", "Book it"), ("谢谢", "谢谢"), ("Thanks!", "Book it")]


def test_random_draws_by_seed_and_item_alone() -> None:
    pool = Pool(tuple(known(f"a{n}", f"message {n}") for n in range(50)))
    items = [item("d", "gold"), item("e", "gold")]
    first = baseline_predictions(items, pool, 4, seed=1)["random"]
    assert first == list(reversed(baseline_predictions(items[::-1], pool, 4, seed=1)["random"]))
    assert first != baseline_predictions(items, pool, 4, seed=2)["random"]
    assert all(len(set(texts)) == 4 for texts in first)


def test_cross_fitting_never_shows_a_dialogue_anything_of_its_own_fold() -> None:
    items = [
        item(f"d{n}", f"gold {n}", said=("first", "answer", f"second {n}", "answer"), turn=2)
        for n in range(9)
    ]
    pool = pool_from_items(items)
    assert len(pool.known) == 18  # of each dialogue the second user turn, and the gold message
    for one in items:
        used = [pool.known[at] for at in pool.usable(one.dialogue_id)]
        assert used
        assert not [entry for entry in used if pool.folds[entry.dialogue_id] == pool.folds[one.dialogue_id]]
    for system, rows in baseline_predictions(items, pool, 4).items():
        if system != "repeat":
            assert not [one for one, texts in zip(items, rows, strict=True) if one.hindsight.message in texts]


def test_one_dialogue_alone_has_nothing_to_learn_from() -> None:
    items = [item("d", "gold")]
    said = baseline_predictions(items, pool_from_items(items), 2)
    assert said["nearest"] == said["common"] == said["random"] == [("", "")]


def write(path: Path, *dialogues: tuple[str, list[str]]) -> Path:
    rows = [
        {
            "id": name,
            "conversation": [
                {"role": "assistant" if at % 2 else "user", "content": text} for at, text in enumerate(said)
            ],
        }
        for name, said in dialogues
    ]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_training_dialogues_that_are_evaluated_are_left_out_and_counted(tmp_path: Path) -> None:
    items = [item("d", "gold", said=("A hotel?", "Which area?"))]
    train = write(
        tmp_path / "train.jsonl",
        ("d", ["other", "words", "same id"]),
        ("e", ["a HOTEL", "which area", "same beginning"]),
        ("f", ["A taxi?", "Where to?", "to the museum", "Fine.", "thanks"]),
    )
    pool = pool_from_file(train, items)
    assert [entry.message for entry in pool.known] == ["to the museum", "thanks"]
    assert pool.left_out == 2


def test_a_training_file_of_evaluated_dialogues_alone_is_refused(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", ("d", ["one", "two", "three"]))
    with pytest.raises(UsageError, match=r"all 1 of its dialogues are among the evaluated ones.*--train"):
        pool_from_file(train, [item("d", "gold")])
    with pytest.raises(UsageError, match="it holds none"):
        pool_from_file(write(tmp_path / "short.jsonl", ("e", ["one"])), [item("d", "gold")])


def test_contexts_without_a_single_word_can_be_compared(tmp_path: Path) -> None:
    pool = Pool((known("a", "yes", "?!"), known("b", "no", "...")))
    assert len(baseline_predictions([item("d", "gold", said=("?", "!"))], pool, 2)["nearest"][0]) == 2
    assert context_text(()) == ""
