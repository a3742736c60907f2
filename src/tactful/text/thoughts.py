"""What a model said, apart from what it thought: one rule for answers of endpoints, logs and texts to train on.

Thoughts come in many forms: tagged blocks (`<think>`, `[THINK]`, `◁think▷`, …), blocks whose opening tag stood in the
prompt, channels (`<|channel|>analysis … <|channel|>final`), headings ("Here is my thought process:"), and content
parts of type `reasoning` or `thinking`. A block counts as thought at the beginning of a text, and further on where it
closes and stands outside code: a text that speaks *about* such tags keeps them. Control tokens that a server forgot to cut
off the end are no part of the answer either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tactful.text.later import later

_WORDS = (
    "thinking|thoughts?|(?:thought|thinking|reasoning)_process|reasoning(?:_content|_steps?)?|antthinking"
    "|(?:inner_|internal_)(?:monologue|thoughts?|reasoning)|think(?:_(?:fast|faster|slow|deep|on|off))?"
)
_ALSO = "analysis|reflection|scratch_?pad|monologue|chain_of_thought|cot|思考"
"""Words that an answer may use for itself: a thought only where the block closes."""
_PREFIX = "[a-z]{2,10}[:_]"
"""What vendors put before such a word: `seed:`, `mm:`, `longcat_`."""
_TOKENS = "think|thinking|thought|reasoning"
_BLOCKS = [
    (later(start, re.IGNORECASE), end)
    for start, end in (
        (r"<(?P<name>think)(?:ing)?\s*/>", ""),
        (r"<(?P<name>think)(?:ing)?\b[^<>\n]*>", r"</{name}(?:ing)?\s*>"),
        (rf"<(?P<name>(?:{_PREFIX})?(?:{_WORDS}|{_ALSO}))\b[^<>\n]*>", r"</{name}\s*>"),
        (r"\[(?P<name>think|thinking|thought|reasoning)\]", r"\[/{name}\]"),
        (r"◁(?P<name>think|thinking)▷", r"◁/{name}▷"),
        (rf"<\|(?:begin|start)_(?:of_)?(?P<name>{_TOKENS})\|>", r"<\|end_(?:of_)?{name}\|>"),
        (rf"<\|(?P<name>{_TOKENS})_(?:begin|start)\|>", r"<\|{name}_end\|>"),
        (rf"<\|(?P<name>{_TOKENS})\|>", r"<\|(?:/{name}|end_{name})\|>"),
        (r"<\|(?P<name>inner)_prefix\|>", r"<\|{name}_suffix\|>"),
        (r"<\|channel>(?P<name>thought)\b", r"<channel\|>"),
        (r"<(?P<name>unused94)>", r"<unused95>"),
        (r"<(?P<name>details) type=\"?reasoning\"?[^<>]*>", r"</{name}>"),
        (r"<(?P<name>details)[^<>]*>\s*<summary>\s*(?:think|thought|reasoning|思考)[^<]*</summary>", r"</{name}>"),
        (r"here (?:is|are) my (?P<name>thought process|reasoning steps?):",
         r"here is my (?:response|answer):|(?=\[begin final response\])"),
    )
]  # fmt: skip
"""Beginning and end of a block of thoughts."""
_CLOSED_ONLY = later(
    rf"{_ALSO}|(?!(?:seed:|ant:)|(?:{_WORDS})\Z){_PREFIX}.*|thought process|reasoning step|details",
    re.IGNORECASE,
)
_MOST_LATER = 100
_SENTENCE = 4
"""Words that a block inside a line must hold to be a thought and no example."""
_END_ALONE = later(
    rf"</(?:{_PREFIX})?(?:{_WORDS})\s*>|\[/(?:think|thinking|thought|reasoning)\]|◁/think(?:ing)?▷"
    rf"|<\|end_(?:of_)?(?:{_TOKENS})\|>|<\|(?:{_TOKENS})_end\|>|<\|inner_suffix\|>|<unused95>",
    re.IGNORECASE,
)
_SHELLS = [
    later(rf"\s*{start}(?P<inside>.*?)(?:{end})?\s*\Z", re.DOTALL | re.IGNORECASE)
    for start, end in (
        (r"<(?P<name>answer|response|output|final|final_answer)>", r"</(?P=name)>"),
        (r"<\|begin_of_solution\|>", r"<\|end_of_solution\|>"),
        (r"<\|start_response\|>", r"<\|end_response\|>"),
        (r"\[begin final response\]", r"\[end final response\]"),
    )
]
"""What an answer may be wrapped in after its thoughts."""
_CHANNEL = later(
    r"(?:<\|start\|>[^<\n]*)?<\|channel\|>\s*(?P<name>\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>"
    r"|<\|start\|>assistant<\|message\|>"
)
"""Without a channel a message of the assistant is said."""
_CHANNEL_END = later(r"<\|(?:end|return|call|start|channel)\|>")
_BARE_CHANNELS = later(r"\s*analysis(?=\S)(?P<thought>.*?)assistant\s?final(?P<said>.*)\Z", re.DOTALL)
"""The same channels where the server dropped the control tokens between them."""
_CONTROL_END = later(
    r"(?:\s*(?:[<\[][|｜](?:[a-z_▁]*(?:end|eo[smt])[a-z_▁]*|im_start|return|call|user|assistant|observation)[|｜][>\]]"
    r"|<end_of_(?:turn|utterance)>|<turn\|>|<eos>|<EOT>|\[EOS\]|\[/INST\]|\[end final response\]))+\s*\Z",
    re.IGNORECASE,
)
_SENTENCE_END = later(r"(?:\s*</s>)+(?:<s>)?\s*\Z")
_CONTROL_START = later(
    r"\s*(?:<\|im_start\|>\s*assistant\b\s*|<\|start_header_id\|>\s*assistant\s*<\|end_header_id\|>\s*|<\|assistant\|>\s*"
    r"|<start_of_turn>\s*model\b\s*|<\|begin_of_text\|>|<bos>)+",
    re.IGNORECASE,
)
"""The chat template's own beginning of a turn, where a server hands it out."""
_MAY_HOLD = later(
    rf"[<\[◁](?:/?(?:{_PREFIX})?(?:{_WORDS}|{_ALSO}|details)|[|｜]|unused9|/s>|eos|eot|bos>|/INST|/?(?:end|start)_of_|turn\|)",
    re.IGNORECASE,
)
_HEADINGS = ("analysis", "here is my", "here are my")
_THOUGHT_PART = later(r"reason|think|thought|summary_text")
_SAID_PARTS = ("", "text", "output_text", "input_text", "markdown")
_JSON = later(r"\s*(?:\{|\[\s*[\[{\"\d\]])")
_WORD = later(r"[^\W\d_]+|[㐀-鿿]")
_FENCE = later(r"^[ \t]*(?:`{3,}|~{3,})", re.MULTILINE)


