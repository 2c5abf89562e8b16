"""Builds the functions' packages: `python3 lambda_src/build.py [folder]`, by default into lambda_src/dist.

The same source gives the same bytes, whoever builds it and wherever: names sorted, one date, one mode, stored. What
only people and type checkers read stays behind, so that a cold start loads and compiles less; every statement keeps
its line, so that a traceback leads to the source.
"""

import ast
import io
import sys
import tokenize
import zipfile
from itertools import pairwise
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
# What each package holds; after a minus what it does not need.
PACKAGES = {
    "pagerduty-forwarder": ("pagerduty_forwarder.py", "forwarder/*.py", "-forwarder/format_slack.py"),
    "slack-forwarder": ("slack_forwarder.py", "forwarder/*.py", "-forwarder/format_pagerduty.py"),
    "path-watch": (
        "path_watch/*.py",
        *(f"forwarder/{name}.py" for name in ("__init__", "aws", "log", "post", "sigv4", "text")),
    ),
}
DATE = (1980, 1, 1, 0, 0, 0)
MODE = 0o100644
FSTRINGS = ('f"', "f'")
UNIX = 3
Cut = tuple[int, int, int, int, bytes]  # first line and column, last line and column (from 0), what stands there then


def main() -> None:
    """Writes one zip for each function into the folder given."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE / "dist"
    folder.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        write(name, folder / f"{name}.zip")


def write(name: str, to: Path) -> None:
    """The function's package at the path `to`."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as package:
        for path in files(name):
            entry = zipfile.ZipInfo(path, DATE)
            entry.create_system = UNIX
            entry.external_attr = MODE << 16
            package.writestr(entry, strip((SOURCE / path).read_text(encoding="utf-8")))


def files(name: str) -> list[str]:
    """What the function's package holds, relative to this folder, sorted."""
    wanted, unwanted = set[str](), set[str]()
    for pattern in PACKAGES[name]:
        kept = unwanted if pattern.startswith("-") else wanted
        kept |= {path.relative_to(SOURCE).as_posix() for path in SOURCE.glob(pattern.removeprefix("-"))}
    return sorted(wanted - unwanted)


def strip(source: str) -> str:
    """The module without docstrings, comments, annotations and the imports that only those needed, narrow.

    The text is edited by positions, not printed anew from its tree, which each version of Python would do its own way.
    """
    tree = ast.parse(source)
    bare = _without(source, [*_comments(source), *_docstrings(tree), *_annotations(tree)])
    bare = _without(bare, _unused_imports(ast.parse(bare)))
    bare = _without(bare, _spaces(bare))
    lines = [line.rstrip() for line in bare.split("\n")]
    return "\n".join(" " * ((len(line) - len(line.lstrip())) // 4) + line.lstrip() for line in lines).rstrip() + "\n"


def _without(source: str, cuts: list[Cut]) -> str:
    """The cuts made, from the last to the first; the lines within a cut stay as empty ones."""
    lines = source.encode().split(b"\n")
    for first, start, last, end, instead in sorted(cuts, reverse=True):
        tail = lines[last][end:]
        lines[first : last + 1] = [lines[first][:start] + instead + tail, *[b""] * (last - first)]
    return b"\n".join(lines).decode()


def _comments(source: str) -> list[Cut]:
    lines = source.split("\n")
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    found = [(token.start[0] - 1, token.start[1]) for token in tokens if token.type == tokenize.COMMENT]
    return [(at, len(lines[at][:start].encode()), at, len(lines[at].encode()), b"") for at, start in found]


def _spaces(source: str) -> list[Cut]:
    """Those beside operators and brackets; not by an f-string, whose inside only newer Pythons take apart."""
    lines = source.split("\n")
    found = []
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for one, other in pairwise(tokens):
        (row, end), (following, start) = one.end, other.start
        line = lines[row - 1] if row <= len(lines) else ""
        beside = tokenize.OP in (one.type, other.type) and one.type not in (tokenize.INDENT, tokenize.DEDENT)
        if row == following and end < start and beside and not any(quote in line for quote in FSTRINGS):
            found.append((row - 1, len(line[:end].encode()), row - 1, len(line[:start].encode()), b""))
    return found


def _docstrings(tree: ast.Module) -> list[Cut]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            alone = len(node.body) == 1 and not isinstance(node, ast.Module)
            found.append(_cut(node.body[0], b"pass" if alone else b""))
    return found


def _annotations(tree: ast.Module) -> list[Cut]:
    """Of arguments, of what functions return, and of variables that get a value; a class's fields need theirs."""
    found = []
    fields = {id(item) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for item in node.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation:
            found.append(_cut(node.annotation, b"", node.col_offset + len(node.arg.encode())))
        elif isinstance(node, ast.FunctionDef) and node.returns:
            found.append(_cut(node.returns, b"", node.returns.col_offset - len(" -> ")))
        elif isinstance(node, ast.AnnAssign) and node.value and id(node) not in fields:
            found.append(_cut(node.annotation, b"", node.target.end_col_offset))
    return found


def _unused_imports(tree: ast.Module) -> list[Cut]:
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            kept = [name for name in node.names if (name.asname or name.name) in used]
            names = ", ".join(f"{name.name} as {name.asname}" if name.asname else name.name for name in kept)
            found.append(_cut(node, f"from {node.module} import {names}".encode() if kept else b""))
    return found


def _cut(node: ast.stmt | ast.expr, instead: bytes, start: int | None = None) -> Cut:
    last, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return node.lineno - 1, node.col_offset if start is None else start, last - 1, end, instead


if __name__ == "__main__":
    main()
