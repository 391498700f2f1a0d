/// An object of a stream of objects, as `kubectl get -o json` and `-o yaml` print them.
package struct YAMLObject {
    /// The list that an object stood in.
    package struct List: Hashable, Sendable {
        /// `List`, `ServiceList`, …
        package let kind: String
        package let apiVersion: String?
    }

    /// A list that has been read to its end.
    package struct ReadList {
        package let list: List
        /// The list without its items.
        package let node: YAMLNode
        package let count: Int
    }

    package let node: YAMLNode
    /// `nil` for an object by itself.
    package let list: List?
    /// What is wrong inside of it, for whoever reads it: a key that stands twice, a part that is nested
    /// too deep, a tag that does not fit.
    package let flaw: YAMLError?

    /// What is wrong with the keys that say what it is: with two kinds, it may be of either.
    package let identityFlaw: YAMLError?

    /// - Parameter depth: Of the object itself, as its flaws count.
    init(node: YAMLNode, list: List?, flaws: [YAMLFlaws.Flaw], depth: Int = 1) {
        self.node = node
        self.list = list
        flaw = flaws.first?.error
        identityFlaw = flaws.first { $0.depth == depth && ["kind", "apiVersion"].contains($0.key) }?.error
    }
}

/// What is wrong in a tree and matters only to whoever reads that part of it.
struct YAMLFlaws {
    struct Flaw {
        let error: YAMLError
        /// Of the mapping that holds it, from 1.
        let depth: Int
        /// The key that stands twice or whose value has a wrong tag; `nil` for what is nested too deep.
        let key: String?
    }

    static let refused = YAMLFlaws(isKept: false)
    static let kept = YAMLFlaws(isKept: true)

    private let isKept: Bool
    private var flaws: [Flaw] = []

    /// More are of no use to anybody.
    private static let maximum = 100

    private init(isKept: Bool) { self.isKept = isKept }

    /// - Throws: The error, unless flaws are kept.
    mutating func add(_ error: YAMLError, depth: Int, key: YAMLNode? = nil) throws(YAMLError) {
        guard isKept, flaws.count < Self.maximum else { throw error }
        flaws.append(Flaw(error: error, depth: depth, key: key?.scalar?.text))
    }

    /// Those since the last call.
    mutating func take() -> [Flaw] {
        guard !flaws.isEmpty else { return [] }
        defer { flaws = [] }
        return flaws
    }
}
