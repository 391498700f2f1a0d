/// The nodes of a document in a few arrays, however many they are.
///
/// A node by itself takes three pieces of memory, and to make them took most of the time of reading.
final class YAMLTree {
    enum Kind: UInt8 { case plain, quoted, sequence, mapping }

    /// A node: where its text, or its children, stand in the arrays.
    struct Entry {
        let start: UInt32
        /// Bytes, nodes or pairs.
        let count: UInt32
        let position: YAMLNode.Position
        let kind: Kind

        /// Whether it has a text.
        var isScalar: Bool { kind == .plain || kind == .quoted }
    }

    // Only methods of this file touch these, and none while another one does: to check that for every byte that is read
    // takes a quarter of the time.
    @exclusivity(unchecked) private(set) var entries: [Entry] = []
    @exclusivity(unchecked) private var children: [UInt32] = []
    @exclusivity(unchecked) private var text: [UInt8] = []
    @exclusivity(unchecked) private var tags: [UInt32: String] = [:]
}

// MARK: - Building

extension YAMLTree {
    /// Adds a scalar.
    ///
    /// - Parameter bytes: Its text, in valid UTF-8.
    /// - Returns: The new node.
    func addScalar(_ bytes: some Collection<UInt8>, isPlain: Bool, at position: YAMLNode.Position) -> UInt32 {
        let start = text.count
        text += bytes
        return add(isPlain ? .plain : .quoted, from: start, count: text.count - start, at: position)
    }

    func addScalar(_ scalar: YAMLScalar, at position: YAMLNode.Position) -> YAMLNode {
        let index = addScalar(scalar.text.utf8, isPlain: scalar.isPlain, at: position)
        tags[index] = scalar.tag
        return YAMLNode(self, index)
    }

    /// Adds a sequence, or a mapping whose keys and values take turns.
    ///
    /// - Returns: The new node.
    func addList(
        _ nodes: some Collection<UInt32>, isMapping: Bool, at position: YAMLNode.Position
    ) -> UInt32 {
        let start = children.count
        children += nodes
        let count = children.count - start
        return add(isMapping ? .mapping : .sequence, from: start, count: isMapping ? count / 2 : count, at: position)
    }

    func addSequence(_ nodes: [YAMLNode], at position: YAMLNode.Position) -> YAMLNode {
        YAMLNode(self, addList(nodes.lazy.map(\.index), isMapping: false, at: position))
    }

    func addMapping(_ pairs: [YAMLPair], at position: YAMLNode.Position) -> YAMLNode {
        let nodes = pairs.lazy.flatMap { [$0.key.index, $0.value.index] }
        return YAMLNode(self, addList(Array(nodes), isMapping: true, at: position))
    }

    /// - Precondition: A text of less than 4 GiB, as the limits of all readers have it.
    private func add(_ kind: Kind, from start: Int, count: Int, at position: YAMLNode.Position) -> UInt32 {
        entries.append(Entry(start: UInt32(start), count: UInt32(count), position: position, kind: kind))
        return UInt32(entries.count - 1)
    }
}

// MARK: - Reading

extension YAMLTree {
    /// The text of a scalar.
    func text(of entry: Entry) -> String {
        String(decoding: bytes(of: entry), as: UTF8.self)
    }

    /// The bytes of a scalar's text.
    func bytes(of entry: Entry) -> ArraySlice<UInt8> {
        text[Int(entry.start)..<Int(entry.start) + Int(entry.count)]
    }

    func tag(of index: UInt32) -> String? { tags.isEmpty ? nil : tags[index] }

    /// A node of a sequence; for a mapping, its keys and values take turns.
    func child(_ number: Int, of entry: Entry) -> UInt32 { children[Int(entry.start) + number] }

    /// The value of a mapping's key; `nil` if it has none of that name.
    func value(of name: String, in mapping: Entry) -> UInt32? {
        var name = name
        return name.withUTF8 { name in
            for number in 0..<Int(mapping.count) where has(child(2 * number, of: mapping), text: name) {
                return child(2 * number + 1, of: mapping)
            }
            return nil
        }
    }

    /// Whether the node is a scalar with that text.
    func has(_ index: UInt32, text other: UnsafeBufferPointer<UInt8>) -> Bool {
        let entry = entries[Int(index)]
        guard entry.isScalar, entry.count == UInt32(other.count) else { return false }
        var place = Int(entry.start)
        for byte in other {
            guard text[place] == byte else { return false }
            place += 1
        }
        return true
    }

    /// Whether two scalars have the same text.
    func haveSameText(_ left: UInt32, _ right: UInt32) -> Bool {
        let (left, right) = (entries[Int(left)], entries[Int(right)])
        guard left.count == right.count else { return false }
        return bytes(of: left).elementsEqual(bytes(of: right))
    }
}
