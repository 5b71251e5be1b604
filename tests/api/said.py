"""Which words a refusal may carry, read out of the source.

From each place that refuses, the expressions its words come from are followed: through
names, constants of other modules, functions and what their callers give them. A place
whose words cannot be found is told, so nothing is passed over.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("matchmaker", "models", "index")
# What refuses, and which of its arguments holds the words.
REFUSALS = {
    "Invalid": 0,
    "PydanticCustomError": 1,
    "Unreadable": 0,
    "WrongNumber": 0,
    "Refused": 0,
}
# Where a class of such a name has nothing to do with programs.
ELSEWHERE = {"matchmaker.mail.post"}
# A conflict tells facts; some of them are words.
TELLS_FACTS = "Conflict"
PLACE = re.compile(r"\{\w*\}")
FILLS = {"append", "setdefault", "update", "extend", "add"}


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


@dataclass
class Module:
    """A source file: what its names mean."""

    name: str
    tree: ast.Module
    constants: dict[str, list[ast.expr]] = field(
        default_factory=lambda: defaultdict(list)
    )
    functions: dict[str, list[ast.AST]] = field(
        default_factory=lambda: defaultdict(list)
    )
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


def _modules() -> Iterator[Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            yield _read(Module(name, ast.parse(path.read_text())), is_package)


def _read(module: Module, is_package: bool) -> Module:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef):
            module.functions[node.name].append(node)
        elif isinstance(node, ast.ImportFrom):
            base = module.name.split(".")
            if node.level:
                base = base[: len(base) - node.level + is_package]
                source = ".".join([*base, *([node.module] if node.module else [])])
            else:
                source = node.module or ""
            for one in node.names:
                module.imported[one.asname or one.name] = (source, one.name)
    for node in module.tree.body:
        for name, value in _bound(node):
            module.constants[name].append(value)
    return module


Found = Iterator[str]


class Source:
    """The whole source, in which an expression is followed to its texts."""

    def __init__(self) -> None:
        self.modules = {module.name: module for module in _modules()}
        self.calls: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
        self.home: dict[ast.AST, Module] = {}
        self.inside: dict[ast.AST, ast.AST] = {}
        for module in self.modules.values():
            for node in ast.walk(module.tree):
                self._note(module, node)

    def _note(self, module: Module, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.inside[child] = node
        if isinstance(node, ast.Call):
            self.calls[_called(node)].append((module, node))
        elif isinstance(node, ast.FunctionDef):
            self.home[node] = module

    def refusals(self) -> Iterator[tuple[str, set[str]]]:
        """Each place that refuses, and the templates of its words."""
        for name, place in REFUSALS.items():
            for module, call in self.calls[name]:
                if module.name in ELSEWHERE:
                    continue
                where = f"{module.name}.{self._function(call)}"
                words = call.args[place : place + 2] if place else call.args[:1]
                seen: set[ast.AST] = set()
                found = {
                    text
                    for one in words
                    for text in self.texts(module, _values(one), seen)
                }
                yield where, found

    def facts(self) -> set[str]:
        """The templates of the words that conflicts tell among their facts."""
        return {
            text
            for module, call in self.calls[TELLS_FACTS]
            for one in call.keywords
            for text in self.texts(module, one.value, set())
        }

    def table(self, module: str, name: str) -> set[str]:
        """The templates in a constant."""
        home = self.modules[module]
        node = ast.Name(id=name, ctx=ast.Load())
        return set(self.texts(home, node, set()))

    def literals(self) -> set[str]:
        """Every text in the source."""
        return {
            text
            for module in self.modules.values()
            for node in ast.walk(module.tree)
            if (text := template(node)) is not None
        }

    def texts(self, module: Module, node: ast.AST, seen: set[ast.AST]) -> Found:
        """The Chinese templates that the expression may come to."""
        if node in seen:
            return
        seen.add(node)
        text = template(node)
        if text is not None:
            yield from filter(is_chinese, self._spelt(module, node, text))
            return
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from self._sum(module, node, seen)
            return
        for other, part in self._parts(module, node):
            yield from self.texts(other, part, seen)

    def _spelt(self, module: Module, node: ast.AST, text: str) -> Found:
        """The template, with what the `SPELT` functions write in their place."""
        if not isinstance(node, ast.JoinedStr):
            yield text
            return
        parts = [self._part(module, one) for one in node.values]
        yield from map("".join, product(*parts))

    def _part(self, module: Module, part: ast.expr) -> list[str]:
        if isinstance(part, ast.Constant):
            return [str(part.value)]
        value = part.value if isinstance(part, ast.FormattedValue) else part
        if isinstance(value, ast.Call) and _called(value) in SPELT:
            return list(self.texts(module, value, set()))
        return ["{}"]

    def _sum(self, module: Module, node: ast.BinOp, seen: set[ast.AST]) -> Found:
        """Two texts as one, where both can be found; else each that can."""
        left, right = (
            [text] if (text := template(one)) else list(self.texts(module, one, seen))
            for one in (node.left, node.right)
        )
        if left and right:
            yield from (one + other for one in left for other in right)
        else:
            yield from left or right

    def _parts(self, module: Module, node: ast.AST) -> Iterator[tuple[Module, ast.AST]]:
        if isinstance(node, ast.Name):
            yield from self._named(module, node.id, node)
        elif isinstance(node, ast.Attribute):
            yield from self._attribute(module, node)
        elif isinstance(node, ast.Call):
            yield from self._call(module, node)
        elif isinstance(node, (ast.Dict, ast.DictComp)):
            yield module, _values(node)
        elif isinstance(node, ast.Subscript):
            yield module, node.value
        elif isinstance(node, ast.IfExp):
            yield from ((module, one) for one in (node.body, node.orelse))
        else:
            yield from ((module, one) for one in ast.iter_child_nodes(node))

    def _named(
        self, module: Module, name: str, node: ast.AST
    ) -> Iterator[tuple[Module, ast.AST]]:
        """What the name is bound to: in its function, the module, or another one."""
        found = False
        for function in self._around(node):
            for value in _assigned(function, name):
                found = True
                yield module, value
            for value in self._given(function, name):
                found = True
                yield value
            if found:
                return
        yield from self._of_module(module, name)

    def _of_module(self, module: Module, name: str) -> Iterator[tuple[Module, ast.AST]]:
        for value in module.constants.get(name, ()):
            yield module, value
        if name in module.imported:
            source, other = module.imported[name]
            if source in self.modules:
                yield from self._of_module(self.modules[source], other)

    def _attribute(
        self, module: Module, node: ast.Attribute
    ) -> Iterator[tuple[Module, ast.AST]]:
        inner = node.value
        if isinstance(inner, ast.Name) and inner.id in module.imported:
            source, name = module.imported[inner.id]
            other = self.modules.get(f"{source}.{name}")
            if other is not None:
                yield from self._of_module(other, node.attr)
                return
        if node.attr in PASSED_ON:
            return
        if node.attr in FACTS_OF_FORMATS:
            for other, call in self.calls["Format"]:
                yield from (
                    (other, one.value) for one in call.keywords if one.arg == node.attr
                )
        for other in self.modules.values():
            for function in other.functions.get(node.attr, ()):
                if _is_property(function):
                    yield from ((other, one) for one in _returned(function))

    def _call(self, module: Module, node: ast.Call) -> Iterator[tuple[Module, ast.AST]]:
        name, found = _called(node), False
        if name in PASSES_ON and isinstance(node.func, ast.Attribute):
            yield module, node.func.value
        if name in TAKES_FROM:
            yield from ((module, _values(one)) for one in node.args)
        if name in PASSES_ON | TAKES_FROM:
            return
        for other, function in self._functions(module, node.func):
            found = True
            yield from ((other, one) for one in _returned(function))
        if not found and isinstance(node.func, ast.Attribute):
            yield from self._method(name)

    def _method(self, name: str) -> Iterator[tuple[Module, ast.AST]]:
        """What the methods of this name return; nobody knows of which class it is."""
        for module in self.modules.values():
            for function in module.functions.get(name, ()):
                if isinstance(self.inside[function], ast.ClassDef):
                    yield from ((module, one) for one in _returned(function))

    def _functions(
        self, module: Module, called: ast.expr
    ) -> Iterator[tuple[Module, ast.AST]]:
        if isinstance(called, ast.Name):
            yield from ((module, one) for one in module.functions.get(called.id, ()))
            if called.id in module.imported:
                source, name = module.imported[called.id]
                other = self.modules.get(source)
                if other is not None:
                    yield from self._functions(other, ast.Name(id=name, ctx=ast.Load()))
        elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            source, name = module.imported.get(called.value.id, ("", ""))
            other = self.modules.get(f"{source}.{name}")
            if other is not None:
                yield from self._functions(
                    other, ast.Name(id=called.attr, ctx=ast.Load())
                )

    def _function(self, node: ast.AST) -> str:
        """The name of the function around it."""
        return next((one.name for one in self._around(node)), "")

    def _around(self, node: ast.AST) -> Iterator[ast.FunctionDef]:
        while node in self.inside:
            node = self.inside[node]
            if isinstance(node, ast.FunctionDef):
                yield node

    def _given(
        self, function: ast.FunctionDef, name: str
    ) -> Iterator[tuple[Module, ast.AST]]:
        """What callers give for the parameter of this name."""
        names = [one.arg for one in function.args.args]
        if name not in names + [one.arg for one in function.args.kwonlyargs]:
            return
        shift = names[:1] in (["self"], ["cls"])
        home = self.home[function]
        for module, call in self.calls[function.name]:
            if not _means(module, call, function.name, home):
                continue
            for one in call.keywords:
                if one.arg == name:
                    yield module, one.value
            place = names.index(name) - shift if name in names else len(call.args)
            if 0 <= place < len(call.args):
                yield module, call.args[place]


# What `office.Format` says of files of another kind.
FACTS_OF_FORMATS = {"foreign", "others"}
# Methods of a text or a mapping: what they give comes from it, or from what they take.
PASSES_ON = frozenset({"partition", "format", "format_map", "get", "values", "items"})
TAKES_FROM = frozenset(
    {"join", "str", "next", "iter", "sorted", "list", "dict", "fromkeys"}
)
# Whose words are part of the template they are put into.
SPELT = {"written_day"}
# What an error of another kind carries was found where that one was raised.
PASSED_ON = {"fields", "msg", "args"}


def template(node: ast.AST) -> str | None:
    """The text of a literal, with «{}» for what is put into it."""
    if isinstance(node, ast.Constant):
        return PLACE.sub("{}", node.value) if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = (
            str(one.value) if isinstance(one, ast.Constant) else "{}"
            for one in node.values
        )
        return "".join(parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = template(node.left), template(node.right)
        return None if left is None or right is None else left + right
    return None


def _means(module: Module, call: ast.Call, name: str, home: Module) -> bool:
    """Whether the call is one of the function of that name in ``home``."""
    if isinstance(call.func, ast.Name):
        return module is home or module.imported.get(name, ("",))[0] == home.name
    inner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(inner, ast.Name):
        source = ".".join(module.imported.get(inner.id, ("", "")))
        return source == home.name or (module is home and inner.id in ("self", "cls"))
    return False


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _values(node: ast.AST) -> ast.AST:
    """Of a mapping only the values: its keys are names of fields."""
    if isinstance(node, ast.Dict):
        return ast.List(elts=node.values, ctx=ast.Load())
    if isinstance(node, ast.DictComp):
        return node.value
    return node


def _bound(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
    elif (
        isinstance(node, (ast.AnnAssign, ast.NamedExpr, ast.AugAssign))
        and isinstance(node.target, ast.Name)
        and node.value is not None
    ):
        yield node.target.id, node.value


def _assigned(function: ast.FunctionDef, name: str) -> Iterator[ast.AST]:
    """What the name of a function is bound to, and what is put into it."""
    for node in ast.walk(function):
        yield from (value for bound, value in _bound(node) if bound == name)
        if isinstance(node, ast.Assign):
            if any(_is_part_of(target, name) for target in node.targets):
                yield node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            if name in _names(node.target):
                yield node.iter
        elif isinstance(node, ast.Call) and _called(node) in FILLS:
            inner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if isinstance(inner, ast.Name) and inner.id == name and node.args:
                yield _values(node.args[-1])


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _is_part_of(target: ast.AST, name: str) -> bool:
    """Whether it puts something into the name, or binds it beside others."""
    if isinstance(target, ast.Subscript):
        return isinstance(target.value, ast.Name) and target.value.id == name
    return isinstance(target, ast.Tuple) and name in _names(target)


def _returned(function: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(function):
        if isinstance(node, (ast.Return, ast.Yield)) and node.value is not None:
            yield _values(node.value)


def _is_property(function: ast.AST) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id in ("property", "cached_property")
        for one in getattr(function, "decorator_list", ())
    )


@cache
def source() -> Source:
    return Source()
