/// Whose reading of YAML counts where programs differ.
package enum YAMLReading: Sendable {
    /// That of the specification: a key goes before a merged one, wherever the two stand.
    case standard
    /// That of kubectl, kubeadm and kube-proxy: what they read otherwise than the specification says is refused.
    case kubernetes
}

/// Where kubectl splits a stream into documents: at lines that are `---`, before it reads any YAML
/// (`YAMLReader` in `k8s.io/apimachinery`).
///
/// A mark that it does not see would cost it the document behind: it reads no second one out of one piece.
struct DocumentSplit {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// A place in the bytes, and how many characters are before it.
    private var offset = 0
    private var character = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Refuses the beginning of a document that kubectl does not see as one.
    ///
    /// - Parameter index: The character at which the document begins, further on than those before.
    mutating func check(
        _ index: Int, _ position: YAMLNode.Position, _ hasDirectives: Bool, isFirst: Bool
    ) throws(YAMLError) {
        guard !hasDirectives else {
            throw YAMLError(
                position, "a document begins with a directive, which kubectl does not read",
                remedy: "leave out the line that begins with %")
        }
        // The first one needs no mark.
        guard !isFirst, !isLine(at: index) else { return }
        throw YAMLError(
            position, "something stands in the line of `---`, so that kubectl does not see that a document begins",
            remedy: "write it in the next line")
    }

    private mutating func isLine(at index: Int) -> Bool {
        while character < index, offset < bytes.count {
            offset += Self.length(bytes[offset])
            character += 1
        }
        guard offset == 0 || bytes[offset - 1] == UInt8(ascii: "\n") else { return false }
        return bytes.dropFirst(offset + 3).prefix { $0 != UInt8(ascii: "\n") }.allSatisfy(Self.blanks.contains)
    }

    private static let blanks: Set<UInt8> = [0x20, 0x09, 0x0B, 0x0C, 0x0D]

    /// Of the character in UTF-8 that begins with a byte.
    private static func length(_ first: UInt8) -> Int {
        switch first {
        case 0xF0...: 4
        case 0xE0...: 3
        case 0xC0...: 2
        default: 1
        }
    }
}
