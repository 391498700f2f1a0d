internal import Synchronization

/// What a server counts; it outlives the server.
package final class HTTPFigures: Sendable {
    /// Why a connection ended before it was answered.
    package enum End: String, Hashable, Sendable, CaseIterable {
        /// It made place for a newer one.
        case displaced
        /// Its request did not come, or its answer was not taken, in time.
        case late
        /// There were no descriptors left.
        case exhausted
    }

    package struct Counts: Hashable, Sendable {
        package var accepted: UInt64 = 0
        package var answered: UInt64 = 0
        package var ended: [End: UInt64] = [:]
        /// Connections that are open now.
        package var open = 0
    }

    private let counts = Mutex(Counts())

    package init() {}

    package var current: Counts { counts.withLock { $0 } }

    func count(_ change: (inout Counts) -> Void) { counts.withLock { change(&$0) } }
}
