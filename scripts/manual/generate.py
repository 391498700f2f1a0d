"""Writes the reference, checks it, or writes the man pages: see scripts/reference."""

import pathlib
import sys

sys.dont_write_bytecode = True

import logs
import man
import markdown
from program import Program

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDER = ROOT / "Sources/CommandLine/ipvsync/ipvsync.docc/Reference"
METRICS = ROOT / "Tests/Agent/TelemetryTests/Fixtures/metrics.txt"
MESSAGES = HERE / "log-messages.txt"
# Pages of the folder that people write.
WRITTEN = {"Stability.md"}
LONGEST = 300


def differences(pages):
    """What in the folder is not as it would be written."""
    found = []
    for name, text in pages.items():
        path = FOLDER / (name + ".md")
        if not path.exists() or path.read_text() != text:
            found.append("%s is out of step with the program" % path.name)
    names = {name + ".md" for name in pages} | WRITTEN
    return found + ["%s is nobody's" % path.name for path in FOLDER.glob("*.md") if path.name not in names]


def write(pages):
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.md"):
        if path.name not in WRITTEN:
            path.unlink()
    for name, text in pages.items():
        (FOLDER / (name + ".md")).write_text(text)


def main(path, mode, folder=None):
    program = Program(path)
    if mode == "--man":
        target = pathlib.Path(folder)
        for name, text in man.pages(program).items():
            place = target / ("man" + name[-1])
            place.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text)
        return 0
    problems = logs.problems(MESSAGES, ROOT / "Sources")
    pages = markdown.pages(program, METRICS, MESSAGES)
    problems += ["%s.md has more than %d lines" % (name, LONGEST) for name, text in pages.items()
                 if text.count("\n") > LONGEST]
    if mode == "--write":
        write(pages)
    else:
        problems += differences(pages)
    for problem in problems:
        print("reference: %s" % problem, file=sys.stderr)
    if problems and mode != "--write":
        print("reference: run scripts/reference, and look at what has changed", file=sys.stderr)
    return 1 if problems else 0


sys.exit(main(*sys.argv[1:]))
