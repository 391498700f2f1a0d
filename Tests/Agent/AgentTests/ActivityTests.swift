import Configuration
import HealthChecks
import LoadBalancing
import NodeNetwork
import Testing

@testable import Agent

@Suite("Virtual servers that wait for an address")
struct ActivityTests {
    private static let files = """
        defaults: {activeWhen: {address: 192.0.2.7}}
        virtualServers:
        - {address: "192.0.2.7:80", realServers: ["10.0.0.1:8080"]}
        - {address: "192.0.2.7:81", realServers: ["10.0.0.1:8080"]}
        - {address: "192.0.2.8:80", activeWhen: {address: 192.0.2.8}, realServers: ["10.0.0.1:8080"]}
        """
    private let seven = IPAddress(v4: 0xC000_0207)
    private let eight = IPAddress(v4: 0xC000_0208)

    private func stations(_ addresses: IPAddress...) -> NodeStations {
        var stations = NodeStations()
        stations.addresses = Set(addresses)
        return stations
    }

    @Test("They come and go with it, and nothing else is looked at")
    func follows() throws {
        var state = AgentState(
            Declaration(try Configuration.parse(Self.files, file: "f"), stations: stations(eight)), node: "n1")
        _ = state.noteHeardAll()
        #expect(state.desired.virtualServers.map(\.isActive) == [false, false, true])
        #expect(state.inactive == [seven: 2] && state.followsAddresses)
        let keys = state.desired.virtualServers.map(\.key)
        let came = state.use(stations(seven, eight))
        #expect(Set(came) == Set(keys[..<2]))
        #expect(keys.allSatisfy { state.desired($0)?.isActive == true } && state.inactive.isEmpty)
        let same = state.use(stations(seven, eight))
        #expect(same.isEmpty)
        let left = state.use(stations(seven))
        #expect(left == [keys[2]] && state.desired(keys[2])?.isActive == false)
        // An override for one that waits is no orphan.
        let order = OverrideOrder(.put(.drain), address: IPAddress(v4: 0x0A00_0001), port: nil, isForced: true)
        _ = try state.follow(order, by: Override.Author(user: 0, process: 1), now: .now)
        let change = state.apply([], now: .now)
        #expect(change.endedOverrides.isEmpty)
    }

    @Test("A run that does not stay looks at the moment")
    func once() throws {
        var declaration = Declaration(try Configuration.parse(Self.files, file: "f"), stations: stations(eight))
        try declaration.followAddresses()
        #expect(declaration.configuration.desired.virtualServers.map(\.isActive) == [false, false, true])
    }
}
