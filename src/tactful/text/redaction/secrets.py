"""Secrets by their shape: keys with a prefix of their issuer, tokens, private keys, passwords that are named as such.

Prefixes are those that issuers publish so that scanners find leaked keys (the same that gitleaks and detect-secrets look
for; both read files line by line and would add seconds to a log, so the shapes stand here).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable

_KEYS = (
    r"sk-[A-Za-z0-9_-]{16,}",  # OpenAI, Anthropic, OpenRouter, DeepSeek
    r"(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{10,}",  # Stripe
    r"whsec_[A-Za-z0-9+/=]{16,}",
    r"gh[pousr]_[A-Za-z0-9]{20,}",
    r"github_pat_\w{20,}",
    r"gl(?:pat|ptt|rt|oas|cbt)-[\w-]{16,}",
    r"xox[abeoprs]-[\w-]{10,}",
    r"xapp-\d-[\w-]{10,}",
    r"(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{16}",
    r"AIza[\w-]{30,}",
    r"ya29\.[\w-]{20,}",
    r"GOCSPX-[\w-]{20,}",
    r"(?:hf|gsk|npm|tskey|r8|lin_api|figd|sbp|dckr_pat|shp(?:at|ca|pa|ss)|rubygems|ntn|secret|pat|ops|tvly|fc|csk)_[A-Za-z0-9_-]{20,}",
    r"(?:xai|pplx|nvapi|tvly|pypi|tskey|key|figd|NRAK|PMAK|SK|sq0[a-z]{3}|dt0c01|glsa|hvs|hvb|co|rnd|jina|ntn|fal)[-_.][A-Za-z0-9_-]{24,}",
    r"do[opr]_v1_[0-9a-f]{32,}",
    r"dapi[0-9a-f]{32}",
    r"SG\.[\w-]{16,}\.[\w-]{16,}",
    r"EAA[A-Za-z0-9]{40,}",
    r"ATATT3[\w=-]{20,}",
    r"AGE-SECRET-KEY-1[0-9A-Z]{50,}",
    r"\d{8,10}:AA[\w-]{30,}",  # Telegram
    r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?",  # JWT
)
_BEGIN = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
"""A key does not begin inside a word; a line end may be spelt as in JSON."""
_KEY = re.compile(rf"{_BEGIN}(?:{'|'.join(_KEYS)})")
_BLOCK = re.compile(
    r"-----BEGIN[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_IN_URL = re.compile(r"(?P<before>[a-z][a-z0-9+.-]*://)[^\s/:@\"'<>]*:[^\s/@\"'<>]+@", re.IGNORECASE)
_HOOK = re.compile(
    r"https://(?:hooks\.slack\.com/(?:services|workflows)|(?:\w+\.)?discord(?:app)?\.com/api/webhooks)/[^\s\"'<>)]+"
)
_CARRIED = re.compile(rf"(?P<before>{_BEGIN}(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{{16,}}", re.IGNORECASE)
_NAMED = re.compile(
    r"(?P<before>(?:pass(?:word|wort|wd|phrase|code)?|kennwort|mot de passe|contraseña|senha|пароль|パスワード|비밀번호|pwd|authorization|secrets?|tokens?|credentials?|api[ _-]?keys?|access[ _-]?keys?|auth[ _-]?keys?"
    r"|private[ _-]?keys?|account[ _-]?keys?|secret[ _-]?access[ _-]?keys?|\bsig|密码|口令|密钥)\\?[\"'`]?\s{0,3}(?P<link>=>|:=|=|:|：|is|ist|lautet|es|est|是|为)\s{0,3})"
    r"(?P<quote>\\?[\"'`]?)(?P<value>[^\s\"'`,;<>{}\\]{4,})",
    re.IGNORECASE,
)
_RUN = re.compile(r"(?:(?<![A-Za-z0-9+/_.-])|(?<=\\[nrt]))[A-Za-z0-9+/_-]{32,}={0,2}(?![A-Za-z0-9+/_=-])")
_NO_VALUE = re.compile(
    r"(?:[a-z_][\w.]*(?:\(|\[)|\$|%|os\.|env\.|process\.|self\.|\[|\*{3,}|x{4,}|\.{3,}|(?:str|string|text|none|null|true|false|required|optional|undefined|bool|int|number)\b)",
    re.IGNORECASE,
)  # fmt: skip
_CALLED = (
    "pass",
    "pwd",
    "authorization",
    "secret",
    "token",
    "credential",
    "key",
    "sig=",
    "密码",
    "口令",
    "密钥",
    "kennwort",
    "contraseña",
    "senha",
    "пароль",
    "パスワード",
    "비밀번호",
)
"""A text without any of them, lower case, calls nothing a password or a key."""
_LONG = re.compile(r"[A-Za-z0-9_.:+/=-]{16,}")
"""Shorter, nothing is a key of a known shape."""
_LEAST_BITS = 4.2
"""Bits a character: written words and identifiers stay below it, random keys of 32 characters above."""


def cut_secrets(text: str, cut: Callable[[], str]) -> str:
    """The text with `cut()` in place of every secret."""
    if _LONG.search(text) is not None:
        if "-----BEGIN" in text:
            text = _BLOCK.sub(lambda found: cut(), text)
        if "://" in text:
            text = _HOOK.sub(lambda found: cut(), text)
        text = _KEY.sub(lambda found: cut(), text)
        text = _CARRIED.sub(lambda found: f"{found['before']}{cut()}", text)
        text = _RUN.sub(lambda found: cut() if _is_random(found[0]) else found[0], text)
    if "://" in text:
        text = _IN_URL.sub(lambda found: f"{found['before']}{cut()}@", text)
    if any(map(text.lower().__contains__, _CALLED)):
        text = _NAMED.sub(lambda found: _named(found, cut), text)
    return text


def is_called_secret(name: str) -> bool:
    """Whether a key calls its value a password, a key or a token."""
    return any(map(name.lower().__contains__, _CALLED)) and _NAMED.search(f'{name}: "x0x0x0x0"') is not None


def _named(found: re.Match[str], cut: Callable[[], str]) -> str:
    """What is called a password or a key, unless it is a type, a name, a call or a word of prose."""
    value, quoted, prose = (
        found["value"],
        bool(found["quote"]),
        found["link"].isalpha() and found["link"].isascii(),
    )
    if _NO_VALUE.match(value):  # `[SECRET]` is none either
        return found[0]
    mixed = any(char.isdigit() for char in value) or (
        len(value) > 7 and bool(re.search(r"[^\w.,;:!?-]", value))
    )
    bare = value.strip(".,;:!?)")
    if (prose and not (mixed and len(bare) >= 6)) or (
        not mixed and not (quoted and len(bare) >= 6 and not prose)
    ):
        return found[0]
    if (
        bare.isdigit()
        and len(bare) < 6
        and not found["before"].lower().startswith(("pass", "pwd", "密", "口"))
    ):
        return found[0]  # `max_tokens: 4096`
    if found["before"].lower().startswith("token") and bare.replace(".", "").isdigit():
        return found[0]
    return f"{found['before']}{found['quote']}{cut()}"


def _is_random(run: str) -> bool:
    kinds = sum(bool(re.search(kind, run)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    if kinds < 3 or run.count("/") > len(run) / 12:
        return False
    counts = Counter(run)
    bits = -sum(count / len(run) * math.log2(count / len(run)) for count in counts.values())
    return bits >= _LEAST_BITS
