import DataPath
import LoadBalancing
import Testing

@testable import NFTables

@Suite struct FirewallDifferenceTests {
    private let state: FirewallState
    private let observed: ObservedFirewall

    init() throws {
        state = try Samples.small()
        observed = ObservedFirewall(elements: state.elements, shape: FirewallShape(state.settings))
    }

    @Test func equalTablesNeedNothing() {
        let difference = FirewallDifference.between(state, observed)
        #expect(difference.isEmpty)
        #expect(difference.transaction(to: state).isEmpty)
    }

    @Test func noTableIsReplaced() {
        let difference = FirewallDifference.between(state, nil)
        #expect(difference == .replacement("there is no table inet ipvsync"))
        #expect(difference.transaction(to: state) == .replacing(with: state))
    }

    @Test func elementsAreTheOnlyDifference() {
        var other = observed
        other.elements.remove(.service(Samples.names, ServiceTreatment(.outsidePods)))
        other.elements.insert(.healthCheckPort(7))
        let added = DataPathElement.service(Samples.names, ServiceTreatment(.outsidePods))
        let difference = FirewallDifference.between(state, other)
        #expect(difference == .changes(added: [added], removed: [.healthCheckPort(7)]))
        #expect(difference.transaction(to: state) == .changing(added: [added], removed: [.healthCheckPort(7)]))
    }

    @Test func everyKindOfDamageIsFound() throws {
        let damages: [(String, (inout FirewallShape) -> Void)] = [
            ("somebody changed the chain input", { $0.chains["input"]?.seals.removeLast() }),
            ("somebody changed the chain input", { $0.chains["input"]?.seals.swapAt(0, 1) }),
            ("somebody changed the chain direct", { $0.chains["direct"]?.seals.append("none") }),
            ("somebody changed the chain input", { $0.chains["input"]?.hook = "filter input -10 drop" }),
            ("somebody removed the chain output", { $0.chains["output"] = nil }),
            ("somebody added the chain mine", { $0.chains["mine"] = FirewallShape.Chain(hook: "", seals: []) }),
            ("somebody removed the set hairpins6", { $0.sets["hairpins6"] = nil }),
            ("somebody changed the set services4", { $0.sets["services4"]?.flags = ["timeout"] }),
            ("the table has the flags dormant", { $0.tableFlags = ["dormant"] }),
            ("the table has a counter, which is not ours", { $0.strangers = ["a counter"] }),
        ]
        for (message, damage) in damages {
            var other = observed
            damage(&other.shape)
            #expect(FirewallDifference.between(state, other) == .replacement(message))
            #expect(!other.isIntact(under: state.settings))
        }
    }

    @Test func settingsShowInTheRules() throws {
        let others = [
            FirewallSettings(masqueradeMark: 0x8000, podNetworks: state.settings.podNetworks),
            FirewallSettings(masqueradesAll: true, podNetworks: state.settings.podNetworks),
            FirewallSettings(podNetworks: [try Samples.network("10.244.0.0/16")]), FirewallSettings(),
        ]
        for settings in others { #expect(!observed.isIntact(under: settings)) }
        let sameInOtherOrder = FirewallSettings(podNetworks: state.settings.podNetworks.reversed())
        #expect(observed.isIntact(under: sameInOtherOrder))
    }
}
