package import Documents
internal import Glibc

/// A list that others rely on, kept in a file beside the tests: names of metrics, fields of documents.
///
/// A difference is a change for operators. With `IPVSYNC_RECORD=1` in the environment the file is written anew.
package struct KeptList {
    private let path: String

    /// - Parameters:
    ///   - name: Of the file, in the folder `Fixtures`.
    ///   - test: The test's own file, beside the folder.
    package init(_ name: String, besides test: String = #filePath) {
        path = test.prefix(through: test.lastIndex(of: "/") ?? test.startIndex) + "Fixtures/\(name)"
    }

    /// What is in one of the lists alone, with the file that lacks it or has too much.
    package func differences(from lines: [String]) -> [String] {
        if getenv("IPVSYNC_RECORD") != nil { write(lines) }
        guard let kept = read() else { return ["\(path): cannot be read"] }
        return lines.difference(from: kept).map { change in
            switch change {
            case .insert(_, let line, _): "\(path) has not: \(line)"
            case .remove(_, let line, _): "\(path) alone has: \(line)"
            }
        }
    }

    private func read() -> [String]? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func write(_ lines: [String]) {
        guard let file = fopen(path, "we") else { return }
        defer { fclose(file) }
        fputs(lines.joined(separator: "\n") + "\n", file)
    }
}

extension Document {
    /// Each field by its way from the top, with the types of its values: `changes[].detail string`.
    package func fields(_ path: String = "") -> [String] {
        var types: [String: Set<String>] = [:]
        collect(path, &types)
        return types.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.sorted().joined(separator: "|"))" }
    }

    private func collect(_ path: String, _ types: inout [String: Set<String>]) {
        switch self {
        case .null: types[path, default: []].insert("null")
        case .bool: types[path, default: []].insert("boolean")
        case .integer, .unsigned, .number: types[path, default: []].insert("number")
        case .string: types[path, default: []].insert("string")
        case .sequence(let elements):
            if elements.isEmpty { types[path, default: []].insert("list") }
            for element in elements { element.collect(path + "[]", &types) }
        case .mapping(let members):
            for member in members { member.value.collect(path.isEmpty ? member.key : "\(path).\(member.key)", &types) }
        }
    }
}
