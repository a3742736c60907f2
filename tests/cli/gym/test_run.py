"""`tactful gym run` as a user types it."""

from __future__ import annotations

import json

import pytest
from tests.chat_server import serving
from tests.gym.players import scene, script

from tactful.gym.scenes.reading import write_scenes
from tactful.gym.types import GymEpisode
from tactful.runs import RunFolder


@pytest.fixture
def scenes(tmp_path, monkeypatch):
    """Four scenes, and a place to work in."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "scenes.yaml"
    write_scenes(path, [scene(number) for number in range(4)])
    return path


def episodes(run):
    return list(RunFolder.open(run).records(GymEpisode))


def test_offline_scenes_become_episodes_and_the_next_step_is_named(tactful, scenes, tmp_path):
    done = tactful("gym", "run", scenes, "--model", "offline", "--assistant", "always", "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "read 4 = 4 done + 0 failed + 0 skipped" in done.stderr
    assert "next: tactful reward train run --out MODEL" in done.stderr
    assert "episodes            4" in done.stdout
    assert "boundary" in done.stdout
    found = episodes(tmp_path / "run")
    assert {one.assistant for one in found} == {"always"}
    assert {one.provenance.generator for one in found} == {"offline"}
    assert json.loads((tmp_path / "run" / "summary.json").read_bytes())["shown"] > 0


def test_of_one_scene_no_model_can_be_trained_and_its_episode_is_the_next_thing_to_see(tactful, tmp_path):
    alone = tmp_path / "one.yaml"
    write_scenes(alone, [scene(0)])
    done = tactful(
        "gym",
        "run",
        alone,
        "--model",
        "offline",
        "--assistant",
        "always",
        "--passes",
        2,
        "--out",
        tmp_path / "run",
    )
    assert done.returncode == 0, done.stderr
    assert f"next: tactful gym show {tmp_path / 'run'}" in done.stderr
    assert tactful("gym", "show", tmp_path / "run").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("who", ["none", "always", "every:5", "offline"])
def test_equal_seeds_give_equal_bytes_at_any_concurrency(tactful, scenes, tmp_path, who):
    words = ("gym", "run", scenes, "--model", "offline", "--assistant", who, "--passes", 3)
    for name, at_once in (("one", 1), ("many", 64)):
        assert tactful(*words, "--out", name, "--concurrency", at_once).returncode == 0
    assert tactful(*words, "--out", "other", "--seed", 1).returncode == 0
    read = {name: (tmp_path / name / "records.jsonl").read_bytes() for name in ("one", "many", "other")}
    assert read["one"] == read["many"] != read["other"]
    assert len(episodes(tmp_path / "one")) == 12


def test_a_bad_scene_is_left_out_and_told_and_ends_no_run(tactful, scenes, tmp_path):
    with scenes.open("a") as file:
        file.write(
            "- id: scene-9\n  setting: gardening\n  description: A desk\n  user: {description: x, goal: y}\n"
        )
    done = tactful("gym", "run", scenes, "--model", "offline", "--assistant", "none", "--out", "run")
    assert done.returncode == 0
    assert len(episodes(tmp_path / "run")) == 4
    assert "1 unusable lines left out, the first: " in done.stderr
    assert "gardening" in done.stderr
    strict = tactful("gym", "run", scenes, "--model", "offline", "--strict", "--out", "other")
    assert strict.returncode == 1
    assert "scenes.yaml" in strict.stderr
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--assistant", "every:0"), "is no number of events"),
        (
            ("--assistant", "gate:nowhere"),
            "nowhere: no such file or folder; make it with 'tactful reward gate",
        ),
        (("--assistant", "policy:nowhere"), "nowhere: no such file or folder; make one with 'tactful policy"),
        (("--assistant", "m", "--proposer", "n"), "--assistant m decides and words by itself"),
        (("--assistant", "none", "--proposer", "n"), "--assistant none offers nothing; --proposer goes with"),
        (("--people", "nobody.toml"), "nobody.toml: people cannot be read"),
        (("--parameters", "none.toml"), "none.toml: parameters cannot be read"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_played(tactful, scenes, tmp_path, words, told):
    done = tactful("gym", "run", scenes, "--model", "offline", *words, "--out", "run")
    assert done.returncode in (1, 2)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_file_of_another_kind_is_named_with_what_makes_scenes(tactful, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks.jsonl").write_text('{"query": "Sort my invoices"}\n')
    done = tactful("gym", "run", "tasks.jsonl", "--model", "offline", "--out", "run")
    assert done.returncode == 1
    assert "tasks.jsonl: holds states of 'calibrate states', expected scenes; give what" in done.stderr
    assert not (tmp_path / "run").exists()


def test_people_work_in_turn_and_a_bad_one_is_named(tactful, scenes, tmp_path):
    people = tmp_path / "people.toml"
    people.write_text('[[person]]\nname = "calm"\npatience = 0.9\n[[person]]\nname = "quick"\npace = 0.5\n')
    words = ("gym", "run", scenes, "--model", "offline", "--assistant", "none", "--people", people)
    assert tactful(*words, "--out", "run").returncode == 0
    assert [one.traits.name for one in episodes(tmp_path / "run")] == ["calm", "quick", "calm", "quick"]
    people.write_text("[[person]]\npatience = 3\n")
    wrong = tactful(*words, "--out", "other")
    assert "people.toml: person 1: patience is 3" in wrong.stderr
    people.write_text("[[person]]\npace = 1e300\n")
    assert "people.toml: person 1: pace is 1e+300" in tactful(*words, "--out", "other").stderr


def test_limits_end_an_episode_and_are_its_reason(tactful, scenes, tmp_path):
    words = ("gym", "run", scenes, "--model", "offline", "--assistant", "none")
    assert tactful(*words, "--rounds", 3, "--out", "r").returncode == 0
    assert {(one.end, len(one.steps)) for one in episodes(tmp_path / "r")} == {("rounds", 3)}
    assert tactful(*words, "--max-events", 5, "--out", "e").returncode == 0
    assert {one.end for one in episodes(tmp_path / "e")} == {"events"}


@pytest.mark.slow
def test_dry_run_counts_the_calls_of_each_part_and_sends_nothing(tactful, scenes, tmp_path):
    done = tactful(
        "gym", "run", scenes, "--model", "gpt-4.1-mini", "--user", "offline", "--dry-run", "--json"
    )
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert [role["role"] for role in told["roles"]] == ["environment", "assistant"]
    assert all(role["calls"] > 40 and role["cost_usd"] > 0 for role in told["roles"])
    assert list(tmp_path.iterdir()) == [scenes]
    rules = tactful("gym", "run", scenes, "--model", "offline", "--dry-run")
    assert "4 plays by rules; no model is asked" in rules.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "calls"),
    [
        # Of each scene: told once, three answers, 60 acts and 60 offers carried out; who one is, three questions, 60 acts
        # and 60 reactions; 60 offers and what was done for them.
        ((), {"environment": 124, "user": 124, "assistant": 120}),
        # Rules would finish and refuse; what they leave to models is counted as if they did neither.
        (("--user", "offline"), {"environment": 124, "assistant": 120}),
        (("--environment", "offline"), {"user": 124, "assistant": 120}),
        (("--assistant", "none"), {"environment": 64, "user": 64}),
        # A round has one event at least: three rounds, and no fourth.
        (("--rounds", 9, "--max-events", 3, "--questions", 0), {"environment": 7, "user": 7, "assistant": 6}),
    ],
)
def test_dry_run_counts_the_most_that_a_run_can_ask(tactful, scenes, words, calls):
    done = tactful("gym", "run", scenes, "--model", "gpt-4.1-mini", *words, "--dry-run", "--json")
    told = json.loads(done.stdout)
    assert told["plays"] == 4
    assert {role["role"]: role["calls"] for role in told["roles"]} == {
        role: 4 * count for role, count in calls.items()
    }


@pytest.mark.slow
def test_dry_run_counts_the_scenes_of_a_pipe_and_stops_at_the_limit(tactful, scenes, tmp_path):
    write_scenes(tmp_path / "scenes.jsonl", [scene(number) for number in range(4)])
    piped = (tmp_path / "scenes.jsonl").read_bytes()
    words = ("gym", "run", "-", "--model", "gpt-4.1-mini", "--passes", 2, "--dry-run", "--json")
    assert json.loads(tactful(*words, stdin=piped).stdout)["plays"] == 8
    assert json.loads(tactful(*words, "--limit", 3, stdin=piped).stdout)["plays"] == 3


def test_every_part_by_a_model_of_its_own(tactful, scenes, tmp_path, monkeypatch):
    with serving(script) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
        words = ("gym", "run", scenes, "--model", "m", "--user", "u", "--environment", "e")
        done = tactful(*words, "--assistant", "a", "--base-url", server.base_url, "--out", "run")
        asked = {ask.body["model"] for ask in server.asks}
    assert done.returncode == 0, done.stderr
    assert asked == {"u", "e", "a"}
    found = episodes(tmp_path / "run")
    assert {one.provenance.model for one in found} == {"e · u · a"}
    assert {one.provenance.generator for one in found} == {"endpoint"}
    assert {one.end for one in found} == {"goal"}


@pytest.mark.slow
def test_every_pass_of_a_scene_is_told_anew(tactful, scenes, monkeypatch):
    with serving(script) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
        words = ("gym", "run", scenes, "--model", "m", "--assistant", "none", "--passes", 2)
        assert tactful(*words, "--base-url", server.base_url, "--out", "run").returncode == 0
        opening = [text for text in server.prompts if "set the stage" in text]
    assert len(opening) == 2 * len(set(opening)) == 8


@pytest.mark.parametrize("part", ["--user", "--environment"])
def test_rules_and_models_play_together(tactful, scenes, tmp_path, monkeypatch, part):
    with serving(script) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
        words = ("gym", "run", scenes, "--model", "m", part, "offline", "--assistant", "always")
        done = tactful(*words, "--base-url", server.base_url, "--out", "run", "--rounds", 12)
    assert done.returncode == 0, done.stderr
    assert len(episodes(tmp_path / "run")) == 4


@pytest.mark.slow
def test_the_shipped_scenes_are_played_and_costs_change_the_summary_alone(tactful, scenes, tmp_path):
    words = ("gym", "run", "bundled", "--model", "offline", "--assistant", "every:5", "--limit", 4)
    plain, dear = (
        tactful(*words, *more, "--json", "--out", name)
        for name, more in (("a", ()), ("b", ("--cost-false-alarm", 3, "--cost-miss", 1)))
    )
    one, two = json.loads(plain.stdout), json.loads(dear.stdout)
    refused = one["shown"] - one["verdicts"]["accepted"]
    assert one["utility"] == one["verdicts"]["accepted"] - refused
    assert two["utility"] == one["verdicts"]["accepted"] - 3 * refused - one["missed"]
    assert (tmp_path / "a/records.jsonl").read_bytes() == (tmp_path / "b/records.jsonl").read_bytes()
