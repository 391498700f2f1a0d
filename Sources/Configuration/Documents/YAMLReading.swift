/// Whose reading of YAML counts where programs differ.
package enum YAMLReading: Sendable {
    /// That of the specification: a key goes before a merged one, wherever the two stand.
    case standard
    /// That of kubectl, kubeadm and kube-proxy: what they refuse, or read otherwise than the specification says, is
    /// refused.
    case kubernetes
}

/// The text of a stream as kubectl sees it, where its events do not tell.
struct KubectlSource {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// A place in the bytes, and how many characters are before it.
    private var offset = 0
    private var character = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Refuses the beginning of a document that kubectl does not see as one.
    ///
    /// Before it reads any YAML, it splits a stream at lines that are `---` (`YAMLReader` in `k8s.io/apimachinery`), and
    /// of each piece it reads the first document.
    mutating func checkDocument(_ event: YAMLEvent, hasDirectives: Bool, isFirst: Bool) throws(YAMLError) {
        guard !hasDirectives else {
            throw YAMLError(
                event.position, "a document begins with a directive, which kubectl does not read",
                remedy: "leave out the line that begins with %")
        }
        // The first one needs no mark.
        guard !isFirst, !isMark(at: event.characters.lowerBound) else { return }
        throw YAMLError(
            event.position,
            "something stands in the line of `---`, so that kubectl does not see that a document begins",
            remedy: "write it in the next line")
    }

    private mutating func isMark(at index: Int) -> Bool {
        let start = byte(ofCharacter: index)
        guard start == 0 || bytes[start - 1] == UInt8(ascii: "\n") else { return false }
        return bytes.dropFirst(start + 3).prefix { $0 != UInt8(ascii: "\n") }.allSatisfy(Self.blanks.contains)
    }

    private static let blanks: Set<UInt8> = [0x20, 0x09, 0x0B, 0x0C, 0x0D]

    /// Why kubectl does not read a scalar: of the escapes, it does not know that of a slash, which came with YAML 1.2.
    mutating func problem(_ scalar: YAMLScalar, _ event: YAMLEvent) -> YAMLError? {
        guard !scalar.isPlain, scalar.text.utf8.contains(UInt8(ascii: "/")) else { return nil }
        let start = byte(ofCharacter: event.characters.lowerBound)
        var text = bytes[start..<max(start, byte(ofCharacter: event.characters.upperBound))]
        guard text.first == UInt8(ascii: "\"") else { return nil }
        while let backslash = text.firstIndex(of: UInt8(ascii: "\\")) {
            text = text[backslash...].dropFirst()
            if text.first == UInt8(ascii: "/") {
                return YAMLError(event.position, "kubectl does not know the escape `\\/`", remedy: "write `/` alone")
            }
            text = text.dropFirst()
        }
        return nil
    }

    /// - Parameter index: No less than the one before.
    private mutating func byte(ofCharacter index: Int) -> Int {
        while character < index, offset < bytes.count {
            offset += Self.length(bytes[offset])
            character += 1
        }
        return min(offset, bytes.count)
    }

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
