"""What trainers read: rows, parts, and by whom they were selected; read by every trainer's own checks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.gym.made import day
from tests.gym.players import scene
from tests.training.test_material import Letters

import tactful as tf
from tactful.data.formats.moments import labelled_rows
from tactful.data.io import read_jsonl
from tactful.errors import ConfigError, DataError, UsageError
from tactful.gym.play.assistant import propose_prompt
from tactful.gym.trainset.checking import check_trainset, read_trainset
from tactful.gym.trainset.forms import Fit, counter, margin, preferences
from tactful.gym.trainset.telling import trainset_lines
from tactful.gym.trainset.types import JudgedPoint, Try
from tactful.training import TrainConfig
from tactful.training.material.checks import check_material
from tactful.training.material.forms import read_material


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Twenty scenes, tried by the offline proposer, selected by the recorded user."""
    out = tmp_path_factory.mktemp("trainset") / "t"
    days = [day(f"scene-{at}", scene=scene(at)) for at in range(20)]
    run = tf.trainset(days, judge="user", model="offline", out=out, tries=6, progress="off")
    assert run.made == read_trainset(out / "trainset.json")
    return out


def test_no_scene_stands_in_two_parts_and_the_check_says_so(made):
    found = read_trainset(made / "trainset.json")
    groups = [group for part in found.parts.values() for group in part.groups]
    assert sorted(groups) == sorted(f"scene-{at}" for at in range(20))
    assert [len(part.groups) for part in found.parts.values()] == [16, 2, 2]
    rows = sum(part.sft + part.pairs + part.moments for part in found.parts.values())
    assert check_trainset(made / "trainset.json") == rows
    assert (tf.check(made / "trainset.json").good, tf.check(made).type) == (rows, "judged-points")
    for file in ("sft/sft.json", "dpo/train.jsonl", "reward/test.jsonl"):
        assert tf.check(made / file).bad == 0


def test_who_selected_stands_in_the_manifest_and_in_every_row(made):
    assert read_trainset(made / "trainset.json").judge == "user"
    rows = [*json.loads((made / "sft" / "sft.json").read_bytes())]
    rows += [json.loads(line) for line in (made / "dpo" / "train.jsonl").read_text().splitlines()]
    assert {row["judge"] for row in rows} == {"user"}
    moments = list(labelled_rows(made / "reward" / "train.jsonl"))
    assert {item.label.judge for item in moments} == {"user"}
    assert {item.moment.session for item in moments} <= {f"scene-{at}" for at in range(20)}
    assert all(event.at is not None for item in moments for event in item.moment.events)


@pytest.mark.parametrize(
    ("trainer", "form", "rows"),
    [("sft", "answers", "sft"), ("dpo", "pairs", "dpo"), ("reward", "verdicts", "reward")],
)
def test_every_trainer_takes_the_folder_with_its_validation_and_notes_who_selected(made, trainer, form, rows):
    config = TrainConfig(trainer=trainer, model="m", max_length=10**6)
    material = read_material(made, config)
    assert (material.form, material.pipeline, material.selected_by) == (form, "gym trainset", ("user",))
    checked = check_material(material, config, Letters())
    assert checked.train
    assert checked.valid
    assert checked.groups["train"] <= 16
    alone = read_material(made / rows, config)
    assert len(alone.examples) == len(material.examples)


@pytest.mark.slow
def test_the_embedded_reward_model_trains_on_the_moments(made):
    trained = tf.train_reward(made / "reward" / "train.jsonl", evaluate=False)
    assert trained.model.sessions == read_trainset(made / "trainset.json").parts["train"].groups


