internal import DataPath
package import LoadBalancing
internal import NodeNetwork

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
        for operation in done {
            switch operation {
            case .createDevice: observed?.device = .ours(isUp: false)
            case .setUp: observed?.device = .ours(isUp: true)
            case .addAddress(let address): observed?.addresses.insert(address)
            default: break
            }
        }
        return done
    }
}
