"""What the user says of models: latencies and prices, on the command line or in a file."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path

from muxnet.base.errors import ConfigError, UsageError, error_text
from muxnet.base.files import Json, read_json
from muxnet.base.named_values import named_value
from muxnet.plan.batches import BatchLatency

Latencies = dict[str, BatchLatency]
INF = math.inf
MOST_PRICE = 1e12  # beyond which sums over a fleet are no numbers
LATENCY = "NAME=MS or NAME=FIXED+PER_INPUT, ms above 0, for each name once, or a file of JSON"


def parse_latencies(text: str) -> Latencies:
    """Return ``NAME=MS,...``, ``NAME=FIXED+PER_INPUT,...``, or what a JSON file says, by name.

    Raises:
        UsageError: another form.
        ConfigError: a file that holds something else.
        OSError: it cannot be read.

    """
    if text.lower().endswith(".json"):
        return _read(Path(text))
    found: Latencies = {}
    for item in text.split(","):
        name, said = named_value(item)
        parts = [_number(part) for part in said.split("+")]
        fits = name and len(parts) <= 2 and all(0 <= ms < INF for ms in parts) and parts[-1] > 0
        if not fits or name in found:
            raise UsageError(error_text("--latency", LATENCY, item))
        found[name] = BatchLatency.line(parts[0] if len(parts) == 2 else 0.0, parts[-1])
    return found


def parse_prices(text: str, names: Collection[str]) -> dict[str, float]:
    """Return the price of a replica an hour by name: one of all, or ``NAME=PRICE,...``.

    Raises:
        UsageError: another form, an unknown name, or one that is missing.

    """
    pairs = [named_value(item) for item in text.split(",")]
    found = {name: _number(price) for name, price in pairs}
    if len(found) < len(pairs):
        raise UsageError(error_text("--price-per-hour", "each name once", text))
    if found.keys() == {""}:
        found = dict.fromkeys(names, found[""])
    if found.keys() != set(names) or not all(0 < price <= MOST_PRICE for price in found.values()):
        expected = f"a price above 0, at most {MOST_PRICE:g}, of all replicas, or "
        expected += "NAME=PRICE,... for " + ", ".join(names)
        raise UsageError(error_text("--price-per-hour", expected, text))
    return found


def _read(path: Path) -> Latencies:
    held = read_json(path)
    if not isinstance(held, Mapping) or not held:
        expected = 'an object {"NAME": MS, "NAME": [[INPUTS, MS], ...], ...}'
        raise ConfigError(error_text(str(path), expected, held))
    return {name: _latency(value, f"{path}, {name}") for name, value in held.items()}


def _latency(value: Json, where: str) -> BatchLatency:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return BatchLatency.measured([(1, _time(value))], where)
    if isinstance(value, Mapping) and value.keys() == {"fixed_ms", "per_input_ms"}:
        fixed, each = _time(value["fixed_ms"]), _time(value["per_input_ms"])
        if 0 <= fixed < INF and 0 < each < INF:
            return BatchLatency.line(fixed, each)
    if isinstance(value, list):
        pairs = [_pair(entry) for entry in value]
        return BatchLatency.measured(pairs, where)
    expected = "ms, pairs [[inputs, ms], ...], or fixed_ms with per_input_ms"
    raise ConfigError(error_text(where, expected, value))


def _pair(value: Json) -> tuple[int, float]:
    """Return a size and its milliseconds; of what is none, one that is refused."""
    if not isinstance(value, list) or len(value) != 2 or type(value[0]) is not int:
        return 0, math.nan
    return value[0], _time(value[1])


def _time(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    return float(value)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
