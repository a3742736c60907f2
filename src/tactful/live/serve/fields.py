"""The fields of a type, as a page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def fields_of(schema: Mapping[str, Any]) -> list[dict[str, str]]:
    """Name, type in words, and what it says of itself, for each field of an object's JSON schema."""
    needed = set(schema.get("required", ()))
    return [
        {
            "name": name,
            "kind": _kind(field) + ("" if name in needed else ", may be left out"),
            "about": " ".join(str(field.get("description", "")).split()),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _kind(field: Any) -> str:
    if not isinstance(field, dict) or not field:
        return "anything"
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "enum" in field:
        return " | ".join(map(str, field["enum"]))
    if "const" in field:
        return str(field["const"])
    if options := field.get("anyOf") or field.get("oneOf"):
        return " | ".join(dict.fromkeys(_kind(one) for one in options))
    if field.get("type") == "array":
        rows: Any = field.get("items") or next(iter(field.get("prefixItems", ())), {})
        return f"list of {_kind(rows)}"
    return str(field.get("type", "anything"))
