internal import Glibc
internal import LoadBalancing
internal import Netlink
internal import NodeNetwork
internal import Reconcile

extension Synchronizer {
    /// The operations of a first sync, all at once, would take as much memory as a fifth of what they are made from; and
    /// the addresses of a part follow while the next one is sent, so that parts should be small.
    private static let operationsAtOnce = 1_024

    /// What came of a plan.
    struct Applied {
        /// What the kernel refused, each with the index of its change.
        var failures: [OperationFailure] = []
        /// Removals that were not made after all, by their indices: there are connections.
        var undone: Set<Int> = []
        fileprivate(set) var keys: Set<VirtualServerKey> = []

        /// The changes that were not made.
        var indices: Set<Int> { undone.union(failures.lazy.map(\.index)) }

        fileprivate mutating func record(_ failure: OperationFailure, at index: Int, of plan: Plan) {
            if plan.changes[index].stillServing != nil, failure.errno == ENOENT || failure.errno == ESRCH { return }
            guard !failure.isDone else { return }
            failures.append(
                OperationFailure(
                    index: index, operation: failure.operation, errno: failure.errno,
                    kernelMessage: failure.kernelMessage))
            if let key = failure.operation.key { keys.insert(key) }
        }

        fileprivate mutating func leave(_ index: Int, of plan: Plan) {
            undone.insert(index)
            if let key = plan.changes[index].operation.key { keys.insert(key) }
        }
    }

    /// Applies a plan; `nil` when the answers were lost and the next look will show what came of it.
    ///
    /// A real server without connections could get one between the look and its removal, which would cut it. So it
    /// gets weight 0 with the other changes, and goes after another look; then nothing can come any more.
    func apply(
        _ plan: Plan, _ companion: (any SyncCompanion)?, isLast: Bool, _ report: inout SyncReport
    ) throws(SyncError) -> Applied? {
        guard !plan.isEmpty else { return Applied() }
        if let companion {
            companion.awaitReadiness()
            report.resume()
        }
        do throws(NetlinkError) {
            var applied = try send(
                plan, plan.changes.indices, \.firstOperation, &report, sent: progress(of: plan, for: companion))
            report.end(\.apply)
            report.effective = report.effective ?? report.phaseStart
            try removeQuiet(plan, &applied, &report)
            return applied
        } catch {
            report.end(\.apply)
            confirmations.forget()
            guard !isLast, error.kind == .answersLost || error.kind == .timedOut else { throw .kernel(error) }
            return nil
        }
    }

    /// What tells a companion how far a plan is; one that is sent at once has no midst.
    private func progress(of plan: Plan, for companion: (any SyncCompanion)?) -> (Int) -> Void {
        guard let companion, plan.changes.count > Self.operationsAtOnce else { return { _ in } }
        var order = ServedAddresses(plan.changes.lazy.map(\.operation.key))
        return { count in companion.follow(order.next(afterFirst: count)) }
    }

    /// Removes the real servers that got weight 0 and have no connections now either.
    private func removeQuiet(_ plan: Plan, _ applied: inout Applied, _ report: inout SyncReport) throws(NetlinkError) {
        let candidates = plan.changes.indices.filter { plan.changes[$0].stillServing != nil }
        guard !candidates.isEmpty else { return }
        let failed = Set(applied.failures.map(\.index))
        var looks: [VirtualServerKey: [ObservedRealServer]] = [:]
        var quiet: [Int] = []
        for index in candidates where !failed.contains(index) {
            guard case .removeRealServer(let endpoint, let key) = plan.changes[index].operation else { continue }
            let found: [ObservedRealServer]
            if let known = looks[key] {
                found = known
            } else {
                found = try table.readRealServers(of: key) ?? []
                looks[key] = found
            }
            if found.first(where: { $0.endpoint == endpoint })?.connections.isIdle ?? true {
                quiet.append(index)
            } else {
                applied.leave(index, of: plan)
            }
        }
        let removals = try send(plan, quiet, \.operation, &report)
        report.end(\.apply)
        applied.failures += removals.failures
        applied.keys.formUnion(removals.keys)
    }

    /// Sends an operation of each of some changes, and tells of those that failed by their changes' indices.
    ///
    /// - Parameter sent: Told how many have been sent so far.
    private func send(
        _ plan: Plan, _ indices: some RandomAccessCollection<Int>, _ operation: (Change) -> TableOperation,
        _ report: inout SyncReport, sent: (Int) -> Void = { _ in }
    ) throws(NetlinkError) -> Applied {
        var applied = Applied()
        var rest = indices[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.operationsAtOnce)
            rest = rest.dropFirst(Self.operationsAtOnce)
            report.operations += part.count
            for failure in try apply(part.map { operation(plan.changes[$0]) }) {
                applied.record(failure, at: part[part.index(part.startIndex, offsetBy: failure.index)], of: plan)
            }
            sent(indices.count - rest.count)
        }
        return applied
    }

    /// Shelters connections where something is moved. Where that is not possible, all is done but the moves.
    private func apply(_ operations: [TableOperation]) throws(NetlinkError) -> [OperationFailure] {
        guard let shelter, operations.contains(where: \.isMove) else { return try table.apply(operations) }
        let result: Result<[OperationFailure], NetlinkError>
        do throws(SysctlError) {
            result = try shelter.shelter(keepsSettings: policy.keepsSettings) { () throws(NetlinkError) in
                try table.apply(operations)
            }
        } catch {
            let others = operations.indices.filter { !operations[$0].isMove }
            let failures = try table.apply(others.map { operations[$0] }).map { failure in
                OperationFailure(
                    index: others[failure.index], operation: failure.operation, errno: failure.errno,
                    kernelMessage: failure.kernelMessage)
            }
            return failures
                + operations.indices.filter { operations[$0].isMove }.map {
                    OperationFailure(
                        index: $0, operation: operations[$0], errno: error.errno, kernelMessage: error.description)
                }
        }
        return try result.get()
    }
}

extension Change {
    /// What is sent first: weight 0 for a real server that has to be looked at again before it goes.
    fileprivate var firstOperation: TableOperation {
        guard case .removeRealServer(_, let key) = operation, var server = stillServing else { return operation }
        server.weight = 0
        return .editRealServer(server, of: key)
    }
}

/// The addresses of a row of changes, in the order in which the last change of their virtual servers is made.
struct ServedAddresses {
    private let order: [(end: Int, address: IPAddress)]
    private var told = 0

    /// - Parameter keys: The virtual server of each change, or of the real server that it is about.
    init(_ keys: some Collection<VirtualServerKey?>) {
        var ends: [IPAddress: Int] = [:]
        // The changes of one virtual server mostly stand together.
        var previous: (key: VirtualServerKey?, end: Int) = (nil, 0)
        func end() {
            if case .endpoint(_, let endpoint) = previous.key { ends[endpoint.address] = previous.end }
        }
        for (index, key) in keys.enumerated() {
            if key != previous.key { end() }
            previous = (key, index + 1)
        }
        end()
        order = ends.map { (end: $0.value, address: $0.key) }.sorted { $0.end < $1.end }
    }

    /// Those that have got everything with the first changes, but for those that have been told of.
    mutating func next(afterFirst count: Int) -> [IPAddress] {
        let first = told
        while told < order.count, order[told].end <= count { told += 1 }
        return order[first..<told].map(\.address)
    }
}
