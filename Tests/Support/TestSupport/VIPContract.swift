internal import DataPath
package import LoadBalancing
package import NodeNetwork

/// What every table of addresses must do, the kernel's own as well as the one in memory: one suite that runs on both.
package struct VIPContract: Sendable {
    package let name: String
    /// Runs in a network namespace with nothing but `lo`, up; throws what was expected and what came instead.
    package let check: @Sendable (VIPContractTable) throws -> Void

    /// All cases.
    package static let all: [VIPContract] = deviceCases + addressCases + routeCases + planCases
}

/// Somebody else who changes the same namespace.
package protocol VIPOutsider {
    /// Makes a dummy device, as anybody can.
    func addDevice(_ name: String) throws
    /// Gives a device a single address.
    func addAddress(_ address: IPAddress, to device: String) throws
}

/// The table under test with the steps that cases are made of.
package struct VIPContractTable {
    private let table: any VIPTable
    let outsider: any VIPOutsider

    /// The device that is ours, and one that is not.
    static let device = "ipvsync0"
    static let otherDevice = "other0"

    package init(_ table: any VIPTable, outsider: any VIPOutsider) {
        self.table = table
        self.outsider = outsider
    }

    func read() throws -> ObservedVIPs { try table.read(device: Self.device) }

    /// Applies the operations and expects exactly these errnos.
    func apply(_ operations: [VIPOperation], refused: [VIPOperation: Int32] = [:], line: UInt = #line) throws {
        let failures = try table.apply(operations, device: Self.device)
        let found = Dictionary(failures.map { ($0.operation, $0.errno) }) { first, _ in first }
        try equal(found, refused, line: line)
    }

    /// Plans and applies, and expects that nothing is left to do then.
    func reach(
        _ binding: VIPBinding, addresses: Set<IPAddress> = [], routes: [IPPrefix] = [], line: UInt = #line
    ) throws {
        func plan() throws -> VIPPlan {
            try VIPPlan.between(
                binding: binding, addresses: addresses, routes: routes, device: Self.device, observed: try read())
        }
        try apply(try plan().operations, line: line)
        try equal(try plan().operations, [], line: line)
    }

    func equal<Value: Equatable>(_ found: Value, _ expected: Value, line: UInt = #line) throws {
        guard found == expected else {
            throw ContractViolation(description: "line \(line): found \(found), expected \(expected)")
        }
    }
}

/// The one in memory is its own outsider.
package struct InMemoryOutsider: VIPOutsider {
    private let network: InMemoryNetwork

    package init(_ network: InMemoryNetwork) { self.network = network }

    package func addDevice(_ name: String) { network.addForeignDevice(name) }

    package func addAddress(_ address: IPAddress, to device: String) { network.addForeignAddress(address, to: device) }
}
