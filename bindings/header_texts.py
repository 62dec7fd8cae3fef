"""header_texts.py OUTPUT HEADER ...: writes a C++ source with the `///` texts of headers by name.

Names are `Class.member` and `function`, without namespaces; of overloads the first with a text.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

TOKEN = re.compile(
    r"""///<(?P<after>[^\n]*) | ///(?P<before>[^\n]*) | //[^\n]* | ^\s*\#[^\n]*
    | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)' | [^\s{}();,/"'#]+ | \s+ | .""",
    re.VERBOSE | re.MULTILINE,
)
SCOPE = re.compile(r"(namespace|class|struct|enum class|enum)\b\s*([\w:]*)[^=()]*$")
ACCESS = re.compile(r"\b(public|private|protected)\s*:(?!:)")
TEMPLATE = re.compile(r"\btemplate\s*<[^<>]*>")
FUNCTION = re.compile(r"\)(\s|const|noexcept|override|final)*(:.*)?$", re.DOTALL)
# What C++ and Python call differently.
WORDS = {
    r"\bThrows\b": "Raises",
    r"\bthrows\b": "raises",
    r"\bThrow\b": "Raise",
    r"\bstd::invalid_argument\b": "ValueError",
    r"\bstd::out_of_range\b": "IndexError",
    r"\bstd::runtime_error\b": "RuntimeError",
    r"\bnullptr\b|\bstd::nullopt\b": "None",
}


@dataclass(frozen=True)
class Declaration:
    """A statement of a header: what it opens or declares, where it stands, and its comment."""

    scope: tuple[str, ...]  # names of the types around it
    kind: str  # class, struct, enum or enum class where it opens one, else empty
    code: str
    text: list[str]
    access: str


class Header:
    """What a header declares, read statement by statement."""

    def __init__(self, source: str) -> None:
        self.texts: dict[str, list[str]] = {}
        self.declarations: list[Declaration] = []
        self._scopes: list[tuple[str, str]] = []  # kind and name
        self._access: list[str] = []  # in each of them, for what follows
        self._code, self._parentheses, self._braces = "", 0, 0
        self._comment: list[str] = []
        self._last: list[str] = []
        for token in TOKEN.finditer(source):
            self._read(token)

    def _read(self, token: re.Match[str]) -> None:
        text = token[0]
        if self._braces:
            self._skip(text)
        elif token["after"] is not None:
            if self._in_enumeration() and self._code.strip():  # its last value
                self._end()
            for name in self._last:
                self.texts.setdefault(name, []).append(token["after"])
            if self._last:
                self.declarations[-1].text.append(token["after"])
        elif token["before"] is not None:
            self._comment.append(token["before"])
        elif text == "{":
            self._open()
        elif text == "}":
            self._end()
            self._scopes.pop()
            self._access.pop()
        elif self._parentheses == 0 and (text == ";" or (text == "," and self._in_enumeration())):
            self._end()
        elif text.isspace() and text.count("\n") > 1 and not self._code.strip():
            self._comment = []  # on what follows, not on the next name
        elif not text.lstrip().startswith(("//", "#")):
            self._parentheses += (text == "(") - (text == ")")
            self._code += text

    def _in_enumeration(self) -> bool:
        return bool(self._scopes) and self._scopes[-1][0].startswith("enum")

    def _open(self) -> None:
        scope = SCOPE.search(TEMPLATE.sub("", self._code))
        if scope and not self._parentheses:
            if scope[1] != "namespace":
                self._declare(scope[1])
                self._keep([self._qualified(scope[2])])
            self._scopes.append((scope[1], scope[2]))
            self._access.append("private" if scope[1] == "class" else "public")
            self._code, self._comment = "", []
        else:
            self._braces = 1

    def _skip(self, text: str) -> None:
        """Pass over a function's body, or the braces of an initializer."""
        self._braces += (text == "{") - (text == "}")
        if not self._braces and self._parentheses:
            self._code += "{}"  # of a default argument
        elif not self._braces and FUNCTION.search(self._code):
            self._end()

    def _end(self) -> None:
        self._declare()
        self._keep([self._qualified(name) for name in declared(self._code)])
        self._code, self._comment = "", []

    def _declare(self, kind: str = "") -> None:
        """Note a statement as it stands, and the access that it says for what follows."""
        if labels := ACCESS.findall(self._code):
            self._access[-1] = labels[-1]
        code = " ".join(ACCESS.sub("", self._code).split())
        if code:
            access = self._access[-1] if self._access else "public"
            text = list(self._comment)
            self.declarations.append(Declaration(self._types(), kind, code, text, access))

    def _keep(self, names: list[str]) -> None:
        self._last = names
        for name in names:
            if self._comment:
                self.texts.setdefault(name, self._comment)

    def _qualified(self, name: str) -> str:
        return ".".join([*self._types(), name])

    def _types(self) -> tuple[str, ...]:
        return tuple(name for kind, name in self._scopes if kind != "namespace")


def declared(code: str) -> list[str]:
    """Return what a declaration, or a value of an enumeration, declares."""
    code = ACCESS.sub("", code)
    while (shorter := re.sub(r"<[^<>]*>", "", code)) != code:
        code = shorter
    head = re.split(r"[=(]", code, maxsplit=1)[0]
    if re.search(r"\boperator\b|~|\b(using|friend)\b", head):
        return []
    return [words[-1] for part in head.split(",") if (words := re.findall(r"\w+", part))]


def docstring(lines: list[str]) -> str:
    """Return a comment as Python shows it."""
    text = "\n".join(line.strip() for line in lines).strip()
    for pattern, word in WORDS.items():
        text = re.sub(pattern, word, text)
    first = re.match(r"[a-z]+\b(?!\()", text)  # not f32, nor a call
    if first:
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", ":", "?")) else text + "."


def read(headers: list[Path]) -> dict[str, str]:
    """Return all texts by name."""
    texts: dict[str, str] = {}
    for header in headers:
        for name, lines in Header(header.read_text(encoding="utf-8")).texts.items():
            texts.setdefault(name, docstring(lines))
    return texts


def main(output: str, *headers: str) -> None:
    """Write the table that `text_of` searches."""
    rows = "".join(
        f'    {{"{name}", R"text({text})text"}},\n'
        for name, text in sorted(read([Path(header) for header in headers]).items())
    )
    Path(output).write_text(
        f"""#include "texts.hpp"

namespace muxnet::python {{

std::span<const HeaderText> header_texts() {{
  static constexpr HeaderText texts[] = {{
{rows}  }};
  return texts;
}}

}}  // namespace muxnet::python
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
