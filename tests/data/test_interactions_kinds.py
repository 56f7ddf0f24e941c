"""Shops' exports of every kind: what holds the table, what stands in its lines, and which rows are purchases."""

import csv
import gzip
import io
import json
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest

from shoprec.data.interactions import read_interactions

ROWS = [("1", "tea", "2017-03-01 08:05"), ("2", "tea", "2017-03-02 09:00"), ("2", "rice", "2017-03-03 10:00")]
HEADER = "user,item,timestamp\n"
TEXT = HEADER + "".join(",".join(row) + "\n" for row in ROWS)


def frame_of(rows=ROWS) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["user", "item", "timestamp"])


def with_times(texts: list[str]) -> str:
    return HEADER + "".join(f'{n},i{n},"{text}"\n' for n, text in enumerate(texts))


def assert_rows(frame: pd.DataFrame) -> None:
    assert frame["user"].tolist() == [user for user, _, _ in ROWS]
    assert frame["item"].tolist() == [item for _, item, _ in ROWS]
    assert frame["timestamp"].tolist() == [pd.Timestamp(time) for _, _, time in ROWS]


# --- Kinds of file ---


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def workbook(rows: list[list[object]]) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(buffer)
    return buffer.getvalue()


def records() -> list[dict[str, str]]:
    return frame_of().to_dict("records")


KINDS = {
    "orders.csv.gz": lambda: gzip.compress(TEXT.encode()),
    "orders.zip": lambda: zipped({"orders.csv": TEXT, "__MACOSX/._orders.csv": "x"}),
    "orders.jsonl": lambda: "\n\n".join(map(json.dumps, records())).encode(),
    "list.json": lambda: json.dumps(records(), indent=2).encode(),
    "line.json": lambda: json.dumps(records()).encode(),
    "orders.jsonl.gz": lambda: gzip.compress("\n".join(map(json.dumps, records())).encode()),
    "orders.parquet": lambda: parquet(frame_of()),
    "times.parquet": lambda: parquet(frame_of().assign(timestamp=lambda t: pd.to_datetime(t["timestamp"]))),
    "codes.parquet": lambda: parquet(frame_of().astype({"user": "int64", "item": "category"})),
    "orders.xlsx": lambda: workbook([["user", "item", "timestamp"], *map(list, ROWS)]),
    "times.xlsx": lambda: workbook(
        [["user", "item", "timestamp"], *([int(u), i, pd.Timestamp(t).to_pydatetime()] for u, i, t in ROWS)]
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_gives_the_same_table(read, name):
    content = KINDS[name]()
    for stored_as in (name, "no-telling-name"):
        frame, report = read(content, stored_as)
        assert_rows(frame)
        assert (report.rows, report.kept, report.notes) == (3, 3, [])


def test_places_are_counted_as_the_file_shows_them(read):
    lines = "\n\n".join(json.dumps(row) for row in [*records(), {"user": 5, "item": None, "timestamp": "2017-03-04"}])
    assert read(lines, "a.jsonl")[1].first_lines == {"item missing": [7]}
    rows = [["user", "item", "timestamp"], *map(list, ROWS[:1]), [], *map(list, ROWS[1:]), [5, None, "2017-03-04"]]
    report = read(workbook(rows), "a.xlsx")[1]
    assert report.first_lines == {"item missing": [6]}
    assert "first at row 6" in str(report)
    stored = frame_of([*ROWS, ("5", None, "2017-03-04")])
    assert read(parquet(stored), "a.parquet")[1].first_lines == {"item missing": [4]}


def test_json_numbers_stay_as_they_are_written(read):
    text = '{"user": 007, "item": 1}'.replace("007", "12345678901234567890") + "\n" + '{"user": 1.50, "item": 2}\n'
    text = text.replace("}", ', "timestamp": "2017-03-01", "rating": 4.5}')
    frame, _ = read(text, "a.jsonl")
    assert frame["user"].tolist() == ["12345678901234567890", "1.50"]
    assert frame["rating"].tolist() == [4.5, 4.5]


def test_a_zoned_parquet_column_becomes_the_clock_of_the_shop(read):
    times = pd.to_datetime(["2017-03-01 20:00", "2017-03-02 20:00", "2017-03-03 20:00"]).tz_localize("UTC")
    content = parquet(frame_of().assign(timestamp=times.tz_convert("America/New_York")))
    frame, report = read(content, "a.parquet", tz="Asia/Shanghai")
    assert frame["timestamp"].dt.strftime("%d %H").tolist() == ["02 04", "03 04", "04 04"]
    assert "clock of Asia/Shanghai" in report.notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped({"a.csv": TEXT, "b.csv": TEXT}), "is a zip of 2 files (a.csv, b.csv). Unpack it and name one"),
        (zipped({}), "is a zip of 0 files (nothing)"),
        (b"PK\x03\x04\x00\xff", "can't be unpacked"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-20], "is packed, but can't be unpacked"),
        (b"PAR1" + b"\0" * 20, "damaged Parquet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 20, "workbook of the old kind, .xls. Save it as .xlsx"),
        (zipped({"[Content_Types].xml": "x"}), "damaged workbook"),
        ('{"user": 1,\n', "is no JSON"),
        ('{"user": 1, "item": 2}\n[1]\n', "no record with names"),
        ('{"data": [{"user": 1}]}' * 1 + "\n ", "line 1"),
        (json.dumps({"data": records(), "n": 3}, indent=1), "is one JSON object, with 'data', 'n'"),
        (json.dumps([{"x": "y" * 200}] * 600), "no column 'user'. The file has 'x'"),
    ],
)
def test_what_cannot_be_opened_says_what_it_is(refusal, content, message):
    assert message in refusal(content)


