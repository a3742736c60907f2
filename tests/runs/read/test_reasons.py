"""Reasons that differ only in what they name are counted together."""

from tactful.runs.read.reasons import gist, grouped


def test_ids_quoted_values_and_replies_are_left_out_but_numbers_stay():
    assert gist("task 's1/hurried': HTTP 404", "s1/hurried") == "task '…': HTTP 404"
    assert gist("s1 is lost: HTTP 500 (request req-12ab34cd56ef)", "s1") == "… is lost: HTTP 500 (request …)"
    assert gist("no valid Reply after 3 replies: bad; the last one began: s\nx", "r") == (
        "no valid Reply after 3 replies: bad"
    )
    assert len(gist("word " * 1000, "r")) == 300


def test_equal_gists_are_one_group_most_frequent_first():
    rows = [("ask", "ParseError", f"record r{n} has 'v{n}'", f"r{n}") for n in range(3)]
    assert grouped([("ask", "timeout", "late by 'a'", "r9"), *rows]) == [
        ("ask", "ParseError", "record … has '…'", 3),
        ("ask", "timeout", "late by 'a'", 1),
    ]
