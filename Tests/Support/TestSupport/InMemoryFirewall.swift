internal import DataPath
internal import LoadBalancing
package import NFTables

/// Our nftables table in memory, which refuses what the kernel refuses; held to the real one by one contract suite.
package final class InMemoryFirewall: FirewallTable {
    /// What the table holds; `nil` for no table. A test that changes it is somebody else.
    package var observed: ObservedFirewall? {
        didSet { count &+= 1 }
    }
    /// Transactions that were carried out.
    package private(set) var committed: [FirewallTransaction] = []
    /// Looks at the table.
    package private(set) var readCount = 0
    /// Thrown instead of the next commit.
    package var nextFailure: NFTablesError?
    /// Whether this kernel tells generations.
    package var tellsGenerations = true

    private var count: UInt32 = 1

    package init() {}

    package func isThere() -> Bool { observed != nil }

    /// The kernel's module is loaded anew: the table has gone, and others have made as many transactions since.
    package func reload() {
        let before = count
        observed = nil
        count = before
    }

    package func read() -> ObservedFirewall? {
        readCount += 1
        return observed
    }

    package func generation() -> UInt32? { tellsGenerations ? count : nil }

    @discardableResult
    package func commit(_ transaction: FirewallTransaction) throws(NFTablesError) -> Int {
        if let failure = nextFailure {
            nextFailure = nil
            throw failure
        }
        guard !transaction.isEmpty else { return 0 }
        observed = try Self.outcome(of: transaction, on: observed)
        committed.append(transaction)
        return 1
    }

    /// What a transaction makes of a table; of a copy, so that a failure changes nothing.
    private static func outcome(
        of transaction: FirewallTransaction, on observed: ObservedFirewall?
    ) throws(NFTablesError) -> ObservedFirewall? {
        switch transaction.content {
        case .removal: return nil
        case .replacement(let state):
            return ObservedFirewall(elements: state.elements, shape: FirewallShape(state.settings))
        case .changes(let removed, let added):
            guard var table = observed else { throw refusal("No such file or directory") }
            for element in removed { try remove(element, from: &table) }
            for element in added { try add(element, to: &table) }
            return table
        }
    }

    /// A map's element goes by its key, whatever the verdict.
    private static func remove(
        _ element: DataPathElement, from table: inout ObservedFirewall
    ) throws(NFTablesError) {
        let found = rival(of: element, in: table) ?? element
        if case .sources = found, table.elements.contains(where: { $0.neededSources == found }) {
            throw refusal("Device or resource busy")
        }
        guard table.elements.remove(found) != nil else { throw refusal("No such file or directory") }
    }

    private static func add(_ element: DataPathElement, to table: inout ObservedFirewall) throws(NFTablesError) {
        guard rival(of: element, in: table) == nil else { throw refusal("File exists") }
        if let sources = element.neededSources, !table.elements.contains(sources) {
            throw refusal("No such file or directory")
        }
        table.elements.insert(element)
    }

    /// The same virtual server with another treatment or guard.
    private static func rival(of element: DataPathElement, in table: ObservedFirewall) -> DataPathElement? {
        switch element {
        case .service(let key, let treatment):
            ServiceTreatment.Masquerade.allCases.lazy.map(ServiceTreatment.init).filter { $0 != treatment }
                .map { .service(key, $0) }.first { table.elements.contains($0) }
        case .guarded(let key, let list):
            table.elements.first { other in
                guard case .guarded(key, let otherList) = other else { return false }
                return otherList != list
            }
        default: nil
        }
    }

    private static func refusal(_ reason: String) -> NFTablesError {
        NFTablesError(operation: "change the table inet ipvsync", message: "Could not process rule: \(reason)")
    }
}
