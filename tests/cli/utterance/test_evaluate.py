"""`tactful utterance predict` and `evaluate` as a user types them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from tests.chat_server import serving
from tests.utterance.fakes import write_rows

FOUR = "<think>Category: Question</think>" + "".join(f"<predict>May I ask {n}?</predict>" for n in "abcd")


@pytest.fixture
def tactful(tactful, monkeypatch, tmp_path):
    """Run a command in `tmp_path`: (exit code, stdout, stderr)."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*words, noun="utterance"):
        done = tactful(noun, *words)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def real_data():
    """The folder with the real data sets: TACTFUL_TEST_DATA, else ../shared/data, else the test is skipped."""
    folder = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
    if not (folder / "dialogues").is_dir():
        pytest.skip("no real dialogues: set TACTFUL_TEST_DATA to the folder that holds them")
    return folder


@pytest.fixture
def talks(tmp_path):
    return write_rows(tmp_path / "talks.jsonl", 12)


@pytest.fixture
def predicted(tactful, talks):
    code, _, err = tactful("predict", talks, "--model", "offline", "--out", "predicted", "--targets", "all")
    assert code == 0, err
    return "predicted"


def test_predict_accounts_for_every_message_and_says_how_to_go_on(tactful, talks):
    code, out, err = tactful("predict", talks, "--model", "offline", "--out", "run", "--json")
    assert code == 0
    result = json.loads(out)
    assert result["read"] == result["done"] + result["failed"] + result["skipped"] == 12
    assert "12 read = 12 predicted + 0 failed + 0 without a possible target" in err
    assert "next: tactful utterance evaluate run" in err


def test_predict_with_an_endpoint_resumes_and_sends_nothing_twice(tactful, talks):
    with serving(script={".": FOUR}) as server:
        words = ("predict", talks, "--model", "m", "--base-url", server.base_url, "--out", "run")
        assert tactful(*words, "--limit", "5")[0] == 0
        assert tactful(*words, "--resume")[0] == 0
        assert server.jobs == 12


def test_failed_predictions_can_be_taken_again(tactful, talks):
    with serving(script={".": FOUR}, sequence=["400"] * 3) as server:
        code, _, err = tactful(
            "predict", talks, "--model", "m", "--base-url", server.base_url, "--out", "run"
        )
        assert code == 0
        assert "take them again: tactful runs retry run" in err
        assert tactful("retry", "run", noun="runs")[0] == 0
    code, out, _ = tactful("evaluate", "run", "--encoder", "none", "--json")
    assert (code, json.loads(out)["items"], json.loads(out)["failed"]) == (0, 12, 0)


@pytest.mark.slow
def test_replies_that_cannot_be_read_are_misses_of_the_evaluation_and_can_be_asked_for_again(tactful, talks):
    slow = ["I cannot tell."] * 9  # three records, each asked three times

    def answer(ask):
        return slow.pop() if slow else FOUR

    with serving(script=answer) as server:
        words = ("--model", "m", "--base-url", server.base_url, "--concurrency", "1", "--out", "run")
        code, _, err = tactful("predict", talks, *words)
        assert code == 0
        assert "12 read = 12 predicted + 0 failed" in err
        assert "3 replies without a readable prediction" in err
        assert "tactful runs retry run --unscored" in err
        found = json.loads(tactful("evaluate", "run", "--encoder", "none", "--hit", "chrf=0", "--json")[1])
        model = found["slices"][0]["systems"][0]["measures"]
        assert (found["items"], found["failed"], found["unparsable"]) == (12, 0, 3)
        assert (model["unparsable"]["value"], model["chrf_hit"]["value"]) == (0.25, 0.75)
        assert tactful("retry", "run", "--unscored", noun="runs")[0] == 0
    found = json.loads(tactful("evaluate", "run", "--encoder", "none", "--json")[1])
    assert (found["items"], found["unparsable"]) == (12, 0)


