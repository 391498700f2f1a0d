// Texts in quotes.
extension JSONReader {
    /// A text in quotes, of which the next byte is the first.
    mutating func string(at position: YAMLNode.Position) throws(YAMLError) -> UInt32 {
        let start = offset + 1
        var end = start
        var isASCII = true
        while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\"),
            bytes[end] >= 0x20
        {
            isASCII = isASCII && bytes[end] < 0x80
            end += 1
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return try escapedString(at: position) }
        let text = UnsafeBufferPointer(rebasing: bytes[start..<end])
        guard isASCII || String(validating: text, as: UTF8.self) != nil else { throw noUTF8 }
        offset = end + 1
        return tree.addScalar(text, isPlain: false, at: position)
    }

    private var noUTF8: YAMLError { problem("the text is not UTF-8", "save the file as UTF-8 text") }

    private mutating func escapedString(at position: YAMLNode.Position) throws(YAMLError) -> UInt32 {
        var text: [UInt8] = []
        offset += 1
        while true {
            guard let byte = peek, byte >= 0x20 else { throw problem("the text has no closing quote in its line") }
            offset += 1
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                text += Array(String(try escape()).utf8)
            } else {
                text.append(byte)
            }
        }
        guard String(validating: text, as: UTF8.self) != nil else { throw noUTF8 }
        return tree.addScalar(text, isPlain: false, at: position)
    }

    private mutating func escape() throws(YAMLError) -> Unicode.Scalar {
        guard let letter = peek else { throw problem("the text has no closing quote") }
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            guard unit < 0xDC00, peek == UInt8(ascii: "\\") else { throw problem("half a surrogate pair") }
            offset += 1
            guard peek == UInt8(ascii: "u") else { throw problem("half a surrogate pair") }
            offset += 1
            let second = try codeUnit()
            guard (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00))
            else { throw problem("half a surrogate pair") }
            return scalar
        default: throw problem("`\\\(Character(UnicodeScalar(letter)))` is no escape", "write `\\\\` for a backslash")
        }
    }

    private mutating func codeUnit() throws(YAMLError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw problem("`\\u` wants four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
            offset += 1
        }
        return unit
    }
}
