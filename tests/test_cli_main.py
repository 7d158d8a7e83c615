"""The command line's outermost ring: lazy subcommands, one clear line for every bad ending, and the exit codes."""

import errno
import os
import subprocess
import sys
import textwrap
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from cli.main import SUBCOMMANDS

PROJECT = Path(__file__).parent.parent
NAMES = [
    "replay",
    "worker",
    "topics",
    "produce",
    "project",
    "query",
    "export",
    "interactions",
    "scores",
    "explain",
    "dead-letters",
    "restate",
    "state",
    "schema",
    "sample",
]


def _python(code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs Python with nothing of Evenhand's in its environment but what is given."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("EVENHAND_")}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=PROJECT,
        env=inherited | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _evenhand(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return _python("import sys; from cli.main import main; sys.exit(main())", *arguments, **variables)


ENDING = """
    import sys, types
    import click
    from cli import lazy_group, main
    from config.errors import *

    @click.command()
    def command():
        {body}

    module = types.ModuleType("ending")
    module.command = command
    sys.modules["ending"] = module
    main.SUBCOMMANDS["end"] = lazy_group.Subcommand("ending", "End in some way.")
    sys.exit(main.main())
"""


def _ending(body: str, *before: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs `evenhand end`, a subcommand of one line."""
    return _python(ENDING.format(body=body), *before, "end", **variables)


def test_help_lists_every_subcommand_with_its_purpose() -> None:
    told = _evenhand("--help")

    lines = [line.split(maxsplit=1) for line in told.stdout.split("Commands:")[1].splitlines()[1 : len(NAMES) + 1]]
    assert [name for name, _ in lines] == NAMES
    assert [purpose for _, purpose in lines] == [subcommand.purpose for subcommand in SUBCOMMANDS.values()]
    assert told.returncode == 0


def test_help_imports_no_subcommand_nor_anything_heavy() -> None:
    told = _python(
        """
        import sys
        from cli.main import main
        main(["--help"])
        heavy = {"pydantic", "aiokafka", "kafka", "faust", "rocksdict", "sqlalchemy"}
        print("imported:", sorted(heavy & sys.modules.keys()))
        print("subcommands:", sorted(name for name in sys.modules if name in set(sys.argv[1:])))
        """,
        *(subcommand.module for subcommand in SUBCOMMANDS.values()),
    )

    assert told.stdout.splitlines()[-2:] == ["imported: []", "subcommands: []"]


@pytest.mark.parametrize("name", NAMES)
def test_every_subcommand_is_there(name: str) -> None:
    told = _evenhand(name, "--help")

    assert told.stdout.startswith(f"Usage: evenhand {name} ")
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_an_environment_variable(name: str) -> None:
    command = import_module(SUBCOMMANDS[name].module).command

    without = [
        f"{path} {option.opts[0]}"
        for path, each in _commands(name, command)
        for option in each.params
        if isinstance(option, click.Option) and not str(option.envvar).startswith("EVENHAND_")
    ]
    assert without == []


def _commands(path: str, command: click.Command) -> list[tuple[str, click.Command]]:
    inner = command.commands.items() if isinstance(command, click.Group) else ()
    return [(path, command), *(found for name, each in inner for found in _commands(f"{path} {name}", each))]


def test_it_tells_its_version() -> None:
    assert _evenhand("--version").stdout == f"evenhand {version('evenhand')}\n"


def test_without_a_subcommand_it_shows_the_help_and_ends_with_2() -> None:
    told = _evenhand()

    assert told.stderr.startswith("Usage: evenhand [OPTIONS] COMMAND [ARGS]...")
    assert told.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["replya"], "No such command 'replya'. (see `evenhand --help`)"),
        (["--colour"], "No such option: --colour (see `evenhand --help`)"),
        (["--log-level"], "Option '--log-level' requires an argument."),
        (["sample", "x"], "Got unexpected extra argument (x) (see `evenhand sample --help`)"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], message: str) -> None:
    told = _evenhand(*arguments)

    assert (told.returncode, told.stderr) == (2, f"error: {message}\n")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("raise UsageError('no file a.jsonl: name another')", 2, "no file a.jsonl: name another"),
        ("raise CatalogueError('two\\nlines')", 2, "two lines"),
        ("raise BrokenEnvironmentError('the broker is away')", 3, "the broker is away"),
        ("raise click.FileError('a.jsonl', 'No such file')", 2, "Could not open file 'a.jsonl': No such file"),
        (
            f"raise OSError({errno.ENOSPC}, 'No space left on device', '/out/credits.jsonl')",
            3,
            "No space left on device: /out/credits.jsonl; free some space, then run the command again",
        ),
        (f"raise OSError({errno.EIO}, 'Input/output error')", 3, "Input/output error"),
        ("raise TimeoutError()", 3, "TimeoutError"),
        (f"raise BrokenPipeError({errno.EPIPE}, 'Broken pipe')", 3, "Broken pipe"),
    ],
)
def test_an_error_for_people_is_one_line_and_its_exit_code(body: str, code: int, message: str) -> None:
    told = _ending(body)

    assert (told.returncode, told.stderr) == (code, f"error: {message}\n")


def test_a_bug_says_where_it_is_and_how_to_report_it_but_nothing_personal() -> None:
    told = _ending("raise LookupError('donor-7')")

    assert told.returncode == 70
    assert told.stderr == (
        "error: a bug in Evenhand: LookupError at <string>:9; please report it with the output of "
        "`evenhand --version` and of the same command after `evenhand --debug`\n"
    )


@pytest.mark.parametrize(("option", "variables"), [(["--debug"], {}), ([], {"EVENHAND_DEBUG": "1"})])
def test_debug_adds_the_traceback(option: list[str], variables: dict[str, str]) -> None:
    told = _ending("raise LookupError('donor-7')", *option, **variables)

    assert told.stderr.startswith("Traceback (most recent call last):\n")
    assert "LookupError: donor-7\nerror: a bug in Evenhand: LookupError" in told.stderr


def test_a_command_chooses_its_exit_code() -> None:
    assert _ending("click.get_current_context().exit(1)").returncode == 1


def test_an_interrupt_ends_with_130_and_no_traceback() -> None:
    # Whoever runs the tests in the background of a script has interrupts ignored.
    heard = "import os, signal, time; signal.signal(signal.SIGINT, signal.default_int_handler)"
    told = _ending(f"{heard}; os.kill(os.getpid(), signal.SIGINT); time.sleep(30)")

    assert (told.returncode, told.stderr.strip()) == (130, "")


def test_a_reader_that_leaves_is_no_error() -> None:
    code = textwrap.dedent(ENDING.format(body="[print('x' * 1000) for _ in range(1000)]"))
    writer = subprocess.Popen(
        [sys.executable, "-c", code, "end"], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    writer.stdout.close()

    assert writer.stderr is not None
    with writer.stderr:
        assert (writer.wait(timeout=60), writer.stderr.read()) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, Linux's disk without space")
def test_a_full_disk_behind_standard_output_is_one_clear_line() -> None:
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [sys.executable, "-c", "import sys; from cli.main import main; sys.exit(main())", "--version"],
            cwd=PROJECT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    message = "error: No space left on device; free some space, then run the command again\n"
    assert (told.returncode, told.stderr) == (3, message)


def test_the_log_goes_to_standard_error_at_the_level_asked_for() -> None:
    told = _ending(
        "import logging; logging.getLogger('theirs').debug('seen'); print('answer')", EVENHAND_LOG_LEVEL="debug"
    )

    assert told.stdout == "answer\n"
    assert '"event": "seen"' in told.stderr
