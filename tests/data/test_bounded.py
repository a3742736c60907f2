import os

import pytest

from tactful.data.bounded import read_bounded
from tactful.errors import DataError


def read(path):
    return read_bounded(path, what="model", again="train it again", most=1000)


def test_a_file_of_the_greatest_length_is_read_whole(tmp_path):
    (tmp_path / "m").write_bytes(b"x" * 1000)
    assert read(tmp_path / "m") == b"x" * 1000


def test_a_longer_file_and_a_device_without_end_are_not_read_to_their_end(tmp_path):
    with (tmp_path / "m").open("wb") as file:
        file.truncate(5 << 30)
    for path in (tmp_path / "m", "/dev/zero"):
        with pytest.raises(DataError, match=r"is no model \(it is longer than 1,000 bytes\); train it again"):
            read(path)


@pytest.mark.parametrize(
    ("make", "why", "fix"),
    [
        (lambda path: path.mkdir(), "Is a directory", "train it again"),
        (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links", "train it again"),
        (lambda path: path.symlink_to("nowhere"), "No such file or directory", "check the path, or train it"),
        (lambda path: None, "No such file or directory", "check the path, or train it again"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_reason(make, why, fix, tmp_path):
    make(tmp_path / "m")
    with pytest.raises(DataError, match=rf"{os.sep}m: cannot read the model \({why}\); {fix}"):
        read(tmp_path / "m")
