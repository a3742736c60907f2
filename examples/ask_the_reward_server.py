"""A script that knows only chat endpoints asks a reward model: is this proposal welcome, and is silence right?

    tactful reward serve MODEL --port 8000
    python examples/ask_the_reward_server.py http://127.0.0.1:8000

Standard library alone. With the openai SDK it is `OpenAI(base_url=ADDRESS + "/v1", api_key="none")` and
`chat.completions.create(model="any", messages=...)`. Where the server wants a key, the second argument names the
variable that holds it.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Sequence
from typing import Any

EVENTS = [
    {"time": "1717335890", "event": "The user opens budget.ods in the spreadsheet."},
    {"time": "1717335950", "event": "The user types the expenses of May into column C."},
    {"time": "1717335990", "event": "The user searches the web for 'sum a column automatically'."},
]
PROPOSALS = ("Insert a formula that sums column C.", "Order groceries for the weekend.", None)


def ask(address: str, proposal: str | None, key: str | None) -> dict[str, str]:
    """The thought and the judgement, by the judge's prompt of ProactiveBench."""
    told = {
        "Observations (Time Ascending)": EVENTS,
        "Proposed Task": proposal,
        "Instruction": "Judge what the assistant offers, as this user.",
    }
    messages = [
        {"role": "system", "content": "You are the user of this computer."},
        {"role": "user", "content": json.dumps(told)},
    ]
    reply = post(f"{address}/v1/chat/completions", {"model": "any", "messages": messages}, key)
    said: dict[str, str] = json.loads(reply["choices"][0]["message"]["content"])
    return said


def post(url: str, body: dict[str, Any], key: str | None) -> dict[str, Any]:
    """The answer to a POST of JSON."""
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  the caller's own address
    with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
        answer: dict[str, Any] = json.loads(reply.read())
    return answer


def main(arguments: Sequence[str]) -> None:
    """Ask about two proposals and a silence, then for the probabilities behind the first."""
    address = arguments[0].rstrip("/") if arguments else "http://127.0.0.1:8000"
    key = os.environ[arguments[1]] if len(arguments) > 1 else None
    for proposal in PROPOSALS:
        said = ask(address, proposal, key)
        print(f"{proposal or '(silence)'}\n  {said['judgement']}: {said['thought']}")
    costs = {"false_alarm": 2, "miss": 1}
    answer = post(f"{address}/v1/judge", {"events": EVENTS, "proposal": PROPOSALS[0], "costs": costs}, key)
    print(f"p(accept) {answer['p_accept']:.2f}, so at these costs: {answer['decision']['action']}")


if __name__ == "__main__":
    main(sys.argv[1:])
