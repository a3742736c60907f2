"""`tactful annotate export`, and that what it writes goes straight into what trains and measures."""

import dataclasses
import json
import os
import random
from pathlib import Path

import pytest
from tests.annotation.export.made import AT, adjudicated, annotation, answer, collected, moments, of_shown

from tactful.annotation.export.pipeline import export_collected
from tactful.annotation.reading import read_collected
from tactful.annotation.types import Asking, FollowUp, Replies
from tactful.types import Message

REAL = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
REWARD_TRAIN = REAL / "proactivebench" / "reward_train.jsonl"
NEXT = {
    "neg_correction": "no, that is wrong, it fails again",
    "pos_praise": "great, thank you",
    "pos_progress": "and how do I sort it backwards?",
    "topic_shift": "what is the weather in Rome?",
}


def folder(path: Path, given) -> Path:
    """The votes as a folder, as `--to votes` writes it."""
    export_collected(given, "votes", path)
    return path


def some_moments():
    draw = random.Random(0)
    rows = []
    for session in range(6):
        for at in range(6):
            wanted = draw.random() < 0.5
            said = {
                who: (
                    [draw.random() < (0.8 if wanted else 0.2), draw.random() < 0.2],
                    wanted != (draw.random() < 0.1),
                )
                for who in ("a", "b", "c")
            }
            event = (
                f"An error appears in step {session}.{at}"
                if wanted
                else f"The user saves file {session}.{at}"
            )
            rows.append((f"s{session}", event, ["explain the error", "order lunch"], said))
    return moments(*rows)


def some_turns():
    def asked(at, label):
        shown = FollowUp(request=f"sort list {at}", answer="sorted(x)", next=f"{NEXT[label]} ({at})")
        return of_shown("follow-up", f"s{at}-{label}", at, shown, {"a": label, "b": label})

    return collected([asked(at, label) for at in range(10) for label in NEXT])


def some_requests(of_each=40):
    def asked(at, said, text):
        shown = Asking(messages=(Message(role="user", content=f"{text} ({at})"),))
        return of_shown("asking", f"{said}{at}", at, shown, {"a": said, "b": said})

    texts = {"act": "Sort the list [3, 1, 2] upwards in Python", "ask": "Book me a table"}
    return collected([asked(at, said, text) for at in range(of_each) for said, text in texts.items()])


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    return folder(tmp_path / "votes", some_moments())


def test_votes_are_read_back_as_they_were(tactful, tmp_path):
    given = some_moments()
    item = next(iter(given.items.values()))
    more = [
        annotation(item, "d", None, skipped="not my field", comment="too short"),
        annotation(item, "e", answer([True, True], True), withdrawn_at=AT, order=(1, 0), probability=0.5),
        annotation(item, "a", answer([True, True], True), repeat=True),
    ]
    decided = {item.id: adjudicated(item, answer([True, False], True))}
    given = dataclasses.replace(given, annotations=[*given.annotations, *more], adjudications=decided)
    votes = folder(tmp_path / "votes", given)
    done = tactful("annotate", "export", votes, "--to", "votes", "--out", tmp_path / "again")
    assert done.returncode == 0, done.stderr
    found = read_collected(tmp_path / "again")
    assert (found.items, list(found.annotations), found.adjudications) == (
        given.items,
        given.annotations,
        given.adjudications,
    )
    assert f"next: tactful annotate agreement {tmp_path / 'again'}" in done.stderr


