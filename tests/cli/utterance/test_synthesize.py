"""`tactful utterance synthesize` as a user types it."""

from __future__ import annotations

import json
import sys

import pytest
from tests.chat_server import serving
from tests.utterance.fakes import rows, serve, write_rows

from tactful.cli.main import main
from tactful.runs import RunFolder
from tactful.utterance.types import PairedExample


@pytest.fixture
def tactful(monkeypatch, capfd, tmp_path):
    """Run a command in this process: (exit code, stdout, stderr)."""

    def run(*words, noun=("utterance",), **environment):
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["tactful", *noun, *map(str, words)])
        monkeypatch.chdir(tmp_path)
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def talks(tmp_path):
    return write_rows(tmp_path / "talks.jsonl", 12)


def test_offline_run_writes_records_and_prints_counts_and_reports(tactful, talks, tmp_path):
    code, out, err = tactful("synthesize", talks, "--model", "offline", "--out", "run", "--targets", "all")
    assert code == 0
    assert "read 36 = 36 done + 0 failed + 0 skipped" in err
    assert "next: tactful data export" in err
    assert "pairs kept" in out
    assert "share, 95% interval" in out
    records = list(RunFolder.open(tmp_path / "run").records(PairedExample))
    assert len({one.id for one in records}) == 36
    assert records[0].context[0].model_extra == {"t": 0}
    assert (tmp_path / "run" / "summary.json").exists()


def test_json_result_accounts_for_every_dialogue(tactful, talks):
    with talks.open("a") as file:
        file.write('{"id": "short", "conversation": [{"role": "user", "content": "Hi"}]}\n')
    code, out, _ = tactful("synthesize", talks, "--model", "offline", "--out", "run", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["dialogues"] == {"read": 13, "without_target": 1, "bad_lines": 0}
    assert found["targets"]["skipped_because"] == {"no user message after a finished exchange": 1}
    assert found["targets"]["done"] + found["targets"]["failed"] + found["targets"]["skipped"] == 13
    assert sum(found["branches"].values()) == 12
    assert set(found["leak"]) == {"revised", "as_is"}


def test_bad_line_stops_with_file_line_and_value_and_can_be_skipped(tactful, talks):
    with talks.open("a") as file:
        file.write('{"id": "x", "conversation": [{"role": "poet", "content": "Hi"}]}\n')
    code, _, err = tactful("synthesize", talks, "--model", "offline", "--out", "one")
    assert code == 1
    assert "talks.jsonl:13: " in err
    assert "'poet'" in err
    assert "Traceback" not in err
    code, _, err = tactful("synthesize", talks, "--model", "offline", "--out", "two", "--skip-bad")
    assert code == 0
    assert "1 unusable lines left out" in err


@pytest.mark.parametrize(
    "words",
    [("--targets", "sample:0"), ("--low", "0.9"), ("--contrast", "nothing")],
)
def test_wrong_options_are_wrong_usage(tactful, talks, words):
    code, _, err = tactful("synthesize", talks, "--model", "offline", *words)
    assert code == 2
    assert words[1] in err
    assert "Traceback" not in err


def test_dry_run_sends_nothing_and_prints_an_estimate(tactful, talks, tmp_path):
    code, out, _ = tactful("synthesize", talks, "--model", "gpt-4.1-mini", "--dry-run", "--json")
    assert code == 0
    assert json.loads(out)["targets"] == 12
    assert not (tmp_path / "runs").exists()


def test_endpoint_run_sends_no_key_of_a_message_and_no_later_one_to_the_forecaster(tactful, talks):
    with serving(serve) as server:
        code, _, err = tactful(
            "synthesize", talks, "--model", "m", "--base-url", server.base_url, "--out", "run",
            "--targets", "last", OPENAI_API_KEY="none",
        )  # fmt: skip
        assert code == 0, err
        assert server.jobs == 12 * 11
        foreseeing = [prompt for prompt in server.prompts if "What will the user write next?" in prompt]
    assert len(foreseeing) == 12
    assert not any("museum nearby" in prompt for prompt in foreseeing)


@pytest.mark.slow
def test_failures_are_told_with_their_reason_and_can_be_taken_again(tactful, talks):
    def moody(ask):
        if moody.broken and "(3)" in ask.prompt and "Draw up the tree" in ask.prompt:
            return "I would rather not."
        return serve(ask)

    moody.broken = True
    with serving(moody) as server:
        code, _, err = tactful(
            "synthesize",
            talks,
            "--model",
            "m",
            "--base-url",
            server.base_url,
            "--out",
            "run",
            OPENAI_API_KEY="none",
        )
        assert code == 0
        assert "11 done + 1 failed" in err
        moody.broken = False
        code, _, err = tactful("runs", "retry", "run", noun=())
        assert code == 0, err
    assert RunFolder.open("run").counts().done == 12


def test_standard_input_is_read(tactful, monkeypatch, tmp_path):
    import io

    class Stdin:
        buffer = io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows(3)))

    monkeypatch.setattr("sys.stdin", Stdin)
    code, _, err = tactful("synthesize", "-", "--model", "offline", "--out", "run")
    assert code == 0, err
    assert {one.source for one in RunFolder.open(tmp_path / "run").records(PairedExample)} == {"stdin"}
