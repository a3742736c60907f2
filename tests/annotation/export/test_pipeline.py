"""The files of each form: what is in them, what was dropped and why, and that no session is in both."""

import dataclasses
import json

import pytest
from tests.annotation.export.made import (
    AT,
    adjudicated,
    annotation,
    answer,
    collected,
    moment,
    moments,
    of_shown,
)

from tactful.annotation.export.pipeline import FORMS, ExportOptions, export_collected
from tactful.annotation.types import Adjudication, Annotation, Asking, FollowUp, Item, Replies
from tactful.annotation.votes import Collected
from tactful.data.formats.moments import labelled_rows
from tactful.data.io import read_jsonl
from tactful.errors import UsageError, UserError
from tactful.types import Message

WHOLE = ExportOptions(test_share=0)


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def people(**said):
    return said


def ten_sessions():
    wanted = {"a": ([True, False], True), "b": ([True, True], True), "c": ([False, False], False)}
    left = {"a": ([False, False], False), "b": ([True, False], False)}
    return moments(
        *[(f"s{at}", "works", ["x", "y"], wanted) for at in range(10)],
        *[(f"s{at}", "rests", ["x", "y"], left) for at in range(10)],
    )


def turns(*verdicts):
    shown = lambda at: FollowUp(  # noqa: E731
        context=(Message(role="user", content="hi"), Message(role="assistant", content="hello")),
        request=f"sort list {at}",
        answer="sorted(x)",
        next="no, in place",
    )
    return collected(
        [of_shown("follow-up", f"s{at}", at, shown(at), said) for at, said in enumerate(verdicts)]
    )


def asked(*verdicts, last="user"):
    talk = (Message(role="assistant", content="Hello"), Message(role=last, content="Book a table"))
    return collected(
        [of_shown("asking", f"s{at}", at, Asking(messages=talk), said) for at, said in enumerate(verdicts)]
    )


def compared(*verdicts, second="Worse"):
    shown = Replies(messages=(Message(role="user", content="Why?"),), first="Better", second=second)
    return collected([of_shown("replies", f"s{at}", at, shown, said) for at, said in enumerate(verdicts)])


# ---------------------------------------------------------------- votes


def test_votes_lose_nothing(tmp_path):
    item, other = moment("s", "e", ["x", "y"], gold=answer([True, False], True)), moment("t", "e", [])
    told = [
        annotation(
            item,
            "a",
            answer([True, False], True),
            comment="clear",
            seconds=3.5,
            order=(1, 0),
            probability=0.25,
        ),
        annotation(item, "a", answer([False, False], False), repeat=True, gold=True),
        annotation(item, "b", answer([False, True], True), withdrawn_at=AT),
        annotation(other, "b", None, skipped="not in my language"),
    ]
    given = Collected(
        {one.id: one for one in (item, other)}, told, {item.id: adjudicated(item, answer([True, True], True))}
    )
    done = export_collected(given, "votes", tmp_path / "out")
    assert done.files == {"items.jsonl": 2, "annotations.jsonl": 4, "adjudications.jsonl": 1}
    assert {one.id: one for one in read_jsonl(tmp_path / "out" / "items.jsonl", Item)} == given.items
    assert list(read_jsonl(tmp_path / "out" / "annotations.jsonl", Annotation)) == told
    assert list(read_jsonl(tmp_path / "out" / "adjudications.jsonl", Adjudication)) == [
        *given.adjudications.values()
    ]
    assert rows(tmp_path / "out" / "annotations.jsonl")[0]["tactful"] == "annotations"


# ---------------------------------------------------------------- moments


def test_reward_splits_by_session_and_counts_what_each_rule_drops(tmp_path):
    done = export_collected(ten_sessions(), "reward", tmp_path / "out")
    train, test = (list(labelled_rows(tmp_path / "out" / name)) for name in ("train.jsonl", "test.jsonl"))
    assert {one.moment.session for one in train}.isdisjoint(one.moment.session for one in test)
    assert done.groups == {"train.jsonl": 8, "test.jsonl": 2}
    assert done.files == {"train.jsonl": 40, "test.jsonl": 10}
    # Each session: works: x 2 of 3, y 1 of 3, silence 1 of 3; rests: x 1 of 2 (tie), y 0 of 2, silence 2 of 2.
    assert done.labels == {"hit": 10, "false-alarm": 20, "missed-need": 10, "correct-silence": 10}
    told = {(count.rule, count.of): (sum(count.kept.values()), count.dropped) for count in done.rules}
    assert told["majority", "proposals"] == (30, {"tie": 10})
    assert told["majority", "silences"] == (20, {})
    assert told["unanimous", "proposals"] == (10, {"votes disagree": 30})
    assert told["unanimous", "silences"] == (10, {"votes disagree": 10})
    assert told["soft", "proposals"] == (40, {})
    assert told["dawid-skene", "proposals"][0] == 40
    assert done.annotators == {}
    trusting = dataclasses.replace(WHOLE, rule="dawid-skene")
    told = export_collected(ten_sessions(), "reward", tmp_path / "ds", trusting).annotators
    assert told["silences"].keys() == {"a", "b", "c"}
    assert all(count.units == sum(count.kept.values()) + sum(count.dropped.values()) for count in done.rules)


