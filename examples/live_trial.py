"""The way of docs/live.md without an endpoint and without people: a scripted assistant with a habit, and scripted people.

    python examples/live_trial.py assistant                                  an endpoint at http://127.0.0.1:9000/v1
    python examples/live_trial.py people --base-url http://127.0.0.1:8000/v1      they talk with whatever answers there

The assistant asks about what is clear and guesses at what is open, unless it is told facts about a request. People
answer what is needed and refuse what is not. Standard library alone; nothing of it measures a model.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OPEN = (
    "Clean up the {} folder.",
    "Book a table for the {} team.",
    "Send the report about {} to them.",
    "Delete the old {} files.",
    "Write an invitation for the {} thing.",
)
CLEAR = (
    "Write a Python function {}(n) that returns True if n is even and False otherwise.",
    "Translate 'see you soon, {}' into Spanish, informal, one line.",
    "Sort these four words, A to Z: {}, maple, birch, cedar.",
    "In settings.py, set DEBUG to False and HOSTS to ['{}.org']; change nothing else.",
    "Write a bash command that counts the lines of all .csv files under /srv/{}, recursively.",
)
NAMES = ("atlas", "borealis", "delta", "ember", "fjord", "grove", "harbor", "indigo", "lumen", "mosaic")
NEEDED = "Which of them do you mean, and for when?"
NEEDLESS = "Should I keep the usual style, and would you like comments?"
GUESS, DONE = "Done: I took the newest one and told everybody.", "Here it is, as you said."
REPLIES = {
    NEEDED: "The {} one, for Friday.",
    NEEDLESS: "Just do it, I already said everything.",
    GUESS: "No, that's wrong, I never said the newest one.",
    DONE: "Great, thank you!",
}


def answer(messages: Sequence[dict[str, str]], rng: random.Random) -> str:
    """What the assistant says: by its habit, or as the facts that it is told suggest."""
    facts = " ".join(one["content"] for one in messages if one["role"] == "system")
    said = [one["content"] for one in messages if one["role"] != "system"]
    if len(said) > 1:
        return DONE
    is_open = any(said[0] == text.format(name) for text in OPEN for name in NAMES)
    asks = rng.random() < (0.15 if is_open else 0.7)
    if "worth this person's time" in facts:
        asks = True
    elif "can be acted on as it stands" in facts:
        asks = False
    if asks:
        return NEEDED if is_open else NEEDLESS
    return GUESS if is_open else DONE


def serve(port: int) -> None:
    """Answer chat completions until Ctrl-C."""
    rng = random.Random(1)

    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            message = {"role": "assistant", "content": answer(body["messages"], rng)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            row = {
                "id": "trial",
                "object": "chat.completion",
                "model": "trial",
                "created": 0,
                "choices": [choice],
            }
            sent = json.dumps(row).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    print(f"an assistant at http://127.0.0.1:{port}/v1; Ctrl-C stops it", flush=True)
    ThreadingHTTPServer(("127.0.0.1", port), Endpoint).serve_forever()


def people(base_url: str, conversations: int) -> None:
    """Twelve people talk with the assistant, each in turn."""
    rng = random.Random(2)
    for number in range(conversations):
        name, is_open = NAMES[number % len(NAMES)], rng.random() < 0.5
        messages = [{"role": "user", "content": rng.choice(OPEN if is_open else CLEAR).format(name)}]
        for _ in range(3):  # the last one tells what they thought of the second answer
            body = {"model": "trial", "user": f"person-{number % 12}", "messages": messages}
            request = urllib.request.Request(  # noqa: S310 - as the command says
                f"{base_url}/chat/completions",
                json.dumps(body).encode(),
                {"Content-Type": "application/json"},
            )
            said = json.loads(sent(request))["choices"][0]["message"]["content"]
            messages.append({"role": "assistant", "content": said})
            messages.append({"role": "user", "content": REPLIES[said].format(name)})
    print(f"{conversations} conversations")


def sent(request: urllib.request.Request) -> bytes:
    """What is answered; a server that is about to start is waited for."""
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
                return bytes(reply.read())
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def main() -> None:
    """One of the two."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("who", choices=("assistant", "people"))
    parser.add_argument("--port", type=int, default=9000, help="of the assistant")
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1", help="whom people talk with")
    parser.add_argument("--conversations", type=int, default=120)
    given = parser.parse_args()
    if given.who == "assistant":
        try:
            serve(given.port)
        except KeyboardInterrupt:
            return
    else:
        people(given.base_url, given.conversations)


if __name__ == "__main__":
    main()
