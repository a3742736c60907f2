from pathlib import Path

import pytest

from tactful.errors import UserError
from tactful.sources import named, url_of, whole


@pytest.mark.parametrize("given", ["s3://b/k/x.jsonl", Path("s3://b/k/x.jsonl"), "S3:/b/k/x.jsonl"])
def test_a_url_is_known_also_after_path_has_cut_a_slash(given: Path | str) -> None:
    assert url_of(given) == named(given) == whole(given) == "s3://b/k/x.jsonl"


@pytest.mark.parametrize("given", ["a.jsonl", "/a/b.jsonl", "-", "./a:/b", "c:/x", "a:b", "a:///b"])
def test_paths_of_this_machine_are_none(given: str) -> None:
    assert url_of(given) is None
    assert named(given) == given


def test_a_file_that_is_called_like_a_url_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s3:").mkdir()
    Path("s3:/x").write_text("here")
    assert url_of("s3:/x") is None
    assert whole("s3:/x") == str(tmp_path / "s3:" / "x")


@pytest.mark.parametrize("given", ["https://me:pass@host/x", "ftp://me@host/x", "https://host/x?sig=abc"])
def test_a_url_with_credentials_is_refused_and_they_are_not_repeated(given: str) -> None:
    with pytest.raises(UserError, match="give credentials in the environment") as told:
        url_of(given)
    for secret in ("me", "pass@", "abc"):
        assert secret not in str(told.value).split(":", 2)[1].replace("name", "")
