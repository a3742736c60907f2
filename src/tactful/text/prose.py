"""What of a message is its writer's own prose: without code, links, quotations and quoted lines."""

from __future__ import annotations

from tactful.text.later import later

# What is no prose of the assistant's own: replaced by a plain word, so that the sentence round it survives.
_FENCE = later(r"(?ms)^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)")
_INLINE_CODE = later(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_LINK = later(r"\b(?:https?://|www\.)[^\s<>()（）。，？]*[^\s<>()（）。，？.,;:!?]")
_QUOTED = later(
    r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|‘[^’\n]{1,300}’|「[^」\n]{1,300}」|『[^』\n]{1,300}』|«[^»\n]{1,300}»"
    r"|(?<![\w])'[^'\n]{1,300}'(?!\w)"
)
_LETTER = later(
    r"(?ms)^[^\w\n]{0,10}(?:Subject|主题|主旨)\W{0,3}[:：](?:(?!^[^\w\n]{0,10}(?:Subject|主题|主旨)\W{0,3}[:：]).)*?"
    r"^[^\w\n]{0,10}(?:(?:Best|Kind|Warm|Many|Regards|Sincerely|Thanks|Thank you|Cheers|Yours|此致|祝好|谢谢)\b[^\n]{0,30}(?:\n[^\n]{0,60}$)?|-{3,})"
)
"""A letter that was drafted for somebody else, from its subject to its end."""
_QUOTED_LINE = later(r"(?m)^[ \t]*>.*$")
_CODE_LINE = later(
    r"(?m)^[ \t]*(?:def \w+\(.*|class \w+.*:|import \w.*|from \S+ import .*|assert .*|return\b.*|@\w.*)$"
)
_STAND_IN = " x "
_ABBREVIATION = later(
    r"(?i)\b(e\.g|i\.e|etc|vs|approx|incl|resp|mr|mrs|ms|dr|st|q\d{1,2}|no(?=\.\s*\d))\.(?=\s)"
)
HIDDEN_DOT = "․"  # looks like a full stop and ends no sentence
_SOFT_WRAP = later(r"(?<=[\w,])[ \t]*\n[ \t]*(?=[a-z])(?![a-z0-9]{1,2}[.)]\s)")


def own_prose(text: str) -> str:
    """The assistant's own sentences: code, links, quotations and quoted lines are gone."""
    text = text.replace("\r\n", "\n")
    text = _FENCE.sub("\n", text)
    text = _LETTER.sub("\n", text)
    text = _INLINE_CODE.sub(_STAND_IN, text)
    text = _LINK.sub(_STAND_IN, text)
    text = _QUOTED_LINE.sub("", text)
    text = _CODE_LINE.sub("", text)
    text = _QUOTED.sub(_STAND_IN, text)
    text = _ABBREVIATION.sub(lambda found: found[1] + HIDDEN_DOT, text)
    return _SOFT_WRAP.sub(" ", text)
