import Foundation

/// The example files that users start from.
enum ExampleFiles {
    static func all() throws -> [(name: String, text: String)] {
        let directory = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Integration/examples").standardized
        return try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "yaml" }
            .sorted { $0.path < $1.path }
            .map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
    }
}
