from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pytest
from muxnet.base import schema
from muxnet.base.errors import ConfigError
from muxnet.base.schema import option


@dataclass(frozen=True)
class Inner:
    depth: int = option(2, "depth", minimum=1)


@dataclass(frozen=True)
class Outer:
    name: str
    share: float = option(0.5, "share", above=0, below=1)
    kind: Literal["a", "b"] = "a"
    sizes: tuple[int, ...] = (1, 2)
    pair: tuple[float, float] | None = None
    table: dict[str, float] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)


def test_round_trip() -> None:
    record = Outer("x", 0.25, "b", (3,), (0.0, 1.0), {"k": 2.0}, Inner(4))
    assert schema.from_dict(Outer, schema.to_dict(record)) == record


def test_numpy_values_become_plain() -> None:
    assert schema.to_dict({"a": np.float32(0.5), "b": np.arange(2)}) == {"a": 0.5, "b": [0, 1]}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"name": 1}, "key 'name': expected a text, received 1"),
        ({}, "key 'name' is missing"),
        ({"name": "x", "nme": 1}, "unknown key 'nme'; known keys: inner, kind, name, pair"),
        ({"name": "x", "share": 1.0}, "'share': expected a number above 0 and below 1, received 1"),
        ({"name": "x", "share": True}, "'share': expected a number, received True"),
        ({"name": "x", "share": float("nan")}, "'share': expected a finite number"),
        ({"name": "x", "kind": "c"}, "'kind': expected one of 'a', 'b', received 'c'"),
        ({"name": "x", "sizes": [1, "2"]}, "'sizes[1]': expected a whole number, received '2'"),
        ({"name": "x", "sizes": 3}, "'sizes': expected a list (a whole number each), received 3"),
        ({"name": "x", "pair": [1.0]}, "'pair': expected a list of 2, received [1.0]"),
        ({"name": "x", "table": {"k": "v"}}, "'table.k': expected a number, received 'v'"),
        ({"name": "x", "inner": {"depth": 0}}, "'inner.depth': expected a number at least 1"),
        ({"name": "x", "inner": {"width": 1}}, "unknown key 'inner.width'; known keys: depth"),
        ({"name": "x", "inner": 5}, "'inner': expected an object, received 5"),
        ([], "expected an object, received []"),
    ],
)
def test_refuses(data: object, text: str) -> None:
    with pytest.raises(ConfigError) as error:
        schema.from_dict(Outer, data, "file.json")
    assert text in str(error.value)
    assert str(error.value).startswith("[file.json]")


def test_replace_merges_nested_keys() -> None:
    assert schema.replace(Outer("x"), {"inner": {"depth": 9}}, "here").inner == Inner(9)
