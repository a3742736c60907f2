import pytest
from pydantic import ValidationError
from tests.feedback.chats import judged, turn

from tactful.data.io import read_jsonl
from tactful.errors import DataError
from tactful.feedback.labels import Label
from tactful.feedback.training.files import pairs_job, write_trainer_files
from tactful.feedback.training.pairs import PairedRow, PairsConfig, TrainingRows, UnpairedRow
from tactful.runs import RunOptions, run_job
from tactful.types import Record

RESTATE, CORRECTION = Label.NEG_CONSTRAINT_RESTATE, Label.NEG_CORRECTION
PRAISE, PROGRESS, NEUTRAL, SHIFT = Label.POS_PRAISE, Label.POS_PROGRESS, Label.NEUTRAL, Label.TOPIC_SHIFT


def dialogue(*said, name="d", confidence=0.9):
    """(query, answer, label) in a row; the next query is the next message."""
    queries = [query for query, _, _ in said] + ["bye"]
    return [
        judged(
            turn(f"{name}/{at}", q_t=query, a_t=answer, user_next=queries[at + 1], meta={"user": name[0]}),
            label,
            confidence,
        )
        for at, (query, answer, label) in enumerate(said)
    ]


def rows_of(judged_turns, **config):
    rows = TrainingRows(judged_turns, PairsConfig(**config))
    found = list(rows)
    unpaired = [row for row in found if isinstance(row, UnpairedRow)]
    return unpaired, [row for row in found if isinstance(row, PairedRow)], rows.summary


def test_gated_rewards_decide_what_is_wanted_and_everything_else_is_counted():
    turns = [
        *dialogue(("q0", "a0", PRAISE), ("q1", "a1", CORRECTION), ("q2", "a2", NEUTRAL), ("q3", "a3", SHIFT)),
        *dialogue(("q4", "a4", PRAISE), name="e", confidence=0.5),
        *dialogue(("q5", "a5", None), ("q6", "  ", RESTATE), ("q7", "a7", PROGRESS), name="f"),
    ]
    unpaired, _, summary = rows_of(turns)
    assert [(row.id, row.label, row.reward) for row in unpaired] == [
        ("d/0", True, 0.8),
        ("d/1", False, -0.8),
        ("f/2", True, 0.1),
    ]
    assert summary.left_out == {
        "reward too small": 1,
        "topic shift": 1,
        "below the threshold": 1,
        "unscored": 1,
        "empty answer": 1,
    }
    assert summary.turns == summary.good + summary.bad + summary.left_out.total() == 8
    assert [row.id for row in rows_of(turns, min_reward=0.5)[0]] == ["d/0", "d/1"]


def test_rejected_answer_and_the_accepted_one_after_the_correction_make_a_pair():
    turns = dialogue(("vegetarian dish", "chicken", RESTATE), ("I said vegetarian", "lentils", PRAISE))
    _, (pair,), summary = rows_of(turns)
    assert (pair.chosen[0].content, pair.rejected[0].content, pair.link) == ("lentils", "chicken", "restate")
    assert pair.prompt[0].content == "vegetarian dish\n\nI said vegetarian"
    assert pair.margin == pytest.approx(0.8 + 1.0)
    assert (pair.chosen_turn, pair.rejected_turn) == ("d/1", "d/0")
    assert summary.pairs == {"restate": 1}
    _, (bare,), _ = rows_of(turns, prompt="query")
    assert bare.prompt[0].content == "vegetarian dish"


def test_every_rejected_answer_on_the_way_is_paired_with_the_first_accepted_one():
    turns = dialogue(
        ("need", "bad one", CORRECTION),
        ("no, this", "bad two", CORRECTION),
        ("still not", "good", PROGRESS),
        ("go on", "better", PRAISE),
    )
    _, pairs, _ = rows_of(turns)
    assert [(pair.rejected[0].content, pair.chosen[0].content) for pair in pairs] == [
        ("bad one", "good"),
        ("bad two", "good"),
    ]
    assert pairs[0].prompt[0].content == "need\n\nno, this\n\nstill not"
    assert pairs[1].prompt[0].content == "no, this\n\nstill not"


