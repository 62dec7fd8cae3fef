"""Requests that Python answers: refusals, and labels that come back."""

from __future__ import annotations

import orjson

from muxnet.base.errors import error_text

LABELS_BYTES = 512 * 1024
MOST_LABELS = 10_000  # of one request


class RequestError(Exception):
    """A request that is refused with an HTTP ``status``."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def bad_request(where: str, expected: object, received: object) -> RequestError:
    """Return the error of a request that does not fit."""
    text = str(received)
    return RequestError(400, error_text(where, expected, text[:80] + "..." * (len(text) > 80)))


def labels_of(body: bytes, classes: int) -> tuple[list[int], list[int]]:
    """Return the numbers of inputs and their labels, ``{"inputs": [...], "labels": [...]}``.

    Raises:
        RequestError: they are not that, or too many.

    """
    if len(body) > LABELS_BYTES:
        raise bad_request("labels", f"at most {LABELS_BYTES} bytes", len(body))
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request("labels", "JSON", error) from error
    inputs, labels = _numbers(fields, "inputs"), _numbers(fields, "labels")
    if len(inputs) != len(labels):
        raise bad_request("labels", f"{len(inputs)} of them", len(labels))
    if max(labels) >= classes:
        raise bad_request("labels", f"classes below {classes}", max(labels))
    return inputs, labels


def _numbers(fields: object, key: str) -> list[int]:
    numbers: object = fields.get(key) if isinstance(fields, dict) else None
    if not isinstance(numbers, list) or not all(type(n) is int and 0 <= n < 2**63 for n in numbers):
        raise bad_request(key, "a list of whole numbers from 0", "something else")
    if not 1 <= len(numbers) <= MOST_LABELS:
        raise bad_request(key, f"1 to {MOST_LABELS} numbers", len(numbers))
    return numbers