def test_a_workbook_without_its_engine_is_one_line_that_says_so(refusal, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    message = refusal(workbook([["user"]]), "a.xlsx")
    assert "pip install openpyxl" in message
    assert "\n" not in message


def test_a_workbook_that_has_cut_long_ids_is_refused(refusal):
    rows = [["user", "item", "timestamp"], [1234567890123456789, "x", "2017-03-01"], [2, "y", "2017-03-02"]]
    assert "row 2, column 'user': '1.23456789012346E+18' is a long id" in refusal(workbook(rows), "a.xlsx")


def test_layout_is_for_text_alone(refusal):
    assert "is Parquet, so leave out sep=" in refusal(parquet(frame_of()), sep=";")


# --- Header and separators: the advice, when followed, reads every row ---


def follow(message: str, path) -> pd.DataFrame:
    """Make the call that a message names."""
    call = message[message.index("read_interactions(path") :]
    return eval(call[: call.index(")") + 1], {"read_interactions": read_interactions, "path": path})


BODY = "".join(",".join(row) + "\n" for row in ROWS)


@pytest.mark.parametrize(
    "content",
    [
        BODY,
        BODY.replace(",", ";"),
        BODY.replace(",", "^"),
        BODY.replace(",", "::"),
        TEXT.replace(",", "^"),
        TEXT.replace(",", "~~"),
        TEXT.replace(",", "^").replace("\n", "\r\n"),
        "Export of 2018\n" + TEXT,
        "Shop,4711,,\n\nfrom,to\n" + TEXT,
        "价格,日期\n" + TEXT,
    ],
)
def test_the_remedy_reads_every_row(refusal, tmp_path, content):
    message = refusal(content)
    frame = follow(message, tmp_path / "orders.csv")
    assert_rows(frame)


def test_guessed_names_put_the_time_where_a_date_is(refusal):
    message = refusal("2017-03-01,1,tea,5\n2017-03-02,2,rice,4\n")
    assert "line 1: is a row, not a header ('2017-03-01', '1', 'tea', '5')" in message
    assert 'header=None, names=["timestamp", "user", "item", "column3"]' in message
    epochs = refusal("196\t242\t3\t881250949\n186\t302\t3\t891717742\n")
    assert 'header=None, names=["user", "item", "column3", "timestamp"]' in epochs


@pytest.mark.parametrize("sep", [",", ";", "\t", "|", "^", "\x01", "::", "~|~", "；"])
def test_any_separator_and_no_header(read, sep):
    frame, report = read(BODY.replace(",", sep), sep=sep, header=None, names=["user", "item", "timestamp"])
    assert_rows(frame)
    assert report.rows == 3
    frame, _ = read(TEXT.replace(",", sep) + sep.join(["", "x", "2017-03-05"]), sep=sep)
    assert frame.attrs["dropped"].first_lines == {"user missing": [5]}


def test_names_may_replace_a_header(read, refusal):
    frame, _ = read("a,b,c\n" + BODY, names=["user", "item", "timestamp"])
    assert_rows(frame)
    assert "names=[…] has 2 names for 3 fields" in refusal(BODY, header=None, names=["user", "item"])


@pytest.mark.parametrize(
    ("options", "message"), [({"header": None}, "name the columns"), ({"header": 2}, "skip="), ({"sep": ""}, "sep=")]
)
def test_options_that_make_no_sense(read, options, message):
    with pytest.raises(ValueError, match=message):
        read(TEXT, **options)


def test_a_spreadsheet_that_names_its_separator(read):
    frame, report = read("sep=;\r\n" + TEXT.replace(",", ";") + "3;;2017-03-05\n")
    assert len(frame) == 3
    assert report.first_lines == {"item missing": [6]}


def test_separators_at_the_end_of_lines(read, refusal):
    frame, report = read(HEADER + BODY.replace("\n", ",\n"))
    assert_rows(frame)
    assert report.notes == ["every row ends in ',', which the header lacks; it was taken off"]
    frame, report = read(HEADER.replace("\n", ",\n") + BODY)
    assert_rows(frame)
    assert "line 3: 4 fields where the header has 3. Take the ',' off its end" in refusal(TEXT.replace("9:00", "9:00,"))


def test_long_files_give_short_messages(refusal):
    refusal("a" * 200_000)
    refusal(",".join(f"column{n}" for n in range(5000)) + "\n1\n")
    refusal(HEADER + "1,2," + "x" * 100_000 + "\n")


# --- Quotes ---


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (['1,"a,2017-03-01', "2,b,2017-03-02", '3,c",2017-03-03', "4,d,2017-03-04"], 2),
        (["1,a,2017-03-01", "", '2,"b,2017-03-02', '3,"c",2017-03-03', "4,d,2017-03-04"], 4),
        (["1,a,2017-03-01", '2,"5" pipe,2017-03-02', "4,d,2017-03-04"], 3),
        (["1,a,2017-03-01", '2,b,"2017-03-02', "4,d,2017-03-04"], 3),
        (["1,a,2017-03-01", '2,""x,2017-03-02', "4,d,2017-03-04"], 3),
    ],
)
def test_a_stray_quote_is_refused_with_its_line(read, refusal, lines, line):
    message = refusal(HEADER + "\n".join(lines) + "\n")
    assert f"line {line}: " in message
    assert "quotes=False" in message
    if line != 3 or "pipe" in lines[1]:
        frame, report = read(HEADER + "\n".join(lines).replace('"2017', "2017") + "\n", quotes=False)
        assert report.rows == len([text for text in lines if text])
        assert len(frame) == report.rows


