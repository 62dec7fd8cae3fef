"""Code blocks of README and the site's pages, and how they are run as they stand.

``python`` blocks of a page share their names. ``console`` blocks are typed into a shell: what is
shown after a command is what it prints, but that ``$ cat FILE`` gives the file.
``<!-- not run: REASON -->`` before a block says why a test cannot run it.
"""

import contextlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from muxnet.bench.server_process import start_server

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "notebooks" / "site"
BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]*) -->\n)?^```(?P<language>[^\n]*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MUXNET = ".venv/bin/muxnet "


@dataclass(frozen=True)
class Block:
    """A block of a page; ``reason`` says why it is not run, where it is not."""

    page: str
    line: int
    language: str
    code: str
    reason: str

    def commands(self) -> Iterator[tuple[str, str]]:
        """Yield each command with what is shown after it; indented lines go on with a command."""
        for part in re.split(r"^\$ ", self.code, flags=re.MULTILINE)[1:]:
            command, *shown = re.split(r"\n(?!    )", part, maxsplit=1)
            yield command, "".join(shown)


def blocks() -> list[Block]:
    """Return all blocks of all pages."""
    pages = [path for path in sorted(SITE.rglob("*.md")) if "generated" not in path.parts]
    return [block for path in (ROOT / "README.md", *pages) for block in blocks_of(path)]


def blocks_of(path: Path) -> Iterator[Block]:
    """Yield the blocks of a page, not what Sphinx makes of others (``{toctree}``)."""
    text = path.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("language")) + 1
        page, language = str(path.relative_to(ROOT)), found["language"]
        if not language.startswith("{"):
            yield Block(page, line, language, found["code"], found["reason"] or "")


@dataclass
class Reader:
    """Somebody who follows a page in a folder; ``done`` is how many of its blocks are behind."""

    folder: Path
    blocks: list[Block]
    names: dict[str, object] = field(default_factory=dict)
    done: int = 0
    _servers: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _ports: dict[str, str] = field(default_factory=dict)  # of the server, by those that are shown

    def run(self, block: Block) -> None:
        """Run a block, after those before it."""
        while self.done <= self.blocks.index(block):
            self.done += 1
            now = self.blocks[self.done - 1]
            if now.reason:
                continue
            if now.language == "python":
                self._program(now)
            else:
                for command, shown in now.commands():
                    self._type(command, shown)

    def leave(self) -> None:
        """End what still runs."""
        self._servers.close()

    def _program(self, block: Block) -> None:
        with contextlib.chdir(self.folder):
            exec(compile(block.code, f"{block.page}:{block.line}", "exec"), self.names)

    def _type(self, command: str, shown: str) -> None:
        if given := re.fullmatch(r"cat ([\w./]+)", command):
            (self.folder / given[1]).write_text(shown, encoding="utf-8")
        elif command.startswith(f"{MUXNET}serve "):
            self._serve(command)
        else:
            self._run(command, shown)

    def _serve(self, command: str) -> None:
        """Start a server, which takes the place of another, on ports that are free."""
        self._servers.close()
        source, *options = shlex.split(command.removeprefix(f"{MUXNET}serve "), comments=True)
        context = start_server(self.folder / source, *options)
        _, ready = self._servers.enter_context(context)
        self._ports = {"8080": str(ready["http_port"]), "8081": str(ready["grpc_port"])}

    def _run(self, command: str, shown: str) -> None:
        for port, real in self._ports.items():
            command = command.replace(f":{port}", f":{real}")
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "CURL_HOME": str(self.folder)},
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert not shown or done.stdout == shown, command
