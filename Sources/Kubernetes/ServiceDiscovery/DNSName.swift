/// Names as Kubernetes lets them into DNS (`IsDNS1123Label` and `IsDNS1123Subdomain` of its API machinery).
///
/// Manifests are not checked by an API server, and what stands in a zone or an environment must not be able to end its
/// line, or to be read as anything else than a name.
enum DNSName {
    /// The longest name without the final dot (RFC 1035: 255 octets with the lengths of the labels).
    static let longest = 253
    private static let longestLabel = 63

    /// Whether it is lower-case letters, digits and dashes, the dashes inside.
    static func isLabel(_ text: String) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last, bytes.count <= longestLabel else { return false }
        return isWordByte(first) && isWordByte(last) && bytes.allSatisfy { isWordByte($0) || $0 == UInt8(ascii: "-") }
    }

    /// Whether it is labels with dots between them.
    static func isSubdomain(_ text: String) -> Bool {
        text.utf8.count <= longest
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel(String($0)) }
    }

    /// Whether it can be the name of a service in an SRV record, for which it gets an underscore in front.
    static func isServiceLabel(_ text: String) -> Bool { isLabel(text) && text.utf8.count < longestLabel }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
