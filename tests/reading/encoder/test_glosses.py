from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from tactful.reading.encoder.glosses import GLOSSES_FILE, Glosses
from tactful.reading.encoder.reader import bundled_reader
from tactful.reading.types import Request

LISTS = Glosses(
    {
        "es": {"no": "no", "funciona": "works", "la": "the", "prueba": "test", "otra": "again", "reunión": "meeting"},
        "de": {"nicht": "not", "die": "the", "datei": "file", "lösche": "delete", "küche": "kitchen", "licht": "light",
               "urlaub": "holiday", "antrag": "application", "weis": "wise", "überweisung": "transfer", "überweis": "transfer"},
        "pl": {"żółty": "yellow", "łódź": "boat", "jest": "is", "ta": "this"},
        "tr": {"rezervasyon": "reservation", "iptal": "cancel", "et": "do", "ingilizce": "english", "kapı": "door"},
        "ru": {"не": "not", "удали": "delete", "файл": "file", "забронир": "reserve"},
        "ja": {"予約": "reserve", "予約して": "please reserve", "会議": "meeting", "の": "of", "ない": "not"},
        "ko": {"예약": "reserve", "취소": "cancel", "앱": "app"},
        "ar": {"ملف": "file", "احذف": "delete"},
        "hi": {"मुझे": "me", "ज़रूरत": "need", "है": "is"},
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("La prueba no funciona", "the test no works"),
        ("Lösche die Datei nicht!", "delete the file not!"),
        ("losche die datei", "delete the file"),
        ("rezervasyonu iptal et", "reservation cancel do"),
        ("Не удали файл", "not delete file"),
        ("забронируй файл", "reserve file"),
        ("예약을 취소해줘", "reserve cancel"),
        ("앱을 취소해줘", "app cancel"),
        ("احذف الملف", "delete file"),
        ("اِحْذِف الملـــف", "delete file"),
        ("मुझे जरूरत है", "me need is"),
        ("Küchenlicht nicht", "kitchen light not"),
        ("die urlaubsantragsdatei nicht", "the holiday application file not"),
        ("die überweisen nicht", "the transfer not"),
        ("loesche die datei", "delete the file"),
        ("ta zolty lodz jest", "this yellow boat is"),
        ("İngilizce rezervasyon", "english reservation"),
        ("kapi rezervasyon", "door reservation"),
    ],
)
def test_words_of_a_known_language_are_read_by_their_gloss(text: str, english: str) -> None:
    assert LISTS.in_english(text) == english


@pytest.mark.slow
def test_letters_and_accents_written_apart_are_read_as_one() -> None:
    tokens = bundled_reader()._tokens
    for text in ("¿Cuándo es la reunión de mañana?", "Lösche die Überweisung", "예약을 취소해줘"):
        assert tokens.ids(unicodedata.normalize("NFD", text)) == tokens.ids(text)
        assert tokens.is_glossed(unicodedata.normalize("NFD", text))


def test_a_text_whose_accents_are_stored_apart_is_known_as_the_same_text_is() -> None:
    text = Request(text="Résume très brièvement ma réunion, s'il te plaît")
    apart = Request(text=unicodedata.normalize("NFD", text.text))
    assert bundled_reader().needs_now([apart]) == bundled_reader().needs_now([text])


def test_ten_minutes_are_minutes() -> None:
    tokens = bundled_reader()._tokens
    assert tokens.ids("十分钟")[-1] == tokens.ids("五分钟")[-1]


def test_japanese_is_cut_into_the_longest_entries_and_keeps_what_none_knows() -> None:
    assert LISTS.in_english("会議の予約して、金曜ない").split() == [
        "meeting",
        "of",
        "please",
        "reserve",
        "、",
        "金曜",
        "not",
    ]


@pytest.mark.parametrize(
    "text",
    ["", "42", "the test no works", "What did the file say?", "no", "把文件删了", "die test file"],
)
def test_english_chinese_and_what_no_list_knows_stand_as_they_are(text: str) -> None:
    assert LISTS.in_english(text) == text


def test_code_and_names_between_words_of_a_language_stay() -> None:
    assert (
        LISTS.in_english("la prueba test_auth no funciona: 401 != 200")
        == "the test test_auth no works: 401 != 200"
    )


def test_lists_come_back_from_their_file_and_no_file_means_no_lists(tmp_path: Path) -> None:
    Glosses({}).save(tmp_path / GLOSSES_FILE)
    assert Glosses.load(tmp_path / GLOSSES_FILE).words == {}
    LISTS.save(tmp_path / GLOSSES_FILE)
    assert Glosses.load(tmp_path / GLOSSES_FILE).words == LISTS.words
    assert (
        Glosses.load(tmp_path / "nowhere" / GLOSSES_FILE).in_english("la prueba no funciona")
        == "la prueba no funciona"
    )


CHINESE = Glosses({"zh": {"步": "step", "螺丝": "screw", "螺": "snail"}, "zh-Hant": {"刪": "删", "們": "们"}})


def test_what_the_vocabulary_lacks_of_chinese_is_read_by_the_longest_listed_word_around_it() -> None:
    assert CHINESE.chinese_in_english("第三步的螺丝", [2, 4]).split() == ["第三", "step", "的", "screw"]
    assert CHINESE.chinese_in_english("螺母", [0]).split() == ["snail", "母"]
    assert CHINESE.chinese_in_english("龘了", [0]) == "龘了"


def test_forms_that_are_not_simplified_are_read_as_those_that_are() -> None:
    assert "刪了他們".translate(CHINESE.simplified) == "删了他们"


def test_the_lists_of_chinese_are_no_language_of_their_own() -> None:
    assert CHINESE.language("步") is None
    assert CHINESE.in_english("步") == "步"


def test_the_bundled_reader_reads_traditional_chinese_and_rare_characters() -> None:
    tokens = bundled_reader()._tokens
    assert tokens.ids("請幫我刪掉第三步") == tokens.ids("请帮我删掉第三步")
    assert tokens.unknown not in tokens.ids("第三步的阈值")
