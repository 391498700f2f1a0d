import DataPath
import LoadBalancing
import Testing

@testable import NFTables

@Suite struct FirewallStateTests {
    @Test func aListComesWithWhatItGuards() throws {
        let list = try Samples.sources()
        let guarded = DataPathElement.guarded(Samples.web, list)
        let state = FirewallState(settings: FirewallSettings(), elements: [guarded])
        #expect(state.elements == [guarded, .sources(list)])
        // One that guards nothing is of no use.
        #expect(FirewallState(settings: FirewallSettings(), elements: [.sources(list)]).elements.isEmpty)
    }

    @Test func nobodyNeedsNoList() {
        let guarded = DataPathElement.guarded(Samples.web, .none(.ipv4))
        #expect(FirewallState(settings: FirewallSettings(), elements: [guarded]).elements == [guarded])
    }

    @Test func oneOfTwoTreatmentsAndGuardsStays() throws {
        let treatments = [.always, .never].map { DataPathElement.service(Samples.web, ServiceTreatment($0)) }
        let lists = [try Samples.sources(), .none(.ipv4)].map { DataPathElement.guarded(Samples.web, $0) }
        let elements = treatments + lists
        let states = [elements, elements.reversed()].map { FirewallState(settings: FirewallSettings(), elements: $0) }
        #expect(states[0] == states[1])
        #expect(states[0].elements.count { $0.virtualServer != nil } == 2)
    }

    @Test func whatNoRuleCanSayIsLeftOut() throws {
        let everyPort = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 1), port: 0))
        let state = FirewallState(
            settings: FirewallSettings(),
            elements: [
                .service(.firewallMark(7, .ipv4), ServiceTreatment(.always)),
                .service(everyPort, ServiceTreatment(.always)),
                .guarded(.firewallMark(7, .ipv4), try Samples.sources()),
                .guarded(Samples.web, SourceList(.ipv6, [try Samples.network("fd00::/8")])),
                .healthCheckPort(0),
            ])
        #expect(state.elements.isEmpty)
    }
}
