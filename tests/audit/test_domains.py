"""What a request is about, by its words."""

import pytest

from tactful.audit.domains import OTHER, domain_of


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Can this be done in C++?", "code"),
        ("把这段代码改一下", "code"),
        ("Book a hotel near the station.", "travel and booking"),
        ("It rains.", OTHER),
    ],
)
def test_the_commonest_words_tell_the_domain(text: str, domain: str) -> None:
    assert domain_of(text) == domain
