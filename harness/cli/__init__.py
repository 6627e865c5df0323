"""The command line: a verb a file, imported when it is asked for."""

from __future__ import annotations

import importlib
import os
import sys
from itertools import pairwise
from typing import Any

import click

from harness.version import VERSION

HERE = os.path.dirname(__file__)  # not pathlib: `--help` has no time for what it brings
EPILOG = "Exit codes: 0 fine, 1 the answer is no, 2 asked wrongly, 3 inconclusive, 4 not comparable, 5 the run failed."


class Verbs(click.Group):
    """A group whose commands are files: `run.py` is `run`, `corpus_new.py` is `corpus new`."""

    def __init__(self, *args: Any, prefix: str = "", **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.prefix = prefix
        stems = sorted(name[:-3] for name in os.listdir(HERE) if name.endswith(".py") and name[0] != "_")
        own = [stem for stem in stems if stem.startswith(prefix)]
        if not prefix:
            own = [stem for stem in own if f"{stem.partition('_')[0]}_" not in GROUPS or stem.endswith("_")]
        self.files = {stem.removeprefix(prefix).rstrip("_"): stem for stem in own}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*self.files, *([] if self.prefix else (name.rstrip("_") for name in GROUPS))])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if not self.prefix and f"{cmd_name}_" in GROUPS:
            return Verbs(cmd_name, prefix=f"{cmd_name}_", help=GROUPS[f"{cmd_name}_"], no_args_is_help=True)
        if cmd_name not in self.files:
            return None
        module = importlib.import_module(f"harness.cli.{self.files[cmd_name]}")
        command: click.Command = module.command
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            from harness.errors import UnknownName

            raise UnknownName("command", name, self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, from the first lines of their files: nothing is imported for it."""
        rows = []
        for name in self.list_commands(ctx):
            if name in self.files:
                with open(os.path.join(HERE, f"{self.files[name]}.py"), encoding="utf-8") as file:
                    rows.append((name, file.readline().strip().strip('"')))
            else:
                rows.append((name, GROUPS[f"{name}_"]))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


GROUPS = {
    "baseline_": "What is done with accepted results: accept, show, diff.",
    "corpus_": "What is done to a whole corpus: new, split, fmt, agree, adjudicate, review, describe, build, and more.",
    "runs_": "What is done with stored runs: list, clean, curve.",
}


@click.group(cls=Verbs, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(VERSION, prog_name="harness")
def cli() -> None:
    """Which text classifier is better here, is it real, and where does it fail?"""


def main(args: list[str] | None = None) -> None:
    """Run a command and end the process with its exit code; a person's mistake never shows a traceback."""
    sys.exit(run(sys.argv[1:] if args is None else args))


def run(args: list[str]) -> int:
    """Run a command and give its exit code."""
    try:
        code = cli.main(args, prog_name="harness", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped. What was finished is kept; nothing is half written.", err=True)
        return 130
    except BrokenPipeError:  # the reader went away, as `head` does
        sys.stderr.close()
        return 0
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"\nTry: {context.command_path} --help" if context else ""
        return _say_no(error.format_message() + hint, 2, args)
    except Exception as error:
        from harness.errors import HarnessError

        if isinstance(error, HarnessError):
            return _say_no(str(error), error.exit_code, args)
        if isinstance(error, OSError):
            place = f"{error.filename}: " if error.filename else ""
            why = error.strerror or str(error)
            return _say_no(f"{place}{why}. Check the path, the rights to it, and the space left.", 5, args)
        raise


def _say_no(message: str, code: int, args: list[str]) -> int:
    """The message on stderr, and as JSON where JSON was asked for; gives the exit code back."""
    if "--json" in args or "--as=json" in args or ("--as", "json") in pairwise(args):
        import json

        click.echo(json.dumps({"exit": code, "error": message}, ensure_ascii=False))
    click.secho(message, err=True, fg="red" if code != 1 else None)
    return code
