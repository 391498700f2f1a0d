package import Agent
internal import LoadBalancing

/// What every table must do, the kernel's own as well as the one in memory: one suite that runs on both.
package struct TableContract: Sendable {
    package let name: String
    /// Runs on an empty table; throws what was expected and what came instead.
    package let check: @Sendable (ContractTable) throws -> Void

    /// All cases.
    package static let all: [TableContract] = virtualServerCases + realServerCases + settingCases + listingCases
}

/// A broken promise.
package struct ContractViolation: Error, CustomStringConvertible {
    package let description: String
}

/// The table under test with the steps that cases are made of.
package struct ContractTable {
    private let table: any VirtualServerTable

    package init(_ table: any VirtualServerTable) { self.table = table }

    /// Applies the operations and expects exactly these errnos, by position.
    func apply(_ operations: [TableOperation], refused: [Int: Int32] = [:], line: UInt = #line) throws {
        let failures = try table.apply(operations)
        let found = Dictionary(uniqueKeysWithValues: failures.map { ($0.index, $0.errno) })
        try equal(found, refused, line: line)
        for failure in failures { try equal(failure.operation, operations[failure.index], line: line) }
    }

    /// The state, with real servers as they were declared.
    func state() throws -> ObservedState { try table.readState(statistics: false) }

    /// The only virtual server.
    func single(line: UInt = #line) throws -> ObservedVirtualServer {
        let all = try state().virtualServers
        guard all.count == 1, let server = all.first else {
            throw ContractViolation(description: "line \(line): \(all.count) virtual servers, 1 expected")
        }
        return server
    }

    /// The listing; empty when there is none, which no case with virtual servers takes for an answer.
    func listing() -> Set<ListedVirtualServer> { Set(table.readListing() ?? []) }

    func virtualServers(_ keys: Set<VirtualServerKey>) throws -> [ObservedVirtualServer] {
        try table.readVirtualServers(keys)
    }

    func realServers(of key: VirtualServerKey) throws -> [RealServer]? {
        try table.readRealServers(of: key)?.map(\.realServer)
    }

    func equal<Value: Equatable>(_ found: Value, _ expected: Value, line: UInt = #line) throws {
        guard found == expected else {
            throw ContractViolation(description: "line \(line): found \(found), expected \(expected)")
        }
    }
}
