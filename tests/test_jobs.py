"""Opening a run folder again: by its kind, importing and contacting nothing on a stranger's word."""

from __future__ import annotations

import importlib
import json

import pytest
from tests.chat_server import serving
from tests.commands import tactful  # noqa: F401 - a fixture
from tests.runs.parts import run

from tactful.errors import SafetyRefusal, UserError
from tactful.jobs import BUILDERS, job_of
from tactful.runs import RunFolder

TALK = [
    {"role": "user", "content": "Sort this list."},
    {"role": "assistant", "content": "Ascending?"},
    {"role": "user", "content": "Yes, thanks."},
]


@pytest.fixture
def judged(tactful, tmp_path):  # noqa: F811
    """The folder of `feedback judge` over one dialogue, every call of which failed, and its endpoint."""
    log = tmp_path / "chats.jsonl"
    log.write_text(json.dumps({"id": "d1", "messages": TALK}) + "\n")
    with serving(lambda ask: "no JSON") as server:
        where = ("--model", "m", "--base-url", server.base_url)
        tactful("feedback", "judge", log, *where, "--out", tmp_path / "run")
        yield RunFolder.open(tmp_path / "run")


def model_of(folder, **options):
    (spec,) = job_of(folder, **options).models.values()
    return spec


def url_in(folder):
    (spec,) = folder.info().models.values()
    return spec["base_url"]


def edited(folder, **changes):
    info = json.loads(folder.info_path.read_text())
    folder.info_path.write_text(json.dumps(info | changes))


def replaced(folder, old, new):
    folder.info_path.write_text(folder.info_path.read_text().replace(old, new))


@pytest.mark.parametrize("kind", BUILDERS)
def test_every_kind_has_its_builder(kind):
    module, _, function = BUILDERS[kind].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_run_is_opened_again_by_its_kind(judged):
    assert judged.info().resume_with == "feedback judge"
    assert job_of(judged).kind == "feedback judge"


@pytest.mark.parametrize(
    "name", ["tactful.cli.feedback:retry_judge", "tactful.cli.feedback.root:retry_judge", "subprocess:run"]
)
def test_module_that_an_older_folder_names_is_not_looked_at(judged, name):
    edited(judged, resume_with=name)
    assert job_of(judged).kind == "feedback judge"


def test_run_of_ones_own_code_cannot_be_opened_by_itself(tmp_path):
    with pytest.raises(UserError, match="cannot be opened again by itself"):
        job_of(run(tmp_path / "out").folder)


def test_folder_whose_arguments_fit_no_builder_says_so(judged):
    edited(judged, resume_args={"odd": 1})
    with pytest.raises(UserError, match="'feedback judge' does not take what the run kept"):
        job_of(judged)


def test_endpoint_of_a_strangers_folder_is_asked_about_before_anything_is_sent(judged, tactful):  # noqa: F811
    replaced(judged, url_in(judged), "http://127.0.0.1:9/v1")
    refused = tactful("runs", "retry", judged.path)
    assert (refused.returncode, "http://127.0.0.1:9/v1 with the key in OPENAI_API_KEY" in refused.stderr) == (
        3,
        True,
    )
    assert "--trust" in refused.stderr
    assert model_of(judged, trust=True).base_url == "http://127.0.0.1:9/v1"


def test_key_variable_that_was_never_sent_there_is_asked_about(judged, monkeypatch):
    monkeypatch.setenv("BANK_PASSWORD", "very secret")
    replaced(judged, '"OPENAI_API_KEY"', '"BANK_PASSWORD"')
    with pytest.raises(SafetyRefusal, match="the key in BANK_PASSWORD, which no earlier run here did"):
        job_of(judged)


def test_endpoint_of_the_environment_is_ones_own(judged, monkeypatch):
    url = url_in(judged)
    replaced(judged, url, "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1/")
    assert model_of(judged).base_url == "http://127.0.0.1:9/v1"


@pytest.mark.parametrize("name", ["run.sqlite", "calls.sqlite", "config.toml"])
def test_file_of_a_strangers_folder_that_is_a_link_is_asked_about(judged, tmp_path, name):
    mine = tmp_path / "mine"
    mine.write_bytes(b"precious")
    (judged.path / name).unlink()
    (judged.path / name).symlink_to(mine)
    with pytest.raises(SafetyRefusal, match=f"its {name} is a link to .*mine, which it would write to"):
        job_of(judged)


def test_call_cache_that_a_strangers_folder_names_is_asked_about_and_ones_own_is_not(
    judged,
    tactful,  # noqa: F811
    tmp_path,
):
    edited(judged, cache=str(tmp_path / "elsewhere.sqlite"))
    with pytest.raises(
        SafetyRefusal, match=r"write the call cache .*elsewhere.sqlite, which no earlier run here did"
    ):
        job_of(judged)
    refused = tactful("runs", "retry", judged.path)
    assert (refused.returncode, (tmp_path / "elsewhere.sqlite").exists()) == (3, False)
    edited(judged, cache="")
    assert tactful("runs", "retry", judged.path, "--cache", tmp_path / "own.sqlite").returncode in (0, 1)
    assert job_of(judged).kind == "feedback judge"


@pytest.mark.parametrize(("answer", "code"), [(True, 0), (False, 3)])
def test_person_on_a_terminal_is_asked_whether_a_strange_folder_is_theirs(
    judged,
    tactful,  # noqa: F811
    monkeypatch,
    answer,
    code,
):
    url = f"http://127.0.0.1:{10 + code}/v1"  # what one answer makes known is not known to the other
    replaced(judged, url_in(judged), url)
    asked = []
    monkeypatch.setattr("tactful.cli.runs.retry.on_a_terminal", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda text, **_: asked.append(text) or answer)
    done = tactful("runs", "retry", judged.path)
    assert asked == ["Is it yours, and shall it go on?"]
    assert f"{url} with the key in OPENAI_API_KEY" in done.stderr
    assert done.returncode == code, done.stderr


@pytest.mark.slow
def test_run_that_asks_for_no_cage_is_asked_about(tactful, tmp_path):  # noqa: F811
    states, rolled, rewarded = tmp_path / "states.jsonl", tmp_path / "rolled", tmp_path / "rewarded"
    few = ("--mode", "synthetic", "--domain", "planning", "--n", "2")
    tactful("calibrate", "states", *few, "--out", states)
    tactful("calibrate", "rollout", states, "--model", "offline", "--out", rolled)
    assert tactful("calibrate", "reward", rolled, "--out", rewarded).returncode == 0
    folder = RunFolder.open(rewarded)
    assert job_of(folder).kind == "calibrate reward"
    replaced(folder, '"unsafe": false', '"unsafe": true')
    with pytest.raises(SafetyRefusal, match="run programs without a cage"):
        job_of(folder)
