package import Documents

/// Something that can be shown to people as lines and to programs as a document.
package protocol Presentable {
    func lines(for terminal: Terminal) -> [String]
    var document: Document { get }
}
