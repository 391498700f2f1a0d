import LoadBalancing

/// What one client gets of one Service, as it is expected or observed: `a b* c*`, where the star is for the node's
/// address in place of the client's.
struct MatrixCell: Hashable, Sendable, CustomStringConvertible {
    let description: String

    /// What the model says.
    init(expected servers: [LabPlace: MatrixModel.Source]) {
        self.init(words: servers.map { $0.key.rawValue + ($0.value == .node ? "*" : "") })
    }

    /// What the client learnt.
    init(_ outcomes: [LabOutcome], client: LabPlace, _ family: AddressFamily) {
        let served = outcomes.compactMap { outcome -> String? in
            guard let server = outcome.server, let source = outcome.source else { return nil }
            if LabPlace.nodeAddresses(family).contains(source) { return server + "*" }
            return source == client.address(family) ? server : "\(server)(\(source))"
        }
        let failures = Self.counted(outcomes.filter { $0.server == nil })
        // It makes no difference how nobody serves, as long as that is so every time.
        let isNobody = served.isEmpty && outcomes.allSatisfy { $0 == .refused || $0 == .silent }
        self.init(words: isNobody ? [] : served + failures)
    }

    private init(words: [String]) {
        description = words.isEmpty ? "-" : Set(words).sorted().joined(separator: " ")
    }

    private static func counted(_ outcomes: [LabOutcome]) -> [String] {
        Dictionary(grouping: outcomes) { $0 }.map { "\($0.key)×\($0.value.count)" }
    }
}
