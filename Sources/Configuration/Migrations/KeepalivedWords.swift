/// How keepalived takes a line apart into words.
enum KeepalivedWords {
    /// Words between blanks; `"` begins and ends a word that may hold blanks.
    static func split(_ line: [UInt8]) -> [String] {
        var words: [String] = []
        var rest = line[...]
        while true {
            rest = rest.drop(while: KeepalivedLines.isBlank)
            guard let first = rest.first else { return words }
            let word: ArraySlice<UInt8>
            if first == UInt8(ascii: "\"") {
                word = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
                rest = rest.dropFirst(word.count + 2)
            } else {
                word = rest.prefix { !KeepalivedLines.isBlank($0) && $0 != UInt8(ascii: "\"") }
                rest = rest.dropFirst(word.count)
            }
            words.append(String(decoding: word, as: UTF8.self))
        }
    }

    /// Words as a shell has them: `"` and `'` quote any part of a word.
    ///
    /// - Parameter escapes: Whether a backslash stands for what it does in a shell, or is kept for a later look.
    static func shellSplit(_ line: some Sequence<UInt8>, escapes: Bool) -> [String] {
        var words: [String] = []
        var word: [UInt8]?
        var quote: UInt8?
        var rest = ArraySlice(line)
        func add(_ bytes: [UInt8]) {
            if word == nil { word = [] }
            word?.append(contentsOf: bytes)
        }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\") where !rest.isEmpty:
                add(escapes ? unescaped(&rest) : [byte, rest.removeFirst()])
            case quote:
                quote = nil
            case UInt8(ascii: "\"") where quote == nil, UInt8(ascii: "'") where quote == nil && escapes:
                quote = byte
                add([])
            case 0x20 where quote == nil, 0x09 where quote == nil:
                if let word { words.append(String(decoding: word, as: UTF8.self)) }
                word = nil
            default: add([byte])
            }
        }
        if let word { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }

    private static let controls: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 0x07, UInt8(ascii: "b"): 0x08, UInt8(ascii: "E"): 0x1B, UInt8(ascii: "f"): 0x0C,
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "v"): 0x0B,
    ]

    /// The byte that what follows a backslash stands for.
    private static func unescaped(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        let byte = rest.removeFirst()
        if let control = controls[byte] { return [control] }
        func digits(_ radix: Int, _ count: Int) -> [UInt8] {
            let digits = rest.prefix(count).prefix { digit in
                Character(Unicode.Scalar(digit)).hexDigitValue.map { $0 < radix } ?? false
            }
            rest = rest.dropFirst(digits.count)
            return Array(digits)
        }
        switch byte {
        case UInt8(ascii: "x"):
            let number = digits(16, 2)
            return UInt8(String(decoding: number, as: UTF8.self), radix: 16).map { [$0] } ?? [byte]
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            let number = [byte] + digits(8, 2)
            return Int(String(decoding: number, as: UTF8.self), radix: 8).map { [UInt8(truncatingIfNeeded: $0)] } ?? []
        case UInt8(ascii: "c") where !rest.isEmpty: return [rest.removeFirst() & 0x1F]
        default: return [byte]
        }
    }
}
