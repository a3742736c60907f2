"""Every training form is recognised and read; what would not train is refused or counted before a model is loaded."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateError
from tests.mend.logs import write_log
from tests.training.tiny import assistant, trl_labels, trl_pairs, user, write_rows

import tactful as tf
from tactful.errors import DataError, UserError
from tactful.training import TrainConfig
from tactful.training.material.checks import Checked, check_material
from tactful.training.material.forms import read_material
from tactful.types import Message
from tactful.weights import choice_ids

DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


class Letters:
    """A tokenizer of one token a character, so that lengths can be counted by hand: `<` opens a message, `>` ends it."""

    def apply_chat_template(
        self, messages: list[dict[str, str]], add_generation_prompt: bool = False, **_: Any
    ) -> dict[str, list[int]]:
        text = "".join(f"<{message['content']}>" for message in messages) + (
            "<" if add_generation_prompt else ""
        )
        return {"input_ids": [ord(letter) for letter in text]}


class Thinking(Letters):
    """Its template opens a turn that is to be written with a thought, and shows none in one that was."""

    def apply_chat_template(self, messages: Any, add_generation_prompt: bool = False, **more: Any) -> Any:
        found = super().apply_chat_template(messages, add_generation_prompt, **more)
        return {"input_ids": found["input_ids"] + [ord("~")] * add_generation_prompt}

    def decode(self, ids: list[int]) -> str:
        return "".join(map(chr, ids))


class WithoutSystem(Letters):
    """Its template refuses a message of the system, as some do."""

    def apply_chat_template(self, messages: list[dict[str, str]], *rest: Any, **more: Any) -> Any:
        if messages[0]["role"] == "system":
            raise TemplateError("System role not supported")
        return super().apply_chat_template(messages, *rest, **more)


def config(trainer: Any, **more: Any) -> TrainConfig:
    return TrainConfig(trainer=trainer, model="m", **{"valid": 0.25, **more})


def checked(path: Path, trainer: Any, rows: list[dict[str, Any]], **more: Any) -> Checked:
    settings = config(trainer, **more)
    return check_material(read_material(write_rows(path / "data.jsonl", rows), settings), settings, Letters())


FORMS: list[tuple[str, dict[str, Any], str, str]] = [
    ("dpo", trl_pairs(1)[0], "trl", "pairs"),
    ("dpo", {"prompt": "hi", "chosen": "yes", "rejected": "no"}, "trl", "pairs"),
    ("dpo", {"chosen": user("hi") + assistant("yes"), "rejected": user("hi") + assistant("no")}, "trl", "pairs"),
    ("kto", trl_labels(1)[0], "trl-unpaired", "labels"),
    ("kto", trl_pairs(1)[0], "trl", "pairs"),
    ("sft", {"messages": user("hi") + assistant("yes")}, "messages", "answers"),
    ("sft", {"prompt": user("hi"), "completion": assistant("yes"), "weight": 2.0}, "trl-completions", "answers"),
    ("sft", {"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "yes"}], "system": "s"}, "sharegpt", "answers"),
    ("dpo", {"input": {"messages": user("hi")}, "preferred_output": assistant("yes"), "non_preferred_output": assistant("no")}, "openai", "pairs"),
    ("reward", {"obs": [{"time": "1", "event": "e"}], "pred_task": None, "valid": True}, "labelled-moments", "verdicts"),
    ("reward", trl_labels(1)[0], "trl-unpaired", "labels"),
]  # fmt: skip


@pytest.mark.parametrize(("trainer", "kind"), [("dpo", "trl"), ("kto", "trl-unpaired"), ("sft", "trl")])
def test_the_folder_of_learn_trains_on_its_rows_and_not_on_the_log(
    trainer: str, kind: str, tmp_path: Path
) -> None:
    out = tmp_path / "learned"
    tf.learn(write_log(tmp_path / "log.jsonl", 30, users=12), out=out, reader="surface", progress="off")
    found = read_material(out, config(trainer))
    assert (found.kind, found.pipeline) == (kind, "learn")
    with pytest.raises(UserError, match="holds nothing that 'train grpo' reads"):
        read_material(out, config("grpo"))


@pytest.mark.parametrize(("trainer", "row", "kind", "form"), FORMS)
def test_a_row_is_recognised_by_its_columns(
    trainer: str, row: dict[str, Any], kind: str, form: str, tmp_path: Path
) -> None:
    found = read_material(write_rows(tmp_path / "rows.jsonl", [row]), config(trainer))
    assert (found.kind, found.form, len(found.examples)) == (kind, form, 1)
    assert found.examples[0].prompt


def test_sharegpt_pairs_are_read_from_a_json_array(tmp_path: Path) -> None:
    talk = '{"conversations": [{"from": "human", "value": "hi"}], "system": "s", "chosen": {"from": "gpt", "value": "y"}, "rejected": {"from": "gpt", "value": "n"}}'
    path = tmp_path / "pairs.json"
    path.write_text(f"[\n{talk}\n]\n", encoding="utf-8")
    [item] = read_material(path, config("dpo")).examples
    assert [message.role for message in item.prompt] == ["system", "user"]
    assert (item.answer[0].content, item.rejected[0].content) == ("y", "n")


def test_labelled_sharegpt_rows_are_wanted_and_unwanted_answers(tmp_path: Path) -> None:
    talk = [{"from": "human", "value": "do it"}, {"from": "gpt", "value": "done"}]
    rows = [{"conversations": talk, "system": "be short", "label": label} for label in (True, False)]
    material = read_material(write_rows(tmp_path / "kto.jsonl", rows), config("kto"))
    assert (material.form, [item.label for item in material.examples]) == ("labels", [True, False])
    assert [message.role for message in material.examples[0].prompt] == ["system", "user"]


def test_wrong_columns_a_wrong_trainer_and_a_wrong_value_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data.jsonl:1: has the columns a, b.*give pairs"):
        checked(tmp_path, "dpo", [{"a": 1, "b": 2}])
    with pytest.raises(DataError, match=r"holds 'trl-unpaired'.*run: tactful train kto"):
        checked(tmp_path, "dpo", trl_labels())
    with pytest.raises(DataError, match=r"data.jsonl:2: row has label 'yes', expected true or false"):
        checked(tmp_path, "kto", [*trl_labels(1), {**trl_labels(1)[0], "label": "yes"}])
    with pytest.raises(UserError, match="no such file"):
        read_material(tmp_path / "nothing.jsonl", config("dpo"))


def test_a_prompt_that_both_sides_repeat_is_learnt_in_no_form(tmp_path: Path) -> None:
    sides = {"chosen": user("hi") + assistant("yes"), "rejected": user("hi") + assistant("no")}
    system = [{"role": "system", "content": "be brief"}]
    rows = [
        {"prompt": "hi ", **sides},
        {"prompt": [*system, *user("hi")], **sides},
        {"prompt": system, **sides},
        {"prompt": user("hi"), "chosen": assistant("yes"), "rejected": assistant("no")},
    ]
    for trainer in ("sft", "dpo"):
        found = read_material(write_rows(tmp_path / "data.jsonl", rows), config(trainer)).examples
        assert [tuple(one.content for one in item.prompt) for item in found] == [
            ("hi",),
            ("be brief", "hi"),
            ("be brief", "hi"),
            ("hi",),
        ]
        assert {(item.answer[0].content, item.rejected[0].content, len(item.answer)) for item in found} == {
            ("yes", "no", 1)
        }


@pytest.mark.parametrize(
    ("trainer", "row"),
    [
        ("sft", {"prompt": user("hi"), "completion": user("hi") + assistant("yes")}),
        ("dpo", {"prompt": user("hi"), "chosen": assistant("yes"), "rejected": user("no")}),
        ("dpo", {"chosen": user("one") + assistant("yes"), "rejected": user("two") + assistant("no")}),
    ],
)
def test_an_answer_that_begins_with_the_user_is_refused(
    trainer: str, row: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"begins with a message of the user .* expected the assistant's"):
        read_material(write_rows(tmp_path / "data.jsonl", [row]), config(trainer))


def test_a_bad_row_of_others_is_named_with_its_line(tmp_path: Path) -> None:
    talk = [{"from": "human", "value": "do it"}, {"from": "gpt", "value": "done"}]
    rows = [{"conversations": talk, "label": label} for label in (True, "false")]
    with pytest.raises(DataError, match=r"data.jsonl:2: row has label 'false', expected true or false"):
        checked(tmp_path, "kto", rows)
    with pytest.raises(DataError, match=r"data.jsonl:2: row has no 'label'"):
        checked(tmp_path, "kto", [rows[0], {"conversations": talk}])
    sides = {"preferred_output": assistant("yes"), "non_preferred_output": assistant("no")}
    with pytest.raises(DataError, match=r"data.jsonl:1: row has input \['hi'\], expected an object"):
        checked(tmp_path, "dpo", [{"input": ["hi"], **sides}])
    (tmp_path / "data_provenance.jsonl").write_text('{"group": "a"}\n{"group":\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"data_provenance.jsonl:2: not JSON"):
        checked(tmp_path, "dpo", trl_pairs(2))


@pytest.mark.parametrize("array", [False, True])
def test_a_bad_row_is_named_with_its_file_and_no_flag_that_train_does_not_have(
    array: bool, tmp_path: Path
) -> None:
    moment: dict[str, Any] = {"obs": [{"time": "1", "event": "e"}], "pred_task": None, "valid": True}
    rows = [moment, {**moment, "valid": "perhaps"}]
    path = write_rows(tmp_path / "moments.jsonl", rows)
    if array:
        path.write_text(json.dumps(rows))
    with pytest.raises(DataError, match=r"moments.jsonl:2: .*perhaps.*run: tactful data check ") as raised:
        read_material(path, config("reward"))
    assert "skip" not in str(raised.value)


def test_unwanted_answers_are_left_out_of_sft_before_anything_is_counted(tmp_path: Path) -> None:
    """Eight rows, every second one wanted: four of them, of which a quarter validates."""
    found = checked(tmp_path, "sft", trl_labels())
    assert dict(found.left_out) == {"unwanted": 4}
    assert (len(found.train), len(found.valid)) == (3, 1)
    assert all(item.label for item in (*found.train, *found.valid))
    with pytest.raises(UserError, match=r"no example is left to train on \(4 unwanted\)"):
        checked(tmp_path, "sft", [row for row in trl_labels() if not row["label"]])


def test_a_training_file_without_wanted_answers_is_refused_beside_a_good_validation(tmp_path: Path) -> None:
    wanted = [row for row in trl_labels() if row["label"]]
    unwanted = [row for row in trl_labels() if not row["label"]]
    files = [write_rows(tmp_path / name, rows) for name, rows in (("t.jsonl", unwanted), ("v.jsonl", wanted))]
    material = read_material(files[0], config("sft"), files[1])
    with pytest.raises(UserError, match=r"no example is left to train on \(4 unwanted\)"):
        check_material(material, config("sft"), Letters())


def test_empty_and_equal_sides_and_repeats_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = trl_pairs(4)
    same = {**rows[0], "rejected": rows[0]["chosen"]}
    empty = {**rows[0], "chosen": assistant(" ")}
    found = checked(tmp_path, "dpo", [*rows, rows[1], same, empty])
    assert dict(found.left_out) == {"with equal sides": 1, "with an empty answer": 1, "repeated": 1}
    assert (len(found.train), len(found.valid)) == (3, 1)


def test_messages_that_the_template_refuses_are_named_with_their_row(tmp_path: Path) -> None:
    rows = trl_pairs(4)
    rows[1]["prompt"] = [{"role": "system", "content": "be short"}, *rows[1]["prompt"]]
    material = read_material(write_rows(tmp_path / "data.jsonl", rows), config("dpo"))
    with pytest.raises(
        UserError, match=r"data.jsonl:2: the model's chat template does not take the messages system, user "
    ):
        check_material(material, config("dpo"), WithoutSystem())


def test_answers_of_several_turns_say_that_the_users_words_are_learnt(tmp_path: Path) -> None:
    talk = {"chosen": [*assistant("which?"), *user("that"), *assistant("done")]}
    rows = [{**row, **(talk if at < 2 else {})} for at, row in enumerate(trl_pairs(4))]
    for trainer in ("sft", "dpo", "kto"):
        [note] = checked(tmp_path, trainer, rows).notes
        assert note.startswith("2 of 4 answers go on with messages that are not the assistant's")
    assert checked(tmp_path, "reward", rows).notes == []


def test_an_opening_that_is_not_learnt_is_told_of_and_scored_by_nobody(tmp_path: Path) -> None:
    settings = config("sft")
    material = read_material(write_rows(tmp_path / "data.jsonl", trl_pairs(4)), settings)
    [note] = check_material(material, settings, Thinking()).notes
    assert "opens a turn that is to be written with '~', and one that is learnt without it" in note
    assert check_material(material, settings, Letters()).notes == []
    said, answers = choice_ids(Thinking(), [Message(role="user", content="hi")], ["LOW", "HIGH"])
    assert (Thinking().decode(said), [*map(Thinking().decode, answers)]) == ("<hi><", ["LOW>", "HIGH>"])


def test_an_answer_is_never_cut(tmp_path: Path) -> None:
    """`<do 0><` is 7 tokens, `done>` 5, `which one?>` 11: 18 in all."""
    with pytest.raises(
        DataError, match=r"data.jsonl:1: 4 of 4 examples \(100%\) are longer than 17 tokens.*has 18"
    ):
        checked(tmp_path, "dpo", trl_pairs(4), max_length=17)
    long = {**trl_pairs(1)[0], "prompt": [*user("a" * 50), *assistant("b"), *user("do it")]}
    rows = [*trl_pairs(4), long]
    assert checked(tmp_path, "dpo", rows, max_length=20, too_long="leave-out").left_out["too long"] == 1
    found = checked(tmp_path, "dpo", rows, max_length=20, too_long="cut-prompt")
    assert found.cut_prompts == 1
    [cut] = [
        item
        for item in (*found.train, *found.valid)
        if item.prompt == (Message(role="user", content="do it"),)
    ]
    assert cut.rejected[0].content == "which one?"


def test_one_prompt_never_stands_on_both_sides_of_the_split(tmp_path: Path) -> None:
    rows = [{**row, "chosen": assistant(f"done {copy}")} for row in trl_pairs(6) for copy in range(3)]
    found = checked(tmp_path, "dpo", rows)
    assert not {item.prompt for item in found.train} & {item.prompt for item in found.valid}
    with pytest.raises(UserError, match="belong together"):
        checked(tmp_path, "dpo", [{**row, "prompt": user("one")} for row in rows])


def test_a_group_that_is_called_0_is_a_group(tmp_path: Path) -> None:
    rows = [{"prompt": f"do {number}", "completion": "done", "group": number % 12} for number in range(48)]
    done = checked(tmp_path, "sft", rows, valid=0.3)
    assert not {item.group for item in done.train} & {item.group for item in done.valid}
    assert {item.group for item in (*done.train, *done.valid)} == {str(number) for number in range(12)}


@pytest.mark.parametrize(
    ("every", "said"), [(1, "group"), (2, "group, or prompt where none is named"), (99, "prompt")]
)
def test_what_held_out_is_said_to_go_by_is_what_it_went_by(every: int, said: str, tmp_path: Path) -> None:
    """Of every so many-th row the group is named, but for 99 of none."""
    rows = [
        {**row, **({"group": f"g{at}"} if (at + 1) % every == 0 else {})}
        for at, row in enumerate(trl_pairs(8))
    ]
    assert checked(tmp_path, "dpo", rows).grouped_by == said


def test_a_given_validation_that_shares_a_group_is_refused_and_shared_prompts_are_left_out(
    tmp_path: Path,
) -> None:
    settings = config("dpo")
    rows = [{**row, "group": f"g{at}"} for at, row in enumerate(trl_pairs(4))]
    train, valid = (
        write_rows(tmp_path / "t.jsonl", rows[:3]),
        write_rows(tmp_path / "v.jsonl", [{**rows[3], "group": "g2"}]),
    )
    with pytest.raises(UserError, match="'g2' stands in train and in valid"):
        check_material(read_material(train, settings, valid), settings, Letters())
    write_rows(valid, [{**rows[2], "group": "g9", "chosen": assistant("fine")}, rows[3]])
    found = check_material(read_material(train, settings, valid), settings, Letters())
    assert (len(found.train), len(found.valid)) == (3, 1)


def test_a_given_validation_is_never_trained_on_whatever_its_rows_were_meant_for(tmp_path: Path) -> None:
    """Rows of `feedback pairs` name a part of their own."""
    files = [
        write_rows(tmp_path / name, [feedback_row(number) for number in numbers])
        for name, numbers in (("t.jsonl", range(8)), ("v.jsonl", range(8, 12)))
    ]
    found = check_material(read_material(files[0], config("kto"), files[1]), config("kto"), Letters())
    assert {item.id for item in found.train} == {f"t{number}" for number in range(8)}
    assert {item.id for item in found.valid} == {f"t{number}" for number in range(8, 12)}


@pytest.mark.parametrize(
    ("trainer", "train", "valid", "why"),
    [
        ("dpo", trl_pairs(4), [{**trl_pairs(6)[5], "rejected": assistant("done")}], "1 with equal sides"),
        ("dpo", trl_pairs(4), [{**trl_pairs(1)[0], "chosen": assistant("other")}], "1 of the validation"),
        ("sft", trl_labels(8), [{**trl_labels(7)[6], "label": False}], "5 unwanted"),
    ],
)
def test_a_given_validation_of_which_nothing_is_left_is_not_replaced_by_a_share_of_the_training(
    trainer: str, train: list[dict[str, Any]], valid: list[dict[str, Any]], why: str, tmp_path: Path
) -> None:
    settings = config(trainer)
    files = [write_rows(tmp_path / name, rows) for name, rows in (("t.jsonl", train), ("v.jsonl", valid))]
    with pytest.raises(UserError, match=rf"v.jsonl: none of its rows is left to validate on \({why}"):
        check_material(read_material(files[0], settings, files[1]), settings, Letters())


def test_a_judge_that_nothing_can_calibrate_is_told_of_before_it_is_trained(tmp_path: Path) -> None:
    def moments(*welcome: bool) -> list[dict[str, Any]]:
        return [
            {"obs": [{"time": "1", "event": f"e{at}"}], "pred_task": None, "valid": one}
            for at, one in enumerate(welcome)
        ]

    for share, rows, said in (
        (0, moments(True, False), ["what validates is nothing"]),
        (0.25, moments(True, True, False, True), ["what validates was welcome throughout"]),
        (0.5, moments(True, False, True, False, True, False), []),
    ):
        found = checked(tmp_path, "reward", rows, valid=share, max_length=9999)
        assert [note.partition(",")[0] for note in found.notes] == said
    with pytest.raises(UserError, match="nothing to tell apart"):
        checked(tmp_path, "reward", moments(True, True, True, True), max_length=9999)


def feedback_row(number: int, part: str = "train") -> dict[str, Any]:
    return {
        "id": f"t{number}",
        "kind": "unpaired",
        "part": part,
        "group": f"d{number}",
        "prompt": user(f"do {number}"),
        "completion": assistant("done"),
        "label": bool(number % 2),
        "reward": 0.5,
        "label7": "pos_praise",
        "confidence": 0.9,
        "provenance": {"model": "judge-x", "generator": "endpoint"},
    }


def test_one_label_alone_is_refused_and_unused_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is unwanted; there is nothing to tell apart"):
        checked(tmp_path, "kto", [row for row in trl_labels() if not row["label"]])
    rows = [{**row, "margin": 0.1, "weight": 1.0 + at} for at, row in enumerate(trl_pairs(4))]
    assert checked(tmp_path, "dpo", rows).notes == [
        "margins are not used; --margins asks for distances that grow with them"
    ]
    assert checked(tmp_path, "dpo", rows, use_margins=True).notes == []
    assert (
        checked(tmp_path, "kto", rows).notes[0] == "the column weight is not used: kto has no weight per row"
    )


def test_margins_that_are_asked_for_and_not_there_are_counted(tmp_path: Path) -> None:
    some = [{**row, **({"margin": 0.5} if at else {})} for at, row in enumerate(trl_pairs(4))]
    said = "--margins: {} of 4 pairs have none, no distance is asked of them"
    assert checked(tmp_path, "dpo", some, use_margins=True).notes == [said.format(1)]
    assert checked(tmp_path, "reward", trl_pairs(4), use_margins=True).notes == [said.format(4)]
    [note] = checked(tmp_path, "reward", trl_labels(8), use_margins=True).notes
    assert note == "--margins is not used: these are labels, no pairs"


@pytest.mark.parametrize("weight", [-1, 0, -0.5])
def test_a_weight_that_is_not_above_0_is_refused_with_its_line(weight: float, tmp_path: Path) -> None:
    rows = [*trl_pairs(2), {**trl_pairs(3)[2], "weight": weight}]
    with pytest.raises(DataError, match=rf"data.jsonl:3: row has weight {weight}, expected a number above 0"):
        checked(tmp_path, "dpo", rows)


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "proactivebench").is_dir(), reason="the reward set is not beside the project")
def test_the_reward_set_is_read_as_verdicts_grouped_by_session() -> None:
    found = read_material(DATA / "proactivebench" / "reward_train.jsonl", config("reward"))
    assert found.form == "verdicts"
    assert len({item.group for item in found.examples}) > 5
    assert {item.label for item in found.examples} == {True, False}
