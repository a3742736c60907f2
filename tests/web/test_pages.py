"""Words in two languages, values as they are shown, and the look that served pages share with written ones."""

from __future__ import annotations

import hashlib
import re
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import tactful.web
from tactful.data.page import TEMPLATES, clean
from tactful.errors import ConfigError
from tactful.stats.estimate import Estimate
from tactful.web.app import build_app
from tactful.web.language import LANGUAGES, choose_language, load_words
from tactful.web.pages import number, percent, shown, when
from tactful.web.visit import Signer

ROOM = Path(tactful.web.__file__).parent
ASSETS = ROOM / "assets"


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "words").mkdir()
    _write(tmp_path, en='shop.name = "Shop"', zh='shop.name = "商店"')
    return tmp_path


def _write(room: Path, template: str = "", **words: str) -> None:
    for language, text in words.items():
        (room / "words" / f"{language}.toml").write_text(text, encoding="utf-8")
    if template:
        (room / "templates" / "shop.html.j2").write_text(template, encoding="utf-8")


# ---------------------------------------------------------------- words


def test_our_own_words_are_the_same_in_every_language():
    found = load_words([ROOM])
    assert found.keys() == LANGUAGES.keys()
    assert "frame.skip" in found["zh"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"en": 'shop.name = "Shop"\nshop.more = "More"'}, "words of 'zh' have no 'shop.more'"),
        ({"zh": 'shop.name = "商店"\nshop.more = "更多"'}, "words of 'en' have no 'shop.more'"),
        ({"zh": 'shop.name = "{n}个商店"'}, "the placeholders of 'shop.name' differ"),
        ({"en": 'frame.skip = "Skip"', "zh": 'frame.skip = "跳"'}, "'frame.skip' stands in another room too"),
    ],
)
def test_words_that_do_not_fit_together_are_told_at_the_start(room, words, told):
    _write(room, **words)
    with pytest.raises(ConfigError, match=re.escape(told)):
        build_app(title="Shop", rooms=[room])


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("\n{{ t('shop.nam') }}", r"shop.html.j2:2: no word 'shop.nam'"),
        ("{{ t('shop.name', n=1) }}", r"shop.html.j2:1: the word 'shop.name' is filled with nothing"),
        ("{{ t('shop.left') }}", r"shop.html.j2:1: the word 'shop.left' is filled with n"),
        ("{% macro one() %}{{ t('no.such') }}{% endmacro %}", r"no word 'no.such'"),
    ],
)
def test_a_template_that_asks_for_a_word_which_is_missing_ends_the_start(room, template, told):
    text = 'shop = {name = "x", left = {one = "one", other = "{n}"}}'
    _write(room, template, en=text, zh=text)
    with pytest.raises(ConfigError, match=told):
        build_app(title="Shop", rooms=[room])


def test_a_number_chooses_between_one_and_more(room):
    _write(room, en='left = {one = "{n} item", other = "{n:,} items"}', zh='left = {other = "剩{n:,}件"}')
    words = load_words([room])
    assert [words["en"]("left", n=n) for n in (0, 1, 1234)] == ["0 items", "1 item", "1,234 items"]
    assert words["zh"]("left", n=1) == "剩1件"
    with pytest.raises(ConfigError, match="no 'n' for 'left'"):
        words["en"]("left")


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "language"),
    [
        ("zh", "en", "en", "zh"), ("xx", "zh", "en", "zh"), (None, None, "fr, zh-CN;q=0.8, en;q=0.5", "zh"),
        (None, "xx", "en-US,zh;q=0.9", "en"), (None, None, "zh;q=0, en;q=0.1", "en"), (None, None, "zh;q=x", "en"),
        (None, None, "", "en"), (None, None, "fr", "en"),
    ],
)  # fmt: skip
def test_the_language_is_what_the_address_asks_then_what_is_kept_then_what_is_liked(
    asked, kept, accepted, language
):
    assert choose_language(asked, kept, accepted) == language


# ---------------------------------------------------------------- values


