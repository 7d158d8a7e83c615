"""The project's own modules as source: what each imports and what it calls, read from its syntax."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parent.parent
PACKAGES = ("events", "config", "projections", "streams", "web", "cli")
"""In the order in which they may import: each those before it."""


@cache
def modules() -> dict[str, ast.Module]:
    """Every module by its dotted name."""
    return {name_of(path): parsed(path.read_text()) for package in PACKAGES for path in _files(package)}


def parsed(source: str) -> ast.Module:
    """A module as its importers meet it: without what it does only when it is run as a script."""
    tree = ast.parse(source)
    tree.body = [part for part in tree.body if not _is_script(part)]
    return tree


def name_of(path: Path) -> str:
    """The dotted name under which a file is imported."""
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def imports(tree: ast.AST) -> set[str]:
    """What a module imports, wherever in it: modules, and names of modules as `module.name`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                found.update(alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                found.update({module, *(f"{module}.{alias.name}" for alias in node.names)})
    return found


def calls(tree: ast.AST) -> set[str]:
    """What a module calls, as written: `open`, `datetime.now`."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def attributes(tree: ast.AST) -> set[str]:
    """The attributes that a module looks up, as `os.environ`."""
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def reached(names: set[str], package: str) -> set[str]:
    """The modules themselves and all those of the package that they import, directly or not."""
    seen: set[str] = set()
    left = set(names)
    while left:
        name = left.pop()
        seen.add(name)
        left |= {found for found in imports(modules()[name]) & modules().keys() if _is_in(found, package)} - seen
    return seen


def users_of(library: str) -> set[str]:
    """The modules that import a library or a part of it."""
    return {name for name, tree in modules().items() if any(_is_in(found, library) for found in imports(tree))}


def _is_script(part: ast.stmt) -> bool:
    return isinstance(part, ast.If) and ast.unparse(part.test) == "__name__ == '__main__'"


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _files(package: str) -> Iterator[Path]:
    return (PROJECT / package).rglob("*.py")
