"""Who gets in."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.viewer.viewed import make_run
from tests.viewer.visiting import KEY, visiting

from tactful.errors import UserError
from tactful.viewer.door import own_key


@pytest.fixture
def run(tmp_path: Path) -> Path:
    make_run(tmp_path / "runs" / "a", 3)
    return tmp_path / "runs"


@pytest.mark.slow
def test_pages_are_closed_without_the_key(run: Path) -> None:
    with visiting(run, key="wrong") as client:
        for address in ("/", "/of/a", "/of/a/records/0", "/nothing", f"/?key={KEY}x", "/?key="):
            answer = client.get(address)
            assert answer.status_code == 401
            assert "r1" not in answer.text
            assert "Open the address that the command printed" in answer.text
        assert client.get("/health").json() == {"status": "ok"}


@pytest.mark.slow
def test_the_key_lets_in_and_leaves_the_address(run: Path) -> None:
    with visiting(run, key="") as client:
        first = client.get(f"/?lang=zh&key={KEY}", follow_redirects=False)
        assert (first.status_code, first.headers["location"]) == (303, "http://127.0.0.1/?lang=zh")
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        client.cookies.delete("tactful_viewer", domain="")
        assert client.get("/").status_code == 200


def test_the_key_is_this_users_alone_and_stays(own_cache: Path) -> None:
    key = own_key()
    assert len(key) >= 32
    path = own_cache / "tactful" / "viewer" / "key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert own_key() == key
    path.write_bytes(b"")
    assert len(own_key()) >= 32, "a key that is empty would let everybody in"
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match="key"):
        own_key()
