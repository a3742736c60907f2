"""What tokens cost: the shipped table `prices.toml`, and the user's file.

A price belongs to a model at a host: the same name at another endpoint has no known price. A model without a known
price is counted in tokens only.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from tactful.errors import ConfigError
from tactful.llm.endpoint import base_url_of
from tactful.llm.types import ModelSpec
from tactful.types import Record

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Price(Record):
    """US dollars for a million tokens."""

    input_usd: float = Field(ge=0)
    output_usd: float = Field(ge=0)
    host: str = Field(default="", pattern=r"^[^/:]*$")
    """Host of the endpoint that this price is for, the name alone (`api.openai.com`); empty for any."""

    def cost_usd(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Cost of a call without any discount for cached input."""
        return (prompt_tokens * self.input_usd + completion_tokens * self.output_usd) / 1e6


class PriceTable:
    """Model name → price. `as_of` says when the shipped part was looked up."""

    def __init__(self, prices: Mapping[str, Price], *, as_of: str = "") -> None:
        self._prices = dict(prices)
        self.as_of = as_of

    def lookup(self, model: str, base_url: str) -> Price | None:
        """The price of `model` at the endpoint; a dated name (`-2025-04-14`) has the price of its family.

        None when it is not known.
        """
        host = urlsplit(base_url).hostname or ""
        for name in (model, _DATED.sub("", model)):
            price = self._prices.get(name)
            if price is not None and price.host in ("", host):
                return price
        return None


def price_of(spec: ModelSpec) -> Price | None:
    """The price of a model where it is reached, by the shipped table and the user's file; None when it is not known."""
    return price_table().lookup(spec.name, base_url_of(spec))


def price_table() -> PriceTable:
    """The shipped prices, and over them those in the file that `TACTFUL_PRICES` names.

    Raises: ConfigError naming file and model when a price is unusable.
    """
    shipped = _read(Path(__file__).with_name("prices.toml"))
    prices = _checked(shipped.get("prices", {}), "prices.toml")
    place = os.environ.get("TACTFUL_PRICES")
    if place:
        prices |= _checked(_prices_in(_read(Path(place)), place), place)
    return PriceTable(prices, as_of=str(shipped["as_of"]))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: the price table cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the price table is not TOML ({error})") from error


def _prices_in(table: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """The table `[prices]` of the user's file. Raises ConfigError where it holds anything else, which would say nothing."""
    prices = table.get("prices", {})
    others = sorted(table.keys() - {"prices", "as_of"})
    if others or not isinstance(prices, dict):
        found = f"'{others[0]}'" if others else f"prices = {prices!r}"
        raise ConfigError(f"{place}: holds {found}, expected a table [prices] with a line for each model")
    return prices


def _checked(rows: Mapping[str, Any], place: str) -> dict[str, Price]:
    prices = {}
    for model, row in rows.items():
        try:
            prices[model] = Price.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "row"
            raise ConfigError(
                f"{place}: price of '{model}': {field}: {first['msg']}; "
                "expected { input_usd = …, output_usd = … } in US dollars for a million tokens, and perhaps host = "
                '"api.openai.com", the name alone'
            ) from error
    return prices
