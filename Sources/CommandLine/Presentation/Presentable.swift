package import Documents

/// Something that can be shown to people as lines and to programs as a document.
package protocol Presentable {
    var lines: [Line] { get }
    var document: Document { get }
}

extension Presentable {
    /// The lines as that terminal shows them.
    package func lines(for terminal: Terminal) -> [String] { lines.map(terminal.show) }
}
