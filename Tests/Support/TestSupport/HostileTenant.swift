/// A tenant that means no good, from a seed: Services and EndpointSlices of its namespace, as an API server would pass
/// them on or worse. Its cluster IPs, node ports and load balancer addresses are its own, for others than tenants give
/// these; what a tenant writes itself it writes as it likes.
package struct HostileTenant {
    /// An object as JSON on one line, or the name of one that goes.
    package struct Act {
        /// `services` or `endpointslices`.
        package let resource: String
        /// Within ``namespace``.
        package let name: String
        /// `nil` when it goes.
        package let json: String?
    }

    package static let namespace = "evil"
    /// Services and slices that there are at most at one time: rapid churn, not a flood of names.
    package static let population = 200

    private var generator: SeededGenerator
    /// What it would like to take from others.
    private let coveted: [String]
    private let size: Int

    /// - Parameters:
    ///   - coveted: Addresses of others.
    ///   - size: How much longer lists get than they may be: 1 for about ten times as long.
    package init(seed: UInt64, coveted: [String], size: Int = 1) {
        generator = SeededGenerator(seed: seed)
        self.coveted = coveted
        self.size = size
    }

    package mutating func next() -> Act {
        let number = pick(Self.population)
        let isService = chance(2)
        let name = (isService ? "e" : "s") + "\(number)"
        let resource = isService ? "services" : "endpointslices"
        if chance(8) { return Act(resource: resource, name: name, json: nil) }
        return Act(resource: resource, name: name, json: isService ? service(name, number) : slice(name))
    }

    // MARK: - Services

    private mutating func service(_ name: String, _ number: Int) -> String {
        var spec = [
            member("type", text(["LoadBalancer", "NodePort", "ClusterIP"])),
            member("clusterIP", quote("10.97.0.\(number + 1)")),
            member("clusterIPs", list([quote("10.97.0.\(number + 1)"), quote("fd00:97::\(number + 1)")])),
            member("ports", list(ports(number))),
        ]
        if chance(2) { spec.append(member("externalIPs", list(addresses()))) }
        if chance(2) { spec.append(member("loadBalancerSourceRanges", list(ranges()))) }
        if chance(3) {
            spec.append(member("externalTrafficPolicy", quote("Local")))
            spec.append(member("healthCheckNodePort", "\(31_000 + pick(3))"))
        }
        if chance(4) { spec.append(member("sessionAffinity", quote("ClientIP"))) }
        let ingresses = (0..<amount(3, 700)).map { _ in
            object([member("ip", quote("198.18.\(number).\(pick(256))"))])
        }
        return object([
            member("metadata", metadata(name, annotations())), member("spec", object(spec)),
            member("status", object([member("loadBalancer", object([member("ingress", list(ingresses))]))])),
        ])
    }

    private mutating func ports(_ number: Int) -> [String] {
        (0..<amount(3, 5_000)).map { index in
            var fields = [
                member("port", "\(chance(20) ? pick(65_536) : 80 + index)"),
                member("protocol", text(["TCP", "TCP", "UDP", "SCTP"])),
            ]
            if index < 4, chance(3) { fields.append(member("nodePort", "\(20_000 + 4 * number + index)")) }
            let name = chance(500) ? String(repeating: "p", count: 300) : "p\(index)"
            if chance(2) { fields.append(member("name", quote(name))) }
            return object(fields)
        }
    }

    /// Those of others, special ones, ones that are none, and some of its own.
    private mutating func addresses() -> [String] {
        (0..<amount(4, 700)).map { _ in
            switch pick(4) {
            case 0: quote(coveted[pick(coveted.count)])
            case 1: text(Self.oddAddresses)
            case 2: quote("fd00:\(pick(65_536))::\(pick(9_999))")
            default: quote("198.51.\(pick(256)).\(pick(256))")
            }
        }
    }

    private static let oddAddresses = [
        "127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "169.254.169.254", "::", "::1", "fe80::1", "ff02::1",
        "::ffff:10.96.1.1", "010.096.001.001", "10.96.1", "1", "", " 10.96.1.1", "10.96.1.1/32", "localhost",
        "\\u001b[2J",
        "10.96.1.1\\nx", "192.0.2.0", "\\u202e1.1.1.69.01",
    ]

    private mutating func ranges() -> [String] {
        (0..<amount(5, 20_000)).map { _ in
            switch pick(12) {
            case 0: text(Self.oddRanges)
            case 1: quote("2001:db8:\(pick(9_999))::/\(pick(129))")
            default: quote("\(1 + pick(223)).\(pick(256)).\(pick(256)).\(pick(256))/\(8 + pick(25))")
            }
        }
    }

    private static let oddRanges = [
        "0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", " 10.0.0.0/8 ",
        "",
        "/", "::ffff:10.0.0.0/104", "010.0.0.0/8", "10.0.0.0/8/8", "x", "255.255.255.255/32", "::1/128", "10.0.0.0/ 8",
    ]

    private mutating func annotations() -> [String] {
        var found: [String] = []
        for _ in 0..<amount(2, 3_000, rarity: 100) {
            found.append(
                "\(quote("ipvsync.io/" + Self.names[pick(Self.names.count)] + (chance(2) ? "" : "\(pick(5_000))"))):"
                    + value())
        }
        return found
    }

    private static let names = [
        "edge", "scheduler", "scheduler-flags", "forwarding", "persistence-granularity", "one-packet", "drain-timeout",
        "upper-threshold", "check", "weight", "", "x",
    ]

    private mutating func value() -> String {
        if chance(50) { return quote(String(repeating: "v", count: 100_000)) }
        return text([
            "ftp", "wrr", "mh", "direct", "tunnel", "masquerade", "32", "0", "-1", "true", "1h", "99999999999999999999",
            "mh-port", "sh-port,mh-port", "\\u001b]0;x\\u0007", "", "18446744073709551616", "nf_nat",
        ])
    }

    // MARK: - Slices

    /// Of a Service of its own, or of another namespace's by its name.
    private mutating func slice(_ name: String) -> String {
        let owner = chance(4) ? ["web0", "good/web0", "../good/web0", ""][pick(4)] : "e\(pick(Self.population))"
        let family = chance(5) ? "IPv6" : "IPv4"
        let endpoints = (0..<amount(4, 1_000)).map { _ in
            object([
                member("addresses", list([chance(10) ? text(Self.oddAddresses) : endpoint(family)])),
                member("nodeName", quote("n\(pick(3))")),
                member(
                    "conditions",
                    object([
                        member("ready", chance(4) ? "false" : "true"),
                        member("terminating", chance(9) ? "true" : "false"),
                    ])),
            ])
        }
        let ports = (0..<amount(3, 200)).map { index in
            object([
                member("name", quote(index == 0 ? "" : "p\(index)")), member("port", "\(pick(65_536))"),
                member("protocol", text(["TCP", "UDP"])),
            ])
        }
        return object([
            member("metadata", metadata(name, annotations(), owner: owner)), member("addressType", quote(family)),
            member("ports", list(ports)), member("endpoints", list(endpoints)),
        ])
    }

    private mutating func endpoint(_ family: String) -> String {
        quote(family == "IPv6" ? "fd00:245::\(1 + pick(9_999))" : "10.245.\(pick(256)).\(1 + pick(254))")
    }

    // MARK: - JSON

    private func metadata(_ name: String, _ annotations: [String], owner: String? = nil) -> String {
        var fields = [
            member("name", quote(name)), member("namespace", quote(Self.namespace)),
            member("creationTimestamp", quote("2001-01-01T00:00:00Z")),
            member(
                "annotations",
                object(Dictionary(annotations.map { ($0.prefix { $0 != ":" }, $0) }) { $1 }.values.sorted())),
        ]
        if let owner { fields.append(member("labels", object([member("kubernetes.io/service-name", quote(owner))]))) }
        return object(fields)
    }

    /// A few, and now and then far more than there may be.
    private mutating func amount(_ few: Int, _ many: Int, rarity: Int = 30) -> Int {
        chance(rarity) ? pick(many * size) + 1 : pick(few + 1)
    }

    private mutating func chance(_ one: Int) -> Bool { pick(one) == 0 }
    private mutating func pick(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
    private mutating func text(_ choices: [String]) -> String { quote(choices[pick(choices.count)]) }
    private func quote(_ text: String) -> String { "\"\(text)\"" }
    private func member(_ name: String, _ value: String) -> String { "\"\(name)\":\(value)" }
    private func object(_ members: [String]) -> String { "{\(members.joined(separator: ","))}" }
    private func list(_ items: [String]) -> String { "[\(items.joined(separator: ","))]" }
}
