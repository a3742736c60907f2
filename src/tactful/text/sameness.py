"""Are two texts the same to who reads them, whatever editor, endpoint or operating system wrote them?"""

from __future__ import annotations

import unicodedata

_UNSEEN = dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF)) | {0x00A0: " "}
"""Soft hyphen, spaces without width and byte order mark show nothing; a no-break space shows a space."""


def as_read(text: str) -> str:
    """What is left of the text for comparing it: equal for texts that nobody can tell apart on a page.

    Unicode's composed form (NFC), any line end as `\\n`, without white space around the text and at the ends of its
    lines, and without what shows nothing. Case, width, indentation and blank lines within stay: they can be told apart.
    """
    shown = unicodedata.normalize("NFC", text).translate(_UNSEEN)
    return "\n".join(line.rstrip() for line in shown.splitlines()).strip()
