"""The personas that come with Tactful are well formed, varied, and reject as often as documented."""

import tomllib
from importlib.resources import files
from statistics import mean

import pytest

from tactful.calibration.types import Persona

DOMAINS = ("coding", "planning")


def built_in(domain: str) -> list[Persona]:
    text = (
        files("tactful.calibration")
        .joinpath("play", "personas", f"{domain}.toml")
        .read_text(encoding="utf-8")
    )
    return [Persona.model_validate(row) for row in tomllib.loads(text)["persona"]]


def first_rejection(persona: Persona) -> float:
    """The agreed probability of rejecting a first question, from the traits alone."""
    raw = 0.03 + 0.9 * (1 - persona.patience) ** 2 * (0.4 + 0.6 * persona.time_pressure)
    return min(0.7, max(0.03, raw))


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_domain_has_eight_personas_to_train_with_and_two_held_out(domain: str) -> None:
    personas = built_in(domain)
    assert sum(not persona.held_out for persona in personas) >= 8
    assert sum(persona.held_out for persona in personas) == 2
    assert all(persona.domain == domain for persona in personas)


def test_names_are_unique_across_the_domains_and_styles_are_sentences() -> None:
    personas = [persona for domain in DOMAINS for persona in built_in(domain)]
    assert len({persona.name for persona in personas}) == len(personas)
    assert len({persona.style for persona in personas}) == len(personas)
    assert all(persona.style.endswith(".") and len(persona.style) > 40 for persona in personas)


@pytest.mark.parametrize("domain", DOMAINS)
def test_mean_first_rejection_is_between_a_fifth_and_three_tenths(domain: str) -> None:
    personas = built_in(domain)
    assert 0.2 <= mean(map(first_rejection, personas)) <= 0.3
    assert 0.2 <= mean(first_rejection(one) for one in personas if not one.held_out) <= 0.3


@pytest.mark.parametrize("domain", DOMAINS)
def test_first_rejections_spread_from_hardly_ever_to_mostly(domain: str) -> None:
    chances = [first_rejection(persona) for persona in built_in(domain)]
    assert sum(0.03 <= chance <= 0.065 for chance in chances) >= 3
    assert sum(0.15 <= chance <= 0.3 for chance in chances) >= 2
    assert sum(0.5 <= chance <= 0.7 for chance in chances) == 2


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("trait", ["expertise", "patience", "clarity", "time_pressure"])
def test_each_trait_varies_widely(domain: str, trait: str) -> None:
    values = [getattr(persona, trait) for persona in built_in(domain)]
    assert max(values) - min(values) >= 0.5
