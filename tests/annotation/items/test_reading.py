import json

import pytest
from tests.annotation.items.sources import SECRET, hidden_sources, moment, obs, pair, rows

from tactful.annotation.items.reading import READERS, read_items
from tactful.annotation.types import KINDS, AskingAnswer, FollowUpAnswer, Replies
from tactful.data.io import write_jsonl
from tactful.data.recognise import MARKS
from tactful.errors import DataError, UsageError
from tactful.types import Label, Message

EVENTS = obs("The user opens a file.")
TALK = [
    {"role": "user", "content": "Sort these."},
    {"role": "assistant", "content": "Sorted: 1, 2."},
    {"role": "user", "content": "No, by size."},
    {"role": "assistant", "content": "Sorted: 2, 1."},
]


def said(text):
    return (Message(role="assistant", content=text),)


def test_every_kind_that_is_read_is_one_of_data_check():
    assert set(READERS) - {"traces", "requests"} <= MARKS.keys()
    assert {kind for kinds, _ in READERS.values() for kind in kinds} == set(KINDS)


def test_equal_rows_give_one_item_and_are_counted_over_all_files(tmp_path):
    first = rows(tmp_path / "a.jsonl", [moment(EVENTS, "Fix it.", valid=True)])
    second = rows(
        tmp_path / "b.jsonl",
        [moment(EVENTS, "Fix it.", valid=True), moment(EVENTS, "Else.", valid=True, user="u")],
    )
    read = read_items([first, second])
    assert len(list(read)) == 2
    assert (read.read, read.again) == (3, 1)
    assert [item.id for item in read] == [item.id for item in read]


def test_which_side_was_chosen_cannot_be_told_from_where_it_stands(tmp_path):
    given = [pair(id=f"p{at}", chosen=said(f"yes {at}"), rejected=said(f"no {at}")) for at in range(60)]
    found = list(read_items(rows(tmp_path / "a.jsonl", given)))
    firsts = sum(item.origin["chosen"] == "first" for item in found)
    assert 15 < firsts < 45
    for item in found:
        assert isinstance(item.shown, Replies)
        assert getattr(item.shown, str(item.origin["chosen"])).startswith("yes")
    swapped = [one.model_copy(update={"chosen": one.rejected, "rejected": one.chosen}) for one in given]
    again = list(read_items(rows(tmp_path / "b.jsonl", swapped)))
    assert [item.shown for item in again] == [item.shown for item in found]
    assert [item.id for item in again] == [item.id for item in found]


def test_a_pair_is_shown_as_its_conversation_and_equal_replies_are_left_out(tmp_path):
    same = pair(id="same", rejected=said("Sorted: 1, 2."))
    read = read_items(rows(tmp_path / "a.jsonl", [pair(), same]))
    [item] = read
    assert item.shown.messages == (Message(role="user", content="Sort these."),)
    assert (item.session, item.setting) == ("task-1", "coding")
    assert item.origin["row"]["persona"] == SECRET
    assert read.left_out == {"a pair of two equal replies": 1}


def test_a_log_gives_follow_ups_with_what_stands_before_them(tmp_path):
    read = read_items(rows(tmp_path / "log.jsonl", [{"id": "c1", "conversation": [*TALK, dict(TALK[0])]}]))
    first, second = read
    assert (first.shown.request, first.shown.answer, first.shown.next) == tuple(
        one["content"] for one in TALK[:3]
    )
    assert first.shown.context == ()
    assert [message.content for message in second.shown.context] == [one["content"] for one in TALK[:2]]
    assert first.session == second.session == "log/c1"


def test_a_log_gives_each_request_when_asking_is_wanted_and_both_when_both_are(tmp_path):
    path = rows(tmp_path / "log.jsonl", [{"id": "c1", "conversation": TALK}])
    found = list(read_items(path, kinds=["asking"]))
    assert [[message.content for message in item.shown.messages][-1] for item in found] == [
        "Sort these.",
        "No, by size.",
    ]
    assert found[1].origin["answer"] == "Sorted: 2, 1."
    both = read_items(path, kinds=["asking", "follow-up"])
    assert len(list(both)) == 3
    assert both.kinds == {"asking": 2, "follow-up": 1}


def test_rows_about_one_exchange_of_a_dialogue_give_each_request_once(tmp_path):
    given = [
        {"id": "d-S2", "conversation": TALK[:2], "user_next": "No, by size.", "label7": "neg_correction"},
        {"id": "d-S4", "conversation": TALK, "user_next": "Thanks!", "label7": "pos_praise"},
    ]
    path = rows(tmp_path / "turns.jsonl", given)
    follow_ups = list(read_items(path))
    assert [item.origin["label"] for item in follow_ups] == ["neg_correction", "pos_praise"]
    assert [len(item.shown.context) for item in follow_ups] == [0, 2]
    assert {item.session for item in follow_ups} == {"turns/d"}
    assert len(list(read_items(path, kinds=["asking"]))) == 3


def test_a_label_is_gold_where_no_other_would_do_as_well(tmp_path):
    exchange = {"conversation": TALK[:2], "user_next": "No, by size."}
    given = [
        {"id": "a", **exchange, "label7": "neg_correction", "accept": ["neg_correction"]},
        {"id": "b", **exchange, "label7": "neg_correction", "accept": ["neg_constraint_restate"]},
    ]
    read = read_items(rows(tmp_path / "a.jsonl", given), gold=True)
    [item] = read
    assert item.gold == FollowUpAnswer(label=Label.NEG_CORRECTION)
    assert read.left_out == {"an item whose right answer is not known": 1}


