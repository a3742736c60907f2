"""`tactful gym show`: one episode to read."""

from __future__ import annotations

import json

from tests.gym.made import episode, step

from tactful.data.io import write_jsonl


def test_an_episode_reads_from_top_to_bottom(tactful, tmp_path):
    days = [
        episode("a", step(0, 0)),
        episode(
            "b",
            step(0, 1, wanted=True, timing="stuck"),
            step(
                1,
                5,
                offer="Shall I\x1b[31m look?",
                verdict="accepted",
                timing="boundary",
                wanted=True,
                done=(7,),
            ),
            step(2, 9, offer="And now?", shown=False, wanted=False),
        ),
    ]
    write_jsonl(tmp_path / "episodes.jsonl", days)
    done = tactful("gym", "show", tmp_path / "episodes.jsonl", "b/p0")
    assert done.stdout.splitlines() == [
        "b/p0: coding, en, assistant always",
        "goal: to be done",
        "09:00:01  The user types line 1.",
        "          > silence [stuck, help wanted]",
        "09:00:05  The user types line 5.",
        "          > Shall I [31m look? [boundary, help wanted]",
        "          < accepted: so it is",
        "09:00:07  The assistant writes 7.",
        "09:00:09  The user types line 9.",
        "          > And now? [flow], held back",
        "end: the goal was reached; 3 rounds, 4 events, 1 offers, 1 accepted",
    ]
    assert tactful("gym", "show", tmp_path / "episodes.jsonl").stdout.startswith("a/p0: ")
    assert json.loads(tactful("gym", "show", tmp_path / "episodes.jsonl", "--json").stdout)["id"] == "a/p0"


def test_an_episode_that_is_not_there_names_some_that_are(tactful, tmp_path):
    write_jsonl(tmp_path / "episodes.jsonl", [episode("a", step(0, 0))])
    done = tactful("gym", "show", tmp_path / "episodes.jsonl", "z")
    assert done.returncode == 1
    assert "holds no episode 'z'; it has: a/p0" in done.stderr


def test_a_file_without_an_episode_is_named_with_what_it_holds(tactful, tmp_path):
    (tmp_path / "nothing.jsonl").write_text("")
    done = tactful("gym", "show", tmp_path / "nothing.jsonl")
    assert "nothing.jsonl: holds no episode; give a run of `gym run`" in done.stderr
    write_jsonl(tmp_path / "chats.jsonl", [{"messages": [{"role": "user", "content": "Hi"}]}])
    done = tactful("gym", "show", tmp_path / "chats.jsonl")
    assert "chats.jsonl: holds 'chats', expected episodes; give what 'tactful gym run' makes" in done.stderr