def test_llama_factory_finds_its_files(made):
    info = json.loads((made / "sft" / "dataset_info.json").read_bytes())
    assert {one["file_name"] for one in info.values()} == {"sft.json", "sft_validation.json"}
    assert "eval_dataset: tactful_gym_sft_validation" in (made / "sft" / "sft.yaml").read_text()
    [first, *_] = json.loads((made / "sft" / "sft.json").read_bytes())
    assert [said["from"] for said in first["conversations"]] == ["human", "gpt"]
    assert set(json.loads(first["conversations"][-1]["value"])) == {"thought", "proposal"}


def test_pairs_stand_at_one_prefix_and_have_their_margin(made):
    rows = [json.loads(line) for line in (made / "dpo" / "train.jsonl").read_text().splitlines()]
    assert {row["margin"] for row in rows} == {1.0}
    assert all(row["chosen"] != row["rejected"] for row in rows)
    best, worse = (Try(proposal=None, accepted=ok, p_accept=p) for ok, p in ((True, 0.75), (False, 0.25)))
    assert margin(best, worse) == 0.5
    assert margin(worse, best) is None


def test_a_row_in_the_wrong_part_is_found(made, tmp_path):
    import shutil

    shutil.copytree(made, tmp_path / "t")
    path = tmp_path / "t" / "trainset.json"
    told = json.loads(path.read_bytes())
    groups = told["parts"]["test"]["groups"]
    told["parts"]["test"]["groups"] = [told["parts"]["train"]["groups"][0], groups[1]]
    told["parts"]["train"]["groups"][0] = groups[0]
    path.write_text(json.dumps(told))
    with pytest.raises(
        DataError, match=r"is of the group 'scene-\d+', which is in test; write the files again"
    ):
        check_trainset(path)
    told["parts"]["test"]["groups"] = [told["parts"]["train"]["groups"][1]]
    path.write_text(json.dumps(told))
    with pytest.raises(DataError, match="is in train and in test"):
        check_trainset(path)


def test_of_a_long_context_whole_events_go_the_oldest_first(made):
    point = next(one for one in read_jsonl(made / "records.jsonl", JudgedPoint) if len(one.moment.events) > 6)

    def events(tokens: int) -> list[str]:
        messages = Fit(tokens, len).messages(point, ["x" * 10])
        assert messages is not None
        assert sum(len(message.content) + 8 for message in messages) + 18 <= tokens
        text = messages[-1].content
        return [json.loads(line)["event"] for line in text.splitlines() if line.startswith('{"time"')]

    whole = [event.text for event in point.moment.events]
    assert events(10**6) == whole
    shortest = Fit(10**6, len).messages(point, ["x" * 10])
    assert shortest is not None
    full = sum(len(message.content) + 8 for message in shortest) + 18
    for less in (1, 60, 200):
        assert events(full - less) == whole[-len(events(full - less)) :]
        assert len(events(full - less)) < len(whole)
    assert Fit(300, len).messages(point, ["x"]) is None
    narrow = Fit(10**6, len, max_chars=150).messages(point, ["x"])
    assert narrow == propose_prompt(point.seen, 150).messages != shortest
    assert list(preferences(point, Fit(300, len))) == []


def test_tokens_are_counted_by_a_tokenizer_where_one_is_given(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(tmp_path / "tokenizer.json"))
    count, counted = counter(tmp_path)
    assert (count("a b c"), counted) == (3, str(tmp_path / "tokenizer.json"))
    assert counter(None)[1] == "estimated"
    with pytest.raises(ConfigError, match="no tokenizer can be read there"):
        counter(tmp_path / "none.json")


