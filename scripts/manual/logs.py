"""The log messages of the agent: their list, with what each means, held against the sources."""

import pathlib
import re

CALL = re.compile(r"\blog\.(log|debug|info|warning|error)\(")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
LEVEL = re.compile(r"\.(debug|info|warning|error)\b")
INTERPOLATION = re.compile(r"\\\((?:[^()]|\([^()]*\))*\)")
# What ChangeRecord says of a change: the one message whose words are not where it is logged.
CHANGE = "\\(record.message)"


def listed(path):
    """The list: a line `levels | message | meaning` each; messages that begin with a change's words have no `…`."""
    messages = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            levels, message, meaning = (part.strip() for part in line.split(" | ", 2))
            messages[message] = (frozenset(levels.split(", ")), meaning)
    return messages


def logged(sources):
    """The messages in the sources, with their levels."""
    messages = {}
    for path in sorted(sources.rglob("*.swift")):
        text = path.read_text()
        for call in CALL.finditer(text):
            arguments = until_end(text, call.end())
            words = arguments.split("metadata:")[0]
            levels = LEVEL.findall(words) if call[1] == "log" else [call[1]]
            literals = LITERAL.findall(words) or message_variable(text)
            for index, literal in enumerate(literals):
                names = changes(sources) if literal == CHANGE else [INTERPOLATION.sub("…", literal)]
                # Of two that a condition chooses between, each has the level at its place.
                own = levels[index:index + 1] if len(levels) == len(literals) else levels
                for name in names:
                    messages.setdefault(name, set()).update(own)
    return {message: frozenset(levels) for message, levels in messages.items()}


def until_end(text, start):
    """The arguments of a call, up to its closing parenthesis."""
    depth, position = 1, start
    while depth and position < len(text):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
    return text[start:position - 1]


def message_variable(text):
    """The texts of `let message: Logger.Message = …`."""
    line = re.search(r"let message: Logger\.Message = (.*)", text)
    return LITERAL.findall(line[1]) if line else []


def changes(sources):
    """What ChangeRecord says of a change of the table."""
    text = next(sources.rglob("ChangeRecord.swift")).read_text()
    body = text[text.index("fileprivate var message: String"):]
    body = body[:body.index("\n    }\n")]
    whole = re.findall(r'return "([^"]+)"', body)
    parts = re.findall(r'case \.\w+: "(\w+)"', body)
    nouns = re.findall(r'"((?:virtual|real) server) "', body)
    return whole + [noun + " " + part for noun in nouns for part in parts
                    if noun == "real server" or part not in ("revived", "draining")]


def problems(path, sources):
    """What the list and the sources do not have in common."""
    there, said = logged(sources), listed(path)
    found = ["%s: %s is not logged any more" % (path.name, message) for message in said if message not in there]
    for message, levels in there.items():
        if message not in said:
            found.append("%s: add %s | %s | what it means" % (path.name, ", ".join(sorted(levels)), message))
        elif said[message][0] != levels:
            found.append("%s: %s is logged as %s" % (path.name, message, ", ".join(sorted(levels))))
    return found
