"""`tactful reader` as users call it."""

import importlib.util
import json
from pathlib import Path

import pytest
from tests.chat_server import serving

LABELS = [{"id": f"r{at}", "text": text, "label": label} for at, (text, label) in enumerate(
    [("cancel it", "open"), ("cancel the Friday booking at Lume", "complete"), ("translate this", "open"), ("hi", "complete")] * 13
)]  # fmt: skip


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_requests_are_read_with_what_is_missing(tactful) -> None:
    done = tactful("reader", "read", "Set a timer for 10 minutes.", "Translate this")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert "missing: nothing" in first
    assert "missing: input" in second
    rows = json.loads(tactful("reader", "read", "hello", "--json", "--reader", "surface").stdout)
    assert 0 <= rows[0]["need"] <= 1


def test_a_pipe_without_a_line_is_nothing_to_read(tactful) -> None:
    done = tactful("reader", "read", "-", stdin=b"\n \n")
    assert (done.returncode, done.stdout) == (2, "")
    assert "<stdin>: holds no request; give one a line" in done.stderr


def test_the_name_of_a_file_is_read_as_a_request_and_that_is_said(tactful) -> None:
    done = tactful("reader", "read", "requests.txt")
    assert "note: 'requests.txt' is read as a request" in done.stderr
    assert "tactful reader read - < requests.txt" in done.stderr
    assert "note:" not in tactful("reader", "read", "Read requests.txt to me").stderr


def test_a_policy_answers_a_plain_request_and_asks_about_an_open_one(tactful) -> None:
    for query, action in (("what's 15% of 80", "LOW"), ("Send it to Anna", "MID"), ("帮我订票", "MID")):
        done = tactful("policy", "act", "rule", "--query", query, "--domain", "chat")
        assert done.returncode == 0, done.stderr
        assert f"\t{action}\t" in done.stdout or f"\t{action.replace('MID', 'HIGH')}\t" in done.stdout, (
            done.stdout
        )


@pytest.mark.slow
def test_readers_are_measured_on_labels_of_ones_own_beside_the_floor(tactful, tmp_path: Path) -> None:
    done = tactful("reader", "evaluate", write(tmp_path / "mine.jsonl", LABELS), "--whole")
    assert done.returncode == 0, done.stderr
    assert "52 labelled texts by mine" in done.stdout
    assert "surface:" in done.stdout
    assert "without reading: auroc 0.50" in done.stdout


@pytest.mark.slow
def test_a_reader_is_calibrated_on_fifty_labels_and_refused_on_fewer(tactful, tmp_path: Path) -> None:
    few = tactful("reader", "calibrate", write(tmp_path / "few.jsonl", LABELS[:8]), "--out", tmp_path / "a")
    assert (few.returncode, "50 labelled texts" in few.stderr) == (1, True)
    done = tactful(
        "reader", "calibrate", write(tmp_path / "mine.jsonl", LABELS), "--out", tmp_path / "b", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fitted_on"] == {"need": 52}
    assert "next: tactful reader evaluate OTHER-LABELS --reader" in done.stderr
    again = tactful("reader", "read", "Translate this", "--reader", tmp_path / "b", "--json")
    assert json.loads(again.stdout)[0]["need"] > 0.5


def test_bad_labels_name_file_line_and_next_move(tactful, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.jsonl", [{"text": "x", "label": "maybe"}])
    done = tactful("reader", "evaluate", bad)
    assert done.returncode == 1
    assert f"{bad}:1:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_rows_that_are_left_out_are_told_and_aside_needs_files(tactful, tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.jsonl", [*LABELS, {"text": "x", "label": "maybe"}])
    flags = ("--skip-bad", "--reader", "surface", "--whole")
    done = tactful("reader", "evaluate", mine, *flags)
    assert done.returncode == 0, done.stderr
    assert f"1 unusable lines left out, the first: {mine}:{len(LABELS) + 1}:" in done.stderr
    done = tactful("reader", "calibrate", mine, "--skip-bad", "--out", tmp_path / "r")
    assert done.returncode == 0, done.stderr
    assert "1 unusable lines left out" in done.stderr
    done = tactful("reader", "evaluate", "--aside")
    assert (done.returncode, "--aside cuts LABELS of yours: give files" in done.stderr) == (2, True)


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="the extra [train] is installed")
def test_training_without_its_extra_says_what_to_install_and_leaves_nothing(tactful, tmp_path: Path) -> None:
    done = tactful("reader", "train", "--base", tmp_path, "--out", tmp_path / "out")
    assert (done.returncode, "training a reader needs the extra 'train'" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_writers_to_calibrate_on_who_wrote_nothing_are_refused_before_hours_of_training(tactful, tmp_path):
    mine = write(tmp_path / "mine.jsonl", LABELS)
    flags = ("--base", "encoder", "--no-corpora", "--calibrate-on", "mine,nine", "--out", tmp_path / "out")
    done = tactful("reader", "train", mine, *flags)
    assert (done.returncode, "none of the texts that may train is by nine" in done.stderr) == (2, True)
    assert "name writers among mine" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("read", "cancel it", "--base-url", "http://127.0.0.1:9/v1"), "--base-url is"),
        (("evaluate", "MINE", "--samples", "3", "--reader", "surface"), "--samples is"),
        (("calibrate", "MINE", "--budget-usd", "1", "--out", "OUT"), "--budget-usd is"),
    ],
)
def test_what_a_model_is_asked_with_is_refused_where_none_is_asked(tactful, tmp_path, words, said):
    files = {"MINE": write(tmp_path / "mine.jsonl", LABELS), "OUT": tmp_path / "out"}
    done = tactful("reader", *(files.get(word, word) for word in words))
    assert done.returncode == 2, done.stderr
    assert f"{said} for a reader that asks a model; name one: --reader MODEL" in " ".join(done.stderr.split())


