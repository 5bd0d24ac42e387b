"""Completion scripts, made from the parsers themselves."""

import argparse
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast

from mesh_web.cli.commands import COMMANDS, module_of
from mesh_web.cli.commands.mtls import MODES
from mesh_web.cli.commands.proxy_config import SECTIONS
from mesh_web.cli.kinds import SHORT
from mesh_web.cli.main import Command, parser_of
from mesh_web.cli.managed import managed_commands
from mesh_web.cli.output import FORMATS

KINDS = ("all", *sorted({*SHORT, *SHORT.values()}))
WORDS: Mapping[str, tuple[str, ...]] = {
    "cert": (
        "list",
        "rotate",
        "rotate-root",
        "import-root",
        "start",
        "status",
        "continue",
        "abort",
    ),
    "get": KINDS,
    "delete": KINDS,
    "mtls": MODES,
    "proxy-config": SECTIONS,
    "revisions": ("show", "compare"),
    "completion": ("bash", "fish", "zsh"),
}
"""What may stand where no option stands."""
NAMED: Mapping[str, str] = {"weights": "Service", "scale": "Deployment", "restart": "Deployment"}
"""Commands whose first word is the name of such a resource."""
OF_A_KIND = ("get", "delete")
"""Commands whose first word is a kind, and the second one its resource's name."""


def options_of(name: str) -> tuple[str, ...]:
    parser = parser_of(name, cast("Command", import_module(module_of(name))))
    found: Iterator[argparse.Action] = iter(parser._actions)
    return tuple(sorted(option for action in found for option in action.option_strings))


def bash() -> str:
    cases = "\n".join(
        f'    {name}) words="{" ".join((*options_of(name), *WORDS.get(name, ())))}" ;;'
        for name in COMMANDS
    )
    named = "\n".join(
        f'    2:{name}:*) words="$words $(_meshweb_names {kind})" ;;'
        for name, kind in NAMED.items()
    )
    return f"""\
_meshweb_names() {{
  local i namespace=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${{COMP_WORDS[i]}}" in -n|--namespace) namespace="${{COMP_WORDS[i+1]}}" ;; esac
  done
  "${{COMP_WORDS[0]}}" completion names "$1" ${{namespace:+-n "$namespace"}} 2>/dev/null
}}
_meshweb() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{" ".join((*COMMANDS, *managed_commands()))}" -- "$current"))
    return
  fi
  case "$previous" in
    -o|--output) COMPREPLY=($(compgen -W "{" ".join(FORMATS)}" -- "$current")); return ;;
    -f|--filename) COMPREPLY=($(compgen -f -- "$current")); return ;;
    -n|--namespace) COMPREPLY=($(compgen -W "$(_meshweb_names Namespace)" -- "$current")); return ;;
  esac
  case "${{COMP_WORDS[1]}}" in
{cases}
    *) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "$current:$COMP_CWORD:${{COMP_WORDS[1]}}:${{COMP_WORDS[2]}}" in
    -*|*:-*|*:2:*) ;;
    {"|".join(f"*:{name}:*" for name in OF_A_KIND)}) words="$(_meshweb_names "${{COMP_WORDS[2]}}")" ;;
  esac
  case "$COMP_CWORD:${{COMP_WORDS[1]}}:" in
{named}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o filenames -F _meshweb meshweb"""


def zsh() -> str:
    cases = "\n".join(
        f"    {name}) compadd -- {' '.join((*options_of(name), *WORDS.get(name, ())))} ;;"
        for name in COMMANDS
    )
    named = "\n".join(f"    *:3:{name}:*) _meshweb_names {kind} ;;" for name, kind in NAMED.items())
    return f"""\
#compdef meshweb
_meshweb_names() {{
  local -a asked found
  local -i at=${{words[(I)(-n|--namespace)]}}
  asked=("${{(Q)words[1]}}" completion names "$1")
  (( at && at < CURRENT - 1 )) && asked+=(-n "${{words[at+1]}}")
  found=(${{(f)"$("${{asked[@]}}" 2>/dev/null)"}})
  compadd -a found
}}
_meshweb() {{
  if (( CURRENT == 2 )); then
    compadd -- {" ".join((*COMMANDS, *managed_commands()))}
    return
  fi
  case "${{words[CURRENT-1]}}" in
    -o|--output) compadd -- {" ".join(FORMATS)}; return ;;
    -f|--filename) _files; return ;;
    -n|--namespace) _meshweb_names Namespace; return ;;
  esac
  case "${{words[CURRENT]}}:$CURRENT:${{words[2]}}:${{words[3]}}" in
    -*|*:-*|{"|".join(f"*:3:{name}:*" for name in OF_A_KIND)}) ;;
    {"|".join(f"*:{name}:*" for name in OF_A_KIND)}) _meshweb_names "${{words[3]}}"; return ;;
{named}
  esac
  case "${{words[2]}}" in
{cases}
    *) _files ;;
  esac
}}
(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit }}
compdef _meshweb meshweb"""


def fish() -> str:
    first = f"complete -c meshweb -n __fish_use_subcommand -f -a '{' '.join((*COMMANDS, *managed_commands()))}'"
    return "\n".join((first, *(line for name in COMMANDS for line in _fish_lines(name))))


def _fish_lines(name: str) -> Iterator[str]:
    """A command's words and options; those that take a file let fish offer files."""
    when = f"complete -c meshweb -n '__fish_seen_subcommand_from {name}'"
    if WORDS.get(name):
        yield f"{when} -f -a '{' '.join(WORDS[name])}'"
    for option in options_of(name):
        spelt = f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
        yield f"{when} {spelt} {FISH_TAKES.get(option, '')}".rstrip()


FISH_TAKES = {
    **dict.fromkeys(("-o", "--output"), f"-x -a '{' '.join(FORMATS)}'"),
    **dict.fromkeys(("-f", "--filename"), "-r -F"),
}
