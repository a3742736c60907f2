"""What is added goes between the bytes of a request; all others stay."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.live.proxy.splicing import read_body

ODD = (
    b'\t{ "messages" :[ {"role":"user","content":"\\u00e9 \\ud83d\\ude00 \xc3\xa9 }] \\" ,"} ,\n{"role":"user", "x":1.0e5}\r\n] ,"n":1e400,'
    b'"seed":12345678901234567890123, "temperature":1.10,"stop":["]","}"] }\n '
)
ITEM = {"role": "system", "content": 'a "fact"\n'}


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_item_is_added_and_every_other_byte_stays(at: int) -> None:
    body = read_body(ODD)
    made = body.with_item("messages", at, ITEM)
    for cut in (json.dumps(ITEM) + ", ", ", " + json.dumps(ITEM)):
        if made.replace(cut.encode(), b"") == ODD:
            break
    else:
        pytest.fail(made.decode())
    messages = json.loads(made)["messages"]
    assert messages[at] == ITEM
    assert [one for one in messages if one != ITEM] == json.loads(ODD)["messages"]


def test_an_item_is_added_to_an_empty_list() -> None:
    assert (
        read_body(b'{"messages": []}').with_item("messages", 0, {"a": "b"}) == b'{"messages": [{"a": "b"}]}'
    )


@pytest.mark.parametrize(
    ("sent", "made"),
    [
        (b'{"input": "x"}', b'{"instructions": "F\\u00e9", "input": "x"}'),
        (b"{}", b'{"instructions": "F\\u00e9"}'),
        (b'{"instructions" : null, "n":1.0}', b'{"instructions" : "F\\u00e9", "n":1.0}'),
        (b'{"instructions":"","n":1.0}', b'{"instructions":"F\\u00e9","n":1.0}'),
        (b'{"instructions":"a\\"b","n":1.0}', b'{"instructions":"a\\"b\\n\\nF\\u00e9","n":1.0}'),
    ],
)
def test_a_text_goes_behind_what_stands_there(sent: bytes, made: bytes) -> None:
    assert read_body(sent).with_text_behind("instructions", "Fé") == made


def test_a_text_goes_into_one_item_of_a_list_alone() -> None:
    sent = b'{"n": 1.0, "messages": [ {"content": "Be brief." , "role":"system"}, {"role":"user","content":"Hi"}]}'
    body = read_body(sent)
    assert body.with_text_in_item("messages", 0, "content", "F") == sent.replace(b"brief.", b"brief.\\n\\nF")
    parts = b'{"messages": [{"role":"system","content":[{"type":"text","text":"x"}]}]}'
    assert read_body(parts).with_text_in_item("messages", 0, "content", "F") is None
    assert read_body(parts).with_text_behind("messages", "F") is None


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"[]",
        b'"x"',
        b"{",
        b'{"a":1,}',
        b'{"a":1 "b":2}',
        b'{"a":[1,]}',
        b'{"a":1} x',
        b'{"a":1}{"a":2}',
        b'{"a":1,"a":2}',
        b"{'a':1}",
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a"',
        b'{"a":[',
        b'{"a":"\n"}',
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_what_is_no_single_sound_object_is_left_alone(sent: bytes) -> None:
    assert read_body(sent) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@given(
    st.dictionaries(st.text(), VALUES, max_size=4),
    st.lists(VALUES, max_size=4),
    st.booleans(),
    st.integers(0, 5),
)
def test_any_object_reads_as_it_is_and_takes_an_item(values, items, spaced: bool, at: int) -> None:
    whole = {**values, "messages": items}
    sent = json.dumps(whole, indent=1 if spaced else None, ensure_ascii=spaced).encode(
        "utf-8", "surrogatepass"
    )
    body = read_body(sent)
    if body is None:  # lone surrogates are no UTF-8
        with pytest.raises(UnicodeDecodeError):
            sent.decode()
        return
    assert body.values == whole
    place = min(at, len(items))
    made = json.loads(body.with_item("messages", at, ITEM))
    assert made == {**whole, "messages": [*items[:place], ITEM, *items[place:]]}
