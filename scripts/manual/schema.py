"""The fields of a configuration, from the JSON Schema that the program prints."""


class Field:
    """A key of a mapping."""

    def __init__(self, name, schema, is_required):
        self.name = name
        self.meaning = schema.get("description", "")
        self.is_required = is_required
        self.value = value(schema)
        self.shape = shape(schema)

    @property
    def fields(self):
        return fields(self.shape) if self.shape else []


def fields(schema):
    """The keys of a mapping's schema."""
    required = schema.get("required", [])
    return [Field(name, inner, name in required) for name, inner in schema.get("properties", {}).items()]


def choices(schema):
    """The schema's alternatives, itself without any."""
    return [inner for choice in schema["anyOf"] for inner in choices(choice)] if "anyOf" in schema else [schema]


def shape(schema):
    """The schema of the mapping that a value may be, or that a list's elements may be."""
    for choice in choices(schema):
        if "properties" in choice:
            return choice
        for part in ("items", "additionalProperties"):
            if isinstance(choice.get(part), dict):
                inner = shape(choice[part])
                if inner:
                    return inner
    return None


def value(schema):
    """What a value may be, in words."""
    words = []
    for choice in choices(schema):
        word = single(choice)
        if word not in words:
            words.append(word)
    return " or ".join(words)


DURATION = "([0-9]+s)?"


def single(schema):
    """What one alternative may be, in words."""
    if "oneOf" in schema and "properties" not in schema:
        number, pattern = schema["oneOf"][0], schema["oneOf"][1].get("pattern", "")
        if DURATION in pattern:
            return "duration from %s to %s" % (duration(number["minimum"]), duration(number["maximum"]))
        if pattern.endswith("%$"):
            return "percentage"
        return " or ".join(single(choice) for choice in schema["oneOf"])
    if "const" in schema:
        return "`%s`" % text(schema["const"])
    if "enum" in schema and all(isinstance(word, int) for word in schema["enum"]) and len(schema["enum"]) > 8:
        return "number with one bit, `1` to `%s`" % schema["enum"][-1]
    if "enum" in schema:
        return ", ".join("`%s`" % text(word) for word in schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        inner = schema.get("additionalProperties")
        return "mapping of names to %s" % plural(inner) if isinstance(inner, dict) else "mapping"
    if kind == "array":
        return "list of %s" % plural(schema["items"]) if isinstance(schema.get("items"), dict) else "list"
    if kind in ("integer", "number"):
        low, high = schema.get("minimum"), schema.get("maximum")
        noun = "number"
        if low is not None and high is not None:
            return "%s from %s to %s" % (noun, low, high)
        return noun if low is None else "%s from %s" % (noun, low)
    if kind == "boolean":
        return "`true` or `false`"
    return "text"


def plural(schema):
    words = {"text": "texts", "mapping": "mappings", "number": "numbers", "duration": "durations"}
    return " or ".join(words.get(word, word) for word in value(schema).split(" or "))


def duration(seconds):
    """`1h30m`."""
    words = ""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if seconds >= length:
            words += "%d%s" % (seconds // length, unit)
            seconds %= length
    return words or "0s"


def text(constant):
    return {True: "true", False: "false"}.get(constant, constant) if isinstance(constant, bool) else str(constant)
