import unicodedata

import pytest

from tactful.text.sameness import as_read

SAME = {
    "a line end at the end": ("Which city?", "Which city?\n"),
    "spaces at the end": ("Which city?", "Which city?   \t"),
    "white space before": ("Which city?", "\n\n  Which city?"),
    "line ends of Windows": ("Two:\n- a\n- b", "Two:\r\n- a\r\n- b"),
    "line ends of old Macs": ("Two:\n- a", "Two:\r- a"),
    "a line separator": ("Two:\n- a", "Two:\u2028- a"),
    "spaces at the ends of lines": ("Two:\n- a\n- b", "Two:  \n- a \n- b"),
    "a blank line with spaces in it": ("a\n\nb", "a\n   \nb"),
    "accents apart": ("Café – où?", unicodedata.normalize("NFD", "Café – où?")),
    "Korean in its parts": ("한국어로 답할까요?", unicodedata.normalize("NFD", "한국어로 답할까요?")),
    "the ångström sign": ("5 Å", "5 \u212b"),
    "a byte order mark": ("Which city?", "\ufeffWhich city?"),
    "a space without width": ("Which city?", "Which \u200bcity?\u200b"),
    "a soft hyphen": ("Datenschutz?", "Daten\u00adschutz?"),
    "a word joiner": ("a/b", "a\u2060/\u2060b"),
    "a no-break space": ("10 km?", "10\u00a0km?"),
    "an ideographic space at the end": ("哪个城市？", "哪个城市？\u3000"),
    "white space alone": ("", " \r\n\u00a0\ufeff\u3000"),
}
APART = {
    "case": ("which city?", "Which city?"),
    "width": ("A?", "Ａ？"),
    "a power": ("x2", "x²"),
    "indentation": ("if a:\n    b", "if a:\nb"),
    "a tab for spaces": ("if a:\n    b", "if a:\n\tb"),
    "a blank line": ("a\nb", "a\n\nb"),
    "two spaces within": ("a b", "a  b"),
    "the end of the sentence": ("Which city", "Which city?"),
    "a joined emoji": ("👩‍💻", "👩💻"),
    "a joint of Persian letters": ("می‌خواهم", "میخواهم"),
    "a heart as text": ("❤", "❤️"),
    "a dash": ("a-b", "a–b"),
    "Greek and Latin": ("A", "Α"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_texts_that_look_alike_on_a_page_are_read_alike(one, other):
    assert one != other
    assert as_read(one) == as_read(other)


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART)
def test_texts_that_a_reader_can_tell_apart_stay_apart(one, other):
    assert as_read(one) != as_read(other)
