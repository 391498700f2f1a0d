import LoadBalancing

extension Scenario {
    /// That packets arrive at real servers that answer clients themselves: by direct routing and through every tunnel.
    static let forwarding: [Scenario] = Receivers.Way.allCases.map { way in
        let name = way == .direct ? "direct routing" : "a tunnel of type \(way)"
        return Scenario("forwarding: real servers answer clients themselves, reached by \(name)") { context in
            let receivers = try Receivers(context, way: way)
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
}
