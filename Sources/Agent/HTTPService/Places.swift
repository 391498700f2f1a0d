internal import Glibc
internal import Sockets

/// Who has a place in a server, by age: the newest always gets one, and somebody else's goes for it.
///
/// A client that has its share makes room for itself. When all places are taken, the port with the most connections
/// gives one up, of its client with the most, the oldest: neither a client nor a port can take the places of others.
/// Pure bookkeeping; nothing costs more than the number of different clients.
struct Places {
    /// What shares are counted by.
    struct Key: Hashable {
        let port: UInt16?
        let client: ClientIdentity
    }

    typealias Identifier = UInt64

    let limit: Int
    /// Of one client at one port.
    let share: Int
    private var keys: [Identifier: Key] = [:]
    private var queue = Queue()
    private var holders: [Key: Holder] = [:]
    private var ports: [UInt16?: Int] = [:]

    init(limit: Int, share: Int) {
        self.limit = max(1, limit)
        self.share = min(self.limit, max(1, share))
    }

    var count: Int { keys.count }

    func contains(_ identifier: Identifier) -> Bool { keys[identifier] != nil }

    /// The one that came first.
    mutating func oldest() -> Identifier? { queue.first(in: keys) }

    /// All, in no order.
    var all: some Collection<Identifier> { keys.keys }

    /// Gives a place to a newcomer.
    ///
    /// - Parameter identifier: Higher than any before it.
    /// - Returns: Who has to go, and has no place any more.
    mutating func admit(_ identifier: Identifier, _ key: Key) -> Identifier? {
        let leaver =
            holders[key, default: Holder()].count >= share ? oldest(of: key) : count >= limit ? heaviest() : nil
        if let leaver { remove(leaver) }
        keys[identifier] = key
        queue.append(identifier, in: keys)
        holders[key, default: Holder()].count += 1
        holders[key]?.queue.append(identifier, in: keys)
        ports[key.port, default: 0] += 1
        return leaver
    }

    /// Takes the place of somebody for whom there are too few descriptors; `nil` when nobody has one.
    mutating func evict() -> Identifier? {
        guard let leaver = heaviest() else { return nil }
        remove(leaver)
        return leaver
    }

    mutating func remove(_ identifier: Identifier) {
        guard let key = keys.removeValue(forKey: identifier) else { return }
        Self.decrease(&ports, key.port)
        guard let count = holders[key]?.count, count > 1 else {
            holders[key] = nil
            return
        }
        holders[key]?.count = count - 1
    }

    private static func decrease(_ counts: inout [UInt16?: Int], _ port: UInt16?) {
        counts[port] = counts[port].flatMap { $0 > 1 ? $0 - 1 : nil }
    }

    private mutating func oldest(of key: Key) -> Identifier? { holders[key]?.queue.first(in: keys) }

    private mutating func heaviest() -> Identifier? {
        guard let port = ports.max(by: { $0.value < $1.value })?.key else { return nil }
        let most = holders.lazy.filter { $0.key.port == port }.map(\.value.count).max() ?? 0
        // Of several that have as much, the one that came first; whoever is new has most likely not been slow.
        var found: Identifier?
        for key in holders.keys.filter({ $0.port == port && holders[$0]?.count == most }) {
            guard let first = oldest(of: key) else { continue }
            found = min(found ?? first, first)
        }
        return found
    }

    private struct Holder {
        var count = 0
        var queue = Queue()
    }

    /// Identifiers in the order in which they came, of which some have gone meanwhile.
    private struct Queue {
        private var identifiers: [Identifier] = []
        private var head = 0

        mutating func append(_ identifier: Identifier, in present: [Identifier: Key]) {
            // Half of it at least has gone since the last time: each is moved once on average.
            if identifiers.count >= max(64, 2 * swept) {
                identifiers = identifiers[head...].filter { present[$0] != nil }
                head = 0
                swept = identifiers.count
            }
            identifiers.append(identifier)
        }

        mutating func first(in present: [Identifier: Key]) -> Identifier? {
            while head < identifiers.count {
                if present[identifiers[head]] != nil { return identifiers[head] }
                head += 1
            }
            return nil
        }

        /// How many were left at the last clearing.
        private var swept = 0
    }
}

/// Whom connections count for.
enum ClientIdentity: Hashable {
    /// Whoever may open the Unix socket.
    case local
    case ipv4(UInt32)
    /// A network of 64 bits: whoever has one has all of its addresses (RFC 6177).
    case ipv6(UInt64)

    init(_ address: SocketAddress) {
        switch address.family {
        case AF_INET: self = .ipv4(address.ipv4)
        case AF_INET6:
            let (high, low) = address.ipv6
            // A socket for both families shows IPv4 addresses as ::ffff:192.0.2.1.
            self = high == 0 && low >> 32 == 0xFFFF ? .ipv4(UInt32(truncatingIfNeeded: low)) : .ipv6(high)
        default: self = .local
        }
    }
}