OPEN = {"missing": [{"what": "which booking", "kind": "context", "critical": True}], "default_in_place": "",
        "default_would_do": False, "verdict": "ask", "chance_of_ask": 90}  # fmt: skip
DONE = {
    "missing": [],
    "default_in_place": "",
    "default_would_do": True,
    "verdict": "answer",
    "chance_of_ask": 5,
}


@pytest.mark.slow
def test_a_model_reads_is_measured_and_calibrated_and_the_file_reads_again(tactful, tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.jsonl", LABELS)
    with serving(script={r"\n(cancel it|translate this)\n": OPEN, ".": DONE}) as server:
        at = ("--base-url", server.base_url, "--samples", "1")
        read = tactful("reader", "read", "cancel it", "--reader", "m", *at)
        assert read.returncode == 0, read.stderr
        assert "p(need) 0.72, missing: context (which booking)" in read.stdout
        table = tactful(
            "reader", "evaluate", mine, "--reader", f"m@{server.base_url}", "--whole", "--samples", "1"
        )
        assert table.returncode == 0, table.stderr
        assert "1.0 calls a text read" in table.stdout
        assert "/v1/decisions: not measured: needs an endpoint: --reader decisions:MODEL" in table.stdout
        assert "estimate, " in table.stdout
        done = tactful("reader", "calibrate", mine, "--reader", "m", *at, "--out", tmp_path / "r", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["fitted_on"] == {"need": 52}
        again = tactful("reader", "read", "cancel it", "--reader", tmp_path / "r", "--json")
        assert json.loads(again.stdout)[0]["need"] > 0.8


@pytest.mark.slow
def test_a_model_out_of_reach_is_a_row_that_says_so(tactful, tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.jsonl", LABELS)
    done = tactful("reader", "evaluate", mine, "--reader", "m", "--whole")
    assert done.returncode == 0, done.stderr
    assert "m: not measured: reader 'm' asks a model of that name: no key for" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_smaller_part_holds_whole_contrast_groups(tactful, tmp_path: Path) -> None:
    rows = [row | {"group": f"g{at // 2}"} for at, row in enumerate(LABELS)]
    done = tactful(
        "reader",
        "evaluate",
        write(tmp_path / "mine.jsonl", rows),
        "--reader",
        "surface",
        "--limit",
        "9",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["texts"] == 10


def test_options_of_adapters_are_refused_without_adapters(tactful, tmp_path: Path) -> None:
    for flag in ("--layers", "--rank"):
        done = tactful("reader", "train", "--base", tmp_path, "--out", tmp_path / "new", flag, "4")
        assert done.returncode == 2, done.stderr
        assert "give --lora with them" in done.stderr