def test_the_table_of_rules_is_printed_and_the_next_command_told(tactful, votes, tmp_path):
    done = tactful("annotate", "export", votes, "--to", "reward", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["rule", "of", "units", "kept", "votes", "disagree"]
    assert lines[1].split() == ["majority", "*", "proposals", "72", "72", "0"]
    assert lines[2].split() == ["majority", "*", "silences", "36", "36", "0"]
    assert any(line.startswith("dawid-skene") for line in lines)
    assert lines[-1] == "no session is in both files"
    assert f"next: tactful reward train {tmp_path / 'out' / 'train.jsonl'} --out model" in done.stderr


@pytest.mark.parametrize(("of_each", "step"), [(40, "calibrate {} --out reader"), (5, "evaluate {}")])
def test_labelled_requests_calibrate_a_reader_and_a_few_of_them_measure_one(tactful, tmp_path, of_each, step):
    given = folder(tmp_path / "votes", some_requests(of_each))
    done = tactful("annotate", "export", given, "--to", "states", "--out", tmp_path / "out")
    assert done.stderr.endswith(f"next: tactful reader {step.format(tmp_path / 'out' / 'train.jsonl')}\n")


def test_json_alone_goes_to_stdout(tactful, votes, tmp_path):
    done = tactful(
        "annotate",
        "export",
        votes,
        "--to",
        "reward",
        "--aggregate",
        "soft",
        "--out",
        tmp_path / "o",
        "--json",
    )
    found = json.loads(done.stdout)
    assert found["chosen"] == "soft"
    assert found["files"] == {"train.jsonl": 90, "test.jsonl": 18}
    assert {row["rule"] for row in found["rules"]} == {"majority", "unanimous", "dawid-skene", "soft"}


def test_a_used_folder_and_a_strange_form_are_refused(tactful, votes, tmp_path):
    used = tactful("annotate", "export", votes, "--to", "reward", "--out", votes)
    assert used.returncode == 1
    assert "not an empty folder" in used.stderr
    strange = tactful("annotate", "export", votes, "--to", "csv", "--out", tmp_path / "out")
    assert strange.returncode == 2
    assert "choose one of: votes, reward" in strange.stderr


def test_a_database_is_exported_while_it_is_annotated(tactful, tmp_path):
    pytest.importorskip("sqlalchemy")
    from tests.annotation.pool import annotator, item, yes

    from tactful.annotation.services.answering import give_answer
    from tactful.annotation.services.assigning import Assigned, assign
    from tactful.annotation.services.loading import load_items
    from tactful.annotation.store import open_store

    with open_store(tmp_path / "a.sqlite") as store:
        load_items(store, [item(number) for number in range(3)])
        for who in (annotator(store), annotator(store)):
            while isinstance(given := assign(store, who), Assigned):
                give_answer(store, who, given.slot, yes(given.item))
        done = tactful(
            "annotate", "export", tmp_path / "a.sqlite", "--to", "reward", "--out", tmp_path / "out", "--json"
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["labels"] == {"hit": 3, "missed-need": 3}
    missing = tactful(
        "annotate", "export", tmp_path / "b.sqlite", "--to", "votes", "--out", tmp_path / "other"
    )
    assert missing.returncode == 1
    assert not (tmp_path / "b.sqlite").exists()


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["majority", "unanimous", "dawid-skene", "soft"])
def test_moments_go_straight_into_reward_train(tactful, votes, tmp_path, rule):
    tactful("annotate", "export", votes, "--to", "reward", "--aggregate", rule, "--out", tmp_path / "out")
    train = tmp_path / "out" / "train.jsonl"
    done = tactful("reward", "train", train, "--out", tmp_path / "model", "--no-evaluate")
    assert done.returncode == 0, done.stderr
    judged = tactful("reward", "evaluate", tmp_path / "out" / "test.jsonl", "--model", tmp_path / "model")
    assert judged.returncode == 0, judged.stderr


@pytest.mark.slow
def test_published_rows_go_straight_into_reward_train(tactful, votes, tmp_path):
    for more in ((), ("--as-published", "--test-share", 0)):
        out = tmp_path / f"out{len(more)}"
        tactful("annotate", "export", votes, "--to", "proactivebench", "--out", out, *more)
        done = tactful("reward", "train", out / "train.jsonl", "--out", out / "model", "--no-evaluate")
        assert done.returncode == 0, done.stderr


def test_turns_go_straight_into_feedback_train_and_evaluate(tactful, tmp_path):
    votes = folder(tmp_path / "votes", some_turns())
    done = tactful("annotate", "export", votes, "--to", "feedback", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    train, test = (tmp_path / "out" / name for name in ("train.jsonl", "test.jsonl"))
    trained = tactful("feedback", "train", train, "--out", tmp_path / "judge.npz")
    assert trained.returncode == 0, trained.stderr
    measured = tactful("feedback", "evaluate", test, "--trained", tmp_path / "judge.npz", "--json")
    assert measured.returncode == 0, measured.stderr


@pytest.mark.slow
def test_requests_go_straight_into_reader_calibrate(tactful, tmp_path):
    votes = folder(tmp_path / "votes", some_requests())
    done = tactful("annotate", "export", votes, "--to", "states", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    fitted = tactful("reader", "calibrate", tmp_path / "out" / "train.jsonl", "--out", tmp_path / "reader")
    assert fitted.returncode == 0, fitted.stderr
    assert "need: fitted on 64 texts" in fitted.stderr


@pytest.mark.parametrize(
    ("to", "kind"), [("reward", "labelled-moments"), ("feedback", "labelled-turns"), ("pairs", "trl")]
)
def test_what_is_exported_is_what_data_check_calls_it(tactful, tmp_path, to, kind):
    talk = (Message(role="user", content="Why?"),)
    replies = [
        of_shown(
            "replies",
            f"s{at}",
            at,
            Replies(messages=talk, first=f"A{at}", second="B"),
            {"a": "first", "b": "first"},
        )
        for at in range(5)
    ]
    given = {"reward": some_moments, "feedback": some_turns, "pairs": lambda: collected(replies)}[to]()
    tactful("annotate", "export", folder(tmp_path / "votes", given), "--to", to, "--out", tmp_path / "out")
    done = tactful("data", "check", tmp_path / "out" / "train.jsonl", "--json")
    assert done.returncode == 0, done.stdout
    assert kind in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not REWARD_TRAIN.exists(), reason="needs shared/data/proactivebench")
def test_proactivebench_votes_get_their_labels_anew(tactful, tmp_path):
    done = tactful("annotate", "export", REWARD_TRAIN, "--to", "reward", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    told = {(row["rule"], row["of"]): row for row in found["rules"]}
    assert told["majority", "proposals"]["units"] == 1387
    assert told["majority", "silences"]["units"] == 313  # 71 of them had no row of their own
    assert found["labels"]["hit"] == 474
    assert "313 of 313 silences are derived" in done.stderr
