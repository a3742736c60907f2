"""`tactful data export` as a user types it."""

import json

from tactful.calibration.tasks.states import synthetic_states


def test_export_counts_its_rows(invoke, tmp_path):
    state = synthetic_states("coding", 1)[0].public().model_dump(mode="json")
    said, other = ([{"role": "assistant", "content": text}] for text in "xy")
    row = {
        "id": "p", "state": state, "persona": None, "chosen_action": "MID", "rejected_action": "LOW",
        "chosen_reward": 1, "rejected_reward": 0, "chosen_task_score": 1, "rejected_task_score": 0,
        "chosen_interruption_cost": 0, "rejected_interruption_cost": 0, "margin": 1,
        "prompt": [{"role": "user", "content": "q"}], "chosen": said, "rejected": other,
        "provenance": {"model": "offline", "generator": "offline"},
    }  # fmt: skip
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row) + "\n")
    assert "pairs: 1 read = 1 good + 0 bad" in invoke("check", "pairs.jsonl").stdout
    result = invoke("export", "pairs.jsonl", "--to", "trl", "--out", "out", "--json")
    assert json.loads(result.stdout) == {
        "rows": 1, "equal_sides": 0, "repeated": 0, "contradicting": 0, "to": "trl", "out": "out"
    }  # fmt: skip
    assert len((tmp_path / "out" / "pairs.jsonl").read_text().splitlines()) == 1