def strip_thoughts(text: str) -> str:
    """The text without thoughts and control tokens, also where a block never closes or opens; else unchanged."""
    return split_thoughts(text)[1]


def split_thoughts(text: str) -> tuple[str, str]:
    """(the thoughts with the tags that they had, the rest); the first is empty where there are none."""
    if not _may_hold(text):
        return "", text
    if _CHANNEL.search(text):
        return _split_channels(text)
    if bare := _BARE_CHANNELS.match(text):
        return f"analysis{bare['thought']}".strip(), _without_end(bare["said"]).strip()
    thoughts, rest = _split_beginning(text[start.end() :] if (start := _CONTROL_START.match(text)) else text)
    if thoughts:
        rest = _without_shell(rest)
    later, rest = _split_later(rest)
    said = _without_end(rest)
    return "\n".join([*thoughts, *later]), said.strip() if thoughts or later else said


def _may_hold(text: str) -> bool:
    """A quick look, since nearly every text holds none."""
    if text[:40].lstrip().lower().startswith(_HEADINGS):
        return True
    return ("<" in text or "[" in text or "◁" in text) and _MAY_HOLD.search(text) is not None


def split_content(content: Any, *, between: str = "") -> tuple[str, str | None]:
    """(thoughts, text) of a message's `content`: a string, None, or a list of parts; text None for any other value.

    Of parts only those of a text type are said (`text`, `output_text`, or none given); those of a thinking type are
    thoughts, and any other (an image, a tool call) is neither. `between` stands between parts.
    """
    if content is None:
        return "", ""
    if isinstance(content, str):
        return split_thoughts(content)
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, list):
        return "", None
    thoughts, said = [], []
    for part in content:
        kind, text = _part(part)
        if _THOUGHT_PART.search(kind):
            thoughts.append(text)
        elif kind in _SAID_PARTS:
            said.append(text)
    inside, rest = split_thoughts(between.join(said))
    return "\n".join(filter(None, [*thoughts, inside])), rest


