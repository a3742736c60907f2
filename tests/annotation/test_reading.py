"""What was collected is read from folders and from labelled moments; what is wrong is named."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tests.annotation.agreement.made import NOW, asking, collected, proposals
from tests.annotation.pool import START, annotator, item, yes

from tactful.annotation.agreement.measure import measure_agreement
from tactful.annotation.reading import merged, read_collected
from tactful.annotation.services.answering import give_answer
from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, keep_project
from tactful.annotation.store import open_store
from tactful.annotation.types import Adjudication
from tactful.data.io import write_jsonl
from tactful.errors import DataError, MissingExtra, UsageError, UserError

DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
PUBLISHED = DATA / "proactivebench" / "reward_train.jsonl"
ROWS = [
    ("a", "s", "coding", "x", proposals([True, False])),
    ("a", "s", "coding", "y", proposals([True, True], False)),
    ("b", "s", "coding", "x", asking("ask")),
]


def export(folder, rows=ROWS, decided=()):
    made = collected(rows)
    write_jsonl(folder / "items.jsonl", made.items.values())
    write_jsonl(folder / "annotations.jsonl", made.annotations)
    if decided:
        write_jsonl(folder / "adjudications.jsonl", decided)
    return made


def moment(proposal, votes, event="opens the file", **more):
    return {
        "obs": [{"time": "1", "event": event}],
        "pred_task": proposal,
        "valid": False,
        "annotation": votes,
        **more,
    }


def test_a_folder_reads_back_with_its_last_adjudications(tmp_path):
    decided = [
        Adjudication(item="b", answer=asking("act"), by="x", at=NOW.replace(year=2027)),
        Adjudication(item="b", answer=asking("ask"), by="x", at=NOW),
    ]
    made = export(tmp_path, decided=decided)
    found = read_collected(tmp_path)
    assert (found.items, found.annotations) == (made.items, made.annotations)
    assert found.adjudications == {"b": decided[0]}
    assert not found.nameless
    assert read_collected(tmp_path / "annotations.jsonl") == found
    assert read_collected(str(tmp_path / "items.jsonl")) == found


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"item": "z"}, "annotation has item 'z', which is not in items.jsonl"),
        ({"kind": "replies"}, "annotation has kind 'replies', expected 'asking', as its item is"),
        (
            {"item": "a", "kind": "proposals"},
            "annotation has an answer of kind 'asking', expected 'proposals'",
        ),
        (
            {"item": "a", "kind": "proposals", "answer": proposals([True])},
            "annotation has 1 answers in 'accepted', but its item has 2 candidates",
        ),
        ({"id": "a0"}, "annotation has the id 'a0' of line 1; ids must differ"),
    ],
)
def test_an_annotation_that_cannot_be_of_its_item_is_named_with_its_line(tmp_path, changes, said):
    made = export(tmp_path)
    bad = made.annotations[2].model_copy(update=changes)
    write_jsonl(tmp_path / "annotations.jsonl", [*made.annotations[:2], bad])
    with pytest.raises(DataError) as caught:
        read_collected(tmp_path)
    assert f"{tmp_path / 'annotations.jsonl'}:3: {said}" in str(caught.value)
    kept = read_collected(tmp_path, skip_bad=True)
    assert (len(kept.annotations), kept.bad) == (2, 1)
    assert said in kept.problems[0]


def test_a_folder_that_lacks_a_file_says_which(tmp_path):
    with pytest.raises(DataError, match=r"holds no annotations\.jsonl; give a folder with items\.jsonl"):
        read_collected(tmp_path)
    export(tmp_path)
    (tmp_path / "items.jsonl").unlink()
    with pytest.raises(DataError, match=r"holds no items\.jsonl"):
        read_collected(tmp_path)


def test_votes_of_labelled_moments_name_nobody_and_silence_stays_apart(tmp_path):
    write_jsonl(tmp_path / "m.jsonl", [moment("Sort it.", [True, False]), moment(None, [False, False, True])])
    found = read_collected(tmp_path / "m.jsonl")
    assert found.nameless
    votes = [(vote.question, vote.value, vote.annotator, vote.session) for vote in found.votes()]
    assert votes == [
        ("accepted", True, "1", "opens the file"),
        ("accepted", False, "2", "opens the file"),
        ("help_wanted", True, "1", "opens the file"),
        ("help_wanted", True, "2", "opens the file"),
        ("help_wanted", False, "3", "opens the file"),
    ]
    rows = [item.origin["moments"][0] for item in found.items.values()]
    assert [(row["candidate"], row["valid"], row["category"]) for row in rows] == [
        (0, False, "False-Alarm (FA)"),
        (None, False, "Missed-Need (MN)"),
    ]


def test_votes_that_named_nobody_do_not_either_once_they_were_exported(tmp_path):
    write_jsonl(tmp_path / "m.jsonl", [moment("Sort it.", [True, False])])
    first = read_collected(tmp_path / "m.jsonl")
    write_jsonl(tmp_path / "items.jsonl", first.items.values())
    write_jsonl(tmp_path / "annotations.jsonl", first.annotations)
    again = read_collected(tmp_path / "annotations.jsonl")
    assert again.nameless
    assert list(again.votes()) == list(first.votes())


def test_a_database_is_read_by_its_file_or_address(address):
    with open_store(address) as store:
        keep_project(store, Project(overlap=2, gold_share=0, repeat_share=0))
        load_items(store, [item(1)])
        for name in ("Ann", "Ben"):
            who = annotator(store, name)
            given = assign(store, who, now=START)
            assert isinstance(given, Assigned)
            assert give_answer(store, who, given.slot, yes(given.item), now=START)
    found = read_collected(address)
    assert [(vote.question, vote.value) for vote in found.votes()] == [
        ("accepted", True),
        ("help_wanted", True),
    ] * 2
    assert not found.nameless


def test_a_database_that_is_not_there_is_named_and_not_made(tmp_path):
    with pytest.raises(UserError, match=r"none\.sqlite: no such database"):
        read_collected(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()


def test_a_missing_extra_is_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tactful.annotation.queries.collected", None)
    with pytest.raises(MissingExtra, match=r"\[annotate\]"):
        read_collected(tmp_path / "a.sqlite")


def test_moments_without_votes_are_refused(tmp_path):
    write_jsonl(tmp_path / "m.jsonl", [moment("Sort it.", [])])
    with pytest.raises(DataError, match=r"m\.jsonl: holds no votes; give a folder"):
        read_collected(tmp_path / "m.jsonl")
    write_jsonl(tmp_path / "m.jsonl", [{"obs": [{"event": "x"}], "pred_task": None}])
    with pytest.raises(DataError, match=r"m\.jsonl:1: moment has no 'valid'"):
        read_collected(tmp_path / "m.jsonl")


def test_several_sources_are_one_and_what_stands_in_both_counts_once(tmp_path):
    export(tmp_path / "one")
    export(tmp_path / "two", [*ROWS, ("b", "s", "coding", "y", asking("ask"))])
    both = merged([read_collected(tmp_path / "one"), read_collected(tmp_path / "two")])
    assert (len(both.items), len(both.annotations)) == (2, 4)
    write_jsonl(tmp_path / "m.jsonl", [moment("Sort it.", [True, False])])
    with pytest.raises(UsageError, match="without annotators, the other names them"):
        merged([read_collected(tmp_path / "one"), read_collected(tmp_path / "m.jsonl")])


def test_votes_of_two_databases_all_count_though_their_rows_have_the_same_numbers(tmp_path):
    places = [tmp_path / "one.sqlite", tmp_path / "two.sqlite"]
    for place in places:
        with open_store(place) as store:
            load_items(store, [item(1), item(2)])
            who = annotator(store)
            for _ in range(2):
                given = assign(store, who, now=START)
                assert isinstance(given, Assigned)
                assert give_answer(store, who, given.slot, yes(given.item), now=START)
    one, two = map(read_collected, places)
    both = merged([one, two])
    assert [each.id for each in one.annotations] == [each.id for each in two.annotations]
    assert {vote.annotator for vote in both.votes()} == {
        each.annotator for each in (*one.annotations, *two.annotations)
    }
    assert len(both.annotations) == 4
    assert len(merged([one, both]).annotations) == 4


def test_the_last_decision_on_an_item_counts_in_whichever_source_it_stands(tmp_path):
    early = Adjudication(item="b", answer=asking("ask"), by="x", at=NOW)
    late = early.model_copy(update={"answer": asking("act"), "at": NOW.replace(year=2027)})
    export(tmp_path / "one", decided=[late])
    export(tmp_path / "two", decided=[early])
    for names in (("one", "two"), ("two", "one")):
        assert merged([read_collected(tmp_path / name) for name in names]).adjudications == {"b": late}


@pytest.mark.slow
@pytest.mark.skipif(not PUBLISHED.exists(), reason="ProactiveBench's reward data is not there")
def test_the_published_votes_agree_hardly_on_proposals_and_less_than_chance_on_silence():
    found = measure_agreement(read_collected(PUBLISHED), resamples=200)
    whole = {one.question: one.whole for one in found.questions}
    assert (found.items, found.votes, found.sessions) == (1629, 4694, 16)
    assert (whole["accepted"].units, whole["help_wanted"].units) == (1387, 242)
    assert whole["accepted"].alpha.value == pytest.approx(0.169, abs=5e-4)
    assert whole["help_wanted"].alpha.value == pytest.approx(-0.214, abs=5e-4)