def test_quotes_within_a_field_are_characters(read):
    frame, _ = read(HEADER + '1,5" pipe,2017-03-01\n2,"say ""hi"", twice",2017-03-02\n3,"",2017-03-01\n')
    assert frame["item"].tolist() == ['5" pipe', 'say "hi", twice']


def test_one_call_leaves_nothing_behind_for_the_next(read, refusal):
    limit = csv.field_size_limit()
    read(TEXT)
    refusal("user,item,timestamp," + ",".join(["x" * 60] * 60) + "\n1\n")
    read(HEADER + f"1,{'x' * 200_000},2017-03-01\n2,y,2017-03-02\n")
    assert csv.field_size_limit() == limit
    assert len(next(csv.reader(["x" * 100_000]))[0]) == 100_000


# --- Times ---


@pytest.mark.parametrize(
    "text",
    [
        "2017年3月31日 18:05",
        "2017年03月31日18时05分",
        "2017年3月31日 下午6:05",
        "2017/3/31 下午 6:05",
        "2017/3/31 6:05 PM",
        "２０１７年３月３１日　１８：０５",
        "2017-3-31 18:5",
        "2017. 3. 31. 오후 6:05",
        "2017年3月31日 午後6時05分",
        "31.03.2017 18:05",
        "31.3.2017, 18:05:00",
        "31-03-2017 18.05".replace("18.05", "18:05"),
        "31-Mar-2017 18:05",
        "March 31, 2017 6:05 p.m.",
        "2017-03-31T18:05:00.000000",
        "201703311805",
        "20170331180500",
    ],
)
def test_ways_to_write_a_moment(read, text):
    frame, _ = read(with_times([text] * 3))
    assert frame["timestamp"].tolist() == [pd.Timestamp("2017-03-31 18:05")] * 3


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["20170331", "20170401"], ["2017-03-31", "2017-04-01"]),
        (["201703311805", "201612312359"], ["2016-12-31 23:59", "2017-03-31 18:05"]),
        (["2017033118", "2017033119"], ["2017-03-31 18:00", "2017-03-31 19:00"]),
        (["946684800000", "978307199000"], ["2000-01-01", "2000-12-31 23:59:59"]),
        (["1490983500", "1490983501"], ["2017-03-31 18:05", "2017-03-31 18:05:01"]),
    ],
)
def test_digits_are_what_is_plausible_for_a_purchase(read, texts, expected):
    frame, _ = read(with_times(texts))
    assert frame["timestamp"].tolist() == [pd.Timestamp(text) for text in expected]


