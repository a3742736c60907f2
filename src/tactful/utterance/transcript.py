"""A dialogue as prompts show it: numbered by nothing, fenced by a mark that no message can forge.

Everything between the lines `begin … MARK` and `end … MARK` is material. The mark is a hash over all the texts it
fences, so no text can hold it on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence

from tactful.data.formats.chats import ChatMessage
from tactful.text.lang import language as language
from tactful.text.quoting.fence import fenced as fenced
from tactful.text.quoting.shorten import shortened

MAX_CHARS = 24_000
"""Longest context that is sent whole; of a longer one, the oldest messages are left out, and the middle of the newest where
it alone is longer."""
_MAX_MESSAGE_CHARS = 8_000
_AROUND_CHARS = 60
"""Room for the speaker, and for the mark of what is left out of a message."""
_SPEAKERS = {
    "user": "User",
    "assistant": "Assistant",
    "system": "System",
    "developer": "System",
    "tool": "Tool",
    "function": "Tool",
}


def transcript(messages: Sequence[ChatMessage], max_chars: int = MAX_CHARS) -> str:
    """The messages as `User: …` and so on, oldest first; what is left out for length is said so."""
    most = min(_MAX_MESSAGE_CHARS, max_chars - _AROUND_CHARS)
    lines: list[str] = []
    left, shown = max_chars, 0
    for message in reversed(messages):
        line = f"{_SPEAKERS[message.role]}: {shortened(message.content.strip(), most)}"
        if lines and len(line) > left:
            break
        lines.append(line)
        left -= len(line)
        shown += 1
    if shown < len(messages):
        lines.append(f"[… {len(messages) - shown} earlier messages left out …]")
    return "\n".join(reversed(lines))