def test_a_dry_run_prints_calls_and_sends_nothing(tactful, talks):
    code, out, _ = tactful("predict", talks, "--model", "gpt-5-nano", "--dry-run", "--json")
    assert code == 0
    assert json.loads(out)["examples"] == 12


@pytest.mark.slow
def test_evaluate_prints_a_table_writes_the_figures_and_the_report(tactful, predicted, tmp_path):
    code, out, err = tactful(
        "evaluate", predicted, "--encoder", "none", "--out", "eval", "--html", "page.html"
    )
    assert code == 0, err
    assert out.startswith("overall: 36 messages of 12 dialogues\nsystem    chrf_best")
    assert "36 read = 36 evaluated + 0 without an answer" in err
    assert "(95% interval, 12 dialogues)" in err
    assert "next: tactful bench report eval" in err
    assert "A rehearsal" in (tmp_path / "page.html").read_text()
    code, out, _ = tactful("report", "eval", "--out", "report.html", "--json", noun="bench")
    assert code == 0
    assert json.loads(out)["evaluations"][0]["source"] == "predicted"
    assert (tmp_path / "report.html").read_text() == (tmp_path / "page.html").read_text()


def test_without_the_encoder_the_stand_ins_are_named(tactful, predicted, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    code, out, err = tactful("evaluate", predicted, "--json")
    assert code == 0
    assert "No sentence embeddings" in err
    assert "chrF and character n-grams measure similarity here" in err
    assert not [name for name in json.loads(out)["measures"] if name.startswith("cosine")]
    code, _, err = tactful("evaluate", predicted, "--encoder", "some/model")
    assert code == 1
    assert "pip install '.[encoder]'" in err


def test_a_named_encoder_gives_cosine_and_thresholds_can_be_set(tactful, predicted):
    code, out, _ = tactful("evaluate", predicted, "--encoder", "ngrams", "--hit", "cosine=0.1", "--json")
    assert code == 0
    found = json.loads(out)
    assert "reaches 0.1 in cosine" in found["measures"]["cosine_hit"]
    assert found["headline_measure"] == "cosine_best"


@pytest.mark.slow
def test_a_judge_judges_the_baselines_too_and_can_be_resumed(tactful, predicted):
    reply = {"scores": [{"number": n, "reason": "r", "score": 0.5} for n in range(1, 5)]}
    with serving(script={".": reply}) as server:
        words = (
            "evaluate",
            predicted,
            "--encoder",
            "none",
            "--judge-model",
            "j",
            "--base-url",
            server.base_url,
        )
        code, out, err = tactful(*words, "--out", "eval", "--json")
        assert code == 0, err
        sent = server.jobs
        assert tactful(*words, "--out", "eval", "--resume")[0] == 0
        assert server.jobs == sent
    overall = json.loads(out)["slices"][0]
    assert {
        one["name"]: one["measures"]["judge_best"]["value"] for one in overall["systems"]
    } == dict.fromkeys(("model", "repeat", "nearest", "common", "random"), 0.5)


@pytest.mark.slow
def test_labels_and_a_training_file_are_taken(tactful, talks, predicted, tmp_path):
    words = ("synthesize", talks, "--model", "offline", "--out", "synth", "--targets", "all")
    assert tactful(*words)[0] == 0
    other = talks.read_text().replace("talk-", "other-")
    rows = [json.loads(line) for line in other.splitlines()]
    for number, row in enumerate(rows):
        row["id"] = f"other-{number}"
        row["conversation"][0]["content"] = f"Something quite different {number}"
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + talks.read_text())
    code, out, err = tactful(
        "evaluate", predicted, "--labels", "synth", "--train", "train.jsonl", "--encoder", "none", "--json"
    )
    assert code == 0, err
    found = json.loads(out)
    assert found["slices"][0]["systems"][0]["measures"]["category"]["value"] is not None
    assert "12 training dialogues are among the evaluated ones and were left out" in err
    assert found["training"].endswith("of 12 dialogues of train.jsonl")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--hit", "speed=1"), 2, "--hit speed=1: expected MEASURE=VALUE"),
        (("--hit", "chrf"), 2, "--hit chrf: expected"),
        (("--hit", "chrf=2"), 2, "a value in [0, 1]"),
        (("--labels", "nowhere"), 1, "nowhere"),
        (("--train", "nowhere.jsonl"), 1, "nowhere.jsonl"),
        (("--out", "predicted"), 2, "give --out a new folder"),
        (("--html", "talks.jsonl"), 2, "exists already"),
    ],
)
def test_options_that_cannot_be_are_refused_in_a_sentence(tactful, predicted, words, code, message):
    found, out, err = tactful("evaluate", predicted, "--encoder", "none", *words)
    assert (found, out) == (code, "")
    assert message in err