def test_digits_that_nothing_decides_are_asked_about(read, refusal):
    message = refusal(with_times(["197001010000", "196912312359"]))
    assert "'197001010000' could count ms or %Y%m%d%H%M" in message
    assert 'time_format="' in message
    frame, _ = read(with_times(["197001010000", "197001010001"]), time_format="%Y%m%d%H%M")
    assert frame["timestamp"].tolist() == [pd.Timestamp("1970-01-01"), pd.Timestamp("1970-01-01 00:01")]


@pytest.mark.parametrize(
    ("text", "how", "expected"),
    [
        ("42825.75", "excel", "2017-03-31 18:00"),
        ("31/03/17", "%d/%m/%y", "2017-03-31"),
        ("2017-03-31 18:05 +0800", "%Y-%m-%d %H:%M %z", "2017-03-31 10:05"),
    ],
)
def test_the_reader_may_say_how_times_are_written(read, text, how, expected):
    frame, _ = read(with_times([text, text]), time_format=how)
    assert frame["timestamp"].tolist() == [pd.Timestamp(expected)] * 2


def test_a_format_that_is_none(refusal):
    assert "time_format='%Q' is no format" in refusal(with_times(["2017", "2018"]), time_format="%Q")


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("9999-12-31T00:00:00", "2017-03-01T08:05:00.1234567"),
        ("9999-12-31", "2017-03-01"),
        ("0001-01-01", "2017-03-01 10:00"),
        ("1600-01-01T00:00:00Z", "2017-03-01T08:05:00Z"),
        ("31.12.9999", "13.03.2017"),
        ("١٤٨٨٣٢٦٤٠٠", "1488326400"),
        ("99999999999999999999", "1488326400000"),
        ("9223372036854775807", "1488326400000000000"),
        ("9300000000", "1488326400"),
        ("99991231", "20170301"),
    ],
)
def test_one_time_out_of_bounds_is_dropped_and_counted(read, bad, good):
    frame, report = read(with_times([bad] + [good] * 9))
    assert report.counts == {"timestamp unreadable": 1}
    assert report.first_lines == {"timestamp unreadable": [2]}
    assert (frame["timestamp"].dt.year == 2017).all()


def test_fractions_of_a_second_are_kept(read):
    frame, _ = read(with_times(["2017-03-01T08:05:00.1234567", "2017-03-01 08:05:00,5", "soon"] + ["2017/3/2"] * 9))
    assert frame["timestamp"][0] == pd.Timestamp("2017-03-01 08:05:00.1234567")
    assert frame["timestamp"][1] == pd.Timestamp("2017-03-01 08:05:00.5")


# --- Ids ---


@pytest.mark.parametrize(
    "null", [r"\N", "#N/A", "<NA>", "NULL", "-", "n/a", "NaT", "(null)", "#REF!", "?", "NIL", "—", " null "]
)
def test_nulls_of_databases_and_spreadsheets(read, null):
    frame, report = read(HEADER + BODY + f"{null},tea,2017-03-04\n7,{null},2017-03-05\n")
    assert report.counts == {"user missing": 1, "item missing": 1}
    assert_rows(frame)
    frame, report = read(f"basket,{HEADER}" + f"b,1,x,2017-03-01\n{null},2,y,2017-03-02\n")
    assert frame["basket"].isna().tolist() == [False, True]