def _part(part: Any) -> tuple[str, str]:
    """Kind and text of one part of a message."""
    if isinstance(part, str):
        return "", part
    if not isinstance(part, Mapping):
        return "other", ""
    kind = str(part.get("type") or part.get("kind") or part.get("part_kind") or "").lower()
    if part.get("thought") is True:
        kind = "thought"
    for name in ("text", "content", "thinking", "reasoning", "summary", "value"):
        inside = part.get(name)
        if isinstance(inside, str):
            return kind, inside
        if isinstance(inside, Mapping) and isinstance(inside.get("value"), str):
            return kind, inside["value"]
        if isinstance(inside, list):
            return kind, "".join(_part(item)[1] for item in inside)
    return kind, ""


def _split_channels(text: str) -> tuple[str, str]:
    """The final channel is said; analysis, commentary and calls are thoughts."""
    starts = list(_CHANNEL.finditer(text))
    thoughts, said = [], [text[: starts[0].start()]]
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        piece = text[start.end() : following.start() if following else len(text)]
        if end := _CHANNEL_END.search(piece):
            piece = piece[: end.start()]
        if (start["name"] or "final").lower() == "final":
            said.append(piece)
        else:
            thoughts.append(start[0] + piece)
    return "\n".join(thoughts).strip(), _without_end("".join(said)).strip()


def _split_beginning(text: str) -> tuple[list[str], str]:
    """The blocks that the text begins with, and what follows them."""
    thoughts: list[str] = []
    rest = text
    while end := _end_of_first(rest):
        thoughts.append(rest[:end].strip())
        rest = rest[end:]
        if again := _END_ALONE.match(rest.lstrip()):  # a block inside a block
            rest = rest.lstrip()[again.end() :]
    if thoughts or _JSON.match(rest):
        return thoughts, rest
    alone = _END_ALONE.search(rest)  # the opening tag stood in the prompt
    if alone and not _opened(rest[: alone.start()], alone[0]) and not _in_code(rest, alone.start()):
        return [rest[: alone.end()].strip()], rest[alone.end() :]
    return thoughts, rest


def _end_of_first(text: str) -> int:
    """Where the block that the text begins with ends, also one that never closes; 0 where it begins with none."""
    begin = len(text) - len(text.lstrip())
    for start, end in _BLOCKS:
        if found := start.match(text, begin):
            if closing := _closing(end, found).search(text, found.end()):
                return closing.end()
            return 0 if _CLOSED_ONLY.fullmatch(found["name"]) else len(text)
    return 0


def _split_later(text: str) -> tuple[list[str], str]:
    """Closed blocks further on, outside code; what is only named in a sentence stays."""
    thoughts: list[str] = []
    if _JSON.match(text):
        return thoughts, text
    for start, end in _BLOCKS[:-1]:
        at, open_for_ever = 0, set[str]()
        while len(thoughts) < _MOST_LATER and (found := start.search(text, at)):
            at, name = found.end(), found["name"].lower()
            closing = None if name in open_for_ever else _closing(end, found).search(text, at)
            if closing is None:
                open_for_ever.add(name)
            elif _is_thought(text[at : closing.start()], text, found.start()):
                thoughts.append(text[found.start() : closing.end()])
                text, at = text[: found.start()] + text[closing.end() :], found.start()
            else:
                at = closing.end()
    return thoughts, text


def _is_thought(inside: str, text: str, at: int) -> bool:
    """Whether a block further on was thought: it opens a line, or holds a sentence. `<think>x</think>` is an example."""
    opens_line = not text[text.rfind("\n", 0, at) + 1 : at].strip()
    words = len(_WORD.findall(inside, 0, 200))
    return (words > 0 if opens_line else words >= _SENTENCE) and not _in_code(text, at)


def _closing(end: str, start: re.Match[str]) -> re.Pattern[str]:
    return re.compile(end.format(name=re.escape(start["name"])), re.IGNORECASE)


def _opened(before: str, end: str) -> bool:
    return end.replace("/", "").lower() in before.lower() or "<|begin" in before.lower()


def _in_code(text: str, at: int) -> bool:
    return (
        len(_FENCE.findall(text, 0, at)) % 2 == 1 or text.count("`", text.rfind("\n", 0, at) + 1, at) % 2 == 1
    )


def _without_shell(text: str) -> str:
    for shell in _SHELLS:
        if found := shell.match(text):
            return found["inside"]
    return text


def _without_end(text: str) -> str:
    """The text without control tokens at its end. `</s>` is one unless the text strikes something out."""
    text = _CONTROL_END.sub("", text)
    return text if "<s>" in text.removesuffix("</s><s>") else _SENTENCE_END.sub("", text)
