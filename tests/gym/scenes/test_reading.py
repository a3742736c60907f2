"""Scenes as others write them and as we do: nothing is lost, and a bad one is named."""

import json
import os
from pathlib import Path

import pytest
import yaml

import tactful as tf
from tactful.api.data.check import check
from tactful.errors import DataError, UsageError, UserError
from tactful.gym.scenes.reading import Scenes, read_scenes, write_scenes
from tactful.gym.scenes.settings import THEIRS, likely_setting
from tactful.gym.types import Entity, Scene, SceneUser

DATA = Path(os.environ.get("TACTFUL_TEST_DATA", "../shared/data")) / "proactivebench"
THEIRS_20 = DATA / "scenes_20.yaml"
needs_data = pytest.mark.skipif(not THEIRS_20.exists(), reason="ProactiveBench's files are not here")

PUBLISHED = {
    "environment": {
        "agent_ops": ["file_open(path)"],
        "description": "Ana writes at the kitchen table.",
        "entities": ["Laptop"],
        "events_example": ["The user opens notes.md."],
        "theme": "Newsletter",
    },
    "user": {"description": "Ana, a baker.", "goal": "Write a newsletter for the bakery."},
}
OURS = Scene(
    id="a",
    setting="daily",
    lang="zh",
    group="g",
    description="厨房里。",
    entities=(Entity(name="冰箱", state="半空", operations=("打开", "看")), Entity(name="清单")),
    operations=("查菜谱(菜名)",),
    example_events=("用户打开冰箱。",),
    user=SceneUser(description="周婷", goal="做晚饭"),
)


def _file(tmp_path: Path, document: object, name: str = "scenes.yaml") -> Path:
    path = tmp_path / name
    path.write_text(document if isinstance(document, str) else yaml.dump(document, allow_unicode=True))
    return path


def _without(part: str, key: str) -> dict:
    inner = {name: value for name, value in PUBLISHED[part].items() if name != key}
    return {**PUBLISHED, part: inner}


@needs_data
def test_the_twenty_scenes_of_proactivebench_come_back_byte_for_byte(tmp_path):
    scenes = read_scenes(THEIRS_20)
    assert len(scenes) == 20
    assert {scene.setting for scene in scenes} == {"coding"}
    # 20 scenes of 8 seed tasks: SQL 2, React 1+1, log files 2, palindromes 4, Flask 3, SwiftUI 1, menus 3, e-mail lists 3
    assert sorted(sum(s.group == g for s in scenes) for g in {s.group for s in scenes}) == [
        1,
        1,
        1,
        2,
        2,
        3,
        3,
        3,
        4,
    ]
    write_scenes(tmp_path / "back.yaml", scenes, form="proactivebench")
    assert (tmp_path / "back.yaml").read_bytes() == THEIRS_20.read_bytes()


@needs_data
def test_their_scenes_come_back_from_our_form_too(tmp_path):
    scenes = read_scenes(THEIRS_20)
    for name in ("ours.yaml", "ours.jsonl"):
        write_scenes(tmp_path / name, scenes)
        assert read_scenes(tmp_path / name) == scenes
    write_scenes(tmp_path / "back.yaml", read_scenes(tmp_path / "ours.yaml"), form="proactivebench")
    assert (tmp_path / "back.yaml").read_bytes() == THEIRS_20.read_bytes()


def test_our_scenes_come_back_whole(tmp_path):
    for name in ("a.yaml", "a.jsonl"):
        assert write_scenes(tmp_path / name, [OURS]) == 1
        assert read_scenes(tmp_path / name) == [OURS]
    assert "半空" in (tmp_path / "a.yaml").read_text()


def test_published_scenes_in_json_lines_keep_the_groups_of_their_seed_tasks(tmp_path):
    again = {**PUBLISHED, "user": {**PUBLISHED["user"], "goal": "Write another report."}}
    other = {
        "environment": {"description": "Bo writes at home."},
        "user": {"description": "Bo.", "goal": "Write a poem."},
    }
    rows = [PUBLISHED, other, again]
    lines = _file(tmp_path, "\n".join(json.dumps(row) for row in rows), "scenes.jsonl")
    found = read_scenes(lines)
    assert found == read_scenes(_file(tmp_path, rows))
    # the first and the third share their example events
    assert found[0].group == found[2].group != found[1].group


def test_published_scenes_are_written_as_json_lines_where_the_name_says_so(tmp_path):
    scenes = read_scenes(_file(tmp_path, [PUBLISHED]))
    assert write_scenes(tmp_path / "theirs.jsonl", scenes, form="proactivebench") == 1
    assert json.loads((tmp_path / "theirs.jsonl").read_text()) == PUBLISHED
    assert read_scenes(tmp_path / "theirs.jsonl") == scenes


def test_a_line_that_is_no_json_is_named_among_published_scenes(tmp_path):
    lines = _file(tmp_path, f"{json.dumps(PUBLISHED)}\n{{half a\n", "scenes.jsonl")
    with pytest.raises(DataError, match=r"scenes\.jsonl:2: not JSON"):
        read_scenes(lines)
    assert len(read_scenes(lines, skip_bad=True)) == 1


