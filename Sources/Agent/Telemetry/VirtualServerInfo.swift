internal import LoadBalancing
internal import Reconcile

/// Names of our virtual servers beside the labels that node_exporter's `node_ipvs_*` series have (its `ipvs` collector),
/// for a join.
struct VirtualServerInfo {
    /// With more virtual servers than these, none is named.
    static let limit = 50_000

    static func write(to text: inout Exposition, _ owned: [VirtualServerKey: Ledger.Ownership]?) {
        text.single(
            "ipvsync_virtual_server_info_enabled", .gauge,
            "Whether virtual servers are named one by one: not above 50000.", owned == nil ? 0 : 1)
        guard let owned else { return }
        text.begin(
            "ipvsync_virtual_server_info", .gauge,
            "Names of virtual servers, with the labels of node_exporter's node_ipvs series.")
        // As there, the families of a firewall mark cannot be told apart: the first one is named.
        var marks: Set<UInt32> = []
        for (key, ownership) in owned.sorted(by: { $0.key < $1.key }) {
            if case .firewallMark(let number, _) = key, !marks.insert(number).inserted { continue }
            text.sample("ipvsync_virtual_server_info", place(of: key) + ServiceLabels.of(ownership.name), 1)
        }
    }

    /// As node_exporter reads `/proc/net/ip_vs`.
    private static func place(of key: VirtualServerKey) -> Exposition.Labels {
        var (address, port, name, mark) = ("", "0", "FWM", "")
        switch key {
        case .endpoint(let transportProtocol, let endpoint):
            (address, port) = ("\(endpoint.address)", "\(endpoint.port)")
            name = "\(transportProtocol)".uppercased()
        case .otherProtocol(let number, let endpoint):
            (address, port, name) = ("\(endpoint.address)", "\(endpoint.port)", "\(number)")
        case .firewallMark(let number, _):
            let digits = String(number, radix: 16, uppercase: true)
            mark = String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits
        }
        return [("local_address", address), ("local_port", port), ("proto", name), ("local_mark", mark)]
    }
}

/// The labels of a Service's port.
enum ServiceLabels {
    /// The names of Kubernetes Services are `namespace/name:port`; other names are the service's alone.
    static func of(_ name: String?) -> Exposition.Labels {
        let name = name ?? ""
        let slash = name.firstIndex(of: "/")
        let namespace = slash.map { String(name[..<$0]) } ?? ""
        let rest = slash.map { name[name.index(after: $0)...] } ?? name[...]
        let colon = rest.firstIndex(of: ":")
        let port = colon.map { String(rest[rest.index(after: $0)...]) } ?? ""
        return [
            ("namespace", namespace), ("service", String(rest[..<(colon ?? rest.endIndex)])), ("port", port),
        ]
    }
}
