"""What `train reward` made of labelled moments judges moments, wherever a trained model does."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.reward.moments import labelled, moment, write_items
from tests.training.tiny import trl_pairs, write_rows
from tests.training.wordy import wordy_model

import tactful as tf
from tactful.errors import DataError, UsageError, UserError
from tactful.reward.judging.prompt import judge_prompt
from tactful.reward.tuned.judge import TunedJudge
from tactful.reward.tuned.scale import JUDGE_FILE, Known, fit_scales
from tactful.training import Place, TrainConfig, train

pytestmark = pytest.mark.timeout(600)  # the first import of the trainers takes long on a busy machine
SETTINGS = {
    "batch": 8,
    "accumulate": 1,
    "max_steps": 2,
    "learning_rate": 1e-2,
    "max_length": 1000,
    "validate_every": 2,
}


def judge_folder(model: Path, folder: Path, **more: object) -> Path:
    folder.mkdir(exist_ok=True)
    data = write_items(folder / "moments.jsonl", 24, sessions=7)
    settings = SETTINGS | {"valid": 0.25, "lora": True} | more
    train(data, TrainConfig(trainer="reward", model=str(model), **settings), Place(folder / "judge"))
    return folder / "judge"


@pytest.fixture(scope="module")
def words(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [message.content for message in judge_prompt(labelled(1).moment).messages]
    return wordy_model(tiny, tmp_path_factory.mktemp("words") / "model", texts)


@pytest.fixture(scope="module")
def folder(words: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return judge_folder(words, tmp_path_factory.mktemp("judge"))


def test_it_judges_proposals_and_silences_and_says_the_same_in_any_batch(folder: Path) -> None:
    judge = TunedJudge.load(folder)
    moments = [labelled(number).moment for number in range(6)]
    said = judge.judge_now(moments, explain=True)
    assert [one.moment_id for one in said] == [one.id for one in moments]
    assert all(0 < (one.p_accept or 0) < 1 and 0 < (one.p_need or 0) < 1 for one in said)
    assert "is welcome with probability" in said[0].reason
    assert said[0].p_need == pytest.approx(1 - (said[0].p_accept or 0))  # number 0 is a silence
    for one, together in zip(moments, said, strict=True):
        assert judge.judge_now([one])[0].p_accept == pytest.approx(together.p_accept, abs=1e-4)


def test_a_folder_opened_again_gives_the_same_probabilities(folder: Path) -> None:
    moments = [labelled(number).moment for number in range(6)]
    first, again = (TunedJudge.load(folder).judge_now(moments) for _ in range(2))
    assert first == again


def test_its_card_is_read_without_torch_and_the_weights_when_it_judges(folder: Path) -> None:
    import subprocess

    code = (
        "import sys; from tactful.reward.opening import open_judge; j = open_judge(sys.argv[1]); "
        "print(j.name, len(j.sessions), 'torch' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert out.stdout.split() == ["tuned", "(model)", "7", "False"]


def test_it_stands_where_a_reward_model_stands(folder: Path, tmp_path: Path) -> None:
    new = [labelled(number, sessions=3) for number in range(9)]
    new = [
        item.model_copy(
            update={"moment": item.moment.model_copy(update={"session": f"new{item.moment.session}"})}
        )
        for item in new
    ]
    assert len(tf.judge_moments([item.moment for item in new], folder)) == 9
    found = tf.measure_judge(new, model=folder)
    assert found.measured.judge == "tuned (model)"
    report = tf.set_gate(folder, new, cost_false_alarm=2, cost_miss=1)
    report.save_gate(folder)
    try:
        assert tf.load(folder).fingerprint == report.model
        with tf.serve(folder) as served:
            assert (served.name, served.decides) == ("tuned (model)", True)
    finally:
        (folder / "gate.json").unlink()


def test_served_it_is_read_before_it_listens(folder: Path, tmp_path: Path) -> None:
    import shutil

    changed = Path(shutil.copytree(folder, tmp_path / "changed"))
    weights = changed / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    TunedJudge.load(changed)  # its card alone does not tell
    with pytest.raises(DataError, match="differs from what training wrote"), tf.serve(changed):
        pass


def test_sessions_that_it_was_trained_on_flatter_it_and_are_refused(folder: Path) -> None:
    seen = [labelled(number, sessions=7) for number in range(24)]
    with pytest.raises(UsageError, match="was trained on 7 of the 7 sessions"):
        tf.measure_judge(seen, model=folder)
    with pytest.raises(UsageError, match="tuned language"):
        tf.set_gate(folder, seen, cost_false_alarm=2, leave_one_session_out=True)


def test_of_a_moment_that_is_too_long_the_latest_events_are_judged(folder: Path) -> None:
    judge = TunedJudge.load(folder)
    many = moment(tuple(f"The user edits cell {at}." for at in range(200)))
    assert judge.judge_now([many])[0].p_accept is not None
    huge = judge.judge_now([moment(("x" * 1900, "y" * 1900), "z" * 1900)])[0]
    assert huge.p_accept is None
    assert "longer than the 1000 tokens" in huge.reason


def test_a_model_of_pairs_or_without_validation_or_changed_is_no_judge(words: Path, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "pairs.jsonl", trl_pairs())
    config = TrainConfig(trainer="reward", model=str(words), **(SETTINGS | {"batch": 2, "valid": 0.2}))
    train(data, config, Place(tmp_path / "pairs"))
    with pytest.raises(UserError, match="does not judge moments"):
        TunedJudge.load(tmp_path / "pairs")
    bare = judge_folder(words, tmp_path / "bare", valid=0)
    with pytest.raises(UserError, match="never calibrated"):
        TunedJudge.load(bare)
    changed = judge_folder(words, tmp_path / "changed")
    content = json.loads((changed / JUDGE_FILE).read_text())
    content["proposals"]["slope"] = 9
    (changed / JUDGE_FILE).write_text(json.dumps(content))
    with pytest.raises(DataError):
        TunedJudge.load(changed)


def test_numbers_that_tell_nothing_give_the_base_rate() -> None:
    """Four validated moments, 3 accepted, all with the number 1: slope 0, and log-odds of the smoothed share."""
    known = [Known("a", False, accepted) for accepted in (True, True, True, False)]
    scales = fit_scales([1.0] * 4, known, [], max_length=10)
    assert scales is not None
    assert scales.proposals is not None
    assert scales.silences is None
    assert scales.proposals.slope == 0
    assert scales.proposals.base_rate == pytest.approx(4 / 6)  # (3 + 1) / (4 + 2)


def test_one_outcome_alone_calibrates_nothing() -> None:
    assert fit_scales([1.0, 2.0], [Known("a", False, True)] * 2, [], max_length=10) is None
    assert fit_scales([], [], [Known("a", False, True)], max_length=10) is None
