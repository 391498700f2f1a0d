import KubernetesObjects

/// Random objects with few names and addresses: they collide, and belong together, often.
struct SoakObjects {
    let random: SoakRandom

    static let node = "n1"
    static let services = 10
    private static let schedulers = ["rr", "wrr", "lc", "sh", "mh", "nosuch scheduler"]
    private static let protocols = ["TCP", "TCP", "UDP", "SCTP"]

    func service() -> SoakObject {
        let number = random.number(0...(Self.services - 1))
        let family = random.number(0...3)
        var clusterIPs = family == 1 ? [] : [#""10.96.0.\#(number)""#]
        if family > 0 { clusterIPs.append(#""fd00:96::\#(number)""#) }
        let type = random.one(of: ["ClusterIP", "ClusterIP", "NodePort", "LoadBalancer"])
        let ports = (0...random.number(0...1)).map { port($0, number, hasNodePort: type != "ClusterIP") }
        var spec = [
            #""type":"\#(type)""#, #""clusterIP":\#(clusterIPs[0])"#, #""clusterIPs":[\#(joined(clusterIPs))]"#,
            #""ports":[\#(joined(ports))]"#,
        ]
        if random.happens(0.3) { spec.append(#""externalIPs":["192.0.2.\#(random.number(20...22))","2001:db8:9::1"]"#) }
        if random.happens(0.3) {
            spec.append(
                #""sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":\#(random.one(of: [60, 10_800]))}}"#
            )
        }
        if random.happens(0.2) { spec.append(#""externalTrafficPolicy":"Local""#) }
        if random.happens(0.2) { spec.append(#""internalTrafficPolicy":"Local""#) }
        let ingress = type == "LoadBalancer" ? #"{"ip":"203.0.113.\#(100 + number)","ipMode":"VIP"}"# : ""
        let created = #","creationTimestamp":"2026-01-0\#(random.number(1...3))T00:00:00Z""#
        return SoakObject(
            kind: "Service", name: ObjectName(namespace: "shop", name: "s\(number)"),
            metadata: created + annotations,
            fields: #","spec":{\#(joined(spec))},"status":{"loadBalancer":{"ingress":[\#(ingress)]}}"#)
    }

    func endpointSlice() -> SoakObject {
        let service = random.number(0...(Self.services - 1))
        let isIPv6 = random.happens(0.4)
        let endpoints = random.some(of: Array(1...6), 0.5).map { endpoint($0, isIPv6: isIPv6) }
        let ports = (0...1).map {
            #"{"name":"p\#($0)","port":\#(8080 + $0),"protocol":"\#(Self.protocols[(service + $0) % 4])"}"#
        }
        let weight = random.happens(0.3) ? #","annotations":{"ipvsync.io/weight":"\#(random.number(0...9))"}"# : ""
        // Now and then a slice goes over to another Service.
        let owner = random.happens(0.95) ? service : (service + 1) % Self.services
        return SoakObject(
            kind: "EndpointSlice", name: ObjectName(namespace: "shop", name: "s\(service)-\(random.number(0...1))"),
            metadata: #","labels":{"kubernetes.io/service-name":"s\#(owner)"}\#(weight)"#,
            fields:
                #","addressType":"\#(isIPv6 ? "IPv6" : "IPv4")","ports":[\#(joined(ports))],"endpoints":[\#(joined(endpoints))]"#
        )
    }

    func nodeObject() -> SoakObject {
        let addresses = random.some(of: ["192.0.2.1", "198.51.100.1", "2001:db8:1::1"], 0.6)
            .map { #"{"type":"InternalIP","address":"\#($0)"}"# }
        return SoakObject(
            kind: "Node", name: ObjectName(namespace: "", name: Self.node),
            metadata: #","labels":{"topology.kubernetes.io/zone":"z\#(random.number(1...2))"}"#,
            fields: #","status":{"addresses":[\#(joined(addresses))]}"#)
    }

    /// The same object in a shape that nobody can read.
    func unreadable(_ object: SoakObject) -> SoakObject {
        let fields =
            switch object.kind {
            case "Service": #","spec":{"ports":"all"}"#
            case "EndpointSlice": #","endpoints":7"#
            default: #","status":"unknown""#
            }
        return SoakObject(
            kind: object.kind, name: object.name, metadata: object.metadata, fields: fields, isReadable: false)
    }

    private func port(_ index: Int, _ service: Int, hasNodePort: Bool) -> String {
        // Sometimes two Services want the same node port.
        let nodePort = hasNodePort ? #","nodePort":\#(30_000 + (service / 2) * 2 + index)"# : ""
        return
            #"{"name":"p\#(index)","port":\#(81 + index),"protocol":"\#(Self.protocols[(service + index) % 4])"\#(nodePort)}"#
    }

    private var annotations: String {
        var values: [String] = []
        if random.happens(0.3) { values.append(#""ipvsync.io/scheduler":"\#(random.one(of: Self.schedulers))""#) }
        if random.happens(0.2) {
            values.append(#""ipvsync.io/forwarding":"\#(random.one(of: ["masquerade", "direct", "tunnel", "magic"]))""#)
        }
        if random.happens(0.2) { values.append(#""ipvsync.io/drain-timeout":"\#(random.one(of: [0, 30, 60]))s""#) }
        if random.happens(0.1) { values.append(#""ipvsync.io/upper-threshold":"\#(random.one(of: [50, 500]))""#) }
        if random.happens(0.1) { values.append(#""ipvsync.io/persistence-granularity":"24""#) }
        return values.isEmpty ? "" : #","annotations":{\#(joined(values))}"#
    }

    private func endpoint(_ number: Int, isIPv6: Bool) -> String {
        let address = isIPv6 ? "fd00:244::\(number)" : "10.244.0.\(number)"
        var text = #"{"addresses":["\#(address)"]"#
        if random.happens(0.3) { text += #","nodeName":"\#(random.one(of: [Self.node, "n2"]))""# }
        if random.happens(0.2) { text += #","hints":{"forZones":[{"name":"z\#(random.number(1...2))"}]}"# }
        if random.happens(0.3) {
            text +=
                #","conditions":{"ready":\#(random.happens(0.5)),"serving":true,"terminating":\#(random.happens(0.3))}"#
        }
        return text + "}"
    }

    private func joined(_ texts: [String]) -> String { texts.joined(separator: ",") }
}
