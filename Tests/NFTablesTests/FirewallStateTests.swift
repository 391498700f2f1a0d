import DataPath
import LoadBalancing
import Testing

@testable import NFTables

@Suite struct FirewallStateTests {
    @Test func sourcesWithinOthersOfTheSameVirtualServerGo() throws {
        let wide = DataPathElement.source(Samples.web, try Samples.network("10.0.0.0/8"))
        let within = DataPathElement.source(Samples.web, try Samples.network("10.1.0.0/16"))
        let beside = DataPathElement.source(Samples.web, try Samples.network("11.0.0.0/16"))
        let other = DataPathElement.source(
            .endpoint(.udp, Endpoint(IPAddress(v4: 1), port: 1)), try Samples.network("10.1.0.0/16"))
        let state = FirewallState(settings: FirewallSettings(), elements: [within, wide, beside, other])
        #expect(state.elements == [wide, beside, other])
    }

    @Test func everySourceHoldsAllOthers() throws {
        let all = DataPathElement.source(Samples.web, try Samples.network("0.0.0.0/0"))
        let one = DataPathElement.source(Samples.web, try Samples.network("255.255.255.255"))
        #expect(FirewallState(settings: FirewallSettings(), elements: [one, all]).elements == [all])
    }

    @Test func theStricterOfTwoTreatmentsStays() {
        let lax = DataPathElement.service(Samples.web, ServiceTreatment(.always))
        let strict = DataPathElement.service(Samples.web, ServiceTreatment(.never, isRestricted: true))
        for elements in [[lax, strict], [strict, lax]] {
            #expect(FirewallState(settings: FirewallSettings(), elements: elements).elements == [strict])
        }
    }

    @Test func whatNoRuleCanSayIsLeftOut() throws {
        let everyPort = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 1), port: 0))
        let state = FirewallState(
            settings: FirewallSettings(),
            elements: [
                .service(.firewallMark(7, .ipv4), ServiceTreatment(.always)),
                .service(everyPort, ServiceTreatment(.always)),
                .source(.firewallMark(7, .ipv4), try Samples.network("10.0.0.0/8")),
                .source(Samples.web, try Samples.network("fd00::/8")),
                .healthCheckPort(0),
            ])
        #expect(state.elements.isEmpty)
    }
}
