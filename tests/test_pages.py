"""Every HTML page that we write, whatever a log or a model put into it, for whoever reads it with eyes, ears or keys."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from tests.evaluation.pages import PAGES

import tactful

SOURCE = Path(tactful.__file__).parent
SERVED = {"web", "annotation", "viewer"}
"""Rooms whose pages are served, not written: their frame is web's."""
TEMPLATES = sorted(path for path in SOURCE.rglob("*.j2") if path.relative_to(SOURCE).parts[0] not in SERVED)
SHARED = {"page.html.j2", "parts.html.j2"}


class Outline(HTMLParser):
    """The tags of a page, each with its attributes, its text, and those that it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.texts: list[list[str]] = []
        self._open: list[tuple[str, int]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(name for name, _ in self._open)))
        self.texts.append([])
        if tag not in ("meta", "br", "hr", "img", "input", "link"):
            self._open.append((tag, len(self.tags) - 1))

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(name for name, _ in self._open)))
        self.texts.append([])

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for _, at in self._open:
            self.texts[at].append(data)

    def named(self, name: str) -> list[tuple[dict[str, str | None], str, tuple[str, ...]]]:
        return [
            (attributes, "".join(text).strip(), inside)
            for (tag, attributes, inside), text in zip(self.tags, self.texts, strict=True)
            if tag == name
        ]


@pytest.fixture(scope="module", params=sorted(PAGES))
def outline(request: pytest.FixtureRequest) -> Outline:
    return Outline(PAGES[request.param]())


def test_pages_are_templates_alone_and_every_template_has_a_page_to_look_at():
    made = sorted(path.name for path in TEMPLATES if path.name not in SHARED)
    assert made == sorted(name.split()[0] for name in PAGES)
    assert [path for path in SOURCE.rglob("*.py") if "<html lang" in path.read_text()] == []


@pytest.mark.parametrize("page", TEMPLATES, ids=lambda path: path.name)
def test_every_page_takes_the_one_frame_and_its_one_style(page):
    text = page.read_text()
    if page.name not in SHARED:
        assert text.startswith('{% extends "page.html.j2" %}')
        assert "<style" not in text
    assert "<html" not in text or page.name == "page.html.j2"


def test_a_page_lets_nothing_run_or_load(outline):
    order = [tag for tag, _, _ in outline.tags]
    policy = next(item for item, _, _ in outline.named("meta") if item.get("http-equiv"))
    assert order.index("meta") < order.index("title")
    assert "default-src 'none'" in policy["content"]
    assert "script-src" not in policy["content"]
    assert not outline.named("script")


def test_a_page_has_its_landmarks_once_and_one_heading_of_the_first_rank(outline):
    for landmark in ("header", "main", "footer", "h1", "title"):
        found = [inside for _, _, inside in outline.named(landmark) if "svg" not in inside]
        assert len(found) == 1, landmark
    ranks = [int(tag[1]) for tag, _, _ in outline.tags if tag in ("h1", "h2", "h3", "h4")]
    assert all(later - rank <= 1 for rank, later in pairwise(ranks)), ranks


def test_every_table_has_a_caption_and_every_heading_its_scope(outline):
    tables, captions = outline.named("table"), outline.named("caption")
    assert len(tables) == len(captions) > 0
    assert all(text for _, text, _ in captions)
    assert all(
        item.get("scope") == ("col" if "thead" in inside else "row")
        for item, _, inside in outline.named("th")
    )
    rows = [inside for _, _, inside in outline.named("tr")]
    heads = [inside for item, _, inside in outline.named("th") if item.get("scope") == "row"]
    assert len(heads) == sum("tbody" in inside for inside in rows), "a heading for every row"


def test_every_picture_says_what_it_shows(outline):
    titles = {item.get("id"): text for item, text, inside in outline.named("title") if "svg" in inside}
    for item, _, _ in outline.named("svg"):
        assert item.get("role") == "img"
        assert titles[item["aria-labelledby"]]
    bars = [item for item, _, _ in outline.named("div") if item.get("class") == "bar"]
    assert all(item.get("role") == "img" and item.get("aria-label") for item in bars)


def test_every_box_that_scrolls_is_named_and_can_be_reached_with_the_keyboard(outline):
    boxes = [item for item, _, _ in outline.named("div") if "scroll" in (item.get("class") or "").split()]
    assert len(boxes) == len(outline.named("table")) + len(outline.named("svg"))
    for box in boxes:
        assert (box.get("role"), box.get("tabindex")) == ("region", "0")
        assert box.get("aria-label")
