"""The bundled seed tasks: small everyday tasks written by us, one JSON line each in `seeds/<domain>.jsonl`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import get_args

from tactful.data.types import SeedTask
from tactful.errors import UserError

_FOLDER = Path(__file__).parent


def seed_domains() -> tuple[str, ...]:
    """The domains that have bundled seed tasks, in alphabetical order."""
    domains = get_args(SeedTask.model_fields["domain"].annotation)
    return tuple(sorted(domain for domain in domains if (_FOLDER / f"{domain}.jsonl").is_file()))


@cache
def load_seed_tasks(domain: str) -> tuple[SeedTask, ...]:
    """The bundled tasks of one domain in file order, read once per process.

    Raises: UserError, when there are none for `domain`; the message names the domains that have some.
    """
    known = seed_domains()
    if domain not in known:
        raise UserError(f"no bundled seed tasks for the domain '{domain}'; choose one of: {', '.join(known)}")
    text = (_FOLDER / f"{domain}.jsonl").read_text(encoding="utf-8")
    return tuple(SeedTask.model_validate_json(line) for line in text.split("\n") if line)
