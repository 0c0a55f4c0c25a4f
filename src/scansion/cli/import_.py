"""Write another tool's project as a Scansion project.

  scansion import promptfooconfig.yaml          into the folder scansion-import
  scansion import promptfooconfig.yaml -o my-project
  scansion import output.json -o my-project     results of promptfoo eval -o

Prompts become .prompty files, tests and their assertions data.jsonl, all else experiment.yaml.
What has no equal is named, one line each. Files that are there already are never overwritten.
"""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path

from scansion.cli._parser import Parser
from scansion.cli._show import print_json, put_out
from scansion.errors import InputError


def configure(parser: Parser) -> None:
    """The options of `scansion import`."""
    parser.add_argument("file", metavar="FILE", help="a promptfoo configuration, or results of promptfoo eval -o")
    parser.add_argument("-o", "--output", metavar="DIR", default="scansion-import", help="where to write")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def main(args: Namespace) -> int:
    """Runs the command."""
    from scansion.interop.promptfoo import open_project

    folder = Path(args.output)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; give a folder with -o")
    project = open_project(args.file)
    written = project.write(folder)
    if args.json:
        document = {"written": [str(path) for path in written], "skipped": project.skipped}
        print_json({**document, "variables": project.variables})
        return 0
    from scansion.report.text import one_line

    put_out("".join(f"wrote {path}\n" for path in written))
    if project.skipped:
        put_out("\nnot carried over, or changed:\n" + "".join(f"  {one_line(line)}\n" for line in project.skipped))
    if project.variables:
        named = ", ".join(project.variables)
        put_out(f"\nthe files hold values from the environment; look before you share them: {named}\n")
    put_out(f"\nnow: cd {shlex.quote(str(folder))} && scansion run experiment.yaml\n")
    return 0
