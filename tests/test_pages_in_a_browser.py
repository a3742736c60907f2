"""Every page as a reader has it: on a telephone and on a desk, by day and by night, with the keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.browser import find_browser, open_browser
from tests.evaluation.pages import PAGES

pytestmark = pytest.mark.slow

OPENED = "document.querySelectorAll('details').forEach(one => one.open = true)"
UNREACHABLE = """[...document.querySelectorAll('body, body *')].filter(one =>
    one.scrollWidth > one.clientWidth + 1 && ['auto', 'scroll'].includes(getComputedStyle(one).overflowX)
    && one.tabIndex < 0).map(one => one.outerHTML.slice(0, 200))"""
FAINT = """(() => {
  const parse = text => (text.match(/[0-9.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(x => x / 255).map(x => x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4)
    .reduce((sum, x, at) => sum + x * [.2126, .7152, .0722][at], 0);
  const ground = one => { for (; one; one = one.parentElement) {
    const found = parse(getComputedStyle(one).backgroundColor); if (found.length < 4 || found[3] > 0) return found; }
    return [255, 255, 255]; };
  const bad = [];
  for (const one of document.querySelectorAll('body *')) {
    if (![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    if (['TITLE', 'STYLE'].includes(one.tagName.toUpperCase())) continue;
    const style = getComputedStyle(one), ink = parse(one.closest('svg') ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(one))].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) bad.push([ratio.toFixed(2), one.tagName, one.textContent.trim().slice(0, 40)].join(' '));
  }
  return bad;
})()"""
"""Texts with less than the contrast of 4.5 : 1 that WCAG 2.1 asks for."""


@pytest.fixture
def pages(tmp_path: Path) -> list[Path]:
    for name, make in PAGES.items():
        (tmp_path / f"{name}.html").write_text(make(), encoding="utf-8")
    return sorted(tmp_path.glob("*.html"))


@pytest.mark.timeout(300)
async def test_every_page_fits_its_width_reaches_every_box_and_reads_by_day_and_by_night(tmp_path, pages):
    browser = find_browser()
    if browser is None:
        pytest.skip("no Chromium here: install Debian's chromium, or name one in TACTFUL_CHROMIUM")
    async with open_browser(browser, tmp_path / "profile") as tab:
        for page in pages:
            for scheme, paper in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(17, 24, 39)")):
                for width in (375, 1400):
                    await tab.open(page, width=width, scheme=scheme)
                    await tab.value(OPENED)
                    seen = f"{page.stem}, {scheme}, {width} px"
                    assert await tab.value("document.documentElement.scrollWidth") <= width, seen
                    assert await tab.value(UNREACHABLE) == [], seen
                    assert await tab.value(FAINT) == [], seen
                    assert await tab.value("getComputedStyle(document.body).backgroundColor") == paper, seen
