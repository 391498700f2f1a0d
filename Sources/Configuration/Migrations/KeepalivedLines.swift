import Configuration

/// A line as its statements are read from it: without comments, with all definitions filled in.
struct KeepalivedLine {
    let place: SourcePlace
    let text: [UInt8]
}

/// Reads the lines of keepalived.conf and of the files that it includes.
///
/// Comments go, `@ID` lines of other machines go, and definitions (`$NAME=…`) are filled in.
struct KeepalivedLines {
    /// What a configuration may cost at most, whatever it includes and defines.
    private enum Limit {
        static let files = 1000
        static let depth = 20
        static let bytes = 16 << 20
        static let lineLength = 16 << 10
        static let lines = 1 << 20
        static let substitutions = 1000
    }

    /// The identity that `@ID` lines are compared with.
    let configID: String
    let findings: Findings
    private(set) var lines: [KeepalivedLine] = []
    private var definitions: [String: [UInt8]] = [:]
    private var files = 0
    private var bytes = 0
    /// The paths of the files that are being read, the innermost last.
    private var open: [String] = []
    private var isFull = false

    init(configID: String, findings: Findings) {
        self.configID = configID
        self.findings = findings
    }

    /// Reads a file's bytes.
    ///
    /// - Parameter path: What relative includes start from; `nil` for the standard input.
    mutating func read(_ contents: [UInt8], file: String, path: String?) {
        files += 1
        open.append(path ?? file)
        defer { open.removeLast() }
        definitions["_PWD"] = Array(KeepalivedInclude.directory(of: path ?? "").utf8)
        var definition: (name: String, value: [UInt8])?
        var pending: (place: SourcePlace, text: [UInt8])?
        let newline = UInt8(ascii: "\n")
        for (index, slice) in contents.split(separator: newline, omittingEmptySubsequences: false).enumerated() {
            let place = SourcePlace(file: file, line: index + 1)
            let (text, continues) = Self.uncommented(slice, place, findings)
            if let known = definition {
                let value = known.value + [newline] + text
                definition = continues && value.count <= Limit.lineLength ? (known.name, value) : nil
                if !continues { define(known.name, value, place) }
                continue
            }
            if pending == nil, continues, let (name, value) = Self.definition(in: text), value.isEmpty {
                definition = (name, [])
                continue
            }
            let line = (place: pending?.place ?? place, text: (pending.map { $0.text + [0x20] } ?? []) + text)
            pending = continues && line.text.count < Limit.lineLength ? line : nil
            if !continues { take(line.text, line.place, path) }
        }
        if let pending { take(pending.text, pending.place, path) }
    }

    private mutating func define(_ name: String, _ value: [UInt8], _ place: SourcePlace) {
        guard value.count <= Limit.lineLength, definitions.count < 10_000 else {
            return findings.report(place, "the definition of $\(name) is too long", "write it out")
        }
        definitions[name] = value
    }

    /// Takes a whole line of a file.
    private mutating func take(_ text: [UInt8], _ place: SourcePlace, _ path: String?) {
        if let include = KeepalivedInclude(text) {
            self.include(include, place, path)
        } else if !text.isEmpty {
            var budget = Limit.substitutions
            expand(text, place, &budget)
        }
    }

    private mutating func add(_ text: [UInt8], _ place: SourcePlace) {
        bytes += text.count
        guard lines.count < Limit.lines, bytes <= Limit.bytes else {
            if !isFull { findings.report(place, "the configuration is too long", "write it in fewer statements") }
            isFull = true
            return
        }
        lines.append(KeepalivedLine(place: place, text: text))
    }
}

// MARK: - Definitions and conditions

extension KeepalivedLines {
    /// Adds a line with its definitions filled in, unless it is for another machine or is a definition.
    ///
    /// - Parameter budget: How many definitions may still be filled in for the line of the file.
    private mutating func expand(_ text: [UInt8], _ place: SourcePlace, _ budget: inout Int) {
        guard !isFull, var text = conditional(text, place) else { return }
        var start = 0
        while let reference = Self.reference(in: text, from: start, definitions) {
            guard budget > 0, text.count <= Limit.lineLength else {
                return findings.report(place, "its definitions never end", "write the line out")
            }
            budget -= 1
            text.replaceSubrange(reference.range, with: reference.value)
            if Self.definition(in: text) == nil, reference.value.contains(UInt8(ascii: "\n")) {
                for part in text.split(separator: UInt8(ascii: "\n")) { expand(Self.trimmed(part), place, &budget) }
                return
            }
            guard let rest = conditional(text, place) else { return }
            // What was filled in may refer to others; what stands before it does not.
            start = rest.count == text.count ? reference.range.lowerBound : 0
            text = rest
        }
        guard !text.isEmpty else { return }
        if let (name, value) = Self.definition(in: text) { return define(name, value, place) }
        if text.starts(with: "~SEQ".utf8) || text.starts(with: "~LST".utf8) {
            return findings.report(
                place, "\(String(decoding: text.prefix(4), as: UTF8.self)) repeats lines, which is not read",
                "write the lines out, or define a block with $NAME= and use it as often as you need")
        }
        add(text, place)
    }

