"""Asking the person at the terminal before something is done."""

import sys


def at_a_terminal() -> bool:
    """Whether somebody is there who could be asked."""
    return sys.stdin.isatty()


def agreed(question: str) -> bool:
    """Whether the person says yes; no is the default."""
    return typed(f"{question} [y/N] ").lower() in ("y", "yes")


def typed(prompt: str) -> str:
    """What the person types on one line."""
    sys.stdout.write(prompt)
    sys.stdout.flush()
    return sys.stdin.readline().strip()
