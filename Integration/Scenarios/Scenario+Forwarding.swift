import LoadBalancing

extension Scenario {
    /// That packets arrive at real servers that answer clients themselves: by direct routing and through every tunnel,
    /// of either family in either.
    static let forwarding: [Scenario] =
        Receivers.Way.allCases.map { way in
            let name = way == .direct ? "direct routing" : "a tunnel of type \(way)"
            return Scenario("forwarding: real servers answer clients themselves, reached by \(name)") { context in
                try expectAnswers(Receivers(context, way: way), context)
            }
        } + [
            Scenario("forwarding: packets reach real servers through tunnels of the other family") { context in
                try expectAnswers(Receivers(context, way: .ipip, crossesFamilies: true), context)
            }
        ]

    /// Every real server gets some connections of each family and protocol, from the client's own address.
    private static func expectAnswers(_ receivers: Receivers, _ context: Context) throws(ScenarioFailure) {
        try context.sync(receivers.configuration)
        for family in AddressFamily.allCases {
            for transport in TransportProtocol.allCases {
                let question = try LabQuestion(
                    from: .outside, to: Receivers.host(family), port: Receivers.port, transport)
                let outcomes = try receivers.lab.ask(question, times: 6)
                let expected = Receivers.pods.map {
                    LabOutcome.served(by: $0.rawValue, source: LabPlace.outside.address(family))
                }
                try expectEqual(Set(outcomes), Set(expected), "\(transport) \(family)")
            }
        }
    }
}
