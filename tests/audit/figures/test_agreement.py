"""The audit beside other judgements: annotations, ratings in the log, a prompted judge."""

import json
import re
from pathlib import Path

import pytest

import tactful as tf
from tactful.audit.figures.agreement import Labels
from tactful.audit.pipeline import REHEARSED
from tactful.errors import DataError, UserError
from tactful.types import Conversation, Rating

REHEARSAL = Path(__file__).parents[1] / "rehearsal.jsonl"


def annotated(path: Path) -> Path:
    rows = [json.loads(line) for line in REHEARSAL.read_text().splitlines()]
    said = [
        {"id": row["id"], "needless": row["fault"] == "over-asks", "guess": row["fault"] == "guesses"}
        for row in rows
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in said))
    return path


@pytest.mark.slow
def test_annotations_say_how_right_the_audit_is(tmp_path):
    found = tf.audit(REHEARSAL, labels=annotated(tmp_path / "labels.jsonl"))
    needless, guesses = found.agreements
    assert (needless.fault, guesses.fault) == ("needless questions", "guesses")
    assert needless.both + needless.only_audit + needless.only_other + needless.neither == 60
    assert needless.recall.value is not None
    assert needless.recall.value >= 0.7
    assert needless.alpha is not None
    assert needless.alpha > 0.7


@pytest.mark.slow
def test_an_annotation_may_be_about_one_turn(tmp_path):
    (tmp_path / "labels.jsonl").write_text('{"conversation": "over-01", "turn": 1, "needless": true}\n')
    [one] = tf.audit(REHEARSAL, labels=tmp_path / "labels.jsonl").agreements
    assert (one.both, one.only_audit, one.only_other, one.neither) == (1, 0, 0, 0)


def test_an_answer_that_nobody_could_judge_is_not_measured_as_no_guess(tmp_path):
    said = [
        ("user", "Paint it."),
        ("assistant", "It is red now."),
        ("user", "Blue, not red!"),
        ("assistant", "Blue now."),
    ]
    messages = [{"role": role, "content": text} for role, text in said]
    (tmp_path / "log.jsonl").write_text(json.dumps({"id": "a", "messages": messages}) + "\n")
    labels = tmp_path / "labels.jsonl"
    labels.write_text('{"conversation": "a", "turn": 3, "guess": true}\n')  # the log ends with it
    with pytest.raises(DataError, match="that could be judged"):
        tf.audit(tmp_path / "log.jsonl", labels=labels)
    with labels.open("a") as lines:
        lines.write('{"conversation": "a", "turn": 1, "guess": true}\n')
    found = tf.audit(tmp_path / "log.jsonl", labels=labels)
    [one] = found.agreements
    assert one.both + one.only_other == 1
    assert (
        "1 of 2 annotations belong to no turn that could be judged and are left out (a turn 3)"
        in found.limits[0]
    )


@pytest.mark.slow
def test_the_turn_that_the_page_names_is_the_one_that_an_annotation_names(tmp_path):
    tf.audit(REHEARSAL, out=tmp_path / "out")
    for page in ("audit.html", "audit.md"):
        shown = re.findall(r"\b(over-\d+), turn (\d+)", (tmp_path / "out" / page).read_text())
        rows = [{"conversation": talk, "turn": int(turn), "needless": True} for talk, turn in shown]
        assert rows
        labels = tmp_path / f"{page}.jsonl"
        labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
        [one] = tf.audit(REHEARSAL, labels=labels).agreements
        assert one.both + one.only_other == len(rows)


@pytest.mark.slow
def test_annotations_of_another_log_are_refused(tmp_path):
    (tmp_path / "labels.jsonl").write_text('{"conversation": "elsewhere", "needless": true}\n')
    with pytest.raises(DataError, match="none of them belongs to a turn of this log"):
        tf.audit(REHEARSAL, labels=tmp_path / "labels.jsonl")


def test_a_wrong_annotation_is_named_with_its_line(tmp_path):
    (tmp_path / "labels.jsonl").write_text('{"conversation": "a", "needless": "perhaps"}\n')
    with pytest.raises(DataError, match=r"labels\.jsonl:1"):
        Labels(str(tmp_path / "labels.jsonl"))


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ([{"needless": True}, {"needless": False}], "both yes and no to 'needless' of a, turn 1"),
        ([{"needles": True}], "no line says `needless` or `guess`"),
    ],
)
def test_annotations_that_say_nothing_or_both_are_refused(tmp_path, said, problem):
    rows = (json.dumps({"conversation": "a", "turn": 1, **one}) + "\n" for one in said)
    (tmp_path / "labels.jsonl").write_text("".join(rows))
    with pytest.raises(DataError, match=problem):
        Labels(str(tmp_path / "labels.jsonl"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        Labels(str(tmp_path / "nowhere.jsonl"))


def test_thumbs_in_the_log_are_labels(tmp_path):
    rows = []
    for n in range(12):
        bad = n % 2
        reply = "Stop asking and just do it!" if bad else "Friday, please."
        said = [
            ("user", f"Move the meeting {n}."),
            ("assistant", "To which day?"),
            ("user", reply),
            ("assistant", "Moved."),
        ]
        messages = [{"role": role, "content": text} for role, text in said]
        messages[1]["rating"] = -1 if bad else 1
        rows.append({"id": f"c{n}", "messages": messages})
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    [one] = tf.audit(tmp_path / "log.jsonl", labels="ratings").agreements
    assert one.both + one.only_audit + one.only_other + one.neither == 12
    assert one.precision.value == 1


def test_each_name_of_ratings_has_a_scale_of_its_own():
    labels = Labels("ratings")
    for n in range(6):
        ratings = (Rating(name="helpful", value=n % 2), Rating(name="latency_ms", value=900 + n))
        labels.add(Conversation(id=f"c{n}", turns=(), ratings=ratings), [])
    helpful, latency = labels.agreements()
    # 0 of 0 and 1 is bad, three times; every latency is above two fifths of 905
    assert helpful.what == "Measured against 6 ratings 'helpful' in the log (0.4 and less is bad)"
    assert (helpful.only_other, helpful.neither) == (3, 3)
    assert latency.what == "Measured against 6 ratings 'latency_ms' in the log (362 and less is bad)"
    assert (latency.only_other, latency.neither) == (0, 6)


@pytest.mark.slow
def test_a_log_without_ratings_cannot_be_measured_against_them():
    with pytest.raises(DataError, match="labels ratings"):
        tf.audit(REHEARSAL, labels="ratings")


@pytest.mark.slow
def test_a_prompted_judge_stands_beside_the_reader(tmp_path):
    found = tf.audit(REHEARSAL, model="offline", out=tmp_path / "out")
    assert found.judged_by == "offline (a rehearsal)"
    assert found.limits[0] == REHEARSED
    assert found.usage is not None
    assert found.usage.calls > 0
    assert tf.audit(REHEARSAL, reader="surface").usage is None
    assert len(found.agreements) == 2
    assert 0 < len(found.differences) <= 20
    assert all(one.reader != one.model for one in found.differences)
    page = (tmp_path / "out" / "audit.html").read_text()
    assert "Where reader and prompted judge differ" in page
