"""Which encoding a file is in: the right words, or a refusal that names the candidates; never other words."""

import csv
import random
from importlib import resources

import pytest

from shoprec.data.interactions import DataError
from shoprec.data.reading.encodings import to_utf8

WORDS = {
    "cp950": """綠茶 牛奶 洗衣精 蘋果汁 衛生紙 醬油 麵包 雞蛋 豬肉 米酒 泡麵 香蕉 牙膏 洗髮精 茶葉 餅乾 礦泉水
        咖啡 啤酒""",
    "cp932": """緑茶 牛乳 おにぎり チョコレート りんご バナナ 食パン 醤油 味噌 洗剤 歯ブラシ 納豆 豆腐 ビール
        卵 豚肉""",
    "cp949": """녹차 우유 사과 주스 세탁 세제 김치 라면 초코파이 두부 계란 돼지고기 고추장 커피 맥주 휴지 치약 샴푸""",
    "cp1252": """CRÈME BRÛLÉE CAFÉ Käse Müsli Brötchen Jalapeño pâté Süßigkeiten maçã pão ROSÉ CHILDREN’S £5 râpé
        bébé smörgås rødbeder""",
    "cp1250": """mléko čerstvé žitná řízek jablečný mošt světlé šunka kuře těstoviny máslo żurek kiełbasa ogórek mąka
        tejföl gyümölcs őszibarack""",
    "cp1251": """молоко хлеб белый чай зелёный сыр яблоки кофе масло сливочное вода сахар рис Колбаса ПИВО""",
    "cp1253": """γάλα ψωμί τυρί καφές νερό ζάχαρη ελαιόλαδο μήλα ρύζι μπύρα Κρασί ΠΑΓΩΤΟ""",
}


def chinese_names() -> list[str]:
    """Names of products from the book's own tables."""
    names = set()
    for table in ("product_types.csv", "product_categories.csv"):
        text = (resources.files("shoprec.data") / "names" / table).read_text(encoding="utf-8")
        names |= {value for row in csv.DictReader(text.splitlines()) for value in row.values() if not value.isascii()}
    return sorted(names)


def words_of(encoding: str) -> list[str]:
    return WORDS[encoding].split() if encoding in WORDS else chinese_names()


def outcomes(encoding: str, words: list[str], count: int, trials: int = 100) -> dict[str, int]:
    """How often files of some words are read rightly, refused, or read as something else."""
    rng, result = random.Random(0), {"right": 0, "refused": 0, "wrong": 0}
    count = min(count, len(words))
    for _ in range(trials):
        text = "user,item\n" + "".join(f"{n},{word}\n" for n, word in enumerate(rng.sample(words, count)))
        try:
            read = bytes(to_utf8("a.csv", text.encode(encoding, "ignore"), None)[0]).decode()
            result["right" if read == text.encode(encoding, "ignore").decode(encoding) else "wrong"] += 1
        except DataError:
            result["refused"] += 1
    return result


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "gb2312", *WORDS])
def test_some_dozen_words_tell_the_encoding(encoding):
    found = outcomes(encoding, words_of(encoding), 30)
    assert found["wrong"] == 0
    assert found["right"] >= 95


@pytest.mark.parametrize("encoding", ["gb18030", *WORDS])
def test_a_few_words_are_rather_refused_than_misread(encoding):
    found = outcomes(encoding, words_of(encoding), 5)
    assert found["wrong"] <= (20 if encoding == "cp1250" else 0)  # Č and È are the same byte, and È is commoner
    assert found["right"] >= 30


@pytest.mark.parametrize(
    ("word", "encoding", "name"),
    [
        ("CRÈME", "cp1252", "Western European (cp1252)"),
        ("绿茶", "gbk", "GB18030 (Chinese)"),
        ("りんご", "cp932", "Shift-JIS (cp932)"),
    ],
)
def test_the_note_says_what_was_chosen_and_shows_a_word(read, word, encoding, name):
    frame, report = read(f"user,item,timestamp\n1,{word},2017-03-01\n2,rice,2017-03-02\n".encode(encoding))
    assert frame["item"].tolist() == [word, "rice"]
    assert len(report.notes) == 1
    assert f"not UTF-8; read as {name}" in report.notes[0]
    assert f"'{word}'" in report.notes[0]
    assert "pass encoding=" in report.notes[0]


@pytest.mark.parametrize(
    "encoding", ["gb18030", "big5", "shift_jis", "cp949", "cp1252", "utf-16", "utf-16-le", "utf-32"]
)
def test_a_named_encoding_is_believed_and_column_names_follow_it(read, encoding):
    user, item = {"cp1252": ("Käufer", "Menü"), "cp949": ("회원", "상품")}.get(encoding, ("会員", "商品"))
    if encoding in ("big5", "gb18030"):
        user = "會員"
    text = f"{user},{item},timestamp\n1,x,2017-03-01\n2,y,2017-03-02\n"
    frame, report = read(text.encode(encoding), columns={"user": user, "item": item}, encoding=encoding)
    assert frame["item"].tolist() == ["x", "y"]
    assert report.notes == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_two_bytes_a_character_without_a_mark(read, encoding):
    frame, report = read("user,item,timestamp\n1,茶,2017-03-01\n2,y,2017-03-02\n".encode(encoding))
    assert frame["item"].tolist() == ["茶", "y"]
    assert f"read as {encoding.upper()}" in report.notes[0]


def test_a_doubtful_file_lists_the_candidates_and_the_call(refusal):
    message = refusal("user,item,timestamp\n1,녹차,2017-03-01\n2,y,2017-03-02\n".encode("cp949"))
    assert "too little tells which encoding it is" in message
    assert "Korean (cp949) ('녹차')" in message
    assert "GB18030 (Chinese) (" in message
    assert 'read_interactions(path, encoding="' in message


def test_an_encoding_that_does_not_fit_names_the_line(refusal):
    content = "user,item,timestamp\n1,绿茶,2017-03-01\n2,y,2017-03-02\n".encode("gbk")
    assert "line 2: the bytes" in refusal(content, encoding="utf-8")
    assert "encoding='latin-99' is unknown" in refusal(content, encoding="latin-99")


def test_a_slip_in_utf8_is_not_another_encoding(refusal):
    good = "".join(f"{n},绿茶{n},2017-03-01\n" for n in range(20)).encode()
    message = refusal(b"user,item,timestamp\n" + good + b"7,th\xe9,2017-03-02\n" + good)
    assert "line 22: bytes that are no UTF-8" in message


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\x01", bytes(range(128, 256)) * 3, b"a,b\n1,\x00\n"])
def test_what_is_no_text_is_refused(refusal, content):
    refusal(content)


@pytest.mark.parametrize("mark", ["\ufeff".encode(), "\ufeff".encode("utf-16-le"), "\ufeff".encode("utf-32-be")])
def test_nothing_but_a_byte_order_mark_is_empty(refusal, mark):
    assert "is empty" in refusal(mark)


def test_a_character_on_the_edge_of_a_chunk(monkeypatch):
    monkeypatch.setattr("shoprec.data.reading.encodings._CHUNK", 7)
    text = "user,item\n" + "红富士苹果,矿泉水\n" * 5
    for encoding in ("utf-8", "gb18030", "utf-16"):
        assert bytes(to_utf8("a.csv", text.encode(encoding), None)[0]).decode() == text
