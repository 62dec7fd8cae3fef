"""Files of recorded answers in a form that is none of ours: what is wrong is said in few words."""

import json

import pytest
from muxnet.base.errors import ConfigError
from muxnet.outcomes.table_files import read_outcomes

HEADER = "label,a:prediction,a:score,b:prediction,b:score\n"
COSTS = {"a": 1.0, "b": 2.0}


def refused(path, content):
    path.write_text(content)
    with pytest.raises(ConfigError) as error:
        read_outcomes(path, COSTS)
    assert len(str(error.value)) < len(str(path)) + 300
    return str(error.value)


RECORDS = [{"label": k % 2, "a:prediction": 1, "b:prediction": 0} for k in range(1000)]
COLUMNS = {name: {str(k): row[name] for k, row in enumerate(RECORDS)} for name in RECORDS[0]}
SPLIT = {"columns": list(COLUMNS), "data": [list(row.values()) for row in RECORDS]}
INDEX = {str(k): row for k, row in enumerate(RECORDS)}


@pytest.mark.parametrize("ending", ["json", "jsonl"])
@pytest.mark.parametrize(
    ("content", "received"),
    [
        (json.dumps(COLUMNS), "one object of label, a:prediction, b:prediction"),
        (json.dumps(SPLIT, indent=1), "one object of columns, data"),
        (json.dumps({"data": RECORDS}), "one object of data"),
        (json.dumps(INDEX), "one object of 0, 1, 2"),
        (json.dumps(SPLIT["data"]), "list"),
        ("[]", "none"),
        (" \n", "none"),
    ],
)
def test_json_of_another_form_is_told_to_be_records(tmp_path, ending, content, received):
    told = refused(tmp_path / f"t.{ending}", content)
    assert f'orient="records"), received {received}' in told


def test_one_object_over_lines_is_a_row(tmp_path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps(RECORDS[0], indent=1))
    assert len(read_outcomes(path, COSTS)["all"]) == 1
    path.write_text("\n\n".join(map(json.dumps, RECORDS)))
    assert len(read_outcomes(path, COSTS)["all"]) == 1000
