"""What is cut from a text, what is left alone, and that everything is counted."""

import json
import re
from urllib.parse import quote, quote_plus

import pytest

from tactful.text.redaction import Redaction

SECRETS = [
    "sk-proj-Abc123Def456Ghi789Jkl012",
    "sk-ant-api03-AbCdEf0123456789-_xyz",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "github_pat_11ABCDEFG0123456789_abcdefghijk",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyA-1234567890abcdefghijklmnopqrstu",
    "xoxb-123456789012-abcdefABCDEF",
    "sk_live_0123456789abcdef",
    "hf_AbCdEfGhIjKlMnOpQrStUvWx",
    "glpat-AbCdEf0123456789xyz",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----",
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEYzz9",
]


def redacted(text):
    return Redaction().text(text)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "key: {} .", '{{"k": "{}"}}', "看{}吧", "({})", "export A={};"])
def test_a_key_is_cut_wherever_it_stands(secret, around):
    found = redacted(around.replace("{{", "{").replace("}}", "}").replace("{}", secret))
    assert secret not in found
    assert "[SECRET]" in found


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("password: hunter2", "password: [SECRET]"),
        ("my password is hunter2!", "my password is [SECRET]"),
        ('{"api_key": "0123456789abcdef"}', '{"api_key": "[SECRET]"}'),
        ('password = "correcthorse"', 'password = "[SECRET]"'),
        ("postgres://bob:s3cret@db.host/x", "postgres://[SECRET]@db.host/x"),
        ("Authorization: Bearer abcdef0123456789abcdef", "Authorization: Bearer [SECRET]"),
        ("密码是abc12345", "密码是[SECRET]"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENG", "AWS_SECRET_ACCESS_KEY=[SECRET]"),
        ("Mein Passwort lautet hunter22.", "Mein Passwort lautet [SECRET]"),
        ("mot de passe : hunter22", "mot de passe : [SECRET]"),
        ("La contraseña es hunter22", "La contraseña es [SECRET]"),
    ],
)
def test_what_is_called_a_password_is_cut(text, left):
    assert redacted(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "The token is expired.",
        "max_tokens: 4096",
        "password: str",
        "def login(user, password=None): ...",
        "token = get_token()",
        "api_key=os.environ['KEY']",
        "Is the password: required?",
        "secret: ${SECRET}",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "id 250f54f6-0565-4891-abe2-8e711d370617",
        "https://example.com/a/b?c=d",
        "the_quick_brown_fox_jumps_over_the_lazy_dog_again",
        "I asked for a key figure and a token of thanks",
        "npm install left-pad@1.3.0 and @types/node",
        "from x import y  # decorator @dataclass",
    ],
)
def test_code_and_prose_are_left_alone(text):
    assert redacted(text) == text


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com",
        "a.b+c@mail.example.co.uk",
        "ann%40example.com",
        "李雷@例子.公司",
        "x_y@sub.domain.org",
    ],
)
@pytest.mark.parametrize("around", ["{}", "write to <{}>, please", '"{}"', "mailto:{}", "（{}）"])
def test_an_email_address_is_cut(address, around):
    found = redacted(around.replace("{}", address))
    assert address not in found
    assert "[EMAIL]" in found


@pytest.mark.parametrize(
    "number",
    [
        "4111 1111 1111 1111",
        "4111111111111111",
        "5500-0000-0000-0004",
        "378282246310005",
        "6011 0009 9013 9424",
        "30569309025904",
    ],
)
@pytest.mark.parametrize("around", ["{}", "card {}, 12/27, 123", "my card is {} 12 27", '{{"n": "{}"}}'])
def test_a_card_number_is_cut_when_its_check_digit_fits(number, around):
    found = redacted(around.replace("{{", "{").replace("}}", "}").replace("{}", number))
    assert number not in found
    assert "[CARD]" in found


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "1700000000000",
        "1790000000000000000",
        "3.14159265358979",
        "2.302585092994046",
        "4  2019-03-07  4.79977    1",
        "2 + 3 = 5",
    ],
)
def test_other_numbers_are_no_cards(text):
    assert redacted(text) == text


def test_a_card_number_that_is_a_json_number_is_cut():
    assert Redaction().tree({"n": 4111111111111111, "t": 1700000000000}) == {
        "n": "[CARD]",
        "t": 1700000000000,
    }


@pytest.mark.parametrize(
    "number",
    [
        "+44 20 7946 0958",
        "+1 (415) 555-2671",
        "(415) 555-2671",
        "020 7946 0958",
        "13812345678",
        "+8613812345678",
        "0049 30 901820",
    ],
)
def test_a_phone_number_is_cut(number):
    found = redacted(f"Ring {number}, thanks")
    assert found == "Ring [PHONE], thanks"


PLAINLY = [
    ("ann.lee@example.org", "[EMAIL]"),
    ("4111 1111 1111 1111", "[CARD]"),
    ("+49 30 901820", "[PHONE]"),
    ("138 1234 5678", "[PHONE]"),
    ("/home/user/annlee", "[PATH]"),
    ("sk-proj-Zx81kQm20LpWv73TnRb5", "[SECRET]"),
]


def full_width(text):
    return "".join(
        chr(ord(c) + 0xFEE0) if c.isalnum() or c in "@+" else c for c in text.replace(" ", "\u3000")
    )


