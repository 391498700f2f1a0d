package import KubeProxy
package import LoadBalancing

/// What kube-proxy has left on a node and is to go, in an order in which nothing goes that still serves something else.
package struct TakeoverPlan: Hashable, Sendable {
    package var steps: [TakeoverStep] = []
    /// What is kube-proxy's and has to stay, with the reason.
    package var kept: [String] = []

    package init(steps: [TakeoverStep] = [], kept: [String] = []) {
        self.steps = steps
        self.kept = kept
    }

    /// Whether rules go that may be the last to need connection tracking.
    package var losesTracking: Bool {
        steps.contains { step in
            switch step {
            case .removeRules, .deleteTable: true
            case .destroySet, .removeVirtualServer, .removeDevice, .adoptDevice: false
            }
        }
    }

    package static func + (first: Self, second: Self) -> Self {
        TakeoverPlan(steps: first.steps + second.steps, kept: first.kept + second.kept)
    }

    /// Whether nothing is left to remove.
    package var isEmpty: Bool { steps.isEmpty }
}

/// One thing of kube-proxy's that is removed, or becomes ours. Each is done when it is gone already.
package enum TakeoverStep: Hashable, Sendable {
    /// Chains of iptables, and what leads into them: those of a table all at once.
    case removeRules(IPTablesRemoval, from: IPTablesVariant)
    /// A set of ipset's.
    case destroySet(String)
    /// A table of nftables', as `ip kube-proxy`.
    case deleteTable(String)
    /// The virtual server of a Service that is no more.
    case removeVirtualServer(VirtualServerKey)
    /// The device with this many addresses.
    case removeDevice(String, addresses: Int)
    /// The device with this many addresses becomes ours as it is.
    case adoptDevice(String, addresses: Int)

    /// Whether it goes.
    package var isRemoval: Bool {
        if case .adoptDevice = self { return false }
        return true
    }

    /// What is done to it.
    package var verb: String { isRemoval ? "remove" : "adopt" }
}

extension TakeoverStep: CustomStringConvertible {
    /// What it is about.
    package var description: String {
        switch self {
        case .removeRules(let removal, let variant):
            "\(variant.name): \(removal.chainCount) chains and \(removal.jumpCount) rules that lead into them"
        case .destroySet(let name): "ipset \(name)"
        case .deleteTable(let name): "nftables table \(name)"
        case .removeVirtualServer(let key): "virtual server \(key)"
        case .removeDevice(let name, let count), .adoptDevice(let name, let count):
            "device \(name) with \(count) addresses"
        }
    }
}