@pytest.mark.parametrize("between", [SHIFT, NEUTRAL, None])
def test_a_chain_of_complaints_ends_where_something_else_comes_between(between):
    turns = dialogue(
        ("write a poem on rain", "bad", CORRECTION), ("no", "x", between), ("what is 2+2?", "4", PRAISE)
    )
    assert rows_of(turns)[1] == []


def test_the_same_question_asked_again_later_is_the_same_need():
    turns = dialogue(
        ("How do I descale my coffee machine?", "bad", CORRECTION),
        ("hm", "x", SHIFT),
        ("How do I descale a coffee machine?", "good", PRAISE),
    )
    _, (pair,), _ = rows_of(turns)
    assert pair.link == "similarity"
    assert pair.similarity >= 0.6
    assert (
        pair.prompt[0].content
        == "How do I descale my coffee machine?\n\nhm\n\nHow do I descale a coffee machine?"
    )
    assert rows_of(turns, similar=1.0)[1] == []


def test_the_first_accepted_answer_settles_a_need_and_a_later_one_makes_no_second_pair():
    turns = dialogue(
        ("How do I descale my coffee machine?", "bad", CORRECTION),
        ("hm", "x", SHIFT),
        ("How do I descale a coffee machine?", "good", PRAISE),
        ("hm", "y", SHIFT),
        ("How do I descale the coffee machine?", "better", PRAISE),
    )
    _, pairs, _ = rows_of(turns)
    assert [pair.chosen[0].content for pair in pairs] == ["good"]


def test_pairs_never_cross_dialogues_and_equal_answers_are_dropped():
    across = [*dialogue(("q", "bad", CORRECTION)), *dialogue(("q", "good", PRAISE), name="e")]
    assert rows_of(across)[1] == []
    equal = dialogue(("q", "same", CORRECTION), ("no", " same ", PRAISE))
    _, pairs, summary = rows_of(equal)
    assert pairs == []
    assert summary.pairs_left_out == {"equal answers": 1}


def test_a_failed_turn_in_between_breaks_the_chain():
    turns = dialogue(("q", "bad", CORRECTION), ("no", "lost", CORRECTION), ("zzz", "good", PRAISE))
    assert rows_of([turns[0], turns[2]])[1] == []


def test_gated_answers_are_neither_chosen_nor_rejected():
    unsure = dialogue(("q", "bad", CORRECTION), ("no", "good", PRAISE), confidence=0.4)
    assert rows_of(unsure)[1] == []


def test_no_dialogue_and_no_user_stands_in_two_parts():
    turns = [
        item
        for number in range(300)
        for item in dialogue(("q", "bad", CORRECTION), ("no", "good", PRAISE), name=f"{number % 7}-{number}")
    ]
    for group_by, groups in (("dialogue", 300), ("user", 7)):
        unpaired, pairs, _ = rows_of(turns, group_by=group_by, valid=0.2, test=0.2)
        parts: dict[str, set[str]] = {}
        for row in (*unpaired, *pairs):
            parts.setdefault(row.group, set()).add(row.part)
        assert len(parts) == groups
        assert all(len(found) == 1 for found in parts.values())
    assert {row.part for row in unpaired} <= {"train", "valid", "test"}
    with pytest.raises(DataError, match="turn '0-0/0' has no 'session' to split by; it has: user"):
        rows_of(turns, group_by="session")


def test_a_pair_whose_answers_belong_to_groups_of_two_parts_is_left_out_and_counted():
    turns = []
    for at in range(60):
        talk = dialogue(("q", f"bad {at}", CORRECTION), ("q again", f"good {at}", PRAISE), name=f"d{at}")
        for by, one in zip("mn", talk, strict=True):
            turns.append(
                Record.model_copy(
                    one, update={"turn": one.turn.model_copy(update={"meta": {"model": f"{by}{at}"}})}
                )
            )
    unpaired, pairs, summary = rows_of(turns, group_by="model", valid=0.2, test=0.2)
    part_of = {row.id: row.part for row in unpaired}
    assert pairs
    assert all(row.part == part_of[row.chosen_turn] == part_of[row.rejected_turn] for row in pairs)
    assert summary.pairs_left_out == {"answers of two parts": 60 - len(pairs)}


