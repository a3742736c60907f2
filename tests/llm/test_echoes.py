import base64
import html
import json
import textwrap
from urllib.parse import quote

import pytest

from tactful.llm.echoes import without_key

KEY = "sk-aB+c/d?e=f&4711-zQ9_xY7w"
BASE64 = base64.b64encode(f"Bearer {KEY}".encode()).decode()
ECHOES = {
    "plain": KEY,
    "upper case": KEY.upper(),
    "small letters": KEY.lower(),
    "percent signs": quote(KEY, safe=""),
    "percent signs in small letters": quote(KEY, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
    "percent signs twice": quote(quote(KEY, safe=""), safe=""),
    "every letter in percent signs": "".join(f"%{ord(letter):02X}" for letter in KEY),
    "in a query": f"?key={quote(KEY)}&x=1",
    "slashes escaped": KEY.replace("/", "\\/"),
    "escapes of JSON": "".join(f"\\u{ord(letter):04x}" for letter in KEY),
    "escapes of HTML in JSON": KEY.replace("&", "\\u0026").replace("+", "\\u002B"),
    "JSON in JSON": json.dumps(json.dumps("".join(f"\\u{ord(letter):04x}" for letter in KEY))),
    "escapes of a language": "".join(f"\\x{ord(letter):02x}" for letter in KEY),
    "entities": "".join(f"&#{ord(letter)};" for letter in KEY),
    "entities by hex": "".join(f"&#x{ord(letter):X};" for letter in KEY),
    "hex": KEY.encode().hex(),
    "hex with spaces": KEY.encode().hex(" "),
    "hex in large letters over lines": "\n".join(textwrap.wrap(KEY.encode().hex().upper(), 20)),
    "over lines": KEY[:9] + "\n" + KEY[9:],
    "over lines of a header": KEY[:9] + "\r\n  " + KEY[9:],
    "over lines in JSON": json.dumps(KEY[:9] + "\n" + KEY[9:]),
    "in two strings": f'"{KEY[:9]}"\n    "{KEY[9:]}"',
    "base64": BASE64,
    "base64 of the key alone": base64.b64encode(KEY.encode()).decode(),
    "base64 one letter later": base64.b64encode(f":{KEY}".encode()).decode(),
    "base64 two letters later": base64.b64encode(f"ab{KEY}ab".encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(f"me:{KEY}".encode()).decode(),
    "base64 in lines of MIME": base64.encodebytes(f"{'x' * 50}{KEY}".encode()).decode(),
    "base64 in lines, in JSON": json.dumps("\n".join(textwrap.wrap(BASE64, 16))),
    "base64 in percent signs": quote(BASE64, safe=""),
}  # fmt: skip


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_an_echo_of_the_key_is_cut(echo):
    hidden = without_key(f"before {echo} behind".encode(), KEY)
    assert hidden.startswith(b"before ")
    assert b"[key]" in hidden
    assert hidden.endswith(b"behind")
    assert len(hidden) < len("before [key] behind") + 80  # in base64 of the words around it stay
    plain = html.unescape(hidden.decode()).lower()
    assert not any(KEY[at : at + 8].lower() in plain for at in range(len(KEY) - 8))


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "Incorrect API key provided: sk-aB***9_xY7w"}',
        b'{"content": "\\u4f60\\u597d 100% \\"quoted\\" &#38; C:\\\\new\\\\table"}',
        b"",
        bytes(range(256)),
    ],
)
def test_what_is_no_echo_stays_as_it_is(body):
    assert without_key(body, KEY) == body


def test_a_short_key_is_cut_as_it_is_alone():
    assert without_key(b"none bm9uZQ== NONE", "none") == b"[key] bm9uZQ== NONE"