@pytest.mark.parametrize(("rule", "share"), [("majority", 1.0), ("soft", 0.666667)])
def test_what_the_rule_is_sure_of_is_written_beside_the_votes(tmp_path, rule, share):
    export_collected(ten_sessions(), "reward", tmp_path / "out", dataclasses.replace(WHOLE, rule=rule))
    first = rows(tmp_path / "out" / "train.jsonl")[0]
    assert first["pred_task"] == "x"
    assert first["annotation"] == [True, True, False]
    assert first["p_accepted"] == share


def test_proactivebench_rows_have_its_six_keys_and_stand_once(tmp_path):
    twice = moments(("s", "e", ["x", "x"], {"a": ([True, True], True), "b": ([True, True], True)}))
    done = export_collected(twice, "proactivebench", tmp_path / "out", WHOLE)
    found = rows(tmp_path / "out" / "train.jsonl")
    assert done.files == {"train.jsonl": 2} == {"train.jsonl": len(found)}
    assert list(found[0]) == ["obs", "pred_task", "valid", "help_needed", "annotation", "category"]
    assert [row["category"] for row in found] == ["Correct-Detection (CD)", "Missed-Need (MN)"]


def test_as_published_writes_its_two_files_and_warns(tmp_path):
    options = ExportOptions(published=True)
    said = people(a=([True], None), b=([True], None), c=([True], None))
    given = moments(*[("s", f"e{at}", ["x"], said) for at in range(40)])
    done = export_collected(given, "proactivebench", tmp_path / "out", options)
    assert done.files == {"train.jsonl": 20, "test.jsonl": 60}  # thirty of each category are drawn
    assert "do not train on it" in done.notes[0]
    assert int(done.notes[1].split()[0]) > 0  # observations in both
    whole = export_collected(
        given, "proactivebench", tmp_path / "whole", dataclasses.replace(options, test_share=0)
    )
    assert whole.files == {"train.jsonl": 80}


def test_silences_that_nobody_was_asked_about_and_contradictions_are_told(tmp_path):
    given = moments(
        ("s", "e", ["x"], people(a=([True], False), b=([True], True))),
        ("s", "f", ["x"], people(a=([True], None), b=([True], None))),
    )
    notes = export_collected(given, "reward", tmp_path / "out", WHOLE).notes
    assert notes[0].startswith("1 of 2 silences are derived")
    assert notes[1].startswith("1 answers accept a proposal and say that no help was wanted")


def test_answers_on_chosen_items_are_told(tmp_path):
    item = moment("s", "e", ["x"])
    told = [annotation(item, who, answer([True], True), probability=0.5) for who in "ab"]
    notes = export_collected(Collected({item.id: item}, told), "reward", tmp_path / "out", WHOLE).notes
    assert "2 answers are on items that a model's doubt chose" in notes[-1]


# ---------------------------------------------------------------- rows


def test_feedback_gives_whole_turns_with_their_label(tmp_path):
    given = turns(
        {"a": "neg_correction", "b": "neg_correction", "c": "neutral"}, {"a": "neutral", "b": "pos_praise"}
    )
    done = export_collected(given, "feedback", tmp_path / "out", WHOLE)
    [row] = rows(tmp_path / "out" / "train.jsonl")
    assert row["label7"] == "neg_correction"
    assert row["accept"] == []
    assert row["dialogue_id"] == "s0"
    assert [one["role"] for one in row["conversation"]] == ["user", "assistant", "user", "assistant"]
    assert row["user_next"] == "no, in place"
    [majority] = [count for count in done.rules if count.rule == "majority"]
    assert (majority.of, majority.kept, majority.dropped) == ("follow-ups", {"by majority": 1}, {"tie": 1})
    export_collected(given, "feedback", tmp_path / "soft", dataclasses.replace(WHOLE, rule="soft"))
    assert rows(tmp_path / "soft" / "train.jsonl")[0]["accept"] == ["neutral"]
    clear = turns(*[people(a=label, b=label) for label in ("neutral", "pos_praise", "neg_correction")] * 5)
    export_collected(clear, "feedback", tmp_path / "ds", dataclasses.replace(WHOLE, rule="dawid-skene"))
    assert {tuple(row["accept"]) for row in rows(tmp_path / "ds" / "train.jsonl")} == {()}


