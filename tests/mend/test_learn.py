"""From a log to a folder, and the folder replayed."""

from __future__ import annotations

import json
import shutil

import pytest
from tests.mend.logs import write_log

import tactful as tf
from tactful.errors import DataError, UserError
from tactful.mend.learning.costs import Prices
from tactful.mend.learning.numbers import Learned
from tactful.mend.pipeline import talks_of
from tactful.policy import CostPolicy, open_policy, read_policy
from tactful.stats import Estimate


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mend")
    log = write_log(folder / "log.jsonl", 60, users=12)
    return log, tf.learn(log, out=folder / "learned", progress="off"), folder / "learned"


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_turn_is_accounted_for(learned):
    _, lesson, folder = learned
    assert lesson.conversations == 60
    assert sum(row.asked + row.answered for row in lesson.by["need"]) == lesson.turns
    assert sum(row.asked + row.answered for row in lesson.situations) == lesson.turns
    assert json.loads((folder / "learned.json").read_text())["format"] == "tactful-learned-1"


def test_the_policy_is_one_that_act_loads(learned, tactful):
    _, lesson, folder = learned
    policy = read_policy(folder / "policy.json")
    assert isinstance(policy, CostPolicy)
    assert policy.costs == lesson.costs.costs
    assert open_policy(f"policy:{folder / 'policy.json'}", ("Execute", "Clarify")).name == policy.name
    done = tactful("policy", "act", folder / "policy.json", "--query", "Clean up the atlas folder.")
    assert done.stdout.split("\t")[1] in ("Execute", "Clarify")
    told = tactful("policy", "explain", folder / "policy.json", "--query", "Clean up the atlas folder.")
    assert "need" in told.stdout


def test_prompts_of_rows_are_conversations_from_their_start(learned):
    log, lesson, folder = learned
    openings = {row["messages"][0]["content"] for row in rows(log)}
    pairs = rows(folder / "dpo" / "train.jsonl")
    assert sum(lesson.pairs.values()) == sum(count for name, count in lesson.files.items() if "dpo" in name)
    assert all(row["prompt"][0]["content"].split("\n\n")[0] in openings for row in pairs)
    assert all(row["chosen"] != row["rejected"] for row in pairs)
    keys = [json.dumps(row, sort_keys=True) for row in (*pairs, *rows(folder / "kto" / "train.jsonl"))]
    assert len(keys) == len(set(keys))


def test_the_policy_keeps_the_reader_that_judged_the_log(learned, tmp_path):
    folder = learned[2]
    tf.learn(
        folder, out=tmp_path / "again", reader="surface", progress="off"
    )  # nothing is read: no other reader comes in
    assert json.loads((tmp_path / "again" / "policy.json").read_text())["training"]["reader"] == "encoder"
    log = write_log(tmp_path / "log.jsonl", 2, users=2)
    tf.learn(log, out=tmp_path / "surface", reader="surface", progress="off")
    assert json.loads((tmp_path / "surface" / "policy.json").read_text())["training"]["reader"] == "surface"
    assert talks_of(tmp_path / "surface").reader == "surface"


def test_known_users_begin_with_what_they_showed(learned):
    _, lesson, folder = learned
    known = rows(folder / "users.jsonl")
    assert len(known) == lesson.users == 12
    assert sum(row["history"]["questions"] for row in known) == lesson.asked


def test_states_know_what_their_user_showed_in_earlier_conversations(learned):
    talks = list(talks_of(learned[2]))
    later = [talk for talk in talks if talk.user == talks[0].user]
    before = [talk.turns[0].state.user.tasks for talk in later]
    assert before[0] == 0
    assert before == sorted(before)
    assert before[-1] >= 4


def test_the_folder_replays_without_reading_again(learned, tmp_path):
    _, lesson, folder = learned
    found = tf.replay(folder, policy=folder / "policy.json", out=tmp_path / "replayed")
    assert found.turns == lesson.turns
    assert found.changes == lesson.on_this_log
    assert (tmp_path / "replayed" / "replay.md").is_file()
    with pytest.raises(UserError, match="exists already"):
        tf.replay(folder, policy="rule", out=tmp_path / "replayed")


def test_other_prices_are_tried_without_reading_again(learned, tmp_path):
    _, lesson, folder = learned
    dear = tf.learn(folder, out=tmp_path / "dear", prices=Prices(exchange=0.5))
    assert dear.turns == lesson.turns
    lam = next(number.value for number in dear.costs.numbers if number.name == "lam")
    assert lam == pytest.approx(0.5)
    assert not (tmp_path / "dear" / "run.json").exists()
    with pytest.raises(UserError, match="exists already"):
        tf.learn(folder, out=tmp_path / "dear")


def test_a_second_lesson_is_never_read_as_a_log_and_names_the_folder_to_give(learned, tmp_path, tactful):
    folder, dear = learned[2], tmp_path / "dear"
    done = tactful("learn", folder, "--out", dear, "--exchange", "0.5")
    assert f"tactful replay {folder} --policy {dear / 'policy.json'}" in done.stderr
    for given in (lambda: tf.replay(dear, policy="rule"), lambda: tf.learn(dear, out=tmp_path / "third")):
        with pytest.raises(UserError, match=f"not the conversations .*; give {folder}$"):
            given()
    with pytest.raises(UserError, match=r"folder of 'tactful learn'; give it alone"):
        tf.learn([folder, folder], out=tmp_path / "third")
    assert not (tmp_path / "third").exists()


