"""`tactful data seeds moments`: the bundled moments in a file of the user's."""

import json

from tactful.data.moments import labelled_rows
from tactful.data.seed_moments import load_seed_moments


def test_the_file_holds_the_bundled_moments_and_the_next_step_is_told(tactful, tmp_path):
    out = tmp_path / "moments.jsonl"
    done = tactful("data", "seeds", "moments", "--out", out)
    assert done.returncode == 0
    assert tuple(labelled_rows(out)) == load_seed_moments()
    assert f"next: tactful reward train {out}" in done.stderr


def test_as_json_it_tells_the_counts(tactful, tmp_path):
    done = tactful("data", "seeds", "moments", "--out", tmp_path / "m.jsonl", "--json")
    told = json.loads(done.stdout)
    assert told["moments"] == sum(told["categories"].values()) == len(load_seed_moments())


def test_nothing_is_overwritten(tactful, tmp_path):
    out = tmp_path / "moments.jsonl"
    out.write_text("mine\n")
    done = tactful("data", "seeds", "moments", "--out", out)
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert out.read_text() == "mine\n"
