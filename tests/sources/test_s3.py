"""Input on S3, from a server on loopback: the same runs as from files, and clear words where something is wrong."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.commands import Command
from tests.feedback.chats import many_chats
from tests.sources.conftest import KEY_ID, SECRET, Put

from tactful.api.data.check import check
from tactful.data.io import Rows, read_jsonl
from tactful.errors import MissingExtra, UserError


def states(tactful: Command, folder: Path) -> Path:
    done = tactful(
        "calibrate",
        "states",
        "--mode",
        "synthetic",
        "--domain",
        "coding",
        "--n",
        4,
        "--out",
        folder / "s.jsonl",
    )
    assert done.returncode == 0, done.stderr
    return folder / "s.jsonl"


def as_parquet(path: Path) -> bytes:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    parquet.write_table(pa.Table.from_pylist(rows), path.with_suffix(".parquet"))
    return path.with_suffix(".parquet").read_bytes()


@pytest.mark.slow
def test_a_run_over_an_object_is_the_run_over_the_file_and_keeps_no_credentials(
    put: Put, tactful: Command, tmp_path: Path
) -> None:
    local = states(tactful, tmp_path)
    sources = {
        "local": local,
        "lines": put("in/states.jsonl", local.read_bytes()),
        "table": put("in/states.parquet", as_parquet(local)),
    }
    for name, source in sources.items():
        done = tactful("calibrate", "rollout", source, "--model", "offline", "--out", tmp_path / name)
        assert done.returncode == 0, done.stderr
    records = {name: (tmp_path / name / "records.jsonl").read_bytes() for name in sources}
    assert records["lines"] == records["table"] == records["local"]
    told = {name: json.loads((tmp_path / name / "run.json").read_bytes()) for name in sources}
    assert told["lines"]["resume_args"]["source"] == "s3://logs/in/states.jsonl"
    assert told["lines"]["input_hash"] == told["local"]["input_hash"]
    for file in (tmp_path / "lines").iterdir():
        content = file.read_bytes()
        assert SECRET.encode() not in content
        assert KEY_ID.encode() not in content


@pytest.mark.slow
def test_a_run_is_resumed_and_retried_from_the_object_or_from_a_copy(
    put: Put, tactful: Command, tmp_path: Path
) -> None:
    local = states(tactful, tmp_path)
    url = put("states.jsonl", local.read_bytes())
    words = ("calibrate", "rollout", "--model", "offline", "--out", tmp_path / "run")
    assert tactful(*words, url, "--limit", 2).returncode == 0
    again = tactful(*words, url, "--resume")
    assert again.returncode == 0, again.stderr
    assert tactful(*words, local, "--resume").returncode == 0
    done = tactful("runs", "retry", tmp_path / "run", "--unscored")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_logs_are_read_from_an_object_and_from_all_under_a_prefix(
    put: Put, tactful: Command, tmp_path: Path
) -> None:
    def read_by_audit(source: object) -> object:
        out = tmp_path / f"audit-{len(list(tmp_path.iterdir()))}"
        done = tactful("audit", source, "--out", out, "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        return told["read"], told["turns"], told["paragraph"]

    local = many_chats(tmp_path / "log.jsonl", 6)
    put("year/01/log.jsonl", local.read_bytes())
    put("year/02/log.parquet", as_parquet(local))
    put("year/.hidden/log.jsonl", local.read_bytes())
    put("year/notes.md", b"no log")
    assert read_by_audit("s3://logs/year/01/log.jsonl") == read_by_audit(local)
    for name in ("01", "02"):
        (tmp_path / "year" / name).mkdir(parents=True)
    shutil.copy(local, tmp_path / "year/01")
    shutil.copy(local.with_suffix(".parquet"), tmp_path / "year/02")
    assert read_by_audit("s3://logs/year") == read_by_audit(tmp_path / "year")


def test_what_is_checked_is_named_by_its_url(put: Put, tmp_path: Path) -> None:
    url = put("log.jsonl", many_chats(tmp_path / "log.jsonl", 2).read_bytes())
    assert check(Path(url)).path == url


@pytest.mark.parametrize("url", ["s3://logs/none.jsonl", "s3://no-such-bucket/a.jsonl"])
def test_what_is_not_there_is_told(put: Put, tactful: Command, tmp_path: Path, url: str) -> None:
    done = tactful("calibrate", "rollout", url, "--model", "offline", "--out", tmp_path / "run")
    assert done.returncode == 1
    assert f"{url}: there is nothing of this name; check bucket and key" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_missing_credentials_are_told(put: Put, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = put("a.jsonl", b'{"id":"a"}\n')
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    forget()
    with pytest.raises(UserError, match=r"no credentials were found .* AWS_ACCESS_KEY_ID"):
        list(Rows(url, dict))


@pytest.mark.slow
def test_a_store_that_cannot_be_reached_is_told(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    url = put("a.jsonl", b"{}\n")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    forget()
    with pytest.raises(UserError, match=r"cannot be read \(.*127\.0\.0\.1:9.*check the network"):
        list(Rows(url, dict))


def test_without_the_extra_the_sentence_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("fsspec", "s3fs"):
        with monkeypatch.context() as without:
            forget()
            sys.modules["fsspec.registry"]._registry.pop("s3", None)
            without.setitem(sys.modules, module, None)
            with pytest.raises(UserError, match=r"pip install '\.\[remote\]'"):
                list(Rows("s3://logs/a.jsonl", dict))
    assert issubclass(MissingExtra, UserError)


def test_a_store_that_nobody_knows_is_told() -> None:
    with pytest.raises(UserError, match="no such file, and no store is known that is called 'nostore'"):
        list(Rows("nostore://a/b.jsonl", dict))


def test_an_object_that_is_longer_than_a_block_is_read_whole_and_one_that_is_empty_too(put: Put) -> None:
    line = b'{"id":"%07d","text":"' + b"x" * 1000 + b'"}\n'
    url = put("long.jsonl", b"".join(line % number for number in range(9000)))  # 9 MB: three blocks
    rows = Rows(url, dict)
    assert [row["id"] for row in rows] == [f"{number:07d}" for number in range(9000)]
    assert list(read_jsonl(put("empty.jsonl", b""), type_of_nothing())) == []


@pytest.mark.slow
def test_what_is_read_here_alone_says_so(put: Put, tactful: Command) -> None:
    done = tactful("gym", "run", put("scenes.yaml", b"- a"), "--model", "offline")
    assert done.returncode == 1
    assert "copy it here first" in done.stderr


def type_of_nothing():
    from tactful.types import Record

    return Record


def forget() -> None:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
