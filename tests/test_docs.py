"""The README names what there is, and only what there is."""

import re
from pathlib import Path

import click
import pytest

from matchmaker import create_app
from matchmaker.config import Settings

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
# Flask's own commands; the README of Flask has them.
NOT_OURS = {"run", "shell", "routes"}
# Made by `make serve`, not kept.
MADE = (".venv", "instance", "encoder")
# What a file named in the text looks like: a path, or a name with an ending.
FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")
ENDINGS = {".md", ".py", ".png", ".toml", ".txt", ".jsonl", ".html", ".css", ".js"}


@pytest.fixture(scope="module")
def readme():
    assert README.is_file(), "README.md is missing"
    return README.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """Every command of ours as it is typed: («index», «check»)."""
    settings = Settings(
        instance_dir=tmp_path_factory.mktemp("docs"),
        database_url="sqlite:///:memory:",
        secret_key="test",
    )
    return set(_walk(create_app(settings).cli.commands)) - {(n,) for n in NOT_OURS}


def _walk(found, above=()):
    for name, command in found.items():
        if isinstance(command, click.Group):
            yield from _walk(command.commands, (*above, name))
        else:
            yield (*above, name)


def targets():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    names = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert names is not None
    return names.group(1).split()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme(readme, name):
    assert f"MATCHMAKER_{name.upper()}" in readme


def test_every_command_is_in_the_readme(readme, commands):
    assert {("setup",), ("worker",), ("index", "check")} <= commands
    missing = [
        " ".join(words)
        for words in sorted(commands)
        if not re.search(rf"`(?:flask (?:--app wsgi )?)?{' '.join(words)}\b", readme)
    ]
    assert not missing


@pytest.mark.parametrize("target", targets())
def test_every_make_target_is_in_the_readme(readme, target):
    assert re.search(rf"\bmake {target}\b", readme)


def test_every_setting_in_the_readme_exists(readme):
    known = {f"MATCHMAKER_{name.upper()}" for name in Settings.model_fields}
    code = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")
    )
    for name in set(re.findall(r"MATCHMAKER_[A-Z_]+[A-Z]", readme)) - known:
        assert f'"{name}"' in code, name


def test_every_make_target_in_the_readme_exists(readme):
    quoted = re.findall(r"`make ([a-z]+)|^make ([a-z]+)", readme, re.MULTILINE)
    assert {one or other for one, other in quoted} <= set(targets())


def test_every_file_in_the_readme_exists(readme):
    links = re.findall(r"\]\(([^)#]+)\)", readme)
    quoted = [text for text in re.findall(r"`([^`\n]+)`", readme) if _is_file(text)]
    missing = [
        name
        for name in (*links, *quoted)
        if not name.startswith(("http", *MADE)) and not (ROOT / name).exists()
    ]
    assert not missing


def _is_file(text):
    path = Path(text)
    return bool(FILE.fullmatch(text)) and (
        path.suffix in ENDINGS or text.split("/")[0] in ("docs", "data", ".ci")
    )
