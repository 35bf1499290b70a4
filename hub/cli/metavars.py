"""What stands for the value of an option or argument in help: a word that people use, not a type of Python's."""

from typing import TYPE_CHECKING

from typer.core import TyperArgument, TyperGroup, TyperOption

if TYPE_CHECKING:
    from typer._click.core import Command, Context


def name_values(command: "Command") -> None:
    """Give every option and argument of a command, and of those below it, such a word; one that is written stays."""
    if isinstance(command, TyperGroup):
        for below in command.commands.values():
            name_values(below)
    for param in command.params:
        if isinstance(param, TyperOption) and param.metavar is None and not param.is_flag:
            param.metavar = _word(param, command)
        elif isinstance(param, TyperArgument):
            param.metavar = param.metavar or param.name.upper()
            # Typer writes the type behind an argument's name whatever its metavar is.
            param.display_type_rich = _nothing  # type: ignore[method-assign]


def _word(option: TyperOption, command: "Command") -> str:
    kind = option.type_descriptor
    if kind.is_choice:
        from typer import Context

        return option.display_type(Context(command)).strip("<>")
    if kind.is_path:
        return "FILE"
    if kind.annotation is int:
        return "N"
    # The last word of its name: DIGEST for --version-digest.
    return option.opts[0].rpartition("-")[2].upper()


def _nothing(ctx: "Context") -> str:
    return ""
