"""Runs that build scenes: near-duplicates, faults, kills, what is written."""

import pytest
from tests.chat_server import serving
from tests.gym.scenes.fakes import answers

import tactful as tf
from tactful.api.gym.scenes import forecast_scenes
from tactful.errors import BudgetSpent, DataError, UsageError
from tactful.gym.scenes.pipeline import distinct, likeness_of
from tactful.gym.scenes.reading import BUNDLED, read_scenes
from tactful.runs import RunFolder


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder to work in, and a key that opens nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "none")


def seeds_of(tmp_path, *tasks):
    path = tmp_path / "seeds.yaml"
    path.write_text("daily:\n  tasks:\n" + "".join(f"  - {task}\n" for task in tasks))
    return path


TASKS = (
    "Plan the street party",
    "Repair the garden gate",
    "Sort the books in the cellar",
    "Call all four aunts",
)


@pytest.mark.slow
def test_offline_seeds_become_scenes_that_read_back_and_play(tmp_path):
    run = tf.build_scenes(model="offline", progress="off", out="scenes.yaml")
    assert len(run.scenes) == 36
    assert run.dropped == []
    assert tf.scenes("scenes.yaml") == run.scenes == list(run)
    assert run.folder.name == "scenes.run"
    assert tf.scenes(run.folder) == run.scenes
    assert {scene.provenance.generator for scene in run.scenes} == {"offline"}
    assert tf.check("scenes.yaml").good == 36


@pytest.mark.slow
def test_equal_seeds_give_equal_bytes_at_any_concurrency(tmp_path):
    for name, at_once, seed in (("a", 1, 0), ("b", 64, 0), ("c", 1, 1)):
        tf.build_scenes(model="offline", progress="off", out=f"{name}.yaml", concurrency=at_once, seed=seed)
    read = {name: (tmp_path / f"{name}.yaml").read_bytes() for name in "abc"}
    assert read["a"] == read["b"] != read["c"]


def test_scenes_of_one_seed_share_its_group_and_near_duplicates_are_dropped_and_counted():
    run = tf.build_scenes(model="offline", progress="off", out="s.yaml", per_task=3, limit=6)
    assert run.summary.done == 6
    assert len(run.scenes) + len(run.dropped) == 6
    assert len({scene.group for scene in run.scenes}) == 2
    assert run.dropped
    assert all(
        one.similarity >= 0.8 and one.like in {scene.id for scene in run.scenes} for one in run.dropped
    )
    assert len(run.details["near_duplicates"]) == len(run.dropped)
    kept = tf.build_scenes(model="offline", progress="off", out="t.yaml", per_task=3, limit=6, alike=1.0)
    assert len(kept.scenes) == 6


def test_a_scene_is_a_duplicate_only_where_goal_situation_and_events_repeat():
    one, other = read_scenes(BUNDLED)[:2]
    moved = one.model_copy(update={"id": "moved", "description": other.description, "user": one.user.model_copy(
        update={"description": other.user.description})})  # fmt: skip
    again = one.model_copy(update={"id": "again", "theme": one.theme.upper()})
    assert likeness_of(one, again) == pytest.approx(1.0)
    assert likeness_of(one, moved) < 0.8
    assert likeness_of(one, other) < 0.5
    kept, dropped = distinct([one, moved, again, other])
    assert [scene.id for scene in kept] == [one.id, "moved", other.id]
    assert [(item.id, item.like) for item in dropped] == [("again", one.id)]


def test_one_bad_task_never_ends_a_run(tmp_path):
    def stubborn(step, task, reply):
        return "I would rather not." if "gate" in task and step == "things" else reply

    with serving(answers(stubborn)) as server:
        run = tf.build_scenes(
            seeds_of(tmp_path, *TASKS), model="m", base_url=server.base_url, progress="off", out="s.yaml"
        )
    assert (run.summary.done, run.summary.failed) == (3, 1)
    assert len(run.scenes) == 3
    assert "Repair" not in (tmp_path / "s.yaml").read_text()


