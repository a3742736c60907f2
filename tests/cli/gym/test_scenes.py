"""`tactful gym scenes` as a user types it."""

from __future__ import annotations

import json

import pytest
from tests.chat_server import serving
from tests.gym.scenes.fakes import answers

from tactful.gym.scenes.reading import read_scenes


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A place to work in, without a key."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.slow
def test_the_bundled_seeds_become_a_file_of_scenes_and_the_next_step_is_named(tactful):
    done = tactful("gym", "scenes", "--model", "offline", "--out", "scenes.yaml")
    assert done.returncode == 0, done.stderr
    assert "36 scenes (12 coding, 12 writing, 12 daily; 27 en, 9 zh) in scenes.yaml" in done.stdout
    assert "0 near-duplicates dropped" in done.stdout
    assert "next: tactful gym run scenes.yaml" in done.stderr
    assert tactful("gym", "run", "scenes.yaml", "--model", "offline", "--out", "run").returncode == 0
    assert tactful("data", "check", "scenes.yaml").returncode == 0


def test_a_file_that_is_there_is_kept_unless_its_run_goes_on(tactful):
    words = ("gym", "scenes", "--model", "offline", "--out", "s.yaml", "--limit", 2)
    assert tactful(*words).returncode == 0
    again = tactful(*words)
    assert again.returncode == 2
    assert "s.yaml: the file exists" in again.stderr
    assert tactful(*words, "--resume").returncode == 0


def test_json_says_what_became_of_every_scene(tactful):
    done = tactful(
        "gym", "scenes", "--model", "offline", "--out", "s.yaml", "--per-task", 2, "--limit", 4, "--json"
    )
    told = json.loads(done.stdout)
    assert told["built"] == {"read": 4, "done": 4, "failed": 0}
    assert told["scenes"] + len(told["near_duplicates"]) == 4
    assert told["rhythm"] is None
    assert len(read_scenes("s.yaml")) == told["scenes"]


def test_dry_run_sends_nothing_and_estimates(tactful, tmp_path):
    done = tactful("gym", "scenes", "--model", "gpt-4.1-mini", "--per-task", 3, "--dry-run", "--json")
    told = json.loads(done.stdout)
    assert (told["scenes"], told["calls"]) == (108, 648)
    assert told["cost_usd"] > 0
    assert list(tmp_path.iterdir()) == []
    plain = tactful("gym", "scenes", "--model", "offline", "--dry-run")
    assert "36 scenes; estimated, nothing was sent" in plain.stderr


def test_an_estimate_is_not_below_what_is_sent(tactful, tmp_path):
    (tmp_path / "seeds.yaml").write_text("daily:\n  tasks: [Plan the street party]\n")
    with serving(answers()) as server:
        where = ("--model", "m", "--base-url", server.base_url, "--seeds", "seeds.yaml")
        expected = json.loads(tactful("gym", "scenes", *where, "--dry-run", "--json").stdout)
        done = json.loads(tactful("gym", "scenes", *where, "--out", "s.yaml", "--json").stdout)
    assert expected["calls"] == server.jobs == 6
    assert expected["prompt_tokens"] >= done["usage"]["prompt_tokens"]


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("--seeds", "none.yaml"), "none.yaml", 1),
        (("--per-task", "0"), "--per-task", 2),
        (("--form", "theirs"), "--form", 2),
        (("--alike", "2"), "--alike", 2),
        (("--from-events", "none.jsonl"), "none.jsonl", 1),
    ],
)
def test_what_cannot_be_is_a_sentence(tactful, words, said, code):
    done = tactful("gym", "scenes", "--model", "offline", "--out", "s.yaml", *words)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_seed_is_told_and_can_be_left_out(tactful, tmp_path):
    (tmp_path / "seeds.yaml").write_text("daily:\n  tasks: [{task: 4}, Plan the street party]\n")
    words = ("gym", "scenes", "--model", "offline", "--seeds", "seeds.yaml", "--out", "s.yaml")
    done = tactful(*words)
    assert done.returncode == 1
    assert "seeds.yaml:1: 'daily' task 1 has task 4, expected text" in done.stderr
    done = tactful(*words, "--skip-bad")
    assert done.returncode == 0
    assert "1 unusable lines left out" in done.stderr
