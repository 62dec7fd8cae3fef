"""Every code block of README and of the site's pages runs as it stands, or says why it cannot."""

import shlex

import numpy as np
import page_world
import pytest
from muxnet.cli import build_parser
from page_blocks import MUXNET, Reader, blocks

BLOCKS = blocks()
LIST = next(
    shown for block in BLOCKS for command, shown in block.commands() if command == "cat models.json"
)
PROGRAM = next(block for block in BLOCKS if block.language == "python")  # README's


def title(block):
    return f"{block.page.removeprefix('notebooks/site/')}:{block.line}"


@pytest.fixture(scope="session")
def furnished(tmp_path_factory, run_folder):
    """A folder with what the pages' reader has."""
    pytest.importorskip("onnx")
    folder = tmp_path_factory.mktemp("furnished")
    page_world.furnish(folder, run_folder, LIST)
    return folder


@pytest.fixture(scope="session")
def readers(tmp_path_factory, furnished):
    """One for each page, in a folder of his own."""
    found = {}

    def reader(page):
        if page not in found:
            folder = tmp_path_factory.mktemp("page") / "folder"
            page_world.copy(furnished, folder)
            found[page] = Reader(folder, [block for block in BLOCKS if block.page == page])
        return found[page]

    yield reader
    for started in found.values():
        started.leave()


@pytest.mark.parametrize("block", BLOCKS, ids=title)
def test_a_block_runs(block, readers):
    if block.reason:
        pytest.skip(block.reason)
    readers(block.page).run(block)


@pytest.mark.parametrize("block", BLOCKS, ids=title)
def test_a_block_is_of_a_language_that_is_run(block):
    assert block.language in ("python", "console")
    if block.language == "console":
        assert list(block.commands())


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.reason], ids=title)
def test_what_is_not_run_is_understood(block):
    if block.language == "python":
        compile(block.code, block.page, "exec")
    for command, _ in block.commands():
        if command.startswith(MUXNET):
            build_parser().parse_args(shlex.split(command.removeprefix(MUXNET), comments=True))


def test_readmes_program_is_short_and_routes_digits_among_models(readers):
    reader = readers("README.md")
    reader.run(PROGRAM)
    assert len([line for line in PROGRAM.code.splitlines() if line.strip()]) < 20
    probabilities, called, data = (reader.names[n] for n in ("probabilities", "called", "data"))
    assert called.shape == (len(data.test), 6)
    assert np.mean(probabilities.argmax(axis=1) == data.test.labels) > 0.8
