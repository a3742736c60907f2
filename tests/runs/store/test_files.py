from __future__ import annotations

import errno
import os
import stat

import pytest
from tests.runs.parts import run

from tactful.runs.read.export import export
from tactful.runs.store.files import CannotWrite, atomic_write, make_private_folder, write_atomic


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
    with pytest.raises(
        CannotWrite, match=r"records\.jsonl: cannot be written \(No space left on device\); check"
    ):
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


def test_link_in_a_folder_that_may_be_a_strangers_is_replaced_not_followed(tmp_path):
    mine = tmp_path / "mine"
    mine.write_bytes(b"precious")
    folder = run(tmp_path / "out").folder
    info, written = folder.info(), folder.records_path.read_bytes()
    for path in (folder.records_path, folder.failures_path, folder.info_path):
        path.unlink()
        path.symlink_to(mine)
    export(folder)
    folder.save_info(info)
    assert folder.records_path.read_bytes() == written
    assert not any(path.is_symlink() for path in folder.path.iterdir())
    assert mine.read_bytes() == b"precious"


def test_link_in_a_circle_is_a_sentence(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(CannotWrite, match="cannot be written"):
        write_atomic(tmp_path / "a" / "report.html", [b"x"])


def test_file_that_is_read_meanwhile_is_not_blamed_on_the_one_that_is_written(tmp_path):
    def chunks():
        yield (tmp_path / "gone" / "source").read_bytes()

    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "target", chunks())
