"""The builder is whole: training libraries are not needed to see that no module is missing."""

import ast
import unittest
from importlib.util import resolve_name
from pathlib import Path

from demo_model.__main__ import STAGES

ROOT = Path(__file__).resolve().parent.parent


def exists(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def own_imports(file: Path) -> set[str]:
    """The modules of the builder that a file imports."""
    package = ".".join(file.relative_to(ROOT).parent.parts)
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        module = resolve_name("." * node.level + (node.module or ""), package)
        # `from ..data import store` may name a module or something inside one.
        submodules = {f"{module}.{alias.name}" for alias in node.names}
        found |= {name for name in submodules if exists(name)} or {module}
    return found


class Modules(unittest.TestCase):
    def test_every_stage_is_there(self):
        for stage, module in STAGES.items():
            self.assertTrue(exists(f"demo_model.{module}"), f"{stage}: {module}")

    def test_every_import_leads_to_a_module(self):
        files = list(ROOT.glob("demo_model/**/*.py"))
        self.assertGreater(len(files), 40)
        for file in files:
            for module in own_imports(file):
                self.assertTrue(exists(module), f"{file.relative_to(ROOT)} imports {module}")


if __name__ == "__main__":
    unittest.main()
