"""NAME=VALUE options as people type them: blanks around names and values say nothing."""

import pytest
from muxnet.base.errors import ConfigError
from muxnet.commands.calibrate import parse_share
from muxnet.outcomes.compare import parse_contenders
from muxnet.outcomes.table_files import parse_columns, parse_costs
from muxnet.plan.given import parse_latencies, parse_prices


@pytest.mark.parametrize(
    ("read", "tight", "loose"),
    [
        (parse_costs, "small=1e8,the large=1e9", " small = 1e8, the large =1e9 "),
        (parse_columns, "a=label,b c=m:prediction", "a = label , b c= m:prediction"),
        (parse_share, "large=0.5", " large = 0.5"),
        (lambda text: list(parse_latencies(text)), "a=1,b=1+2", "a = 1, b = 1 + 2"),
        (lambda text: parse_prices(text, ["a", "b"]), "a=1,b=2", "a =1, b= 2"),
        (parse_contenders, "cascade,knn:bins=20", "cascade, knn:bins=20 "),
    ],
)
def test_blanks_around_names_and_values_do_not_count(read, tight, loose):
    assert read(loose) == read(tight)


def test_a_cost_beyond_all_floats_is_refused_with_its_file(tmp_path):
    path = tmp_path / "costs.json"
    path.write_text(f'{{"small": 1, "large": {"9" * 400}}}')
    with pytest.raises(ConfigError, match=r"costs\.json"):
        parse_costs(str(path))
