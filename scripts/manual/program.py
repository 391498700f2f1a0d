"""What the program says of itself: its commands with their options and help, and its configuration."""

import json
import re
import subprocess

SAMPLE = "SAMPLE OF --output json"
# Sections that are lists of names with their meanings, and the titles of the two columns.
TABLES = {"FILES": ("file", "what for"), "EXIT STATUS": ("status", "meaning"), "PORTS": ("port", "what for")}


class Option:
    """An option, flag or argument of a command."""

    def __init__(self, description):
        self.names = [("-" if name["kind"] == "short" else "--") + name["name"]
                      for name in description.get("names", [])]
        self.names.sort(key=len)
        self.value = None if description["kind"] == "flag" else description["valueName"]
        self.is_argument = description["kind"] == "positional"
        self.is_optional = description["isOptional"]
        self.is_repeating = description["isRepeating"]
        parts = [description.get("abstract", ""), description.get("discussion", "")]
        self.text = " ".join(part for part in parts if part)
        self.default = description.get("defaultValue")

    @property
    def term(self):
        """`-c, --config <path>`, or `<name>` for an argument."""
        if self.is_argument:
            return "<%s>%s" % (self.value, " ..." if self.is_repeating else "")
        return ", ".join(self.names) + (" <%s>" % self.value if self.value else "")

    @property
    def usage(self):
        """As in a synopsis."""
        name = self.term if self.is_argument else self.names[-1] + (" <%s>" % self.value if self.value else "")
        if not self.is_argument and self.is_repeating:
            name += " ..."
        return "[%s]" % name if self.is_optional else name

    @property
    def help(self):
        return self.text + (" Default: '%s'." % self.default if self.default not in (None, "") else "")


class Command:
    """A command, with its help cut into sections."""

    def __init__(self, description, parents=()):
        self.path = list(parents) + [description["commandName"]]
        self.abstract = description.get("abstract", "")
        self.options = [Option(argument) for argument in description.get("arguments", [])
                        if argument.get("shouldDisplay", True) and argument["valueName"] not in ("help", "version")]
        self.options = [option for option in self.options if not self.join_opposite(option)]
        self.options.sort(key=lambda option: not option.is_argument)
        self.sections = sections(description.get("discussion", ""))
        self.commands = [Command(child, self.path) for child in description.get("subcommands", [])
                         if child.get("shouldDisplay", True) and child["commandName"] != "help"]

    def join_opposite(self, option):
        """Whether it is the `--no-` of a flag that stands before it, which then names it."""
        flag = next((other for other in self.options
                     if option.names and ["--no-" + name[2:] for name in other.names] == option.names), None)
        if flag:
            flag.text += " '%s' is the opposite." % option.names[0]
        return flag is not None

    @property
    def name(self):
        return " ".join(self.path)

    @property
    def page(self):
        """The name of its man page, and of its page of the reference: `ipvsync-migrate-keepalived`."""
        return "-".join(self.path)

    @property
    def synopsis(self):
        """Words that stay together when the line is broken."""
        if self.commands:
            return ["<command>", "[<options>]"]
        options = [option for option in self.options if not option.is_argument]
        return [option.usage for option in options + [o for o in self.options if o.is_argument]]

    def all(self):
        """This command and those below it."""
        return [self] + [below for command in self.commands for below in command.all()]


def sections(discussion):
    """The help as (heading, lines); the first one has no heading."""
    found = [("", [])]
    for line in discussion.split("\n"):
        heading = re.fullmatch(r"(%s|[A-Z][A-Z ]+):" % SAMPLE, line)
        if heading:
            found.append((heading[1], []))
        else:
            found[-1][1].append(line)
    trimmed = [(heading, trim(lines)) for heading, lines in found]
    return [(heading, lines) for heading, lines in trimmed if lines]


def trim(lines):
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def blocks(lines):
    """The lines as paragraphs of text (`text`) and blocks that keep their lines (`code`)."""
    found = []
    for line in lines:
        kind = "code" if line.startswith("  ") else "text"
        if not line:
            if found and found[-1][0] == "code":
                found[-1][1].append("")
            else:
                found.append(("end", []))
        elif found and found[-1][0] == kind:
            found[-1][1].append(line)
        else:
            found.append((kind, [line]))
    return [(kind, trim(lines)) for kind, lines in found if kind != "end"]


def terms(lines):
    """A list of names with their meanings, as files and exit statuses are listed; what is no row follows it."""
    rows, rest = [], []
    for line in lines:
        row = re.fullmatch(r"  (\S.*?)(?:  +)(\S.*)", line) or re.fullmatch(r"  (\S+) (\S.*)", line)
        is_row = row and not (" " in row[1] and "  " not in line[2:])
        if is_row and not re.fullmatch(r"  [A-Z] is .*", line):
            rows.append((row[1], row[2]))
        else:
            rest.append(line.strip())
    return rows, rest


class Program:
    """A built ipvsync."""

    def __init__(self, path):
        run = lambda *words: subprocess.run([path, *words], check=True, capture_output=True, text=True).stdout
        self.command = Command(json.loads(run("--experimental-dump-help"))["command"])
        self.schema = json.loads(run("schema"))
        self.version = run("--version").strip()
