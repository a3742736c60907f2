"""`tactful gym audit` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.gym.card.simulators import Simulator
from tests.gym.made import day

from tactful.data.io import write_jsonl


@pytest.fixture
def run(tactful, monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    write_jsonl("episodes.jsonl", Simulator(ticks=True).episodes(scenes=9, passes=2))

    def call(*words):
        done = tactful("gym", "audit", *words)
        assert "Traceback" not in done.stderr
        return done

    return call


def test_a_card_alone_names_what_is_unlike_and_how_to_go_on(run):
    done = run("episodes.jsonl", "--out", "card")
    assert done.returncode == 0, done.stderr
    [line] = [one for one in done.stdout.splitlines() if one.startswith("uniform timing")]
    assert "-0.9" in line
    assert "UNLIKE" in line
    assert "uniform timing" in done.stderr.splitlines()[0]
    assert "page: card/card.html" in done.stderr
    assert "next: tactful gym audit episodes.jsonl --against EVENTS" in done.stderr
    assert json.loads(Path("card/card.json").read_text())["scenes"] == 9


def test_of_too_few_scenes_the_card_says_how_many_it_takes_and_proposes_to_play_more(run):
    write_jsonl("few.jsonl", Simulator(ticks=True).episodes(scenes=1, passes=4))
    done = run("few.jsonl")
    assert "cannot be estimated: 8 scenes are needed, 1 scene was played" in done.stderr
    assert "next: tactful gym run SCENES --model offline" in done.stderr
    assert "--against" not in done.stderr


@pytest.mark.slow
def test_held_against_traces_and_moments_it_says_what_differs(run, tmp_path):
    traces = tmp_path / "traces"
    traces.mkdir()
    for number, episode in enumerate(Simulator().episodes(scenes=9, passes=1, seed=7)):
        rows = [
            {"observation": {"time": event.at.timestamp(), "event": event.text}} for event in episode.events
        ]
        (traces / f"{number}.json").write_text(json.dumps(rows))
    moment = {
        "obs": [{"time": "Day 1, 1:00 PM", "event": "The tests fail"}],
        "pred_task": "Show the log",
        "valid": True,
        "help_needed": False,
    }
    write_jsonl("moments.jsonl", [moment])
    done = run("episodes.jsonl", "--against", traces, "--against", "moments.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    card = json.loads(done.stdout)
    assert card["against"]["sessions"] == 9  # written by a generator: "Day 1" is no recording
    assert card["against"]["reactions"] == 1
    assert [one["by"] for one in card["telling"]][-1] == "all together"
    assert "were written by a generator" in done.stderr
    assert "next:" not in done.stderr


@pytest.mark.slow
def test_a_run_of_the_gym_can_stand_for_people(run):
    write_jsonl("other.jsonl", Simulator().episodes(scenes=9, passes=1, seed=3))
    done = run("episodes.jsonl", "--against", "other.jsonl", "--json")
    assert json.loads(done.stdout)["against"]["reactions"] > 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("moments.jsonl",), "moments.jsonl: holds 'moments', expected episodes; give a run of `gym run`"),
        (
            ("episodes.jsonl", "--against", "states.jsonl"),
            "states.jsonl: holds 'states', expected people at work",
        ),
        (
            ("episodes.jsonl", "--against", "foo.jsonl"),
            "foo.jsonl: holds nothing that is recognised; give a folder of ProactiveBench's traces",
        ),
        (("foo.jsonl",), "foo.jsonl: holds nothing that is recognised; give a run of `gym run`"),
        (("episodes.jsonl", "--against", "nothing.jsonl"), "nothing.jsonl: is empty; give a folder of"),
        (("nothing.jsonl",), "nothing.jsonl: holds no episode"),
        (("gone.jsonl",), "gone.jsonl: no such file"),
        (("episodes.jsonl", "--out", "old"), "old/card.json: exists already; give --out a new folder"),
    ],
)
def test_a_wrong_file_is_named_with_what_it_holds(run, given, said):
    write_jsonl("moments.jsonl", [{"obs": [{"event": "The tests fail"}], "pred_task": None}])
    write_jsonl("states.jsonl", [{"query": "Sort a list"}])
    write_jsonl("foo.jsonl", [{"foo": 1}])
    Path("nothing.jsonl").write_text("")
    Path("old").mkdir()
    Path("old/card.json").write_text("{}")
    done = run(*given)
    assert done.returncode != 0
    assert said in done.stderr.replace("\n", " ")


def test_a_ranking_asks_no_model(run):
    assert run("episodes.jsonl", "--scenes", "bundled", "--parameters", "none.toml", "--assistant", "none",
               "--assistant", "nevr").stderr.startswith("tactful: --assistant nevr: assistants are ranked by rules")  # fmt: skip


def test_limit_takes_the_first_episodes(run):
    write_jsonl("days.jsonl", [day(f"s{at}") for at in range(10)])
    assert json.loads(run("days.jsonl", "--limit", "4", "--json").stdout)["episodes"] == 4


@pytest.mark.slow
def test_the_card_says_whether_assistants_rank_otherwise_under_fitted_users(run):
    scenes = [
        {
            "id": f"s{at}",
            "setting": "writing",
            "description": "A desk with a laptop.",
            "user": {"description": "Ada, an editor", "goal": "Proofread the report"},
        }
        for at in range(8)
    ]
    write_jsonl("scenes.jsonl", scenes)
    Path("users.toml").write_text("[acceptance]\nboundary = 0.9\nflow = 0.9\nstuck = 0.9\nlate = 0.9\n")
    words = ("--scenes", "scenes.jsonl", "--parameters", "users.toml", "--passes", "1", "--json")
    done = run("episodes.jsonl", *words, "--assistant", "none", "--assistant", "always")
    assert done.returncode == 0, done.stderr
    card = json.loads(done.stdout)
    assert [one["users"] for one in card["rankings"]] == ["default", "users.toml"]
    [check] = [one for one in card["checks"] if one["name"] == "ranking"]
    assert check["figure"]["groups"] == 8
    default, fitted = (
        {row["assistant"]: row["utility"]["value"] for row in one["rows"]} for one in card["rankings"]
    )
    assert default["none"] == fitted["none"] == 0
    assert fitted["always"] > default["always"]


@pytest.mark.slow
def test_a_file_of_parameters_may_have_any_name(run):
    desk = {
        "id": "s",
        "setting": "writing",
        "description": "A desk.",
        "user": {"description": "Ada", "goal": "Proofread"},
    }
    write_jsonl("scenes.jsonl", [desk])
    Path("default").write_text("[acceptance]\nboundary = 0.9\n")
    words = ("--scenes", "scenes.jsonl", "--parameters", "default", "--passes", "1", "--json")
    done = run("episodes.jsonl", *words, "--assistant", "none", "--assistant", "always")
    assert done.returncode == 0, done.stderr
    assert [one["users"] for one in json.loads(done.stdout)["rankings"]] == ["default", "default"]


def test_scenes_and_parameters_go_together(run):
    done = run("episodes.jsonl", "--scenes", "scenes.jsonl")
    assert done.returncode == 2
    assert "--scenes and --parameters go together" in done.stderr
