/// Where something is declared: a file and a line.
package struct SourcePlace: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// From 1.
    package let line: Int

    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// `web.yaml:12`.
    package var description: String { "\(file):\(line)" }
}
