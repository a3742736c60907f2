"""Lines for a system prompt: only those that the log is sure of, each with its evidence."""

from tests.mend.parts import talk

from tactful.mend.learning.patch import Habits, make_patch
from tactful.mend.situations import Situations


def patch_of(talks, worth_asking=0.3):
    habits = Habits()
    for one in talks:
        habits.add(one)
    return make_patch(habits, worth_asking=worth_asking)


def clear(count):
    return [
        talk(f"c{at}", ["needless", "fine"], questions=("Which version?",), query_clarity=0.9)
        for at in range(count)
    ]


def test_needless_questions_make_a_line_with_its_counts():
    patch = patch_of(clear(12))
    line = patch.lines[0]
    assert (line.kind, line.count, line.of) == ("ask less", 12, 12)
    assert line.conversations[0] == "c0"
    assert line.share.low is not None
    assert line.share.low > 0.5
    assert "12 of 12 questions" in line.evidence
    assert "- Where a usual default would do" in patch.text()
    about_code = next(line for line in patch.lines if "about code" in line.text)
    assert "as in “Which version?”." in about_code.text


def test_a_line_against_asking_about_a_domain_leaves_out_its_open_requests():
    # code that is clear was asked about for nothing, code that is open was guessed wrong: both hold, each where it says
    guessed = [talk(f"g{at}", ["guess"], missing=("input",), questions=("Which file?",)) for at in range(12)]
    asked = [talk(f"o{at}", ["needless"], questions=("Which file?",)) for at in range(3)]
    patch = patch_of([*clear(12), *guessed, *asked])
    line = next(line for line in patch.lines if "about code that say what is wanted" in line.text)
    assert (line.count, line.of) == (12, 12)  # not the three open ones
    assert "Which file?" not in line.text
    assert line.evidence.startswith(
        "12 of 12 questions about code were needless, where the request was not open"
    )
    assert any("material to work on is missing" in line.text for line in patch.lines)
    assert not any(line.text.startswith("For requests about code, ") for line in patch.lines)


def test_a_question_put_in_fewer_than_three_conversations_is_shown_as_no_example():
    talks = [
        talk(f"c{at}", ["needless"], questions=(f"Which {word} version?",), query_clarity=0.9)
        for at, word in enumerate(("python", "ruby", "perl", "rust", "java", "kotlin", "swift", "zig"))
    ]
    text = next(line.text for line in patch_of(talks).lines if "about code" in line.text)
    assert text.endswith("as in “Which zig version?”.")  # the shortest about what all of them share
    assert "“" not in next(
        line.text
        for line in patch_of(
            talk(f"c{at}", ["needless"], questions=(f"Which {at}?",), query_clarity=0.9) for at in range(8)
        ).lines
        if "about code" in line.text
    )


def test_few_conversations_make_no_line_and_say_so():
    patch = patch_of(talk(f"c{at}", ["needless", "fine"]) for at in range(7))
    assert patch.lines == ()
    assert patch.text() == ""
    assert any("questions: 7 judged, of 7 groups" in what for what in patch.too_little)


def test_one_conversation_with_many_questions_is_one_group():
    assert patch_of([talk("c", ["needless"] * 50)]).lines == ()


def test_wrong_guesses_beyond_what_a_question_costs_make_a_line():
    talks = [talk(f"c{at}", ["guess" if at % 2 else "fine"], missing=("input",)) for at in range(40)]
    texts = [line.text for line in patch_of(talks).lines if line.kind == "ask"]
    assert any("the material to work on is missing" in text for text in texts)
    # 50% [35%, 65%] of guesses are no reason to ask where a question pays from 70% on
    assert not any("material" in line.text for line in patch_of(talks, worth_asking=0.7).lines)


def test_needed_questions_make_no_line_against_asking():
    assert [
        line.kind for line in patch_of(talk(f"c{at}", ["welcome", "fine"]) for at in range(40)).lines
    ] == []


def test_ten_lines_at_most():
    talks = [
        talk(f"{domain}{at}", ["needless", "guess"], domain=domain)
        for domain in "abcdefghijkl"
        for at in range(20)
    ]
    assert len(patch_of(talks).lines) == 10


def test_situations_count_what_asking_and_answering_led_to():
    table = Situations()
    for one in [talk("a", ["needless", "fine"]), talk("b", ["guess", "not judged"], query_clarity=0.9)]:
        table.add(one)
    rows = {row.where["need"]: row for row in table.rows(("need",))}
    assert (rows["open"].asked, rows["open"].answered) == (1, 1)
    assert rows["open"].needless.value == 1.0
    assert rows["clear"].outcomes == {"guess": 1, "not judged": 1}
    assert rows["clear"].guessed.items == 1  # what nobody judged is in no share
    assert "questions (0 of 8 groups)" in rows["clear"].too_little
