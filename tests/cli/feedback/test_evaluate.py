"""`tactful feedback train | fit-confidence | evaluate` as users call them."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tactful.cli.main import main
from tactful.evaluation.feedback.probes import load_probes


@dataclass
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def tactful(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    def call(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["tactful", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(ended.value.code or 0, *capsys.readouterr())

    return call


def rows(part: str):
    for probe in load_probes():
        if probe.part == part:
            yield {
                "id": probe.id,
                "q_t": probe.q_t,
                "a_t": probe.a_t,
                "user_next": probe.user_next,
                "label7": probe.label7,
                "source": "mine",
            }


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    for part in ("look", "check"):
        more = [{"user_next": "hm", "q_t": "q", "a_t": "a", "label7": None}]
        lines = [json.dumps(row, ensure_ascii=False) for row in [*rows(part), *more]]
        (tmp_path / f"{part}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "look.jsonl", tmp_path / "check.jsonl"


@pytest.mark.slow
def test_train_evaluate_and_fit_confidence_go_together(tactful, files, tmp_path):
    look, check = files
    trained = tactful("feedback", "train", look, "--out", tmp_path / "judge.npz")
    assert trained.code == 0, trained.err
    assert "counted out: 1 without label7" in trained.err
    page = tmp_path / "page.html"
    done = tactful(
        "feedback", "evaluate", check, "--trained", tmp_path / "judge.npz", "--html", page, "--json"
    )
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["left_out"] == {"without label7": 1}
    assert found["results"][0]["turns"] == 140
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    fitted = tactful(
        "feedback", "fit-confidence", check, "--trained", tmp_path / "judge.npz", "--out", tmp_path / "c.json"
    )
    assert fitted.code == 0, fitted.err
    assert "mine: 140 turns" in fitted.out
    again = tactful(
        "feedback", "evaluate", "probes", "--confidence", tmp_path / "c.json", "--model", "embedded"
    )
    assert "does not carry over" in again.err


@pytest.mark.slow
def test_a_judge_is_not_evaluated_on_its_own_training_turns(tactful, files, tmp_path):
    tactful("feedback", "train", files[0], "--out", tmp_path / "judge.npz")
    done = tactful("feedback", "evaluate", files[0], "--trained", tmp_path / "judge.npz")
    assert done.code == 2
    assert "was trained on 154 of these 154 turns' dialogues" in done.err
    assert "--cross-fit 5" in done.err
    assert tactful("feedback", "evaluate", files[0], "--cross-fit", 3).code == 0


@pytest.mark.slow
def test_the_attacks_are_reported(tactful, tmp_path):
    few = [json.dumps(row, ensure_ascii=False) for row in [*rows("look")][:24]]
    (tmp_path / "few.jsonl").write_text("\n".join(few), encoding="utf-8")
    done = tactful("feedback", "evaluate", tmp_path / "few.jsonl", "--attacks")
    assert done.code == 0
    assert "order_in_message: label changed" in done.out


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"q_t": "q", "a_t": "a", "user_next": "n", "label7": "pos_prase"}', "pos_prase"),
        ('{"q_t": "q", "a_t": "a", "label7": "neutral"}', "user_next"),
        ("{oops", "not JSON"),
    ],
)
def test_bad_rows_name_file_line_value_and_next_move(tactful, tmp_path, line, problem):
    path = tmp_path / "labelled.jsonl"
    path.write_text(
        '{"q_t": "q", "a_t": "a", "user_next": "n", "label7": "neutral"}\n' + line, encoding="utf-8"
    )
    done = tactful("feedback", "evaluate", path)
    assert done.code == 1
    assert f"{path}:2: " in done.err
    assert problem in done.err
    assert "--skip-bad" in done.err
    assert tactful("feedback", "evaluate", path, "--skip-bad").code == 0


def test_options_that_do_not_fit_are_refused(tactful, files, tmp_path):
    assert tactful("feedback", "evaluate", files[0], "--model", "offline", "--cross-fit", 5).code == 2
    assert (
        tactful("feedback", "fit-confidence", files[0], "--cross-fit", 5, "--out", tmp_path / "x").code == 2
    )
    (tmp_path / "old").write_text("mine")
    assert tactful("feedback", "train", files[0], "--out", tmp_path / "old").code == 2
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    assert "the files are empty" in tactful("feedback", "evaluate", empty).err
    assert tactful("feedback", "evaluate", files[0], "--trained", tmp_path / "none.npz").code == 1


def test_the_rehearsal_can_be_measured_and_says_so(tactful, files):
    done = tactful("feedback", "evaluate", files[1], "--model", "offline")
    assert done.code == 0, done.err
    assert "A rehearsal, not a language model, spoke" in done.err


@pytest.mark.slow
def test_a_stored_run_is_measured_without_judging_again(tactful, files, tmp_path):
    path = tmp_path / "labelled.jsonl"
    lines = []
    for row in rows("look"):
        messages = [("user", row["q_t"]), ("assistant", row["a_t"])]
        conversation = [{"role": role, "content": text} for role, text in messages]
        kept = {name: row[name] for name in ("id", "user_next", "label7", "source")}
        lines.append(json.dumps({**kept, "conversation": conversation}, ensure_ascii=False))
    path.write_text("\n".join(lines), encoding="utf-8")
    run = tmp_path / "run"
    done = tactful("feedback", "judge", path, "--model", "embedded", "--out", run)
    assert done.code == 0, done.err
    stored = tactful("feedback", "evaluate", path, "--judged", run, "--json")
    fresh = tactful("feedback", "evaluate", path, "--json")
    assert stored.code == 0, stored.err
    assert json.loads(stored.out)["results"] == json.loads(fresh.out)["results"]
    assert f"next: tactful feedback fit-confidence {path} --judged {run} --out confidence.json" in stored.err
    fitted = tactful("feedback", "fit-confidence", path, "--judged", run, "--out", tmp_path / "c.json")
    assert "mine: 154 turns" in fitted.out or "nothing to tell apart" in fitted.err
    assert "holds none of these" in tactful("feedback", "evaluate", files[1], "--judged", run).err
    assert tactful("feedback", "evaluate", path, "--judged", run, "--cross-fit", 5).code == 2