def test_the_wording_of_a_state_and_the_label_of_a_request_are_gold(tmp_path):
    states = [{"query": "Sort these.", "wording": word} for word in ("open", "complete", "")]
    found = list(read_items(rows(tmp_path / "states.jsonl", states), gold=True))
    assert [item.gold for item in found] == [AskingAnswer(verdict="ask"), AskingAnswer(verdict="act")]
    asked = [
        {"query": f"Plan {need}.", "context": "A text.", "needs_clarification": need}
        for need in (True, False)
    ]
    found = list(read_items(rows(tmp_path / "asked.jsonl", asked), gold=True))
    assert [item.gold.verdict for item in found] == ["ask", "act"]
    assert [message.content for message in found[0].shown.messages] == ["A text.", "Plan True."]


def test_a_state_after_the_assistants_word_is_no_request(tmp_path):
    read = read_items(
        rows(tmp_path / "a.jsonl", [{"query": "Sort.", "history": [TALK[1]]}, {"query": "Sort these."}])
    )
    assert len(list(read)) == 1
    assert read.left_out == {"a state whose last message is the assistant's": 1}


def test_items_that_were_written_are_read_as_they_are(tmp_path):
    files = hidden_sources(tmp_path)
    given = list(read_items(list(files.values())))
    assert {item.kind for item in given} == set(KINDS)
    write_jsonl(tmp_path / "items.jsonl", given)
    assert list(read_items(tmp_path / "items.jsonl")) == given
    assert list(read_items(tmp_path)) == given  # the folder of an export
    read = read_items(tmp_path / "items.jsonl", kinds=["replies"])
    assert {item.kind for item in read} == {"replies"}
    assert read.left_out["an item of a kind that is not wanted"] == len(given) - 2


def test_a_log_that_is_one_document_is_a_log(tmp_path):
    talk = [{"from": ("human", "gpt")[at % 2], "value": turn["content"]} for at, turn in enumerate(TALK)]
    (tmp_path / "a.json").write_text(json.dumps([{"id": "c", "conversations": talk}]))
    assert len(list(read_items(tmp_path / "a.json"))) == 1


def test_a_limit_is_over_all_files(tmp_path):
    files = hidden_sources(tmp_path)
    assert len(list(read_items(list(files.values()), limit=3))) == 3


# ---------------------------------------------------------------- what is refused


def test_a_file_of_another_kind_is_refused_with_what_takes_it(tmp_path):
    path = rows(tmp_path / "a.jsonl", [{"id": "t", "steps": [], "end": "completed"}])
    with pytest.raises(
        DataError, match=r"holds 'trajectories', about which nobody is asked \('tactful calibrate reward"
    ):
        list(read_items(path))


def test_a_file_that_gives_none_of_the_kinds_is_refused(tmp_path):
    path = rows(tmp_path / "a.jsonl", [{"query": "Sort these."}])
    with pytest.raises(UsageError, match="holds 'states', which gives items of the kind asking, not replies"):
        list(read_items(path, kinds=["replies"]))


def test_a_kind_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(UsageError, match="--kind moments: not known; choose of proposals, replies"):
        read_items(tmp_path, kinds=["moments"])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty; give moments"),
        ("\n\n", "holds nothing that is recognised"),
        ('{"a": 1}\n', "holds nothing that is recognised"),
        ('{"id": "c", "conversation": [{"role": "user", "content": "Hi"}]}\n', "holds no item to annotate"),
    ],
)
def test_a_file_without_an_item_is_an_error(tmp_path, text, what):
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(DataError, match=what):
        list(read_items(tmp_path / "a.jsonl"))


def test_what_is_not_there_and_standard_input_are_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        list(read_items(tmp_path / "a.jsonl"))
    with pytest.raises(UsageError, match="standard input is read once"):
        list(read_items("-"))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (moment(EVENTS, "Fix it.", valid=True), moment(EVENTS, 3, valid=True)),
        ({"query": "Sort these."}, {"query": ""}),
        ({"query": "Plan.", "needs_clarification": True}, {"query": "", "needs_clarification": True}),
        ({"id": "c", "conversation": TALK}, {"id": "d", "conversation": [{"role": "boss", "content": "x"}]}),
    ],
)
def test_a_broken_row_is_refused_by_its_line_or_counted(tmp_path, good, bad):
    path = rows(tmp_path / "a.jsonl", [good, bad])
    with pytest.raises(DataError, match=r"a\.jsonl:2: "):
        list(read_items(path))
    read = read_items(path, skip_bad=True)
    assert len(list(read)) == 1
    assert (read.read, read.bad) == (2, 1)
    assert "a.jsonl:2: " in read.problems[0]


def test_a_folder_for_each_assistant_is_refused_with_one_to_give(tmp_path):
    for name in ("gpt", "qwen"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "code_1.json").write_text(
            '[{"observation": {"time": "1", "event": "x"}, "agent_response": ["y"]}]'
        )
    with pytest.raises(DataError, match=r"holds a folder for each of gpt, qwen; give one: .*gpt"):
        list(read_items(tmp_path))
