"""Tables as spreadsheets and data frames write them: blanks in numbers, UTF-16, two headers."""

import json
import re

import numpy as np
import pytest
from muxnet.base.columns import Texts, numbers_of
from muxnet.base.errors import ConfigError
from muxnet.base.files import read_json
from muxnet.outcomes.table_files import read_outcomes

TABLE = "label;a:prediction;a:score\nchat;chat;0,5\nchien;ch\u00e2t;97,5\u00a0%\n"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["97,5\u00a0%", "97,5\u202f%", "97,5 %", "97,5%"], [0.975] * 4),
        (["97.5\u00a0%", "97.5\u2009%"], [0.975] * 2),
        (["5,778e-01", "1,5E2", "-,5e+00"], [0.5778, 150, -0.5]),
        (["1\u00a0234", "-1\u202f234\u202f567", "12"], [1234, -1234567, 12]),
        (["1\u00a0234,5", "1\u202f234,567", "2\u2009345.5"], [1234.5, 1234.567, 2345.5]),
        (["1\u00a0234,567"], [1234.567]),
        (["1\u00a0200,5\u00a0%"], [12.005]),
    ],
)
def test_numbers_with_blanks_that_do_not_break(texts, expected):
    np.testing.assert_allclose(numbers_of("t", Texts(texts)), expected)


@pytest.mark.parametrize(
    "texts",
    [
        *(["1\u00a023"], ["12\u00a03456"], ["1\u00a0234\u00a05"], ["0\u00a0123"], ["97%%"], ["%"]),
        ["1,234"],  # it may be 1234
        ["0,5", "1.250\u00a0%"],  # it may be 1250 %
    ],
)
def test_what_may_be_another_number_is_refused(texts):
    with pytest.raises(ConfigError, match=rf"t, row {len(texts)}\] expected "):
        numbers_of("t", Texts(texts))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_says_its_encoding_is_read_in_it(tmp_path, encoding):
    (tmp_path / "t.csv").write_text(TABLE, encoding=encoding)
    found = read_outcomes(tmp_path / "t.csv", {"a": 1})["all"]
    assert found.class_names == ["chat", "chien", "ch\u00e2t"]
    np.testing.assert_allclose(found.answer_scores.ravel(), [0.5, 0.975])
    (tmp_path / "t.json").write_text(json.dumps({"a": 1}), encoding=encoding)
    assert read_json(tmp_path / "t.json") == {"a": 1}


def test_either_order_of_bytes_and_what_is_no_utf_16(tmp_path):
    file = tmp_path / "t.csv"
    file.write_bytes(b"\xfe\xff" + TABLE.encode("utf-16-be"))
    assert len(read_outcomes(file, {"a": 1})["all"]) == 2
    file.write_bytes(b"\xff\xfe" + TABLE.encode("utf-16-le")[:-1])
    with pytest.raises(ConfigError, match=r"t.csv\] expected UTF-16, as its first bytes say"):
        read_outcomes(file, {"a": 1})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (",a,a,b,b", "label,prediction,score,prediction,score"),
        ("label,a,a,b,b", ",prediction,score,prediction,score"),
        ("id,label,a,a,b,b", ",,prediction , score,prediction,score"),
    ],
)
def test_names_in_two_lines_are_refused_by_an_example(tmp_path, first, second):
    (tmp_path / "t.csv").write_text(f"{first}\n{second}\n" + "0," * first.count(",") + "0\n")
    told = "expected different names in one line, such as a:prediction, received "
    with pytest.raises(ConfigError, match=re.escape(told + first.replace(",", ", "))):
        read_outcomes(tmp_path / "t.csv", {"a": 1, "b": 2})


def test_columns_that_no_name_tells_apart_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("x,x,\n1,2,3\n")
    with pytest.raises(ConfigError, match=r"different names in one line, received x, x, "):
        read_outcomes(tmp_path / "t.csv", {"a": 1})