    /// The rest of an `@ID` line that is for this machine, the whole line if it is for all; `nil` if it is for others.
    private mutating func conditional(_ text: [UInt8], _ place: SourcePlace) -> [UInt8]? {
        var rest = text[...]
        while rest.first == UInt8(ascii: "@") {
            let word = rest.dropFirst().prefix { !Self.isBlank($0) }
            rest = Self.trimmed(rest.dropFirst(1 + word.count))[...]
            let isNegative = word.first == UInt8(ascii: "^")
            guard word.dropFirst(isNegative ? 1 : 0).elementsEqual(configID.utf8) != isNegative else {
                findings.note(place, "lines for another machine than \(configID) are left out: see --config-id")
                return nil
            }
        }
        return Array(rest)
    }

    /// `$NAME=value`, and nothing else on the line.
    private static func definition(in text: [UInt8]) -> (name: String, value: [UInt8])? {
        guard text.first == UInt8(ascii: "$"), let equals = text.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let name = text[1..<equals]
        guard isName(name) else { return nil }
        return (String(decoding: name, as: UTF8.self), trimmed(text[(equals + 1)...]))
    }

    /// The first `${NAME}`, or `$NAME` before a blank or the end, that is defined; not the one that a line defines.
    private static func reference(
        in text: [UInt8], from start: Int, _ definitions: [String: [UInt8]]
    ) -> (range: Range<Int>, value: [UInt8])? {
        // What a definition holds is filled in where it is used.
        guard definition(in: text) == nil else { return nil }
        var index = min(start, text.endIndex)
        while let dollar = text[index...].firstIndex(of: UInt8(ascii: "$")) {
            index = dollar + 1
            let isBraced = text[index...].first == UInt8(ascii: "{")
            let rest = text[(isBraced ? index + 1 : index)...]
            let name = rest.prefix { isNameByte($0) }
            let next = rest.dropFirst(name.count).first
            let ends = isBraced ? next == UInt8(ascii: "}") : next.map { isBlank($0) || $0 == 0x0A } ?? true
            guard ends, isName(name), let value = definitions[String(decoding: name, as: UTF8.self)] else { continue }
            return (dollar..<(name.endIndex + (isBraced ? 1 : 0)), value)
        }
        return nil
    }

    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, !(0x30...0x39).contains(first) else { return false }
        return bytes.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

// MARK: - Comments

extension KeepalivedLines {
    /// The line without its comment and the blanks around it, and whether a backslash at its end joins the next to it.
    private static func uncommented(
        _ line: ArraySlice<UInt8>, _ place: SourcePlace, _ findings: Findings
    ) -> (text: [UInt8], continues: Bool) {
        var text: [UInt8] = []
        var isQuoted = false
        var index = line.startIndex
        while index < line.endIndex {
            let byte = line[index]
            index += 1
            if byte == UInt8(ascii: "\\") {
                let escaped = index < line.endIndex ? line[index] : UInt8(ascii: "\r")
                guard escaped != UInt8(ascii: "\r") else { return (trimmed(text[...]), true) }
                index += 1
                let isComment = escaped == UInt8(ascii: "#") || escaped == UInt8(ascii: "!")
                text += isComment && !isQuoted ? [escaped] : [byte, escaped]
            } else if !isQuoted, byte == UInt8(ascii: "#") || byte == UInt8(ascii: "!") {
                break
            } else {
                if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
                text.append(byte)
            }
        }
        if isQuoted { findings.report(place, "a quoted text does not end on its line", "write the closing \"") }
        return (trimmed(text[...]), false)
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let rest = bytes.drop(while: isBlank)
        let end = rest.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? rest.startIndex
        return Array(rest[..<end])
    }
}

// MARK: - Includes

extension KeepalivedLines {
    private mutating func include(_ include: KeepalivedInclude, _ place: SourcePlace, _ path: String?) {
        guard open.count < Limit.depth else {
            return findings.report(place, "files include each other \(Limit.depth) deep", "include fewer of them")
        }
        let paths = include.paths(from: KeepalivedInclude.directory(of: path ?? ""))
        if paths.isEmpty {
            if include.mustExist {
                findings.report(place, "there is no file \(include.pattern)", "check the path, or leave it out")
            } else {
                findings.note(place, "there is no file \(include.pattern), which it includes")
            }
        }
        for path in paths {
            guard !open.contains(path) else {
                findings.report(place, "\(path) includes itself", "leave one of the two out")
                continue
            }
            guard files < Limit.files else {
                if !isFull { findings.report(place, "it includes more than \(Limit.files) files", "join some") }
                isFull = true
                return
            }
            do throws(ConfigurationErrors) {
                let contents = try SourceFile(path: path).contents(limit: Limit.bytes)
                read(contents, file: path, path: path)
            } catch {
                error.errors.forEach { findings.report(place, "\(path): \($0.problem)", $0.remedy) }
            }
            definitions["_PWD"] = Array(KeepalivedInclude.directory(of: open.last ?? "").utf8)
        }
    }
}