@pytest.mark.parametrize("name", ["user", "item", "basket"])
@pytest.mark.parametrize("value", ["1.23457E+18", "1e+05", "4,2E+12"])
def test_ids_in_scientific_notation_are_refused_by_name(read, refusal, name, value):
    good = "".join(f"{n},i{n},2017-03-0{n},b{n}\n" for n in range(1, 6))
    row = {"user": "9", "item": "x", "timestamp": "2017-03-01", "basket": "b"} | {name: f'"{value}"'}
    text = "user,item,timestamp,basket\n" + good + ",".join(row.values()) + "\n"
    message = refusal(text)
    assert f"line 7, column '{name}': '{value}' is a long id that a spreadsheet shortened" in message
    assert "formatted as text" in message
    if name == "basket":
        assert "basket" not in read(text, columns={"basket": None})[0]


def test_letters_that_only_look_scientific_are_ids(read):
    frame, _ = read(HEADER + "1E5,2E+1X,2017-03-01\nA1E+05,E+18,2017-03-02\n")
    assert frame["user"].tolist() == ["1E5", "A1E+05"]


def test_a_column_that_is_needed_cannot_be_left_out(read):
    with pytest.raises(ValueError, match="leaves out 'user'"):
        read(TEXT, columns={"user": None})


# --- Events ---

EVENTS = "user,item,timestamp,event\n" + "".join(
    f"{n},i{n % 3},2017-03-0{1 + n % 9},{('view', 'view', 'cart', 'purchase')[n % 4]}\n" for n in range(24)
)


def test_events_that_are_no_purchases_are_noted_and_can_be_chosen(read):
    frame, report = read(EVENTS)
    assert len(frame) == 24
    (note,) = report.notes
    assert "column 'event' has 'view' (12), 'cart' (6), 'purchase' (6), and all count as purchases" in note
    assert 'where={"event": ["purchase"]}' in note
    for chosen in (["purchase"], "purchase", ("purchase",)):
        frame, report = read(EVENTS, where={"event": chosen})
        assert frame["user"].astype(int).mod(4).eq(3).all()
        assert report.counts == {"event not 'purchase'": 18}
        assert report.notes == []


def test_what_the_reader_left_out_himself_is_counted_without_a_warning(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(EVENTS)
    with warnings.catch_warnings(action="error"):
        frame = read_interactions(path, where={"event": ["purchase", "cart"]})
    assert frame.attrs["dropped"].counts == {"event not 'purchase', 'cart'": 12}


@pytest.mark.parametrize(
    ("name", "values", "sought"),
    [
        ("状态", ["完成", "取消", "退款"], "完成"),
        ("order_status", ["delivered", "canceled"], "delivered"),
        ("behavior_type", ["1", "2", "3", "4"], "…"),
        ("what", ["buy", "pv", "fav"], "buy"),
        ("returned", ["sale", "return"], "sale"),
    ],
)
def test_columns_that_look_like_events(read, name, values, sought):
    text = f"user,item,timestamp,{name}\n" + "".join(
        f"{n},i{n % 3},2017-03-0{1 + n % 9},{values[n % len(values)]}\n" for n in range(12)
    )
    (note,) = read(text)[1].notes
    assert f'where={{"{name}": ["{sought}"]}}' in note


@pytest.mark.parametrize(("name", "values"), [("status", ["paid"]), ("colour", ["red", "blue"]), ("city", ["Paris"])])
def test_other_columns_are_no_events(read, name, values):
    text = f"user,item,timestamp,{name}\n" + "".join(
        f"{n},i{n},2017-03-01,{values[n % len(values)]}\n" for n in range(9)
    )
    assert read(text)[1].notes == []


def test_a_choice_that_chooses_nothing_lists_what_there_is(refusal):
    assert "where= names 'buy', but the column has 'view' (12), 'cart' (6), 'purchase' (6)" in refusal(
        EVENTS, where={"event": ["buy"]}
    )
    message = refusal(EVENTS, where={"events": ["purchase"]})
    assert "no column 'events'" in message
    assert 'where={"event": […]}' in message


def test_events_in_other_kinds_of_file(read):
    table = frame_of().assign(event=["view", "purchase", "purchase"], n=np.arange(3))
    assert "where=" in read(parquet(table), "a.parquet")[1].notes[0]
    assert len(read(parquet(table.assign(user=["1", "2", "3"])), "a.parquet", where={"event": "purchase"})[0]) == 2
