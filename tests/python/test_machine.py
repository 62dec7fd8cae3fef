"""What is known of the machine, and how much of it is used."""

import logging

import pytest
from muxnet import _core
from muxnet.base import machine


@pytest.fixture(autouse=True)
def _as_before():
    before = _core.threads()
    yield
    _core.set_threads(before)


def test_more_threads_than_cores_are_said(caplog):
    with caplog.at_level(logging.WARNING):
        machine.set_threads(machine.cores())
        assert not caplog.messages
        machine.set_threads(machine.cores() + 1)
    assert "wait for each other" in caplog.text
    assert _core.threads() == machine.cores() + 1