def test_a_bad_line_is_named_or_left_out_and_counted(tactful, tmp_path):
    context = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    good = {"id": "a", "context": context, "gold": "thanks", "predictions": ["thanks"]}
    (tmp_path / "p.jsonl").write_text(json.dumps(good) + "\n{oops\n")
    code, out, err = tactful("evaluate", "p.jsonl", "--encoder", "none")
    assert (code, out) == (1, "")
    assert "p.jsonl:2: not JSON" in err
    code, _, err = tactful("evaluate", "p.jsonl", "--encoder", "none", "--skip-bad")
    assert code == 0
    assert "2 read = 1 evaluated + 0 without an answer + 0 without a possible target + 1 unusable" in err


def test_two_kinds_of_evaluation_share_no_page(tactful, predicted, tmp_path):
    assert tactful("evaluate", predicted, "--encoder", "none", "--out", "eval")[0] == 0
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "evaluation.json").write_text("{}")
    code, _, err = tactful("report", "eval", "other", noun="bench")
    assert code == 2
    assert "make a page for each kind" in err


def test_data_export_and_data_check_know_the_records(tactful, talks, predicted, tmp_path):
    assert tactful("synthesize", talks, "--model", "offline", "--out", "synth")[0] == 0
    code, out, _ = tactful("export", "synth", "--to", "trl", "--out", "x", "--json", noun="data")
    assert code == 0
    assert json.loads(out)["sft_rows"] == 12
    for file, kind in (
        (talks, "dialogues"),
        ("predicted/records.jsonl", "predictions"),
        ("synth/records.jsonl", "utterance"),
    ):
        code, out, _ = tactful("check", file, "--json", noun="data")
        assert (code, json.loads(out)["type"], json.loads(out)["bad"]) == (0, kind, 0)


@pytest.mark.parametrize(
    ("names", "of_all"),
    [  # 92 messages of RealHumanEval have no target
        pytest.param(("realhumaneval",), 122, marks=pytest.mark.slow),
        pytest.param(("crosswoz_val", "multiwoz", "realhumaneval"), 722, marks=pytest.mark.soak),
    ],
)
def test_the_whole_way_on_real_dialogues_loses_no_record(tactful, real_data, tmp_path, names, of_all):
    runs, targets = [], 0
    for name in names:
        file: Path = real_data / "dialogues" / f"{name}.jsonl"
        lines = len(file.read_text().splitlines())
        for verb in ("synthesize", "predict"):
            assert tactful(verb, file, "--model", "offline", "--out", f"{verb}-{name}", "--json")[0] == 0
        code, out, _ = tactful(
            "export", f"synthesize-{name}", "--to", "trl", "--out", f"x-{name}", "--json", noun="data"
        )
        assert code == 0
        sft = json.loads(out)["sft_rows"]
        code, out, _ = tactful(
            "evaluate", f"predict-{name}", "--labels", f"synthesize-{name}", "--encoder", "none", "--json"
        )
        found = json.loads(out)
        assert found["read"] == found["items"] + found["failed"] + found["skipped"] + found["bad"] == lines
        assert found["items"] == sft
        runs.append(f"predict-{name}")
        targets += found["items"]
    code, out, _ = tactful("evaluate", *runs, "--encoder", "none", "--out", "eval", "--json")
    assert code == 0
    assert json.loads(out)["items"] == targets == of_all
