"""The pages as a process: started by the command line, opened by the link that it prints, stopped by a signal."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.annotation.items.sources import hidden_sources, moment, obs, rows
from tests.commands import Command

import tactful as tf
from tactful.errors import MissingExtra, UsageError, UserError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two moments, one of them with a known answer."""
    given = [
        moment(obs("The tests fail."), "Fix it.", valid=True),
        moment(obs("It is late."), "Stop.", valid=False),
    ]
    return rows(tmp_path / "moments.jsonl", given)


@contextmanager
def server(folder: Path, *words: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A real process, and what it told until it was there."""
    command = [sys.executable, "-m", "tactful", "annotate", "serve", *map(str, words), "--port", "0"]
    started = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    with started as process:
        try:
            assert process.stderr is not None
            told = ""
            while "serving" not in told:
                line = process.stderr.readline()
                assert line, told
                told += line
            yield process, told
        finally:
            process.kill()


def opened(address: str) -> tuple[str, str]:
    """Where a page is in the end, and what it says."""
    with urllib.request.urlopen(address, timeout=20) as reply:
        return reply.url, reply.read().decode()


@pytest.mark.slow
def test_the_pages_are_there_until_a_signal_and_are_gone_on_with(tmp_path, data):
    words = ["--data", data, "--gold", data, "--database", "votes.sqlite", "--overlap", 2]
    with server(tmp_path, *words) as (process, told):
        assert "1 items with a known answer read, 1 new, 0 known from before" in told
        assert "2 items read, 1 new, 1 known from before" in told
        assert "1 item, each for 2 annotators, 1 whose answer is known" in told
        link = process.stderr.readline() if process.stderr is not None else ""
        assert "set up, once, within a day: http://127.0.0.1:" in link
        assert "password" in opened(link.split()[-1])[1]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    with server(tmp_path, "--database", "votes.sqlite", "--single-user") as (process, told):
        assert "1 item, each for 2 annotators, 1 whose answer is known" in told
        address = re.search(r"at (http://\S+) \(Ctrl-C stops it\)$", told.strip())
        assert address is not None
        assert opened(address[1])[0].endswith("/work")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


@pytest.mark.slow
def test_what_known_answers_and_another_overlap_do_to_a_pool_that_is_there_is_told(tmp_path, data):
    words = ["--database", "votes.sqlite", "--single-user"]
    with server(tmp_path, data, *words, "--overlap", 2) as (_, told):
        assert "2 items, each for 2 annotators" in told
        assert "overlap" not in told
    with server(tmp_path, *words, "--gold", data, "--overlap", 5) as (_, told):
        assert "1 items with a known answer read, 0 new, 1 known from before" in told
        assert "1 of them are in the pool already and stay there, their answer not known" in told
        assert "2 items, each for 2 annotators" in told
        assert "overlap 5 is for items that are added from now on" in told
    more = rows(tmp_path / "more.jsonl", [moment(obs("It rains."), "Stay in.", valid=True)])
    with server(tmp_path, more, *words) as (_, told):
        assert "3 items, each for 2 to 5 annotators" in told


@pytest.mark.slow
def test_a_block_of_a_script_serves_with_the_settings_that_it_names(tmp_path, data):
    with tf.serve_annotation(
        data, database=tmp_path / "a.sqlite", single_user=True, title="Our offers"
    ) as served:
        assert (served.filled.pool, served.setup_link, served.exposed) == (2, None, None)
        assert "Our offers" in opened(served.address)[1]
    with tf.serve_annotation(database=tmp_path / "a.sqlite") as served:
        assert served.filled.project.title == "Our offers"
        assert served.setup_link is not None
        assert served.setup_link.startswith(f"{served.address}/")


@pytest.mark.slow
def test_data_that_nobody_can_be_asked_about_leaves_no_database_behind(tmp_path, data):
    notes = tmp_path / "notes.jsonl"
    notes.write_text('{"note": "no item"}\n')
    wrong = ([], [tmp_path / "none.jsonl"], [notes], [data, tmp_path / "none.jsonl"])
    for files in wrong:
        with pytest.raises(UserError), tf.serve_annotation(*files, database=tmp_path / "new.sqlite"):
            pass
        assert list(tmp_path.glob("new*")) == []
    with tf.serve_annotation(data, database=tmp_path / "old.sqlite", single_user=True):
        pass
    with pytest.raises(UserError), tf.serve_annotation(notes, database=tmp_path / "old.sqlite"):
        pass
    with tf.serve_annotation(database=tmp_path / "old.sqlite", single_user=True) as served:
        assert served.filled.pool == 2


@pytest.mark.slow
def test_a_new_administrator_can_be_let_in_where_there_is_one_whose_password_is_lost(tmp_path, data):
    from tactful.annotation.services.accounts import use_link
    from tactful.annotation.store import open_store

    place = tmp_path / "a.sqlite"
    with tf.serve_annotation(data, database=place) as served, open_store(place) as store:
        use_link(store, served.setup_link.rpartition("/")[2], name="Ada", password="a long password")
    with tf.serve_annotation(database=place) as served:
        assert served.setup_link is None
    with tf.serve_annotation(database=place, new_admin_link=True) as served, open_store(place) as store:
        person = use_link(store, served.setup_link.rpartition("/")[2], name="Bea", password="a long password")
        assert person.role == "admin"
    alone = tf.serve_annotation(database=place, single_user=True, new_admin_link=True)
    with pytest.raises(UsageError, match="leave out --new-admin-link"), alone:
        pass


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "link", "exposed"),
    [
        (
            {"host": "0.0.0.0", "allow_hosts": ["judge.example"]},
            r"http://judge\.example:\d+/join/",
            "without TLS",
        ),
        ({"behind_tls": True, "allow_hosts": ["judge.example"]}, r"https://judge\.example/join/", None),
        ({"behind_tls": True}, r"http://127\.0\.0\.1:\d+/join/", None),
    ],
)
def test_the_link_that_sets_up_leads_where_others_reach_the_pages(tmp_path, data, options, link, exposed):
    with tf.serve_annotation(data, database=tmp_path / "a.sqlite", **options) as served:
        assert re.match(link, served.setup_link)
        assert (served.exposed is None) if exposed is None else (exposed in served.exposed)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--single-user", "--host", "192.0.2.1"], "--single-user is for one person at this machine"),
        (["--single-user", "--allow-host", "a.example"], "--single-user is for one person at this machine"),
        (["--single-user", "--behind-tls"], "--single-user is for one person at this machine"),
        (["--host", "0.0.0.0"], "--host 0.0.0.0 has no name of its own; give --allow-host NAME"),
        (["--tls-cert", "a.pem"], "--tls-cert and --tls-key go together"),
        (["--order", "uncertainty"], "--order uncertainty goes by a reward model; give --reward MODEL"),
        (["--kind", "moments"], "--kind moments: not known; choose of proposals, replies, follow-up, asking"),
        (["--kind", "asking"], "holds 'labelled-moments', which gives items of the kind proposals"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_is_served(
    tactful: Command, tmp_path, data, words, what
):
    done = tactful("annotate", "serve", data, "--database", tmp_path / "a.sqlite", *words)
    assert done.returncode == 2, done.stderr
    assert what in done.stderr


def test_nothing_to_annotate_and_data_of_another_kind_are_refused(tactful: Command, tmp_path):
    database = ("--database", tmp_path / "a.sqlite")
    done = tactful("annotate", "serve", *database)
    assert done.returncode == 2
    assert "holds no items yet; give FILES" in done.stderr
    other = rows(tmp_path / "t.jsonl", [{"id": "t", "steps": [], "end": "completed"}])
    done = tactful("annotate", "serve", other, *database)
    assert done.returncode == 1
    assert "holds 'trajectories', about which nobody is asked" in done.stderr
    pairs = hidden_sources(tmp_path)["pairs"]
    done = tactful(
        "annotate", "serve", pairs, *database, "--order", "uncertainty", "--reward", tmp_path / "no"
    )
    assert done.returncode == 1
    assert "no: " in done.stderr or "model.json" in done.stderr


def test_a_missing_extra_is_named_with_the_line_to_type(monkeypatch, data):
    monkeypatch.setitem(sys.modules, "tactful.annotation.app", None)
    with (
        pytest.raises(MissingExtra, match=r"annotate serve needs the extra 'annotate'"),
        tf.serve_annotation(data),
    ):
        pass
