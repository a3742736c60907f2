"""A visitor of the viewer's pages who has shown the key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.testclient import TestClient

from tactful.annotation.store import Store
from tactful.viewer.app import build_viewer_app
from tactful.viewer.folders.library import Library

KEY = "the-key-of-these-tests"


@contextmanager
def visiting(path: Path, *, key: str = KEY, annotations: Store | None = None) -> Iterator[TestClient]:
    """A client at the pages of `path`; its first address brought the key."""
    app = build_viewer_app(Library(path), key=KEY, annotations=annotations)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        client.get(f"/health?key={key}")
        client.cookies.set("tactful_viewer", key)
        yield client