def test_an_operation_told_in_full_reads_as_one_line_and_comes_back_an_object(tmp_path):
    full = {
        "action": "file.open",
        "description": "Opens a file; nothing else.",
        "parameters": {"path": "string"},
        "return_values": {"content": "string", "ok": "boolean"},
    }
    odd = {"action": "x", "parameters": {"path": ["a", "b"]}}
    row = {**PUBLISHED, "environment": {**PUBLISHED["environment"], "agent_ops": [full, odd, "plain(a)"]}}
    scenes = read_scenes(_file(tmp_path, [row]))
    assert scenes[0].operations[0] == (
        "file.open(path: string) -> content: string, ok: boolean; Opens a file; nothing else."
    )
    write_scenes(tmp_path / "back.yaml", scenes, form="proactivebench")
    assert yaml.safe_load((tmp_path / "back.yaml").read_text()) == [row]


def test_an_entity_of_ours_keeps_its_state_in_their_form(tmp_path):
    write_scenes(tmp_path / "theirs.yaml", [OURS], form="proactivebench")
    assert read_scenes(tmp_path / "theirs.yaml", setting="daily")[0].entities == OURS.entities


def test_the_setting_is_told_by_the_goal_and_can_be_given(tmp_path):
    path = _file(tmp_path, [PUBLISHED])
    assert read_scenes(path)[0].setting == "writing"
    assert read_scenes(path, setting="daily")[0].setting == "daily"


@needs_data
def test_the_settings_of_most_seed_tasks_are_told_by_their_words():
    tasks = [
        (THEIRS[name], task)
        for name, found in yaml.safe_load((DATA / "seed_tasks.yaml").read_text()).items()
        for task in found["tasks"]
    ]
    told = [(setting, likely_setting(task)) for setting, task in tasks]
    assert sum(a == b for a, b in told) >= 0.85 * len(told)
    assert sum(b is not None and a != b for a, b in told) <= 0.06 * len(told)


def test_a_goal_that_tells_no_setting_is_refused_with_the_flag(tmp_path):
    row = {
        "environment": {"description": "Somewhere."},
        "user": {"description": "Somebody.", "goal": "Be glad."},
    }
    with pytest.raises(
        DataError,
        match=r"scenes.yaml:1: scene has user goal 'Be glad.*setting=…\) with one of coding, writing",
    ):
        read_scenes(_file(tmp_path, [row]))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (_without("environment", "description"), "scene environment has no 'description'"),
        (_without("user", "goal"), "scene user has no 'goal'"),
        (
            {**PUBLISHED, "user": {**PUBLISHED["user"], "goal": ["a"]}},
            r"scene has user goal \['a'\], expected text",
        ),
        ({**PUBLISHED, "mood": 1}, "scene has the unknown key 'mood'"),
        ("a text", "scene is 'a text', expected an object"),
        (
            {"id": "x", "setting": "sports", "description": "d", "user": PUBLISHED["user"]},
            "scene has setting 'sports': expected 'coding', 'writing' or 'daily'",
        ),
    ],
)
def test_a_bad_scene_is_named_with_file_line_key_and_value_and_can_be_left_out(tmp_path, row, said):
    path = _file(tmp_path, [PUBLISHED, row])
    with pytest.raises(DataError, match=r"scenes\.yaml:\d+: " + said):
        read_scenes(path)
    rows = Scenes(path, skip_bad=True)
    assert len(list(rows)) == rows.bad == 1
    assert read_scenes(path, skip_bad=True) == read_scenes(_file(tmp_path, [PUBLISHED], "one.yaml"))


def test_two_scenes_with_one_id_are_refused(tmp_path):
    path = _file(tmp_path, [PUBLISHED, PUBLISHED])
    with pytest.raises(DataError, match=r"has the id 'newsletter-\w+' of line 1"):
        read_scenes(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a: [1\n- b\n", r"scenes\.yaml:3: not YAML"),
        ("", "holds no scene"),
        ("just words", r"scenes\.yaml:1: holds 'just words', expected a list"),
        ("coding:\n  tasks: []\n", r"holds a mapping with 'coding', expected a list of scenes; seeds become"),
        ("[" * 5000, "nesting"),
        ("a: !!python/object/apply:os.system [ls]\n", "not YAML"),
    ],
)
def test_what_is_no_list_of_scenes_is_said_in_a_sentence(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        read_scenes(_file(tmp_path, text))


def test_aliases_that_multiply_are_refused_and_those_that_repeat_are_read(tmp_path):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    with pytest.raises(DataError, match="aliases"):
        read_scenes(_file(tmp_path, bomb))
    again = {**PUBLISHED, "user": {**PUBLISHED["user"], "goal": "Write another report."}}
    path = _file(tmp_path, [PUBLISHED, again])  # PyYAML writes the shared environment as an alias
    assert "*id" in path.read_text()
    assert len(read_scenes(path)) == 2


def test_no_file_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_scenes(tmp_path / "none.yaml")


def test_check_knows_scenes_and_counts_the_bad_ones(tmp_path):
    report = check(_file(tmp_path, [PUBLISHED, {"environment": 3}]))
    assert (report.type, report.good, report.bad) == ("scenes", 1, 1)
    write_scenes(tmp_path / "rows.jsonl", [OURS])
    assert check(tmp_path / "rows.jsonl").type == "scenes"


def test_a_file_of_scenes_that_is_there_is_not_written_over(tmp_path):
    tf.save_scenes([OURS], tmp_path / "mine.yaml")
    before = (tmp_path / "mine.yaml").read_bytes()
    with pytest.raises(UsageError, match=r"mine\.yaml: exists already; give another name"):
        tf.save_scenes(tf.scenes(), tmp_path / "mine.yaml")
    assert (tmp_path / "mine.yaml").read_bytes() == before
    with pytest.raises(UsageError, match="form is 'published', expected one of ours, proactivebench"):
        tf.save_scenes([OURS], tmp_path / "theirs.yaml", form="published")
