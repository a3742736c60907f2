"""Hashes of users need a project: each test has one of its own."""

import pytest


@pytest.fixture(autouse=True)
def _project(tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("project"))
