import pytest

from tactful.cli.output import print_lines, say

FOREIGN = ["a\x1b]0;owned\x07b", "a\x9b2Jb", "a\u202eb", "a\rb", "a\x7fb", "a\ud800b"]


@pytest.mark.parametrize("text", FOREIGN)
@pytest.mark.parametrize("written", [print_lines, say])
def test_no_control_character_of_others_reaches_the_terminal(written, text, capsys):
    written(text)
    shown = "".join(capsys.readouterr())
    assert shown.endswith("b\n")
    assert shown[:-1].isprintable()


@pytest.mark.parametrize("text", ["naïve 👩\u200d💻 “ok”", "预算\u3000三千", "1\xa0000 €", "a\tb\nc", ""])
def test_letters_spaces_and_emoji_of_any_script_stay_as_they_are(text, capsys):
    print_lines(text)
    assert capsys.readouterr().out == f"{text}\n"


def test_lines_stand_below_each_other_whatever_they_are(capsys):
    print_lines("one", 2, "three")
    assert capsys.readouterr().out == "one\n2\nthree\n"