def test_failed_scenes_are_taken_again_and_the_file_follows(tmp_path):
    broken = [True]

    def moody(step, task, reply):
        return "I would rather not." if broken[0] and "gate" in task else reply

    with serving(answers(moody)) as server:
        options = {"model": "m", "base_url": server.base_url, "progress": "off", "out": "s.yaml"}
        run = tf.build_scenes(seeds_of(tmp_path, *TASKS), **options)
        assert run.summary.failed == 1
        broken[0] = False
        run.retry()
        again = tf.build_scenes(seeds_of(tmp_path, *TASKS), **options, resume=True)
    assert len(again.scenes) == 4
    assert len(read_scenes("s.yaml")) == 4


@pytest.mark.slow
def test_faults_of_the_endpoint_lose_no_scene_and_resuming_pays_nothing_twice(tmp_path):
    seeds = seeds_of(tmp_path, *TASKS)
    faults = {"503": 0.07, "reset": 0.05, "fences": 0.04, "not_json": 0.04}
    with serving(answers(), faults=faults, seed=3) as server:
        options = {"model": "m", "base_url": server.base_url, "progress": "off", "out": "s.yaml"}
        run = tf.build_scenes(seeds, **options)
        assert run.summary.done == 4, run.failures()
        sent = server.jobs
        again = tf.build_scenes(seeds, **options, resume=True)
        assert server.jobs == sent
    assert again.scenes == run.scenes


def test_a_spent_budget_stops_cleanly_and_is_resumed(tmp_path):
    seeds = seeds_of(tmp_path, *TASKS)
    with serving(answers()) as server:
        options = {
            "model": "m",
            "base_url": server.base_url,
            "progress": "off",
            "out": "s.yaml",
            "concurrency": 1,
        }
        with pytest.raises(BudgetSpent):
            tf.build_scenes(seeds, **options, budget_tokens=9_000)
        assert not (tmp_path / "s.yaml").exists()
        done, before = RunFolder.open("s.run").counts().done, server.jobs
        assert before > 0
        run = tf.build_scenes(seeds, **options, resume=True)
        assert server.jobs == 4 * 6
    assert run.summary.done == 4 > done


def test_bad_seeds_stop_with_their_place_or_are_left_out(tmp_path):
    path = tmp_path / "seeds.yaml"
    path.write_text("daily:\n  tasks: [3, Plan the street party]\n")
    with pytest.raises(DataError, match=r"seeds\.yaml:1: 'daily' task 1 is 3"):
        tf.build_scenes(path, model="offline", progress="off", out="s.yaml")
    assert not (tmp_path / "s.run").exists()
    run = tf.build_scenes(path, model="offline", progress="off", out="s.yaml", skip_bad=True)
    assert (len(run.scenes), run.bad) == (1, 1)


def test_nothing_is_overwritten(tmp_path):
    tf.build_scenes(model="offline", progress="off", out="s.yaml", limit=1)
    with pytest.raises(UsageError, match=r"s\.yaml: the file exists"):
        tf.build_scenes(model="offline", progress="off", out="s.yaml", limit=1)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="need a file"):
        tf.build_scenes(model="offline", progress="off", out="folder")


def test_the_form_of_proactivebench_is_written_on_request(tmp_path):
    run = tf.build_scenes(model="offline", progress="off", out="s.yaml", limit=2, form="proactivebench")
    back = tf.scenes("s.yaml", setting="coding")
    assert [scene.user for scene in back] == [scene.user for scene in run.scenes]
    assert back[0].entities == run.scenes[0].entities


def test_the_bundled_scenes_are_played(tmp_path):
    run = tf.play("bundled", model="offline", assistant="none", out="r", progress="off")
    assert run.summary.done == 12


def test_the_forecast_has_the_price_at_the_endpoint_that_is_asked(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    found = forecast_scenes(model="gpt-4.1-mini", limit=2)
    assert (found.scenes, found.calls) == (2, 12)
    assert found.cost_usd is not None
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    assert forecast_scenes(model="gpt-4.1-mini", limit=2).cost_usd is None
