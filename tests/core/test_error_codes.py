"""Every code in the source stands in docs/errors.md, and none stands there that is not in the source."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import apps
from apps.core.errors import PUBLIC_STATUS, AppError

ROOT = Path(apps.__path__[0])
DOCUMENT = (ROOT.parent / "docs" / "errors.md").read_text()


def kinds(error: type[AppError] = AppError) -> Iterator[type[AppError]]:
    yield error
    for narrower in error.__subclasses__():
        yield from kinds(narrower)


def codes_given_when_raised(names: set[str]) -> Iterator[str]:
    """`AppError("…", code="unknown_result")`: such a code is no class's."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield from (
                    word.value.value
                    for word in node.keywords
                    if word.arg == "code" and isinstance(word.value, ast.Constant)
                )


def codes_in_the_source() -> set[str]:
    for module in pkgutil.walk_packages(apps.__path__, "apps."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = [kind for kind in kinds() if kind.__module__.startswith("apps.")]
    raised = codes_given_when_raised({kind.__name__ for kind in ours})
    return {*PUBLIC_STATUS, *(kind.code for kind in ours), *raised}


def test_the_document_and_the_source_name_the_same_codes() -> None:
    documented = re.findall(r"^\| `([a-z_]+)` \|", DOCUMENT, re.MULTILINE)
    assert len(documented) == len(set(documented))
    assert set(documented) == codes_in_the_source()


def test_the_document_gives_each_public_code_its_status() -> None:
    documented = re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \|", DOCUMENT, re.MULTILINE)
    assert {code: int(status) for code, status in documented} == PUBLIC_STATUS
