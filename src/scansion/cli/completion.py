"""Print a script that completes words in bash, zsh or fish.

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
    put_out({"bash": _bash, "zsh": _zsh, "fish": _fish}[args.shell](_actions()))
    return 0


Actions = dict[str, list[argparse.Action]]
"""The options and positional words of each command."""


def _actions() -> Actions:
    from scansion.cli._commands import module_of, names

    found = {}
    for name in names():
        parser = Parser(name, "")
        module_of(name).configure(parser)
        found[name] = list(parser._actions)
    return found


def _choices(action: argparse.Action) -> str:
    return " ".join(map(str, action.choices or ()))


def _options(actions: list[argparse.Action]) -> str:
    return " ".join(sorted(option for action in actions for option in action.option_strings))


def _words(actions: list[argparse.Action]) -> str:
    return " ".join(_choices(action) for action in actions if not action.option_strings).strip()


def _values(command: str, actions: list[argparse.Action]) -> list[str]:
    """A case for each option that takes one of a few words."""
    return [
        f"    '{command} {option}') values='{_choices(action)}' ;;"
        for action in actions
        for option in action.option_strings
        if action.choices
    ]


def _bash(commands: Actions) -> str:
    known = "\n".join(
        f"    {name}) options='{_options(actions)}' words='{_words(actions)}' ;;" for name, actions in commands.items()
    )
    values = "\n".join(line for name, actions in commands.items() for line in _values(name, actions))
    return f"""_scansion() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" options= words= values=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '{" ".join([*commands, "--help", "--version"])}' -- "$current"))
    return
  fi
  if [ "$before" = "=" ]; then before="${{COMP_WORDS[COMP_CWORD-2]}}"; fi
  if [ "$current" = "=" ]; then current=; fi
  case "${{COMP_WORDS[1]}} $before" in
{values}
  esac
  case "${{COMP_WORDS[1]}}" in
{known}
  esac
  if [ -n "$values" ]; then words="$values"
  elif [ "${{current#-}}" != "$current" ]; then words="$options"
  elif [ "$COMP_CWORD" -ne 2 ]; then words=
  fi
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); fi
}}
complete -o default -F _scansion scansion
"""


def _zsh(commands: Actions) -> str:
    return "autoload -Uz bashcompinit && bashcompinit\n" + _bash(commands)


def _fish(commands: Actions) -> str:
    lines = [f"complete -c scansion -n __fish_use_subcommand -f -a '{' '.join(commands)}'"]
    for name, actions in commands.items():
        seen = f"complete -c scansion -n '__fish_seen_subcommand_from {name}'"
        lines += [line for action in actions for line in _fish_lines(seen, action)]
    return "\n".join(lines) + "\n"


def _fish_lines(seen: str, action: argparse.Action) -> list[str]:
    """The lines for one option, or for the fixed words of a place."""
    if not action.option_strings:
        return [f"{seen} -f -a '{_choices(action)}'"] if action.choices else []
    names = [f"-l {o[2:]}" if o.startswith("--") else f"-s {o[1:]}" for o in action.option_strings]
    value = f" -x -a '{_choices(action)}'" if action.choices else "" if action.nargs == 0 else " -r"
    return [f"{seen} {' '.join(names)}{value}"]
