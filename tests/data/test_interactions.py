"""Each way in which a reader's file can be wrong: the right table with a report, or one clear error."""

import csv
import io
import re
import warnings
from collections import Counter
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoprec.data import interactions
from shoprec.data.interactions import DataError, DataWarning, DroppedRows, read_interactions
from shoprec.data.reading import values

GOOD = "user,item,timestamp\n1,tea,2017-03-01\n2,tea,2017-03-02\n2,rice,2017-03-03\n"


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def write_file(content: str | bytes, name: str = "orders.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def read_quietly(path, *args, **kwargs) -> pd.DataFrame:
    """Read a file that should give no reason for a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_interactions(path, *args, **kwargs)


def read_and_warn(path, *args, **kwargs) -> tuple[pd.DataFrame, DroppedRows]:
    """Read a file that should warn once, with the text of its report."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = read_interactions(path, *args, **kwargs)
    report = frame.attrs["dropped"]
    assert [str(warning.message) for warning in caught] == [str(report)]
    assert caught[0].category is DataWarning
    assert caught[0].filename == __file__
    assert report.rows == report.kept + sum(report.counts.values())
    assert report.kept == len(frame)
    return frame, report


def error_of(path, *args, **kwargs) -> str:
    """Return the message of the error; it names the file, and no warning goes before it."""
    with pytest.raises(DataError) as caught:
        read_quietly(path, *args, **kwargs)
    message = str(caught.value)
    assert str(path) in message
    return message


def rows(*lines: str, header: str = "user,item,timestamp") -> str:
    """Make a file from rows for lines 2, 3, … and enough good rows below them."""
    fields = header.count(",") - 2
    good = [f"{user},{item},2017-03-0{user}" + ",1" * fields for user in range(1, 6) for item in ("p", "q")]
    return "\n".join([header, *lines, *good]) + "\n"


def test_a_good_file_is_read_as_it_is(write):
    frame = read_quietly(write(GOOD))
    expected = pd.DataFrame(
        {
            "user": ["1", "2", "2"],
            "item": ["tea", "tea", "rice"],
            "timestamp": pd.to_datetime(["2017-03-01", "2017-03-02", "2017-03-03"]).astype("datetime64[ns]"),
        }
    )
    pd.testing.assert_frame_equal(frame, expected)
    report = frame.attrs["dropped"]
    assert (report.rows, report.kept, report.counts, report.notes) == (3, 3, {}, [])
    assert str(report).endswith("kept 3 of 3 rows")


def test_the_report_survives_slicing_and_saving(write, tmp_path):
    frame, report = read_and_warn(write(GOOD + "3,,2017-03-04\n"))
    assert frame.query("user == '2'").attrs["dropped"] == report
    frame.to_parquet(tmp_path / "orders.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "orders.parquet"), frame)


def test_rows_come_in_order_of_time_and_ties_keep_the_order_of_the_file(write):
    text = "user,item,timestamp\n" + "".join(f"u{i},i{i},2017-03-0{2 - i % 2}\n" for i in range(40))
    frame = read_quietly(write(text))
    assert frame["item"].tolist() == [f"i{i}" for i in [*range(1, 40, 2), *range(0, 40, 2)]]
    assert frame.index.tolist() == list(range(40))


def test_columns_maps_our_names_and_other_columns_are_ignored(write):
    text = "shop,member_id,sku,when,n,basket\nA,1,x,2017-03-01,2,b1\nB,2,y,2017-03-02,1.5,b2\n"
    columns = {"user": "member_id", "item": "sku", "timestamp": "when", "quantity": "n"}
    frame = read_quietly(write(text), columns)
    assert frame.columns.tolist() == ["user", "item", "timestamp", "quantity", "basket"]
    assert frame["quantity"].tolist() == [2, 1.5]
    assert frame["basket"].tolist() == ["b1", "b2"]
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "str", "datetime64[ns]", "float64", "str"]


# --- Files that aren't there or hold nothing ---


def test_missing_file(tmp_path):
    message = error_of(tmp_path / "nowhere.csv")
    assert "can't be opened (No such file or directory)" in message
    assert str(Path.cwd()) in message


def test_folder(write, tmp_path):
    write(GOOD, "b.csv")
    assert "is a folder. Name a file in it (b.csv)." in error_of(tmp_path)


@pytest.mark.parametrize("content", ["", "\n \r\n"])
def test_empty_file(write, content):
    assert "is empty. The first line has to name the columns" in error_of(write(content))


@pytest.mark.parametrize("content", ["user,item,timestamp\n", "user,item,timestamp"])
def test_header_only(write, content):
    assert "line 2: no rows below the header" in error_of(write(content))


# --- Columns ---


def test_missing_column_lists_what_there_is(write):
    message = error_of(write("member,item,timestamp\n1,x,2017-03-01\n"))
    assert "line 1: no column 'user'. The file has 'member', 'item', 'timestamp'." in message
    assert 'columns={"user": "…"}' in message
    assert "Did you mean" not in message


@pytest.mark.parametrize("misspelt", ["time_stamp", "Timestamp", " timestamp"])
def test_misspelt_column_is_suggested(write, misspelt):
    path = write(GOOD.replace("timestamp", misspelt))
    message = error_of(path)
    assert f"no column 'timestamp'. The file has 'user', 'item', '{misspelt}'." in message
    assert f"Did you mean '{misspelt}'?" in message
    assert f'columns={{"timestamp": "{misspelt}"}}' in message
    assert len(read_quietly(path, {"timestamp": misspelt})) == 3  # the remedy is one


def test_column_named_by_the_mapping_is_required(write):
    message = error_of(write(GOOD), {"rating": "stars"})
    assert "no column 'stars'" in message
    assert 'columns={"rating": ' in message


def test_mapping_with_an_unknown_key(write):
    message = error_of(write(GOOD), {"usr": "user"})
    assert "'usr'" in message
    assert "user, item, timestamp, quantity, rating, basket" in message


def test_two_names_for_one_column(write):
    assert "'item' stands for more than one" in error_of(write(GOOD), {"user": "item"})


def test_column_that_occurs_twice(write):
    assert "line 1: column 'user' occurs more than once" in error_of(
        write("user,user,item,timestamp\n1,1,x,2017-03-01\n")
    )


# --- Timestamps ---


def test_no_timestamp_can_be_read(write):
    message = error_of(write("user,item,timestamp\n1,x,2017-03-01\n2,x,yesterday\n2,y,last week\n"))
    assert "line 3, column 'timestamp': can't read 'yesterday' (2 of 3 values can't be read)" in message
    assert "Write dates as 2017-03-31" in message


def test_a_few_unreadable_timestamps_are_dropped(write):
    frame, report = read_and_warn(write(rows("1,x,2017-03-01", "1,y,soon", "2,x,2017-02-30")))
    assert report.counts == {"timestamp unreadable": 2}
    assert report.first_lines == {"timestamp unreadable": [3, 4]}
    assert "kept 11 of 13 rows; dropped 2: timestamp unreadable (2 rows, first at line 3)" in str(report)
    assert "y" not in set(frame["item"])


@pytest.mark.parametrize(("bad", "dropped"), [(2, True), (3, False)])
def test_up_to_a_fifth_may_be_unreadable(write, bad, dropped):
    path = write(rows(*["1,x,soon"] * bad))  # of 10 good rows more: 2 of 12, 3 of 13
    if dropped:
        assert read_and_warn(path)[1].counts == {"timestamp unreadable": 2}
    else:
        assert "line 2, column 'timestamp': can't read 'soon' (3 of 13 values can't be read)" in error_of(path)


def test_missing_timestamps_are_dropped(write):
    _, report = read_and_warn(write(rows("1,x,", "1,y,NaN", "1,z,  ")))
    assert report.counts == {"timestamp missing": 3}
    assert report.first_lines == {"timestamp missing": [2, 3, 4]}


def test_all_timestamps_missing(write):
    message = error_of(write("user,item,timestamp\n1,x,\n2,y,\n"))
    assert "kept 0 of 2 rows; dropped 2: timestamp missing (2 rows, first at line 2). No row is left" in message


def test_offsets_are_converted_to_utc(write):
    zones = [
        "2017-03-01T12:00:00Z",
        "2017-03-01 12:00:00+08:00",
        "2017-03-01T12:00:00-0500",
        "2017-03-01 12:00 UTC",
    ]
    path = write("user,item,timestamp\n" + "".join(f"{i},i{i},{t}\n" for i, t in enumerate(zones)))
    frame, report = read_and_warn(path)
    assert frame.set_index("user")["timestamp"].dt.hour.to_dict() == {"0": 12, "1": 4, "2": 17, "3": 12}
    assert frame["timestamp"].dtype == "datetime64[ns]"
    assert "times with an offset are given in UTC" in report.notes[0]
    assert 'tz="Asia/Shanghai"' in report.notes[0]
    local, report = read_and_warn(path, tz="Asia/Shanghai")
    assert local["timestamp"].tolist() == [time + pd.Timedelta(hours=8) for time in frame["timestamp"]]
    assert report.notes == ["times with an offset were converted to the clock of Asia/Shanghai"]


@pytest.mark.parametrize("offset", ["+0800", "+08:00", "+08", " +0800"])
def test_a_purchase_at_night_stays_on_the_day_of_the_shop(write, offset):
    path = write(GOOD.replace("2017-03-01", f"2017-03-01 00:30:00{offset}").replace("02\n", f"02T00:30:00{offset}\n")
                 .replace("03\n", f"03 00:30:00{offset}\n"))  # fmt: skip
    frame, _ = read_and_warn(path, tz="Asia/Shanghai")
    assert frame["timestamp"].dt.strftime("%d %H:%M").tolist() == ["01 00:30", "02 00:30", "03 00:30"]


def test_a_zone_leaves_local_times_alone_and_has_to_exist(write):
    assert read_quietly(write(GOOD), tz="Europe/Berlin")["timestamp"].dt.hour.tolist() == [0, 0, 0]
    with pytest.raises(DataError, match="tz='Beijing': is no time zone"):
        read_interactions(write(GOOD), tz="Beijing")


def test_times_with_and_without_offset(write):
    message = error_of(write("user,item,timestamp\n1,x,2017-03-01T10:00Z\n2,x,2017-03-02 10:00:00\n2,y,2017-03-03\n"))
    assert "line 3, column 'timestamp': '2017-03-02 10:00:00' has no time zone" in message
    assert "but '2017-03-01T10:00Z' in line 2 has one" in message
    assert "Give each time an offset" in message


@pytest.mark.parametrize(
    ("unit", "factor"), [("s", 1), ("ms", 1000), ("us", 10**6), ("ns", 10**9)], ids=["s", "ms", "us", "ns"]
)
def test_time_since_1970(write, unit, factor):
    seconds = [1_488_326_400, 999_999_999, 1_514_764_799]
    lines = [f"{i},i{i},{second * factor}" for i, second in enumerate(seconds)]
    path = write("user,item,timestamp\n" + "\n".join(lines))
    frame, report = read_and_warn(path)
    assert frame["timestamp"].tolist() == sorted(pd.Timestamp(second, unit="s") for second in seconds)
    assert "times that count from 1970 are given in UTC" in report.notes[0]
    assert read_and_warn(path, time_format=unit)[0]["timestamp"].equals(frame["timestamp"])
    local, _ = read_and_warn(path, tz="America/New_York")  # winter and summer
    assert (frame["timestamp"] - local["timestamp"]).dt.total_seconds().tolist() == [4 * 3600, 5 * 3600, 5 * 3600]


def test_time_since_1970_that_a_gap_turned_into_floats(write):
    frame, report = read_and_warn(write("user,item,timestamp\n1,x,1488326400.0\n2,y,1488326401.5\n1,y,\n"))
    assert frame["timestamp"].tolist()[1] == pd.Timestamp("2017-03-01 00:00:01.5")
    assert report.counts == {"timestamp missing": 1}


@pytest.mark.parametrize("number", ["17226", "42795.75", "14883264000"])
def test_numbers_that_could_be_anything(write, number):
    message = error_of(write(f"user,item,timestamp\n1,x,{number}\n2,y,{number}\n"))
    assert f"line 2, column 'timestamp': {number!r} could count days, seconds or something else" in message


@pytest.mark.parametrize("text", ["1.4883E+09", "03/2017", "2017", "3/4/17", "2017-13-01", "9999-12-31"])
def test_texts_that_are_no_date(write, text):
    assert "column 'timestamp'" in error_of(write(f"user,item,timestamp\n1,x,{text}\n2,y,{text}\n"))


@pytest.mark.parametrize(
    "text",
    [
        "2017/3/31 8:05",
        "2017年3月31日 08:05",
        "2017.03.31 08:05:00",
        "31/03/2017 8:05",
        "3/31/2017 8:05 AM",
        "20170331080500",
    ],
)
def test_other_ways_to_write_a_date(write, text):
    with warnings.catch_warnings(action="ignore"):
        frame = read_interactions(write(f"user,item,timestamp\n1,x,{text}\n2,y,{text}\n"))
    assert frame["timestamp"].tolist() == [pd.Timestamp("2017-03-31 08:05")] * 2


def test_half_days(write):
    times = ["12:30 AM", "1:30 am", "12:30 PM", "1:30 pm"]
    lines = [f"{i},i{i},3/31/2017 {t}" for i, t in enumerate(times)]
    frame, _ = read_and_warn(write("user,item,timestamp\n" + "\n".join(lines)))
    assert frame["timestamp"].dt.hour.tolist() == [0, 1, 12, 13]


def test_day_and_month_that_could_be_swapped(write):
    path = write("user,item,timestamp\n1,x,03/04/2017\n2,y,12/11/2017\n")
    message = error_of(path)
    assert "line 2, column 'timestamp': '03/04/2017' may have the day or the month first" in message
    assert "dayfirst=True or dayfirst=False" in message
    assert read_quietly(path, dayfirst=True)["timestamp"].dt.month.tolist() == [4, 11]
    assert read_quietly(path, dayfirst=False)["timestamp"].dt.month.tolist() == [3, 12]


@pytest.mark.parametrize(("witness", "order", "month"), [("25/04/2017", "day", 4), ("04/25/2017", "month", 3)])
def test_one_date_settles_the_order_and_is_reported(write, witness, order, month):
    frame, report = read_and_warn(write(f"user,item,timestamp\n1,x,03/04/2017\n2,y,{witness}\n"))
    assert report.notes == [f"dates read with the {order} first, as '{witness}' shows"]
    assert frame["timestamp"].dt.month.tolist()[0] == month


def test_dates_that_contradict_each_other(write):
    message = error_of(write("user,item,timestamp\n1,x,25/04/2017\n2,y,04/26/2017\n"))
    assert "line 3, column 'timestamp': '04/26/2017' has the month first, but '25/04/2017' the day" in message


# --- Ids ---


@pytest.mark.parametrize("null", ["", "  ", "NA", "NaN", "null", "None"])
@pytest.mark.parametrize("name", ["user", "item"])
def test_missing_ids_are_dropped(write, name, null):
    line = f"{null},x,2017-03-01" if name == "user" else f"1,{null},2017-03-01"
    frame, report = read_and_warn(write(rows("1,x,2017-03-01", line)))
    assert report.counts == {f"{name} missing": 1}
    assert f"dropped 1: {name} missing (1 row, first at line 3)" in str(report)
    assert null not in set(frame[name])


def test_ids_that_a_gap_turned_into_floats(write):
    text = "user,item,timestamp\n123.0,10.0,2017-03-01\n,11.0,2017-03-02\n7.0,12.5,2017-03-03\n"
    frame, report = read_and_warn(write(text))
    assert frame["user"].tolist() == ["123", "7"]
    assert frame["item"].tolist() == ["10.0", "12.5"]  # not throughout, so left alone
    assert report.notes == ["every 'user' ended in .0, which was taken off"]


def test_ids_keep_leading_zeros_and_spaces(write):
    text = "user,item,timestamp\n00123,007.0,2017-03-01\n123, 7,2017-03-02\n"
    frame = read_quietly(write(text))
    assert frame["user"].tolist() == ["00123", "123"]
    assert frame["item"].tolist() == ["007.0", " 7"]


# --- Quantities and ratings ---


def test_returns_are_dropped(write):
    text = rows("1,x,2017-03-01,2", "1,x,2017-03-02,-2", "1,y,2017-03-02,0", header="user,item,timestamp,quantity")
    frame, report = read_and_warn(write(text))
    assert report.counts == {"quantity zero or negative": 2}
    assert report.first_lines == {"quantity zero or negative": [3, 4]}
    assert frame["quantity"].min() == 1


def test_missing_and_unreadable_quantities_are_dropped(write):
    text = rows("1,x,2017-03-01,", "1,y,2017-03-02,two", "1,z,2017-03-02,inf", header="user,item,timestamp,quantity")
    _, report = read_and_warn(write(text))
    assert report.counts == {"quantity missing": 1, "quantity unreadable": 2}


def test_quantities_with_a_decimal_comma(write):
    frame, report = read_and_warn(write("user;item;timestamp;quantity\n1;x;2017-03-01;12,50\n2;y;2017-03-01;1.234,5\n"))
    assert frame["quantity"].tolist() == [12.5, 1234.5]
    assert report.notes == ["'quantity' read with a decimal comma, as '12,50' shows"]


def test_thousands(write):
    head = "user;item;timestamp;quantity\n1;x;2017-03-01;1,234\n"
    message = error_of(write(head + "2;y;2017-03-01;3\n"))
    assert "line 2, column 'quantity': '1,234' may be a thousand or a fraction" in message
    assert read_quietly(write(head + "2;y;2017-03-01;3\n"), decimal=".")["quantity"].tolist() == [1234, 3]
    assert read_quietly(write(head + "2;y;2017-03-01;3\n"), decimal=",")["quantity"].tolist() == [1.234, 3]
    assert read_quietly(write(head + "2;y;2017-03-01;1,234.5\n"))["quantity"].tolist() == [1234, 1234.5]
    clash = error_of(write(head + "2;y;2017-03-01;1,234.5\n3;y;2017-03-01;0,5\n"))
    assert "'0,5' has a decimal comma, but '1,234.5' a comma between thousands" in clash


def test_numbers_in_full_width_digits(write):
    text = "user,item,timestamp,quantity\n1,x,2017-03-01,２．５\n2,y,2017-03-01, 3 \n"
    assert read_quietly(write(text))["quantity"].tolist() == [2.5, 3]


def test_ratings_of_zero_and_missing_ratings_are_kept(write):
    frame, report = read_and_warn(
        write("user,item,timestamp,rating\n1,x,2017-03-01,0\n2,y,2017-03-02,\n2,z,2017-03-03,-4.5\n")
    )
    np.testing.assert_array_equal(frame["rating"], [0, np.nan, -4.5])
    assert report.counts == {}
    assert "kept 3 of 3 rows. Note: rows without a rating were kept (1)" in str(report)


def test_unreadable_ratings_are_dropped(write):
    _, report = read_and_warn(write(rows("1,x,2017-03-01,good", header="user,item,timestamp,rating")))
    assert report.counts == {"rating unreadable": 1}


# --- Repetitions, and too little to learn from ---


def test_exact_repetitions_are_dropped(write):
    frame, report = read_and_warn(write(GOOD + "2,tea,2017-03-02\n2,tea,2017-03-04\n"))
    assert report.counts == {"exact repetition of an earlier row": 1}
    assert report.first_lines == {"exact repetition of an earlier row": [5]}
    assert len(frame) == 4


def test_the_same_purchase_in_another_basket_is_no_repetition(write):
    text = "user,item,timestamp,basket\n1,x,2017-03-01,a\n1,x,2017-03-01,b\n2,y,2017-03-01,c\n"
    assert len(read_quietly(write(text))) == 3


def test_a_missing_basket_stays_unknown_and_is_noted(write):
    frame, report = read_and_warn(write("user,item,timestamp,basket\n1,x,2017-03-01,\\N\n2,y,2017-03-02,7\n"))
    assert frame["basket"].isna().tolist() == [True, False]
    assert report.notes == ["rows without a basket id (1) count as one basket per user and day"]


def test_receipt_numbers_that_restart_are_noted(write):
    text = "user,item,timestamp,basket\n" + "".join(f"{u},x,2017-0{m}-01,17\n" for u in (1, 2) for m in (1, 2, 3))
    _, report = read_and_warn(write(text + "3,y,2017-01-01,18\n"))
    assert report.notes == ["basket ids that a user has on several days (2 of 3) count as one basket per day"]


def test_a_dropped_row_counts_once_and_does_not_make_others_repetitions(write):
    _, report = read_and_warn(write(rows("NA,NA,", "1,x,2017-03-01")))
    assert report.counts == {"user missing": 1}


@pytest.mark.parametrize(("name", "value"), [("user", "7"), ("item", "tea")])
def test_one_user_or_one_item_only(write, name, value):
    lines = "7,x,2017-03-01\n7,y,2017-03-02\n" if name == "user" else "1,tea,2017-03-01\n2,tea,2017-03-02\n"
    message = error_of(write("user,item,timestamp\n" + lines))
    assert f"kept 2 of 2 rows. All of them have the same {name}, '{value}'" in message
    assert f'columns={{"{name}": …}}' in message


# --- How the file is written ---


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separators(write, delimiter):
    frame = read_quietly(write(GOOD.replace(",", delimiter)))
    assert frame["item"].tolist() == ["tea", "tea", "rice"]


def test_the_header_decides_between_separators(write):
    text = 'user;item;timestamp;"price, tax, total"\n1;a,b;2017-03-01;1,2,3\n2;c,d;2017-03-02;1,2,3\n'
    assert read_quietly(write(text))["item"].tolist() == ["a,b", "c,d"]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends(write, newline):
    text = rows("1,x,2017-03-01", ",y,2017-03-01").replace("\n", newline)
    _, report = read_and_warn(write(text))
    assert report.first_lines == {"user missing": [3]}


def test_byte_order_mark(write):
    assert read_quietly(write(b"\xef\xbb\xbf" + GOOD.encode()))["user"].tolist() == ["1", "2", "2"]


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16"])
def test_chinese_encodings(write, encoding):
    frame, report = read_and_warn(write(GOOD.replace("tea", "绿茶").encode(encoding)))
    assert frame["item"].tolist() == ["绿茶", "绿茶", "rice"]
    assert len(report.notes) == 1
    assert f"read as {'UTF-16' if encoding == 'utf-16' else 'GB18030'}" in report.notes[0]


@pytest.mark.parametrize(("line", "fields"), [("2,y", 2), ("2,y,2017-03-02,4,", 5), (" ", 1)])
def test_wrong_number_of_fields(write, line, fields):
    message = error_of(write(f"user,item,timestamp\n1,x,2017-03-01\n\n{line}\n"))
    assert f"line 4: {fields} fields where the header has 3" in message
    assert "Put quotes around a field that holds ','" in message


@pytest.mark.parametrize("below", [10_000, 200_000], ids=["short", "long"])
def test_quote_that_is_never_closed(write, below):
    message = error_of(write('user,item,timestamp\n1,x,2017-03-01\n\n2,"y,2017-03-02\n' + "3,z,2017-03-03\n" * below))
    assert "line 4: " in message
    assert "lose " in message
    assert "quote" in message


def test_quoted_fields_and_the_lines_after_them(write):
    text = (
        'user,item,timestamp\n1,"milk, 3.5 %",2017-03-01\n\n'
        '2,"two\nlines of ""tea""",2017-03-02\n3,x,2017-03-03\n3,,2017-03-04\n'
    )
    frame, report = read_and_warn(write(text))
    assert frame["item"].tolist() == ["milk, 3.5 %", 'two\nlines of "tea"', "x"]
    assert report.first_lines == {"item missing": [7]}


def test_only_the_first_five_lines_are_named(write):
    text = rows(*["1,,2017-03-01"] * 7)
    assert read_and_warn(write(text))[1].first_lines == {"item missing": [2, 3, 4, 5, 6]}


# --- Many rows, and any rows ---


def test_the_work_grows_with_the_rows_and_not_with_their_square(write, monkeypatch):
    """Texts that are looked at: each distinct id once, each time once, whatever the number of rows."""
    looked_at = Counter()

    def counting(module, name):
        real = getattr(module, name)

        def counted(texts, *args, **kwargs):
            looked_at[name] += len(texts)
            return real(texts, *args, **kwargs)

        monkeypatch.setattr(module, name, counted)

    counting(values, "is_missing")
    counting(interactions, "is_missing")
    counting(interactions, "normalised")
    count = 200_000
    random = np.random.default_rng(0)
    stamps = np.datetime64("2017-01-01", "s") + random.integers(0, 31_536_000, count).astype("timedelta64[s]")
    table = {"user": random.integers(0, 500, count), "item": random.integers(0, 200, count), "timestamp": stamps}
    path = write("")
    pyarrow.csv.write_csv(pa.table(table), path)
    with path.open("a") as file:
        file.write("1,2,\n")
    read, report = read_and_warn(path)
    assert report.first_lines["timestamp missing"] == [count + 2]
    assert len(read) > 0.99 * count
    assert read["timestamp"].is_monotonic_increasing
    assert looked_at["normalised"] == count + 1
    assert looked_at["is_missing"] < count + 10 * (500 + 200)


MISSING = {"", "na", "n/a", "nan", "nat", "null", "none", "nil", "-", "--", "—", "?"}
IDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(",;|\t\"' \n零食"),
    min_size=1,
    max_size=8,
).filter(lambda text: text.strip().lower() not in MISSING and not re.search(r"[\\#<(]|\.0$|E\+", text, re.IGNORECASE))
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1))
ROWS = st.lists(st.tuples(IDS, IDS, TIMES), min_size=2, max_size=12, unique=True).filter(
    lambda rows: len({user for user, _, _ in rows}) > 1 and len({item for _, item, _ in rows}) > 1
)


@settings(max_examples=200, deadline=None)
@given(
    rows=ROWS,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read_back(tmp_path_factory, rows, encoding, delimiter, quoting, newline):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=newline)
    writer.writerow(["item", "user", "timestamp"])
    writer.writerows([item, user, stamp.isoformat()] for user, item, stamp in rows)
    text = buffer.getvalue()
    content = text.encode(encoding)
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(content)
    with warnings.catch_warnings(action="ignore"):
        # Nobody can tell random characters in GB18030 from others.
        frame = read_interactions(path, encoding="gb18030" if encoding == "gb18030" else None)
    expected = sorted(rows, key=lambda row: row[2])
    assert list(frame[["user", "item", "timestamp"]].itertuples(index=False, name=None)) == expected
    assert frame.attrs["dropped"].counts == {}
