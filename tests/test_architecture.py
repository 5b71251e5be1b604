"""Imports point one way, and Flask stays at the edge."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("models", "index", "matchmaker")
MAY_IMPORT = {
    "models": {"models"},
    "index": {"index", "models"},
    "matchmaker": {"matchmaker", "index", "models"},
}
POLICIES = "matchmaker.policies"
EDGE = {"web", "api", "handlers", "current", "live", "db", "__init__"}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    _name(path): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
}


def _imported(module: str, node: ast.AST) -> Iterator[str]:
    """The full names an import statement binds: modules of ours where they are."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        source = node.module or ""
        if node.level:
            is_package = MODULES[module].name == "__init__.py"
            parts = module.split(".") + ([""] if is_package else [])
            base = ".".join(parts[: -node.level])
            source = f"{base}.{source}" if source else base
        for alias in node.names:
            inner = f"{source}.{alias.name}"
            yield inner if inner in MODULES else source


def imports(module: str, *, at_load: bool = False) -> set[str]:
    """What the module imports anywhere, or (``at_load``) while it is loaded."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    nodes: Iterator[ast.AST] = iter(tree.body) if at_load else ast.walk(tree)
    return {name for node in nodes for name in _imported(module, node)}


def _is_flask(name: str) -> bool:
    top = name.partition(".")[0]
    return top == "flask" or top.startswith("flask_")


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_package_imports_only_those_below_it(module):
    package = module.partition(".")[0]
    ours = {name.partition(".")[0] for name in imports(module)} & set(PACKAGES)
    assert ours <= MAY_IMPORT[package]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_flask_stays_at_the_edge(module):
    last = MODULES[module].stem
    at_edge = module.startswith("matchmaker") and (
        last in EDGE
        or ".cli" in module
        or module == "matchmaker"
        or module.startswith("matchmaker.api.")
    )
    if not at_edge:
        assert not {name for name in imports(module) if _is_flask(name)}


def test_the_record_knows_no_search_engine():
    for module in MODULES:
        if module.partition(".")[0] == "models":
            found = {name.partition(".")[0] for name in imports(module)}
            assert not found & {"faiss", "torch", "sentence_transformers", "jieba"}


@pytest.mark.parametrize("last", ["schema", "service"])
def test_rules_are_written_without_knowing_who_calls(last):
    for module, path in MODULES.items():
        if path.stem == last:
            known = imports(module)
            edge = {name for name in known if name.endswith((".web", ".api", ".live"))}
            assert not edge, f"{module} imports {edge}"
            assert not {name for name in known if name.startswith("werkzeug")}, module


def test_no_module_waits_for_itself():
    graph = {
        module: {name for name in imports(module, at_load=True) if name in MODULES}
        - {module}
        for module in MODULES
    }
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        pytest.fail(" -> ".join(cycle.args[1]))


def test_only_policies_decide_who_may_see():
    """A second copy of a rule of sight would be a defect."""
    for module in MODULES:
        if module.startswith("matchmaker.") and not module.startswith(POLICIES):
            text = MODULES[module].read_text(encoding="utf-8")
            assert "PUBLIC_NEED_STATES" not in text, module
            assert "PUBLIC_ACHIEVEMENT_STATES" not in text, module


def test_only_the_release_reaches_its_key():
    """Who seals cannot open: the private half is derived in one place alone."""
    users = {
        module for module in MODULES if "matchmaker.bids.opening.key" in imports(module)
    }
    assert users == {"matchmaker.bids.opening.service"}
    naming = {
        module
        for module, path in MODULES.items()
        if "release_private" in path.read_text(encoding="utf-8")
    }
    assert naming == {"matchmaker.bids.vault", "matchmaker.bids.opening.key"}
    tree = ast.parse(MODULES["matchmaker.bids.opening.service"].read_text("utf-8"))
    callers = {
        each.name
        for each in tree.body
        if isinstance(each, ast.FunctionDef)
        and any(isinstance(n, ast.Name) and n.id == "Opener" for n in ast.walk(each))
    }
    # `_opened` is handed one; these two make it, inside the locked transaction.
    assert callers == {"retry", "_open_all", "_opened"}


def test_only_the_vault_knows_a_cipher():
    users = {
        module
        for module in MODULES
        if any(name.startswith("cryptography") for name in imports(module))
    }
    assert users == {"matchmaker.bids.vault", "matchmaker.bids.opening.key"}
