from __future__ import annotations

import errno
import os
import stat

import pytest

from tactful.runs.store.files import atomic_write, make_private_folder, write_atomic


def test_new_content_takes_the_place_of_the_old(tmp_path):
    target = tmp_path / "out.jsonl"
    write_atomic(target, [b"old\n"])
    write_atomic(target, [b"new ", b"one\n"])
    assert target.read_bytes() == b"new one\n"
    assert os.listdir(tmp_path) == ["out.jsonl"]


def test_file_is_for_its_owner_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        write_atomic(tmp_path / "out", [b"x"])
        make_private_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_error_while_writing_keeps_the_old_file_and_leaves_no_rest(tmp_path):
    target = tmp_path / "report.html"
    target.write_bytes(b"old")

    def chunks():
        yield b"half of the"
        raise RuntimeError("the report broke")

    with pytest.raises(RuntimeError, match="the report broke"):
        write_atomic(target, chunks())
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["report.html"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_disk_that_fails_at_the_last_moment_keeps_the_old_file(tmp_path, monkeypatch, call):
    target = tmp_path / "records.jsonl"
    target.write_bytes(b"old")

    def refuse(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"tactful.runs.store.files.os.{call}", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(target, [b"new"])
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["records.jsonl"]


def test_symbolic_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with atomic_write(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
