"""``memlint completion SHELL``: scripts that complete commands, options and their values, made from the parser."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memlint.cli.arguments import make_parser
from memlint.cli.console import ExitCode
from memlint.rules import Rule

_CODES = ("--select", "--ignore", "--extend-select", "--extend-ignore")


@dataclass(frozen=True, slots=True)
class _Flag:
    """One option of a command."""

    words: tuple[str, ...]
    help: str
    takes: bool
    choices: tuple[str, ...]


def completion(arguments: argparse.Namespace, rules: Sequence[Rule]) -> ExitCode:
    """Print the script for a shell."""
    commands = {name: tuple(_flags(command, rules)) for name, command in _commands(make_parser())}
    codes = [rule.code for rule in rules]
    script = _fish(commands, codes) if arguments.shell == "fish" else _bash(commands, codes)
    if arguments.shell == "zsh":
        print("autoload -U +X bashcompinit && bashcompinit")
    print("\n".join(script))
    return ExitCode.CLEAN


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _flags(command: argparse.ArgumentParser, rules: Sequence[Rule]) -> Iterator[_Flag]:
    for action in command._actions:
        if action.option_strings and action.help != argparse.SUPPRESS:
            choices = tuple(map(str, action.choices or ()))
            if set(action.option_strings) & set(_CODES):
                choices = ("ALL", *(rule.code for rule in rules))
            yield _Flag(tuple(action.option_strings), action.help or "", action.nargs != 0, choices)


def _bash(commands: dict[str, tuple[_Flag, ...]], codes: Sequence[str]) -> Iterator[str]:
    def words(items: Sequence[str]) -> str:
        return f'COMPREPLY=($(compgen -W "{" ".join(items)}" -- "$cur"))'

    yield "_memlint() {"
    yield '    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" command="${COMP_WORDS[1]}"'
    yield "    COMPREPLY=()"
    yield f'    if [ "$COMP_CWORD" -eq 1 ]; then {words(tuple(commands))}; return; fi'
    yield '    case "$command $prev" in'
    for name, flags in commands.items():
        for flag in flags:
            if flag.choices:
                pattern = "|".join(f'"{name} {word}"' for word in flag.words)
                yield f"        {pattern}) {words(flag.choices)}; return ;;"
            elif flag.takes:
                pattern = "|".join(f'"{name} {word}"' for word in flag.words)
                yield f"        {pattern}) return ;;"
    yield "    esac"
    yield '    case "$command $cur" in'
    for name, flags in commands.items():
        every = [word for flag in flags for word in flag.words]
        yield f'        "{name} -"*) {words(every)} ;;'
    yield f'        "explain "*) {words(codes)} ;;'
    yield "    esac"
    yield "}"
    yield "complete -o default -F _memlint memlint"


def _fish(commands: dict[str, tuple[_Flag, ...]], codes: Sequence[str]) -> Iterator[str]:
    yield f"complete -c memlint -n __fish_use_subcommand -f -a {shlex.quote(' '.join(commands))}"
    for name, flags in commands.items():
        seen = f"-n '__fish_seen_subcommand_from {name}'"
        for flag in flags:
            named = " ".join(f"-l {w[2:]}" if w.startswith("--") else f"-s {w[1:]}" for w in flag.words)
            values = f" -x -a {shlex.quote(' '.join(flag.choices))}" if flag.choices else " -r" if flag.takes else ""
            yield f"complete -c memlint {seen} {named}{values} -d {shlex.quote(flag.help)}"
    yield f"complete -c memlint -n '__fish_seen_subcommand_from explain' -a {shlex.quote(' '.join(codes))}"
