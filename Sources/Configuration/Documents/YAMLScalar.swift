/// A scalar as it was written, before it is taken for a number or a truth value.
package struct YAMLScalar: Hashable, Sendable {
    package let text: String
    /// The full tag (`tag:yaml.org,2002:str`), if one was written.
    package let tag: String?
    /// Whether it stood without quotes and not as a block scalar: only then can it be anything but a string.
    package let isPlain: Bool

    package init(text: String, tag: String? = nil, isPlain: Bool = true) {
        self.text = text
        self.tag = tag
        self.isPlain = isPlain
    }

    /// Whether the core schema of YAML 1.2 reads it as null.
    package var isNull: Bool {
        guard tag == nil else { return tag == "tag:yaml.org,2002:null" }
        return isPlain && ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// Whether the core schema reads its plain text by form, and not as the string that a tag or quotes make it.
    var isUntaggedPlain: Bool { isPlain && tag == nil }
}