SPELLINGS = {
    "as it is": str,
    "in an address": lambda text: quote(text, safe=""),
    "in an address within an address": lambda text: quote(quote(text, safe=""), safe=""),
    "as forms send it": quote_plus,
    "with wide spaces": lambda text: text.replace(" ", "\u202f"),
    "with unseen characters": lambda text: text.replace("1", "1\u200b"),
    "as JSON escapes everything": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "as HTML escapes everything": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "with escaped slashes": lambda text: text.replace("/", "\\/"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(("text", "mark"), PLAINLY)
@pytest.mark.parametrize("around", ["{}", "Use {}, please.", "用{}吧", "a\n{}\nb", '"{}"', "({})"])
def test_it_is_cut_however_it_is_spelt_in_words_and_in_json(spelling, text, mark, around):
    written = around.replace("{}", SPELLINGS[spelling](text))
    for found in (redacted(written), redacted(json.dumps({"text": written}))):
        assert mark in found
        assert not {"ann.lee", "annlee", "1111", "901820", "1234", "Zx81kQm20"} & set(
            re.findall(r"[\w.]+", found)
        )


@pytest.mark.parametrize(
    ("text", "mark"), [pair for pair in PLAINLY if pair[1] in ("[CARD]", "[PHONE]", "[EMAIL]")]
)
def test_full_width_letters_and_digits_hide_nothing(text, mark):
    before = "" if mark == "[EMAIL]" else "请打"  # no space parts an address from Chinese before it
    assert redacted(f"请打{full_width(text)}，谢谢") == f"{before}{mark}，谢谢"
    assert mark in redacted(json.dumps({"text": full_width(text)}))


@pytest.mark.parametrize(
    "text",
    [
        "100% of 20%20",
        r"C\u4f60 and \u597d",
        "a &amp; b",
        "１２３４５６，全角",
        "5+5=10",
        "https://example.com/?q=%E4%BD%A0&p=1+2",
    ],
)
def test_what_holds_nothing_stays_as_it_is_spelt(text):
    assert redacted(text) == text


def test_what_a_key_calls_a_password_or_a_phone_number_is_one():
    told = {
        "password": "hunter22",
        "client": {"apiKey": ["hunter22"], "phone": 5552671234},
        "密码": "hunter22",
    }
    assert Redaction().tree(told) == {
        "password": "[SECRET]",
        "client": {"apiKey": ["[SECRET]"], "phone": "[PHONE]"},
        "密码": "[SECRET]",
    }
    calm = {"max_tokens": "4096", "token_type": "bearer", "order": 5552671234, "password": None}
    assert Redaction().tree(calm) == calm


def test_digits_beside_a_phone_number_do_not_hide_it():
    assert redacted("Ring +44 20 7946 0958 0000") == "Ring [PHONE]"
    assert redacted("Ring +44 20 7946 0958 0A") == "Ring [PHONE] 0A"
    assert redacted("order 4711 13812345678") == "order 4711 [PHONE]"
    assert redacted("see 12 020 7946 0958 now") == "see 12 [PHONE] now"
    assert redacted("13812345678 0000000000000003") == "[PHONE] 0000000000000003"
    assert redacted("0000000000000003 4111 1111 1111 1111") == "0000000000000003 [CARD]"
    assert redacted("B7 +44 20 7946 0958") == "B7 [PHONE]"
    assert redacted("\\ +44 20 7946 0958") == "\\ [PHONE]"  # a backslash before a space begins no escape


def test_a_bare_number_is_a_phones_only_where_it_is_called_so():
    assert redacted("call me: 5552671234") == "call me: [PHONE]"
    assert redacted("order 5552671234") == "order 5552671234"


@pytest.mark.parametrize(
    "text",
    [
        "on 2024-05-31 12:00:00",
        "10.0.0.1:8080",
        "2024-05-31",
        "1,234,567.89",
        "12 34 56 78",
        "3-2-1",
        "0 2019-03-06      3    6",
        "1    0      03  05  4.77665",
        "at 2019-03-20 00:00:00",
        "0.00012345678",
        "id 0012345678",
        'time_string = "2019-03-20 00:00:00"',
    ],
)
def test_dates_and_other_figures_are_no_phones(text):
    assert redacted(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("open /home/me/shop/tax.py now", "open [PATH]/tax.py now"),
        ("in /Users/me/Documents.", "in [PATH]."),
        ("cd /home/me", "cd [PATH]"),
        (r"C:\Users\John Doe\notes.txt is it", r"[PATH]\notes.txt is it"),
        ("file:///home/me/a.md", "[PATH]/a.md"),
        ("/usr/bin/python and /etc/hosts", "/usr/bin/python and /etc/hosts"),
        ("GET https://example.com/home/page/x", "GET https://example.com/home/page/x"),
    ],
)
def test_folders_of_a_machine_are_cut_and_the_name_of_the_file_stays(text, left):
    assert redacted(text) == left


def test_what_was_cut_is_counted_by_kind_also_in_keys():
    redaction = Redaction()
    tree = {"ann@example.com": ["bob@example.com", {"x": "4111 1111 1111 1111"}], "n": None, "b": True}
    assert json.dumps(redaction.tree(tree)).count("[") == 4
    assert redaction.cut == {"email": 2, "card": 1}


def test_cutting_again_changes_nothing():
    once = redacted("password: hunter2, ann@example.com, /home/me/x.py")
    assert redacted(once) == once
