"""A run in a process of its own, to be killed: python -m tests.runs.worker OUT COUNT [--resume] [--pause S] ..."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.runs import parts

from tactful.errors import TactfulError


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("out", type=Path)
    arguments.add_argument("count", type=int)
    arguments.add_argument("--resume", action="store_true")
    arguments.add_argument("--pause", type=float, default=0.0)
    arguments.add_argument("--log", type=Path)
    arguments.add_argument("--concurrency", type=int, default=8)
    arguments.add_argument("--pipe", action="store_true")
    arguments.add_argument("--base-url")
    arguments.add_argument("--stage", default="ask", help="of tests.runs.parts, with --base-url")
    arguments.add_argument("--requests-per-minute", type=float)
    arguments.add_argument("--budget-tokens", type=int)
    arguments.add_argument("--cache", type=Path)
    arguments.add_argument("--workers", type=int, help="run on Ray")
    arguments.add_argument("--ray-address")
    given = arguments.parse_args()
    stage = parts.Logged(given.log, given.pause) if given.log else parts.moody
    models = None
    if given.base_url:
        stage = getattr(parts, given.stage)
        models = parts.endpoint(given.base_url, requests_per_minute=given.requests_per_minute)
    ray = (
        {"executor": "ray", "workers": given.workers, "ray_address": given.ray_address}
        if given.workers
        else {}
    )
    source = (parts.Item.model_validate_json(line) for line in sys.stdin) if given.pipe else None
    try:
        parts.run(
            given.out,
            stage=stage,
            count=given.count,
            source=source,
            models=models,
            resume=given.resume,
            concurrency=given.concurrency,
            budget_tokens=given.budget_tokens,
            cache=given.cache,
            **ray,
        )
    except TactfulError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
