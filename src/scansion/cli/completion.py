"""Print a script that completes commands and options in bash, zsh or fish.

  source <(scansion completion bash)
  source <(scansion completion zsh)
  scansion completion fish > ~/.config/fish/completions/scansion.fish

The first two belong in ~/.bashrc and ~/.zshrc.
"""

from __future__ import annotations

import argparse
from argparse import Namespace

from scansion.cli._parser import Parser
from scansion.cli._show import put_out


def configure(parser: Parser) -> None:
    """The options of `scansion completion`."""
    parser.add_argument("shell", choices=["bash", "zsh", "fish"])


def main(args: Namespace) -> int:
    """Runs the command."""
    words = _words()
    put_out({"bash": _bash, "zsh": _zsh, "fish": _fish}[args.shell](words))
    return 0


def _words() -> dict[str, list[str]]:
    """Each command's options and the fixed choices of its positional words, from its parser."""
    from scansion.cli._commands import module_of, names

    found = {}
    for name in names():
        parser = Parser(name, "")
        module_of(name).configure(parser)
        fixed = [str(c) for a in parser._actions if not a.option_strings for c in _choices(a)]
        found[name] = [*parser.options(), *fixed]
    return found


def _choices(action: argparse.Action) -> list[str]:
    return list(action.choices or ())


def _bash(words: dict[str, list[str]]) -> str:
    cases = "\n".join(f"    {name}) words='{' '.join(options)}' ;;" for name, options in words.items())
    return f"""_scansion() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '{" ".join([*words, "--help", "--version"])}' -- "$current"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _scansion scansion
"""


def _zsh(words: dict[str, list[str]]) -> str:
    return "autoload -Uz bashcompinit && bashcompinit\n" + _bash(words)


def _fish(words: dict[str, list[str]]) -> str:
    lines = [f"complete -c scansion -n __fish_use_subcommand -f -a '{' '.join(words)}'"]
    for name, options in words.items():
        seen = f"-n '__fish_seen_subcommand_from {name}'"
        for option in options:
            if option.startswith("--"):
                lines.append(f"complete -c scansion {seen} -l {option[2:]}")
            elif option.startswith("-"):
                lines.append(f"complete -c scansion {seen} -s {option[1:]}")
            else:
                lines.append(f"complete -c scansion {seen} -a {option}")
    return "\n".join(lines) + "\n"
