"""`tactful view` as a process: its address opens the pages, a signal ends it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from tests.commands import Command
from tests.viewer.viewed import make_run

import tactful as tf
from tactful.errors import DataError, MissingExtra


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.slow
def test_the_printed_address_opens_the_pages_until_a_signal(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "a", 3)
    command = [sys.executable, "-m", "tactful", "view", "runs", "--port", "0", "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())["address"]
            assert address.startswith("http://127.0.0.1:")
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
            with browser.open(address, timeout=20) as reply:
                assert "?key=" not in reply.url
                assert "view try" in reply.read().decode()
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0
    assert f"looking at runs; open {address} in a browser" in told


def test_a_place_with_nothing_in_it_is_told_and_nothing_is_served(tactful: Command, tmp_path: Path) -> None:
    done = tactful("view", tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nowhere: no such file or folder" in done.stderr
    with pytest.raises(DataError), tf.view(tmp_path / "nowhere"):
        pass


def test_no_other_address_can_be_listened_at(tactful: Command, tmp_path: Path) -> None:
    done = tactful("view", tmp_path, "--host", "0.0.0.0")
    assert done.returncode == 2


@pytest.mark.slow
def test_pages_are_served_from_python_too(tmp_path: Path) -> None:
    make_run(tmp_path / "a", 1)
    with tf.view(tmp_path) as served:
        assert served.asks_key
        bare = served.address.partition("/?key=")[0]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(bare, timeout=20)


@pytest.mark.slow
def test_without_the_extra_installed_the_viewer_is_what_needs_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules |= dict.fromkeys(('fastapi', 'sqlalchemy')); "
        "from tactful.cli.main import main; sys.argv = ['tactful', 'view', '.']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("tactful: view needs the extra 'annotate'")


def test_a_missing_extra_is_named_with_the_line_to_type(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "tactful.viewer.app", None)
    with pytest.raises(MissingExtra, match=r"view needs the extra 'annotate'"), tf.view(tmp_path):
        pass


def test_a_selection_is_one_file_and_nothing_is_served(tmp_path: Path, tactful: Command) -> None:
    make_run(tmp_path / "run", 20)
    out = tmp_path / "asked.html"
    done = tactful("view", tmp_path / "run", "--export", out, "--filter", "asked", "--limit", "2", "--json")
    assert done.returncode == 0, done.stderr
    # 0, 3, 6, 9, 12, 15 ask; 18 is skipped
    assert json.loads(done.stdout) == {"file": str(out), "records": 2, "of": 6}
    assert "2 of 6 records" in out.read_text(encoding="utf-8")
    again = tactful("view", tmp_path / "run", "--export", out)
    assert (again.returncode, "exists already" in again.stderr) == (2, True)
    assert tf.export_view(tmp_path / "run", tmp_path / "all.html") == 20


def test_filters_without_a_file_to_write_are_refused(tmp_path: Path, tactful: Command) -> None:
    done = tactful("view", tmp_path, "--filter", "asked")
    assert (done.returncode, "go with --export" in done.stderr) == (2, True)


@pytest.mark.slow
def test_a_database_for_labels_is_made_beside_never_in_the_run(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 3)

    def stored() -> dict[str, bytes]:
        return {
            path.name: path.read_bytes()
            for path in (tmp_path / "run").iterdir()
            if "sqlite-" not in path.name
        }

    before = stored()
    with tf.view(tmp_path / "run", annotations=tmp_path / "labels.sqlite"):
        assert (tmp_path / "labels.sqlite").is_file()
    assert stored() == before