def test_a_share_stands_with_its_interval():
    # 17 of 32 = 53.125 %
    assert percent(Estimate(value=0.53125, low=0.36, high=0.7, items=32, groups=9)) == "53.1% (36.0 – 70.0%)"
    assert percent(Estimate(value=0.5, items=2, groups=1)) == "50.0%"
    assert percent(Estimate(value=None, items=0, groups=0)) == percent(None) == "–"
    assert percent(1) == "100.0%"
    assert percent(0.12345, 2) == "12.35%"


def test_numbers_and_times_are_the_same_for_everybody():
    assert (number(1234567), number(0.5, 2)) == ("1,234,567", "0.50")
    late = datetime(2026, 1, 2, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    assert when(late) == '<time datetime="2026-01-03T01:30:00+00:00">2026-01-03 01:30 UTC</time>'
    assert when(late.astimezone(UTC)) == when(late)


def test_shown_marks_what_cannot_be_seen_and_leaves_what_can():
    assert shown("a\u202eb\x1b[1m\u2066\x00\u200b") == "a�b�[1m���"
    assert shown("一\u3000二\u00a0三\tb\r\nc") == "一\u3000二\u00a0三\tb\nc"
    assert shown(3) == 3
    assert clean("\r") == "�"


def test_a_sealed_value_is_read_only_as_it_was_sealed():
    signer = Signer(b"k" * 32)
    sealed = signer.sealed(["x", {"n": 1}])
    assert signer.opened(sealed) == ["x", {"n": 1}]
    for forged in (None, "", ".", sealed[1:], sealed + "0", Signer(b"l" * 32).sealed([]), "é.é"):
        assert signer.opened(forged) is None
    text = sealed.partition(".")[0]
    assert signer.opened(f"{text}.{signer.signed(text, purpose='token')}") is None


# ---------------------------------------------------------------- assets


def test_what_others_wrote_is_what_they_published():
    pinned = tomllib.loads((ASSETS / "htmx.toml").read_text())
    script = (ASSETS / "htmx.min.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() == pinned["sha256"]
    assert f"version='{pinned['version']}'" in script.decode().replace('"', "'")
    assert (ASSETS / "htmx.LICENSE").read_text().startswith("Zero-Clause BSD")


def test_two_rooms_cannot_have_an_asset_of_one_name(room):
    (room / "assets").mkdir()
    (room / "assets" / "style.css").write_text("")
    with pytest.raises(ConfigError, match="another room has an asset of this name"):
        build_app(title="Shop", rooms=[room])


def _luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.1."""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


TEXT = [  # ink on paper, as style.css puts them together
    ("ink", "paper"), ("ink", "raised"), ("ink", "good-paper"), ("ink", "warn-paper"), ("soft", "paper"), ("soft", "raised"),
    ("good", "paper"), ("good", "good-paper"), ("bad", "paper"), ("bad", "raised"), ("paper", "good"),
]  # fmt: skip
EDGES = [("soft", "paper"), ("soft", "raised"), ("good", "raised"), ("bad", "paper"), ("good", "paper")]
"""Borders of fields, of buttons and of the part of a bar that is done."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_and_edges_have_the_contrast_that_wcag_asks_for(scheme):
    assert round(_contrast("#000", "#ffffff"), 1) == 21.0
    style = (TEMPLATES / "page.css").read_text()
    light, dark = style.split("@media (prefers-color-scheme: dark)")[:2]
    palette = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", light))
    if scheme == "dark":
        palette |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", dark))
    for ink, paper in TEXT:
        assert _contrast(palette[ink], palette[paper]) >= 4.5, (ink, paper)
    for edge, paper in EDGES:
        assert _contrast(palette[edge], palette[paper]) >= 3, (edge, paper)


def test_the_style_has_no_colour_of_its_own():
    text = re.sub(r"/\*.*?\*/", "", (ASSETS / "style.css").read_text(), flags=re.DOTALL)
    assert re.findall(r"#[0-9a-f]{3,8}\b(?!.*\{)", text) == []
    assert set(re.findall(r"rgb\([^)]*\)", text)) == {"rgb(0 0 0 / 50%)"}
