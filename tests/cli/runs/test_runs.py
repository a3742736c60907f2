"""`tactful runs` as a user calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import typer
from tests.runs import parts
from tests.runs.parts import run
from typer.testing import CliRunner

from tactful.cli.runs import root as runs_cli
from tactful.errors import RunLocked, TactfulError, UsageError
from tactful.runs.store.lock import only_writer

app = typer.Typer()
app.add_typer(runs_cli.noun, name="runs")


@app.callback()
def root() -> None:
    """The root command."""


def call(*arguments):
    result = CliRunner().invoke(app, ["runs", *map(str, arguments)])
    if isinstance(result.exception, TactfulError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def folder(tmp_path):
    return run(tmp_path / "runs" / "mine", stage=parts.moody, count=20).folder


def test_list_shows_how_each_run_stands(folder, tmp_path):
    shown = call("list", tmp_path / "runs").stdout.splitlines()
    assert shown[0].split() == [
        "NAME",
        "COMMAND",
        "STATE",
        "DONE",
        "FAILED",
        "SKIPPED",
        "READ",
        "COST",
        "AGE",
    ]
    assert shown[1].split()[:8] == ["mine", "test", "double", "done", "14", "4", "2", "20"]


def test_list_as_json_is_newest_first_and_keeps_unreadable_runs(folder, tmp_path):
    run(tmp_path / "runs" / "newer", count=1)
    (tmp_path / "runs" / "newer" / "run.json").write_text("{")
    (tmp_path / "runs" / "no-run").mkdir()
    listed = json.loads(call("list", tmp_path / "runs", "--json").stdout)
    assert {line["name"]: line["standing"] for line in listed} == {"mine": "done", "newer": "unreadable"}


def test_list_of_nothing_says_so(tmp_path):
    assert "no runs yet" in call("list", tmp_path).stderr
    with pytest.raises(TactfulError, match="no such folder"):
        call("list", tmp_path / "typo")


def test_show_tells_counts_failures_by_reason_provenance_and_configuration(folder):
    shown = call("show", folder.path).stdout
    assert "read 20 = 14 done + 4 failed + 2 skipped" in shown
    assert "2 × moody: out_of_reach: the endpoint hung up" in shown
    assert "2 × nothing to do" in shown
    assert "integrity: sound" in shown
    assert folder.info().config_hash in shown
    assert "factor = 2" in shown


def test_show_as_json_can_be_read_by_a_program(folder):
    shown = json.loads(call("show", folder.path, "--json").stdout)
    assert shown["done"] + shown["failed"] + shown["skipped"] == shown["read"] == 20
    assert shown["info"]["fingerprint"]["config.factor"] == 2


def test_show_finds_damaged_results_and_outputs_that_do_not_hold_them(folder):
    content = folder.records_path.read_bytes()
    folder.records_path.write_bytes(content[:-10])
    assert f"run: tactful runs export {folder.path}" in call("show", folder.path).stdout
    state = folder.state_path.read_bytes()
    folder.state_path.write_bytes(state.replace(b'"double":8', b'"double":9'))
    assert "1 stored results are damaged (item-4)" in call("show", folder.path).stdout


@pytest.mark.timeout(20)
def test_show_reads_a_stranger_s_folder_whose_files_are_pipes_links_or_no_text(folder):
    folder.config_path.write_bytes(b"\xff\xfe")
    for make in (os.mkfifo, os.mkdir, lambda path: path.symlink_to(path)):
        if folder.records_path.is_dir():
            folder.records_path.rmdir()
        else:
            folder.records_path.unlink()
        make(folder.records_path)
        assert "records.jsonl does not hold them" in call("show", folder.path).stdout


def test_show_passes_no_control_character_on(tmp_path):
    async def stage(item, context):
        raise ValueError("\x1b]0;owned\x07 reply")

    run(tmp_path / "out", stage=stage, count=1)
    assert "\x1b" not in call("show", tmp_path / "out").stdout


def test_export_writes_the_outputs_again(folder):
    before = folder.records_path.read_bytes()
    folder.records_path.unlink()
    call("export", folder.path)
    assert folder.records_path.read_bytes() == before


def test_export_elsewhere_works_beside_a_running_run(folder, tmp_path):
    with only_writer(folder.path):
        with pytest.raises(RunLocked):
            call("export", folder.path)
        call("export", folder.path, "--to", tmp_path / "peek.jsonl")
    assert (tmp_path / "peek.jsonl").read_bytes() == folder.records_path.read_bytes()


@pytest.mark.slow
def test_export_to_stdout_is_the_records_alone(folder):
    command = [sys.executable, "-m", "tactful", "runs", "export", folder.path, "--to", "-"]
    piped = subprocess.run(command, capture_output=True, check=True)
    assert piped.stdout == folder.records_path.read_bytes()


def test_retry_of_a_run_that_no_command_made_says_what_to_do(folder):
    with pytest.raises(TactfulError, match="cannot be opened again by itself"):
        call("retry", folder.path)


def test_export_elsewhere_overwrites_nothing(folder, tmp_path):
    (tmp_path / "mine.jsonl").write_text("mine")
    (tmp_path / "nowhere.jsonl").symlink_to("missing")
    for name in ("mine.jsonl", "nowhere.jsonl"):
        with pytest.raises(UsageError, match="exists already"):
            call("export", folder.path, "--to", tmp_path / name)
    assert (tmp_path / "mine.jsonl").read_text() == "mine"
