import io
from types import SimpleNamespace
from typing import Any

from muxnet.base.progress import BarReporter, LogReporter, line, reporter


def state(step: int, **changes: Any) -> SimpleNamespace:
    fields = {
        "phase": "models",
        "epoch": 1 + step // 10,
        "epochs": 4,
        "step": step,
        "steps": 40,
        "learning_rate": 0.1,
        "losses": [0.5, 0.25],
        "accuracies": [0.81, 0.9],
        "images_per_second": 5231.4,
        "seconds_left": 200.0,
        "contrastive": -0.5,
        "both_right_distance": 0.14,
        "one_right_distance": 0.476,
    }
    return SimpleNamespace(**(fields | changes))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_says_everything() -> None:
    expected = (
        "models: epoch 2/4 step 12/40, loss 0.250 to 0.500, accuracy 81.0 to 90.0 %, "
        "distance 0.140 both right, 0.476 one right, 5,231 images/s, 3:20 min left"
    )
    assert line(state(12)) == expected


def test_what_is_not_known_is_left_out() -> None:
    small = state(12, losses=[0.5], accuracies=[], contrastive=0.0, images_per_second=0.0)
    assert line(small) == "models: epoch 2/4 step 12/40, loss 0.500, 3:20 min left"
    assert "distance" not in line(state(12, both_right_distance=None))


def test_a_log_gets_plain_lines_at_a_modest_rate() -> None:
    now = [0.0]
    stream = io.StringIO()
    report = LogReporter(stream, 10.0, lambda: now[0])
    for step in range(1, 41):
        now[0] += 1.5
        report(state(step))
    lines = stream.getvalue().splitlines()
    assert "step 1/40" in lines[0]
    assert "step 40/40" in lines[-1]
    assert len(lines) == 7
    assert "\x1b" not in stream.getvalue()
    assert "\r" not in stream.getvalue()


def test_the_stream_decides() -> None:
    assert isinstance(reporter(io.StringIO()), LogReporter)
    assert isinstance(reporter(Terminal()), BarReporter)


def test_bars_move_on_a_terminal() -> None:
    stream = Terminal()
    with reporter(stream) as report:
        for step in (1, 40):
            report(state(step))
        report(state(5, phase="multiplexer"))
        report.say("[odd] text")
    text = stream.getvalue()
    assert "multiplexer" in text
    assert "100 %" in text
    assert "[odd] text" in text
