"""`tactful data init` as a user types it."""

import json


def test_init_makes_the_layout_and_says_how_to_go_on(invoke, tmp_path):
    result = invoke("init")
    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "dpo",
        "eval",
        "external",
        "logs",
        "seeds",
    ]
    assert "next: tactful data import mbpp FILE --out data/seeds/mbpp_states.jsonl" in result.stderr
    assert json.loads(invoke("init", "--json").stdout)["written"] == []
