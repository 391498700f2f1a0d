/// Tells regular expressions that Perl, PCRE and POSIX read alike from those that only the first two know.
enum PerlPattern {
    /// Whether a pattern says something that POSIX extended regular expressions have not, or mean otherwise.
    static func isParticular(_ pattern: String) -> Bool {
        let bytes = Array(pattern.utf8)
        return zip(bytes, bytes.dropFirst()).contains { byte, next in
            switch (byte, next) {
            case (UInt8(ascii: "\\"), UInt8(ascii: "a")...UInt8(ascii: "z")),
                (UInt8(ascii: "\\"), UInt8(ascii: "A")...UInt8(ascii: "Z")),
                (UInt8(ascii: "\\"), UInt8(ascii: "0")...UInt8(ascii: "9")),
                (UInt8(ascii: "("), UInt8(ascii: "?")), (UInt8(ascii: "*"), UInt8(ascii: "?")),
                (UInt8(ascii: "+"), UInt8(ascii: "?")), (UInt8(ascii: "?"), UInt8(ascii: "?")):
                true
            default: false
            }
        }
    }

    /// Whether a pattern matches nothing but its own text.
    static func isLiteral(_ pattern: String) -> Bool { !pattern.utf8.contains { "\\^$.|?*+()[]{}".utf8.contains($0) } }
}
