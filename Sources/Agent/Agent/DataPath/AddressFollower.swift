internal import DataPath
package import LoadBalancing
internal import Netlink
internal import NodeNetwork
internal import Synchronization

/// Makes a device and puts addresses on it while virtual servers are still being programmed, on a thread of its own.
///
/// Thousands of addresses take the kernel about as long as their virtual servers, and it takes both at the same time.
/// What fails is left to the pass that comes after, which does it again and tells; so is the rest when something has.
final class AddressFollower {
    /// Those that have not come yet.
    private var wanted: Set<IPAddress>
    /// How many of them are IPv4 addresses: they come before the device is up, IPv6 ones after it (see ``VIPPlan``).
    private var wantedIPv4: Int
    private var waitingIPv6: [VIPOperation] = []
    private var isUp = false
    private let work: Work
    private var thread: BackgroundWork?

    /// - Parameters:
    ///   - vips: Belongs to the thread until the end.
    ///   - device: The name of a device that is not there.
    ///   - wanted: The addresses that are to be on it.
    init(_ vips: any VIPTable, device: String, wanted: Set<IPAddress>) {
        self.wanted = wanted
        wantedIPv4 = wanted.count { $0.family == .ipv4 }
        // That one stays down.
        isUp = device == DataPathSettings.kubeProxyDevice
        work = Work(vips, device)
    }

    /// Takes note that all virtual servers of these addresses are there; others than wanted ones are passed over.
    func add(_ addresses: [IPAddress]) {
        let operations = operations(addresses)
        guard !operations.isEmpty, work.add(operations) else { return }
        // The one before has ended, or is about to.
        thread?.wait()
        thread = BackgroundWork { [work] in work.run() }
    }

    private func operations(_ addresses: [IPAddress]) -> [VIPOperation] {
        var operations: [VIPOperation] = []
        for address in addresses where wanted.remove(address) != nil {
            if address.family == .ipv4 {
                wantedIPv4 -= 1
                operations.append(.addAddress(address))
            } else {
                waitingIPv6.append(.addAddress(address))
            }
        }
        guard wantedIPv4 == 0, !waitingIPv6.isEmpty else { return operations }
        if !isUp { operations.append(.setUp) }
        isUp = true
        operations += waitingIPv6
        waitingIPv6 = []
        return operations
    }

    /// Waits until nothing is under way, and says what has been done; `nil` when only a look can tell.
    func end() -> [VIPOperation]? {
        thread?.wait()
        return work.done
    }
}

extension AddressFollower {
    /// What the thread does, and what it has done.
    private final class Work: Sendable {
        private struct State {
            var waiting: [VIPOperation] = [.createDevice]
            var done: [VIPOperation]? = []
            /// Whether a thread takes what waits.
            var isRunning = false
            var hasFailed = false
        }

        /// Used by one thread at a time: it is joined before another begins, and before anybody else uses this.
        private nonisolated(unsafe) let vips: any VIPTable
        private let device: String
        private let state = Mutex(State())

        init(_ vips: any VIPTable, _ device: String) {
            self.vips = vips
            self.device = device
        }

        var done: [VIPOperation]? { state.withLock(\.done) }

        /// - Returns: Whether a thread has to be started for it.
        func add(_ operations: [VIPOperation]) -> Bool {
            state.withLock { state in
                guard !state.hasFailed else { return false }
                state.waiting += operations
                defer { state.isRunning = true }
                return !state.isRunning
            }
        }

        func run() {
            while let operations = next() {
                do throws(NetlinkError) {
                    record(operations, try vips.apply(operations, device: device))
                } catch {
                    state.withLock { state in
                        state.hasFailed = true
                        state.done = nil
                    }
                }
            }
        }

        private func next() -> [VIPOperation]? {
            state.withLock { state in
                guard !state.hasFailed, !state.waiting.isEmpty else {
                    state.isRunning = false
                    return nil
                }
                defer { state.waiting = [] }
                return state.waiting
            }
        }

        private func record(_ operations: [VIPOperation], _ failures: [VIPFailure]) {
            let refused = Set(failures.map(\.operation))
            state.withLock { state in
                state.done? += refused.isEmpty ? operations : operations.filter { !refused.contains($0) }
                state.hasFailed = !refused.isEmpty
            }
        }
    }
}

// Addresses of a new device, as soon as their virtual servers are there.
extension DataPathKeeper {
    /// For fewer addresses a thread is not worth its while.
    private static let worthFollowing = 256

    /// Gets ready to take addresses while virtual servers are being programmed, where there are many to come.
    func beginFollowing(_ demand: DataPathDemand, _ report: DataPathReport) {
        guard demand.settings.binding == .address, observed?.device == .missing else { return }
        let wanted = demand.addresses.subtracting(unguarded(demand, report)).filter(isFree)
        guard wanted.count >= Self.worthFollowing else { return }
        follower = AddressFollower(vips, device: demand.settings.device, wanted: wanted)
    }

    /// Takes note that all virtual servers of these addresses are there.
    package func follow(_ addresses: [IPAddress]) { follower?.add(addresses) }

    /// Waits until nothing is under way, and says what has been done.
    func endFollowing(_ report: inout DataPathReport) -> [VIPOperation] {
        guard let follower else { return [] }
        self.follower = nil
        guard let done = follower.end() else {
            report.hasLooked = false
            return []
        }
        for operation in done { observed?.note(operation) }
        return done
    }
}
