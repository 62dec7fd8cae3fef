"""The README's program runs as it stands."""

import re
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_program_routes_digits_among_models() -> None:
    found = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    program = found[1]
    assert len([line for line in program.splitlines() if line.strip()]) < 20
    names: dict[str, object] = {}
    exec(compile(program, "README.md", "exec"), names)
    probabilities, called, data = names["probabilities"], names["called"], names["data"]
    assert called.shape == (len(data.test), 6)
    assert (probabilities.argmax(axis=1) == data.test.labels).mean() > 0.8
