from __future__ import annotations

from pathlib import Path

import pytest

from tactful.errors import ConfigError
from tactful.llm import ModelSpec
from tactful.llm.spending.prices import price_of, price_table

OPENAI = "https://api.openai.com/v1"


def test_a_price_belongs_to_a_model_at_a_host() -> None:
    table = price_table()
    price = table.lookup("gpt-4.1-mini", OPENAI)
    assert price is not None
    # 1,000 tokens at 0.40 and 500 at 1.60 USD for a million
    assert price.cost_usd(1000, 500) == pytest.approx(0.0012)
    assert table.lookup("gpt-4.1-mini", "http://localhost:8000/v1") is None
    assert table.lookup("my-model", OPENAI) is None
    assert table.as_of.startswith("20")


def test_a_dated_model_has_the_price_of_its_family_and_a_sibling_has_not() -> None:
    table = price_table()
    assert table.lookup("gpt-4o-2024-08-06", OPENAI) == table.lookup("gpt-4o", OPENAI)
    assert table.lookup("gpt-4o-audio-preview", OPENAI) is None


def test_the_users_file_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "prices.toml"
    mine.write_text(
        '[prices]\n"gpt-4o" = { input_usd = 1, output_usd = 1 }\n"local" = { input_usd = 0, output_usd = 0 }\n'
    )
    monkeypatch.setenv("TACTFUL_PRICES", str(mine))
    table = price_table()
    price = table.lookup("gpt-4o", "http://anywhere/v1")
    assert price is not None
    assert price.input_usd == 1
    local = table.lookup("local", "http://localhost/v1")
    assert local is not None
    assert local.cost_usd(10**6, 10**6) == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[prices\n", "not TOML"),
        ('[prices]\n"m" = { input_usd = -1, output_usd = 0 }\n', r"price of 'm': input_usd.*expected"),
        ('[prices]\n"m" = { input = 1 }\n', "price of 'm'"),
        ('[prices]\n"m" = 3\n', "price of 'm'"),
        (
            '[prices]\n"m" = { input_usd = 1, output_usd = 0, host = "http://x/v1" }\n',
            "price of 'm': host.*name alone",
        ),
        ('[price]\n"m" = { input_usd = 1, output_usd = 0 }\n', r"holds 'price', expected a table \[prices\]"),
        ("prices = 3\n", r"holds prices = 3, expected a table \[prices\]"),
    ],
)
def test_a_bad_price_file_is_named_with_the_model(
    text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p.toml").write_text(text)
    monkeypatch.setenv("TACTFUL_PRICES", str(tmp_path / "p.toml"))
    with pytest.raises(ConfigError, match=problem):
        price_table()


def test_a_missing_price_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACTFUL_PRICES", "/nowhere/prices.toml")
    with pytest.raises(ConfigError, match=r"/nowhere/prices\.toml: the price table cannot be read"):
        price_table()


def test_the_price_is_the_one_at_the_endpoint_that_the_environment_names(monkeypatch):
    spec = ModelSpec(name="gpt-4.1-mini")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert price_of(spec) is not None
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    assert price_of(spec) is None