def test_parts_depend_on_group_and_seed_alone():
    turns = dialogue(("q", "a", PRAISE), name="x")
    others = [item for number in range(50) for item in dialogue(("q", "a", PRAISE), name=f"o{number}")]
    (alone,) = rows_of(turns)[0]
    together = {row.id: row.part for row in rows_of([*others, *turns])[0]}
    assert together["x/0"] == alone.part
    sizes = {seed: tuple(row.part for row in rows_of(others, seed=seed)[0]) for seed in (0, 1)}
    assert sizes[0] != sizes[1]


def test_nothing_gives_nothing():
    assert rows_of([]) == ([], [], TrainingRows([], PairsConfig()).summary)


def test_configuration_refuses_what_makes_no_sense():
    for wrong in ({"min_reward": 0}, {"similar": 0}, {"prompt": "all"}, {"valid": 1.0}):
        with pytest.raises(ValidationError):
            PairsConfig(**wrong)


class KtoRow(Record):
    prompt: tuple[dict[str, str], ...]
    completion: tuple[dict[str, str], ...]
    label: bool


def test_trainer_files_hold_their_columns_alone_and_add_up(tmp_path):
    turns = [
        item
        for number in range(40)
        for item in dialogue((f"q{number}", "bad", CORRECTION), ("no", "good", PRAISE), name=f"d{number}")
    ]
    config = PairsConfig(valid=0.2, test=0.2)
    rows = TrainingRows(turns, config)
    summary = run_job(pairs_job(config, rows), RunOptions(out=tmp_path / "out", progress="off"))
    files = write_trainer_files(summary.folder)
    assert {str(path.relative_to(tmp_path / "out")) for path in files} == {
        f"{kind}/{part}.jsonl" for kind in ("kto", "dpo") for part in ("train", "valid", "test")
    }
    counted = {
        f"{'unpaired' if path.parent.name == 'kto' else 'pair'} {path.stem}": n for path, n in files.items()
    }
    assert counted == rows.summary.parts
    assert sum(files.values()) == summary.done == 80 + 40
    kto = list(read_jsonl(tmp_path / "out" / "kto" / "train.jsonl", KtoRow))
    assert {row.label for row in kto} == {True, False}
    first_query = kto[0].prompt[0]["content"]
    assert first_query.startswith("q")
    first = (tmp_path / "out" / "dpo" / "train.jsonl").read_text().splitlines()[0]
    assert first == (
        f'{{"prompt":[{{"role":"user","content":"{first_query}\\n\\nno"}}],'
        '"chosen":[{"role":"assistant","content":"good"}],"rejected":[{"role":"assistant","content":"bad"}]}'
    )


def test_the_same_pair_in_another_dialogue_is_written_once():
    turns = [
        item
        for name in ("a", "b")
        for item in dialogue(("q", "bad", CORRECTION), ("no", "good", PRAISE), name=name)
    ]
    rows = TrainingRows(turns, PairsConfig())
    assert [row.group for row in rows if row.kind == "pair"] == ["a"]
    assert rows.summary.pairs_left_out == {"repeated": 1}


def test_turns_of_a_dialogue_are_paired_wherever_they_stand_in_the_log():
    dialogues = [
        dialogue((f"q{name}", "bad", CORRECTION), ("no", "good", PRAISE), name=name)
        for name in ("a", "b", "c")
    ]
    mixed = [turn for turns in zip(*dialogues, strict=True) for turn in turns]
    found = list(TrainingRows(mixed, PairsConfig()))
    assert sorted(row.id for row in found) == sorted(
        row.id for row in TrainingRows([turn for turns in dialogues for turn in turns], PairsConfig())
    )
    assert {row.group for row in found if row.kind == "pair"} == {"a", "b", "c"}


@pytest.mark.parametrize("told_by", ["index", "number"])
def test_the_later_answer_is_the_one_chosen_also_where_the_log_lists_the_newest_first(told_by):
    places = enumerate((2, 10)) if told_by == "index" else ((0, 2), (0, 10))
    turns = [
        turn(f"d-S{number}", dialogue_id="d", index=index, a_t=f"answer {number}") for index, number in places
    ]
    bad_then_good = [judged(one, label) for one, label in zip(turns, (CORRECTION, PRAISE), strict=True)]
    good_then_bad = [judged(one, label) for one, label in zip(turns, (PRAISE, CORRECTION), strict=True)]
    assert [pair.id for pair in rows_of(bad_then_good[::-1])[1]] == ["d-S2>d-S10"]
    assert rows_of(good_then_bad[::-1])[1] == []
