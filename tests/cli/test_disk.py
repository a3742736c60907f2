"""Every command that writes, on a disk that refuses: one sentence, an exit code, nothing half-written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.calibration.reward_fixtures import make_state
from tests.cli.on_a_bad_disk import OUT
from tests.commands import Command
from tests.evaluation.worlds import evaluation
from tests.feedback.chats import chat, write_rows
from tests.policy.test_embedded import situational_pairs
from tests.reward.synthetic import make_items

from tactful.data.formats.moments import moment_row
from tactful.data.io import write_jsonl
from tactful.evaluation.feedback.probes import load_probes
from tactful.evaluation.policies.report import FILE_NAME
from tactful.types import Message

REPO = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def _labelled() -> list[dict[str, str]]:
    return [
        {
            "id": one.id,
            "q_t": one.q_t,
            "a_t": one.a_t,
            "user_next": one.user_next,
            "label7": one.label7,
            "source": "s",
        }
        for one in load_probes()
        if one.part == "look"
    ]


@pytest.fixture
def commands(tactful: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What writes, each with inputs that are in order."""
    monkeypatch.chdir(tmp_path)
    log = [
        {"id": f"d{at}", "conversation": chat("soup", "beef", "no, wrong", "leek", "thanks")}
        for at in range(10)
    ]
    write_rows(tmp_path / "log.jsonl", log)
    write_rows(tmp_path / "labelled.jsonl", _labelled())
    write_jsonl(tmp_path / "pairs.jsonl", situational_pairs())
    different = [
        one.model_copy(update={"rejected": (Message(role="assistant", content="No."),)})
        for one in situational_pairs()
    ]
    write_jsonl(tmp_path / "different.jsonl", different)
    write_jsonl(tmp_path / "states.jsonl", [make_state(f"s{at}-x") for at in range(3)])
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / FILE_NAME).write_text(evaluation().model_dump_json())
    write_rows(tmp_path / "moments.jsonl", [moment_row(one) for one in make_items(4, 5)])
    write_rows(tmp_path / "others.jsonl", [moment_row(one) for one in make_items(9, 5, seed=1)])
    for words in (
        "feedback judge log.jsonl --model offline --out run",
        "reward train moments.jsonl --out model",
    ):
        done = tactful(*words.split())
        assert done.returncode == 0, done.stderr
    return [
        line.split()
        for line in f"""
        feedback judge log.jsonl --model offline --out {OUT}/run
        feedback report run --out {OUT}/report.html
        feedback pairs run --out {OUT}/training
        feedback train labelled.jsonl --out {OUT}/judge.npz
        feedback evaluate labelled.jsonl --model embedded --html {OUT}/page.html
        feedback fit-confidence labelled.jsonl --model embedded --out {OUT}/map.json
        reward train moments.jsonl --out {OUT}/model
        reward evaluate moments.jsonl --leave-one-session-out --out {OUT}/measured
        reward gate model others.jsonl --cost-false-alarm 2 --cost-miss 1 --out {OUT}/gate
        bench judge moments.jsonl --leave-one-session-out --out {OUT}/judged
        bench report evaluation --out {OUT}/report.html
        bench report evaluation --out {OUT}/picture.pdf
        bench report evaluation --out {OUT}/table.csv
        feedback judge log.jsonl --model embedded --trained {OUT}/judge.npz --out never
        policy train pairs.jsonl --out {OUT}/policy.json
        runs export run --to {OUT}/records.jsonl
        data export different.jsonl --to trl --out {OUT}/trl
        data init {OUT}/data
        calibrate states --mode synthetic --domain coding --n 3 --out {OUT}/states.jsonl
        feedback judge log.jsonl --model offline --cache {OUT}/calls.sqlite --out never
        annotate serve --data log.jsonl --database {OUT}/annotations.sqlite --port 0
        live serve --database {OUT}/live.sqlite --port 0
        view run --export {OUT}/view.jsonl
        audit log.jsonl --out {OUT}/audit
        learn log.jsonl --out {OUT}/learned
        replay log.jsonl --policy rule --out {OUT}/replayed
        gym scenes --model offline --out {OUT}/scenes.yaml
        gym run bundled --model offline --limit 1 --assistant never --out {OUT}/gym
        data import chats log.jsonl --out {OUT}/chats.jsonl
        calibrate demo --out {OUT}/demo
        """.strip().splitlines()
    ]


def on_bad_disks(folder: Path, commands: list[list[str]]) -> list[dict[str, object]]:
    """What became of each command in each bad place. Skips where nothing can be mounted without privileges."""
    if not shutil.which("unshare"):
        pytest.skip("there is no 'unshare' here to mount a full file system with")
    bad = folder / "bad"
    bad.mkdir()
    space = ["unshare", "--user", "--map-root-user", "--mount"]
    done = subprocess.run(
        [*space, "env", f"PYTHONPATH={REPO}:{REPO / 'src'}", sys.executable, "-m", "tests.cli.on_a_bad_disk", str(bad)],
        cwd=folder, input=json.dumps(commands), capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode == 99 or "unshare:" in done.stderr:
        pytest.skip("no file system can be mounted here without privileges")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.timeout(600)
def test_a_disk_that_refuses_ends_every_command_in_one_sentence_and_leaves_nothing_half_written(
    commands, tmp_path
):
    found = on_bad_disks(tmp_path, commands)
    assert len(found) == 3 * len(commands)
    for one in found:
        last = str(one["said"]).strip().splitlines()[-1:]
        assert one["trace"] == "", one
        assert one["code"] in (1, 2), one
        assert last[0].startswith("tactful: "), one
        assert str(tmp_path / "bad") in last[0], one
        assert one["left"] == [], one