def test_states_are_open_where_the_assistant_should_have_asked(tmp_path):
    given = asked({"a": "ask", "b": "ask"}, {"a": "act", "b": "act"}, {"a": "either", "b": "either"})
    done = export_collected(given, "states", tmp_path / "out", WHOLE)
    found = rows(tmp_path / "out" / "train.jsonl")
    assert [row["label"] for row in found] == ["open", "complete"]
    assert found[0]["text"] == "Book a table"
    assert found[0]["context"] == [{"role": "assistant", "content": "Hello"}]
    assert found[0]["group"] == "s0"
    assert done.notes == ("1 labels gave no row: either is right",)
    with pytest.raises(
        UserError, match=r"keeps nothing \(1 labels gave no row: does not end with the user\)"
    ):
        export_collected(asked({"a": "ask", "b": "ask"}, last="assistant"), "states", tmp_path / "odd", WHOLE)


def test_pairs_weigh_how_far_the_better_reply_leads(tmp_path):
    given = compared(
        people(a="second", b="second", c="first"), people(a="tie", b="tie"), people(a="first", b="second")
    )
    done = export_collected(given, "pairs", tmp_path / "out", dataclasses.replace(WHOLE, rule="soft"))
    [row] = rows(tmp_path / "out" / "train.jsonl")
    assert row["chosen"] == [{"role": "assistant", "content": "Worse"}]
    assert row["rejected"] == [{"role": "assistant", "content": "Better"}]
    assert row["weight"] == row["margin"] == pytest.approx(1 / 3, abs=1e-6)
    assert done.notes == ("1 labels gave no row: either is right",)
    with pytest.raises(UserError, match="keeps nothing"):
        export_collected(
            compared(people(a="first", b="first"), second="Better "), "pairs", tmp_path / "same", WHOLE
        )


# ---------------------------------------------------------------- refusals


def test_a_folder_with_files_is_refused_and_stays(tmp_path):
    (tmp_path / "mine").write_text("mine")
    for form in FORMS:
        with pytest.raises(UserError, match="not an empty folder"):
            export_collected(ten_sessions(), form, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("to", "options", "sentence"),
    [
        ("csv", {}, "choose one of: votes, reward"),
        ("reward", {"rule": "mean"}, "choose one of: majority, unanimous"),
        ("reward", {"test_share": 1.0}, "--test-share 1.0"),
        ("reward", {"published": True}, "belongs to --to proactivebench"),
        ("states", {"rule": "soft"}, "use majority"),
        ("votes", {"rule": "soft"}, "--to votes does not go by them"),
        ("proactivebench", {"published": True, "fewest": 3}, "--as-published does not go by them"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(tmp_path, to, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        export_collected(ten_sessions(), to, tmp_path / "out", ExportOptions(**options))
    assert not (tmp_path / "out").exists()


def test_nothing_to_keep_is_said_with_the_next_move(tmp_path):
    one_vote = moments(("s", "e", ["x"], {"a": ([True], True)}))
    with pytest.raises(UserError, match=r"keeps nothing \(2 too few votes\); give --min-votes 1"):
        export_collected(one_vote, "reward", tmp_path / "out")
    with pytest.raises(UserError, match="no answer to an item of the kind 'follow-up'"):
        export_collected(one_vote, "feedback", tmp_path / "out")
    two = moments(("s", "e", ["x"], {"a": ([True], True), "b": ([True], True)}))
    with pytest.raises(UserError, match=r"of the session 's', .*--test-share 0"):
        export_collected(two, "reward", tmp_path / "out")
    with pytest.raises(UserError, match="two votes on a proposal"):
        export_collected(one_vote, "proactivebench", tmp_path / "out", ExportOptions(published=True))
    assert not (tmp_path / "out").exists()
