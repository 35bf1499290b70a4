"""Validators that are installed for one test: good ones and bad ones, in a folder of their own."""

from pathlib import Path
from textwrap import dedent

MODULE = '''
"""Validators of all kinds."""

import json
import os
import sys
import time
from dataclasses import dataclass

from hub.checks.validators.port import Finding


@dataclass
class Made:
    name: str
    validate: object
    title: str = "Made for a test"
    kind: str = "ROBUSTNESS"
    timeout_s: float = 20.0


def _hangs(document):
    child = os.fork()
    if child == 0:
        time.sleep(600)
    with open(os.environ["PYTHONPATH"].split(os.pathsep)[0] + "/pids", "w") as out:
        out.write(f"{os.getpid()} {child}")
    time.sleep(600)


def _crashes(document):
    raise ZeroDivisionError("no rows at all")


def _prints(document):
    print("x" * 10_000_000)
    return Finding("PASS", {"rows": 3.0})


def _tells_too_much(document):
    return Finding("PASS", {"rows": 3.0}, {"all": "x" * 10_000_000})


def _gives_nan(document):
    return Finding("PASS", {"score": float("nan")})


def _writes_nan(document):
    return Finding("PASS", {"score": "NaN"})


def _kills_itself(document):
    os.kill(os.getpid(), 11)


def _looks_around(document):
    return Finding("NONE", {"seen": 1.0}, {"environment": sorted(os.environ), "document": document})


def _fails(document):
    return Finding("FAIL", {"drop": 0.25}, {"noise": "gaussian"}, "worse under noise")


def _allocates(document):
    return Finding("PASS", {"bytes": float(len(bytearray(64 * 1024 ** 3)))})


hangs = Made("hangs", _hangs, timeout_s=0.5)
crashes = Made("crashes", _crashes)
prints = Made("prints", _prints)
tells_too_much = Made("tells_too_much", _tells_too_much)
gives_nan = Made("gives_nan", _gives_nan)
writes_nan = Made("writes_nan", _writes_nan)
kills_itself = Made("kills_itself", _kills_itself)
looks_around = Made("looks_around", _looks_around)
fails = Made("fails", _fails)
allocates = Made("allocates", _allocates)
'''

NAMES = (
    "hangs",
    "crashes",
    "prints",
    "tells_too_much",
    "gives_nan",
    "writes_nan",
    "kills_itself",
    "looks_around",
    "fails",
    "allocates",
)


def install(folder: Path) -> None:
    """Put the validators and their entry points into a folder that is on the path."""
    (folder / "plugged_validators.py").write_text(dedent(MODULE))
    about = folder / "plugged_validators-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged-validators\nVersion: 1.0\n")
    entries = "".join(f"{name} = plugged_validators:{name}\n" for name in NAMES)
    (about / "entry_points.txt").write_text(f"[hub.checks]\n{entries}off = no_such_module:validator\n")