def test_shares_that_leave_nothing_are_refused_before_anything_is_asked(tmp_path):
    with pytest.raises(UsageError, match="leave something to train on"):
        tf.trainset([day("a")], judge="user", model="offline", validation=0.6, test=0.5, out=tmp_path / "t")
    with pytest.raises(UsageError, match=r"validation -0\.1: expected greater than or equal to 0"):
        tf.trainset([day("a")], judge="user", model="offline", validation=-0.1, out=tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_fewer_groups_than_parts_all_train_and_that_is_said(tmp_path):
    days = [day(f"scene-{at}", scene=scene(at)) for at in range(2)]
    options = {"judge": "user", "model": "offline", "points": 1, "progress": "off"}
    run = tf.trainset(days, test=0.3, out=tmp_path / "t", **options)
    said = "too few groups of scenes (2) for 3 parts: all of them train"
    assert (list(run.made.parts), run.made.notes) == (["train"], (said,))
    assert said in trainset_lines(read_trainset(tmp_path / "t" / "trainset.json"))
    asked_for = tf.trainset(days, validation=0, test=0, out=tmp_path / "u", **options)
    assert asked_for.made.notes == ()


def test_votes_of_the_judge_do_not_mind_the_temperature_of_the_proposer(tmp_path):
    days = [day(f"scene-{at}", scene=scene(at)) for at in range(3)]
    options = {"votes": 2, "temperature": 0.0, "points": 1, "progress": "off"}
    run = tf.trainset(days, judge="offline", model="offline", out=tmp_path / "t", **options)
    assert run.made.points == 3


@pytest.mark.slow
def test_scenes_and_groups_are_counted_and_what_was_accepted_by_where_the_work_stood(tmp_path):
    days = [day(f"scene-{at}", scene=scene(at), group=f"task-{at // 2}") for at in range(20)]
    run = tf.trainset(days, judge="user", model="offline", out=tmp_path / "t", tries=6, progress="off")
    parts = run.made.parts.values()
    assert [(part.scenes, len(part.groups)) for part in parts] == [(16, 8), (2, 1), (2, 1)]
    told = run.made.timings
    # of the four rounds of a day the last ends nothing: all four are points
    assert {name: at.points for name, at in told.items()} == {"boundary": 20, "flow": 40, "stuck": 20}
    assert sum(at.silences for at in told.values()) == run.made.silent
    assert sum(at.silences + at.offers for at in told.values()) == run.made.accepted
    assert told["flow"].silences > told["stuck"].silences == 0


def test_llama_factory_cuts_no_row_that_was_to_fit_and_is_told_of_no_file_that_is_gone(tmp_path):
    days = [day(f"scene-{at}", scene=scene(at)) for at in range(3)]
    options = {"judge": "user", "model": "offline", "out": tmp_path / "t", "points": 2, "progress": "off"}
    settings = tmp_path / "t" / "sft" / "sft.yaml"
    for tokens, cutoff in ((9000, 9000), (2000, 4096)):
        tf.trainset(days, max_tokens_row=tokens, resume=tokens != 9000, **options)
        assert f"\ncutoff_len: {cutoff}  #" in settings.read_text()
    tf.trainset(days, max_tokens_row=256, resume=True, **options)
    assert not settings.exists()
    assert not settings.with_name("dataset_info.json").exists()


def test_pairs_that_do_not_fit_are_counted_as_left_out(tmp_path):
    days = [day(f"scene-{at}", scene=scene(at)) for at in range(3)]
    run = tf.trainset(
        days, judge="user", model="offline", out=tmp_path / "t", max_tokens_row=256, progress="off"
    )
    points = list(run)
    wanted = sum(1 + len(point.rejected) for point in points if point.accepted is not None)
    assert dict(run.made.left_out) == {"too long for the tokens, even with one event": wanted}
    assert sum(len(point.rejected) for point in points) > 0


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("dpo/train.jsonl", '{"prompt": []}\n', "has no provenance"),
        ("dpo/train_provenance.jsonl", '{"group": "scene-1"}\n', "is no row"),
    ],
)
def test_a_row_more_on_either_side_is_found(made, tmp_path, file, text, said):
    import shutil

    shutil.copytree(made, tmp_path / "t")
    with (tmp_path / "t" / file).open("a") as opened:
        opened.write(text)
    with pytest.raises(DataError, match=said):
        check_trainset(tmp_path / "t" / "trainset.json")