def test_a_reading_that_did_not_end_is_not_taken_for_the_whole_log(learned, tmp_path):
    shutil.copytree(learned[2], tmp_path / "half")
    told = tmp_path / "half" / "run.json"
    told.write_text(told.read_text().replace('"state": "done"', '"state": "running"'))
    for given in (
        lambda: tf.replay(tmp_path / "half", policy="cost"),
        lambda: tf.learn(tmp_path / "half", out=tmp_path / "out"),
        lambda: tf.fit_users(tmp_path / "half", out=tmp_path / "out"),
    ):
        with pytest.raises(
            UserError, match=rf"only a part of its log was read.*learn {learned[0]} .*--resume"
        ):
            given()
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_it_resumes_and_writes_the_same(learned, tmp_path):
    log, _, folder = learned
    part = tf.learn(log, out=tmp_path / "again", limit=10, progress="off")
    assert part.conversations == 10
    whole = tf.learn(log, out=tmp_path / "again", resume=True, progress="off")
    assert whole.conversations == 60
    for name in ("prompt.md", "learned.md", "users.jsonl", "dpo/train.jsonl"):
        assert (tmp_path / "again" / name).read_text() == (folder / name).read_text()


def test_a_single_conversation_teaches_nothing_and_says_so(tmp_path, tactful):
    log = write_log(tmp_path / "one.jsonl", 1)
    done = tactful("learn", log, "--out", tmp_path / "out", "--json")
    found = json.loads(done.stdout)
    assert found["patch"]["lines"] == []
    assert {number["by"] for number in found["costs"]["numbers"]} == {"assumed"}
    assert (tmp_path / "out" / "prompt.md").read_text() == ""


def test_without_a_line_nothing_is_printed_and_no_prompt_is_to_be_pasted(tmp_path, tactful):
    done = tactful("learn", write_log(tmp_path / "one.jsonl", 1), "--out", tmp_path / "out")
    assert done.stdout == ""
    assert f"read {tmp_path / 'out' / 'learned.md'}\n" in done.stderr
    assert "paste" not in done.stderr


def test_what_is_no_log_leaves_no_folder(tmp_path):
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises((DataError, UserError)):
        tf.learn(empty, out=tmp_path / "out", progress="off")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("verb", ["learn", "replay"])
def test_a_table_of_unknown_columns_is_refused_as_the_audit_refuses_it(tmp_path, tactful, verb):
    table = tmp_path / "talks.csv"
    table.write_text("ticket,who,said\n1,customer,Sort my list.\n1,agent,Which one?\n")
    policy = ["--policy", "rule"] if verb == "replay" else []
    done = tactful(verb, table, *policy, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr == tactful("audit", table).stderr
    assert "ticket, who, said; name its columns, as in --role-column COLUMN" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_log_without_one_answer_teaches_nothing_and_leaves_no_folder(tmp_path):
    log = write_log(tmp_path / "log.jsonl", 2)
    alone = json.dumps({"messages": [{"role": "user", "content": "hi"}]})
    log.write_text(f"{alone}\n{log.read_text()}")
    with pytest.raises(
        DataError, match=r"log.jsonl: no assistant answers anybody there; give a log of conversations"
    ):
        tf.learn(log, out=tmp_path / "out", limit=1, progress="off")
    assert not (tmp_path / "out").exists()
    assert tf.learn(log, out=tmp_path / "out", progress="off").conversations == 2


def test_a_log_replayed_without_a_folder_gets_its_page_in_runs(tmp_path, monkeypatch, tactful):
    log = write_log(tmp_path / "log.jsonl", 4)
    monkeypatch.chdir(tmp_path)
    found = tf.replay(log, policy="rule", progress="off")
    assert (tmp_path / found.folder / "replay.md").is_file()
    assert found.folder.startswith("runs/")
    assert "folder" not in json.loads((tmp_path / found.folder / "replay.json").read_text())
    decisions = tmp_path / found.folder / "decisions.jsonl"
    assert (tf.check(decisions).type, tf.check(decisions).good) == ("replayed", found.turns)
    rows = [json.loads(line) for line in decisions.read_text().splitlines()]
    assert (sum(row["asked"] for row in rows), sum(row["asks"] for row in rows)) == (
        found.asks_before,
        found.asks_after,
    )
    assert sum(row["effect"] is not None for row in rows) == sum(found.effects.values())


def test_the_folder_of_learn_in_place_of_its_policy_is_refused_with_the_file(learned, tactful):
    folder = learned[2]
    done = tactful("policy", "explain", folder, "--query", "Clean up.")
    assert done.returncode == 1
    assert f"is a folder; give {folder / 'policy.json'}" in done.stderr
    told = tactful(
        "policy", "explain", folder / "policy.json", "--query", "Clean up.", "--domain", "nonsense"
    )
    assert "no value of its own for the domain 'nonsense'" in told.stderr


def test_a_number_says_whether_it_was_alike_everywhere_or_seen_too_rarely(learned):
    alike = Estimate(value=0.1, items=30, groups=12)
    number = Learned(name="lam", value=0.1, by="log", estimate=alike, meaning="λ")
    assert number.told == "0.100 in each of 12 groups"
    rare = alike.model_copy(update={"groups": 7})
    assert number.model_copy(update={"estimate": rare}).told == "0.100"
    costs = (learned[2] / "learned.md").read_text().split("## The policy's costs")[1].split("It rests on")[0]
    assert "not estimable" not in costs


@pytest.mark.slow
def test_propensities_of_messages_give_an_estimate(tmp_path):
    log = write_log(tmp_path / "drawn.jsonl", 120, draws=True)
    found = tf.replay(log, policy="always-Clarify", out=tmp_path / "out", progress="off")
    assert found.propensities == 120  # of each conversation its first answer
    assert found.value is not None
    assert found.value.refused or found.value.doubly_robust.value is not None
