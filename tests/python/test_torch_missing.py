"""Without PyTorch its trainer says what to install."""

import subprocess
import sys
from pathlib import Path


def test_the_trainer_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError")
    check = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import runpy; "
    check += "runpy.run_module('muxnet.torch.train', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "muxnet.torch.train: error: [muxnet.torch] expected the package torch, which is not "
        "installed: pip install 'muxnet[torch]'\n"
    )
