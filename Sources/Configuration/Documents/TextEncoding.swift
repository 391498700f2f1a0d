/// How the bytes of a file stand for its text: UTF-8 is read, with or without a byte order mark.
package enum TextEncoding {
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The bytes without UTF-8's byte order mark.
    ///
    /// - Throws: ``YAMLError`` for UTF-16 and UTF-32, which PowerShell writes: with their marks, or by the zero bytes
    ///   that they put beside every character of ASCII.
    package static func utf8<Bytes: RandomAccessCollection<UInt8>>(
        _ bytes: Bytes
    ) throws(YAMLError) -> Bytes.SubSequence {
        let head = Array(bytes.prefix(4))
        if head.starts(with: mark) { return bytes.dropFirst(mark.count) }
        guard head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) || head.prefix(2).contains(0) else {
            return bytes[...]
        }
        let isWide = head == [0xFF, 0xFE, 0, 0] || head == [0, 0, 0xFE, 0xFF] || head.filter { $0 == 0 }.count > 2
        throw YAMLError(
            line: 1, column: 1, message: "the text is UTF-\(isWide ? 32 : 16), not UTF-8",
            remedy: "save the file as UTF-8; in PowerShell: … | Out-File -Encoding utf8 FILE")
    }
}
