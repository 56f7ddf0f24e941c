"""Some thousand damaged files: each is read with all rows accounted for, or refused with one clear error."""

import random
import re
import warnings

import pytest

from shoprec.data.interactions import DataError, read_interactions

PIECES = [
    *(
        '"',
        '""',
        ",",
        ";",
        "\t",
        "|",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        " ",
        "\0",
        "\ufeff",
        "\\N",
        "NULL",
        "-",
        "é",
        "绿茶",
        "{",
    ),
    *("9999-12-31", "9999-12-31T00:00:00Z", "0000-00-00", "2017-02-30", "2017-03-01T08:05:00.1234567", "+0800"),
    *("1488326400", "1488326400000", "1488326400000000000000", "201703311805", "20170331", "١٤٨٨٣٢٦٤٠٠", "42795.75"),
    *("1E+18", "1.5E+300", "1e400", "inf", "-1", "0", "1,234", "12,50", "03/04/2017", "2017年3月1日", "下午6:05"),
    *("{", "24:00", "[", "sep=,", "１"),
]
STARTS = [
    "user,item,timestamp\n1,tea,2017-03-01\n2,tea,2017-03-02\n2,rice,2017-03-03\n",
    "user;item;timestamp;quantity;basket\n1;tea;03/04/2017 8:05;1,5;7\n2;tea;25/04/2017;2;7\n3;rice;26/04/2017;1;8\n",
    'user,item,timestamp\r\n1,"green, tea",2017-03-01T08:05:00+08:00\r\n2,"a\nb",2017-03-02T08:05:00Z\r\n',
    "item\tuser\ttimestamp\trating\n绿茶\t张\t2017年3月1日 18:05\t5\n米\t李\t2017年3月2日 8:05\t\n",
    "user,item,timestamp,event\n1,a,1488326400,view\n2,b,1488326401,purchase\n3,a,1488326402,purchase\n",
    '{"user": 1, "item": "a", "timestamp": "2017-03-01"}\n{"user": 2, "item": "b", "timestamp": "2017-03-01"}\n',
]


def damaged(seed: int) -> bytes:
    """A good file after a few insertions, deletions, doublings and changes of bytes."""
    rng = random.Random(seed)
    text = rng.choice(STARTS)
    lines = text.splitlines(keepends=True)
    text = lines[0] + "".join(lines[1:]) * rng.choice([1, 1, 4])
    content = text.encode(rng.choice(["utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16"]))
    for _ in range(rng.choice([0, 1, 1, 2, 3, 6])):
        at = rng.randrange(len(content) + 1)
        piece = rng.choice(PIECES).encode(rng.choice(["utf-8", "gb18030"]))
        cut = rng.choice([0, 0, 1, 8])
        content = content[:at] + rng.choice([piece, piece, b"", rng.randbytes(1)]) + content[at + cut :]
    return content[: rng.randrange(1, len(content) + 1)] if rng.random() < 0.1 and content else content


def written_rows(content: bytes) -> int | None:
    """Rows of a plain file, counted without the reader: lines below the header where nothing is quoted."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if '"' in text or text.lstrip()[:1] in ("{", "[") or text.startswith("sep="):
        return None
    return len([line for line in re.split(r"\r\n|\n|\r", text) if line]) - 1


@pytest.mark.parametrize("block", range(8))
def test_a_damaged_file_is_accounted_for_or_refused(tmp_path, block):
    path, refusals, n_read = tmp_path / "damaged.csv", [], 0
    for seed in range(block * 500, (block + 1) * 500):
        content = damaged(seed)
        path.write_bytes(content)
        try:
            with warnings.catch_warnings(action="ignore"):
                frame = read_interactions(path)
        except DataError as error:
            refusals.append(str(error))
            continue
        report = frame.attrs["dropped"]
        assert report.rows == report.kept + sum(report.counts.values()), seed
        assert len(frame) == report.kept, seed
        assert frame[["user", "item", "timestamp"]].notna().all(axis=None), seed
        rows = written_rows(content)
        assert rows is None or rows == report.rows, seed
        n_read += 1
    assert all(str(path) in message and len(message) < len(str(path)) + 900 for message in refusals)
    assert n_read > 50
    assert len(refusals) > 50
