"""Every command of the documentation is there, with its options: asked of the command line's own parser."""

import inspect
import re

import pytest
from typer._click.core import Command as Parser  # the class that typer's own commands are made of
from typer._click.exceptions import UsageError
from typer.core import TyperGroup
from typer.main import get_command

from hub.cli.main import app
from tests.cli.test_commands import COMMANDS
from tests.docs.pages import ROOT, Command, commands, inline, run

WHOLE = get_command(app)
IN_HELP = [
    Command("--help", words)
    for command in COMMANDS.values()
    for words in run((inspect.getdoc(command.callback) or "").partition("Example: ")[2])
]
SHOWN = [*commands(), *IN_HELP]
NAMED = sorted({(page, code) for page, code in inline() if code.startswith("hub ")})
OPTION = re.compile(r"--[a-z][a-z-]+")


def meant(words: list[str]) -> tuple[Parser, list[str]]:
    """The command, or the group of commands, that the first words name, and the words that are left."""
    found, left = WHOLE, list(words)
    while isinstance(found, TyperGroup) and left and not left[0].startswith("-"):
        found = found.commands[left.pop(0)]
    return found, left


def options(command: Parser) -> set[str]:
    return {option for param in command.params for option in param.opts} | {"--help", "--verbose"}


@pytest.mark.parametrize("command", SHOWN, ids=str)
def test_a_command_that_is_shown_parses(command: Command) -> None:
    found, left = meant(list(command.words))
    assert not isinstance(found, TyperGroup), f"{command} is no command"
    try:
        found.make_context(command.words[0], left)
    except UsageError as error:
        pytest.fail(f"{command}: {error.format_message()}")
    except SystemExit:  # `hub gate` ends by itself, whatever is wrong
        pytest.fail(f"{command} is not understood")


def test_the_documentation_has_commands_of_each_kind_of_block() -> None:
    assert len(IN_HELP) >= len(COMMANDS)
    assert len(SHOWN) >= 120 + len(IN_HELP)
    assert {command.page for command in SHOWN} >= {
        "README.md",
        "docs/commands.md",
        "docs/gate.md",
        "docs/pipelines/github-actions.md",
        "docs/pipelines/gitlab.md",
    }


def test_lines_are_read_as_a_shell_would() -> None:
    text = (
        "$ hub a 'b  c' \\\n    --d   # e\n- X=1 Y=2 hub f && hub g | cat\nsays hub\nprint hubs\n- >-\n  hub h\n  --i"
    )
    assert list(run(text)) == [("a", "b  c", "--d"), ("f",), ("g",), ("h", "--i")]


@pytest.mark.parametrize(("page", "code"), NAMED, ids=[f"{page}: {code}" for page, code in NAMED])
def test_a_command_that_is_named_is_there_with_its_options(page: str, code: str) -> None:
    found, left = meant(code.split()[1:])
    assert {word for word in left if word.startswith("--")} <= options(found)


REFERENCE = re.split(r"^## hub (.+)\n", (ROOT / "docs" / "commands.md").read_text(), flags=re.MULTILINE)
SECTIONS = dict(zip(REFERENCE[1::2], REFERENCE[2::2], strict=True))


@pytest.mark.parametrize("title", SECTIONS)
def test_the_reference_has_the_options_of_a_command_and_no_others(title: str) -> None:
    text, own = SECTIONS[title], options(meant(title.split())[0])
    # What begins with another command, such as `matrix show --model`, is held to that one above.
    codes = [code for code in re.findall(r"`([^`]+)`", text) if code.startswith("--")]
    assert set(OPTION.findall(" ".join(codes))) <= own
    # Told at the top of the page for all, or by reference to the options that choose exceptions.
    known = set(OPTION.findall(REFERENCE[0])) | set(OPTION.findall(text))
    if "options of `hub exception list`" in text or "`hub exception list` would show with the same options" in text:
        known |= options(meant(["exception", "list"])[0])
    assert {option for option in own if option.startswith("--")} - known == set()
