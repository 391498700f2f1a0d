import KubernetesObjects
import LoadBalancing

/// What is left out of objects of the whole cluster: addresses and networks of Nodes, networks of ServiceCIDRs.
struct ObjectWarnings: Sendable {
    struct Change: Sendable {
        let before: [TranslationWarning]
        let now: [TranslationWarning]
    }

    private var told: [ObjectIdentity: [TranslationWarning]] = [:]
    private var changes: [Change] = []

    /// Takes what is said of an object now.
    mutating func replace(_ warnings: [TranslationWarning], of identity: ObjectIdentity) {
        let before = told[identity] ?? []
        guard before != warnings else { return }
        told[identity] = warnings.isEmpty ? nil : warnings
        changes.append(Change(before: before, now: warnings))
    }

    /// How they have changed since the last call.
    mutating func takeChanges() -> [Change] {
        guard !changes.isEmpty else { return [] }
        defer { changes = [] }
        return changes
    }

    func ofNode(_ name: String) -> [TranslationWarning] {
        told[ObjectIdentity(kind: "Node", name: ObjectName(of: name))] ?? []
    }
}

extension ObjectName {
    /// Of an object of the whole cluster.
    init(of name: String) { self.init(namespace: "", name: name) }
}

extension Node {
    /// Its addresses and networks that are left out.
    var warnings: [TranslationWarning] {
        let unreadable = addresses.filter { IPAddress(kubernetes: $0) == nil }
        let special = addresses.filter { IPAddress(kubernetes: $0)?.special != nil }
        let networks = podNetworks.filter { IPPrefix(kubernetes: $0) == nil }
        return [
            TranslationWarning(leavingOut: unreadable, "is no address", of: metadata.id, "Node"),
            TranslationWarning(leavingOut: special, "is no address that others reach", of: metadata.id, "Node"),
            TranslationWarning(leavingOut: networks, "in podCIDRs is no network", of: metadata.id, "Node"),
        ].compactMap(\.self)
    }
}

extension ServiceCIDR {
    /// Its networks that are left out.
    var warnings: [TranslationWarning] {
        let networks = cidrs.filter { IPPrefix(kubernetes: $0) == nil }
        return [TranslationWarning(leavingOut: networks, "is no network", of: metadata.id, "ServiceCIDR")]
            .compactMap(\.self)
    }
}

extension TranslationWarning {
    /// - Returns: `nil` if nothing is left out.
    fileprivate init?(leavingOut texts: [String], _ problem: String, of object: ObjectName, _ kind: String) {
        guard !texts.isEmpty else { return nil }
        self.init(
            object, kind: kind, reason: .address,
            "\(texts.map { "\"\($0.excerpt())\"" }.firstFew()) \(problem) and is left out")
    }
}
