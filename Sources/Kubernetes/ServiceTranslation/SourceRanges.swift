import DataPath
import KubernetesObjects
import LoadBalancing

/// Who may use a Service's load balancer addresses, by family (`newBaseServiceInfo` in `pkg/proxy/serviceport.go`).
///
/// Ranges are sorted by family first; one of length 0 opens its own family and no other. A family without a range is
/// shut, which is stricter than kube-proxy, and so is everything when the ranges are more than one Service may have.
struct SourceRanges {
    /// Who may connect, by family; a family that is missing is open to everybody.
    private var lists: [AddressFamily: SourceList] = [:]

    /// Whether not everybody may connect, in a family that the Service has.
    private(set) var isRestricted = false

    /// Invalid ranges that are told one by one.
    private static let shown = 5

    /// - Parameter warnings: Gets what is no network. It is left out, which lets fewer in, never more.
    init(_ service: Service, policy: TranslationPolicy, _ warnings: inout [TranslationWarning]) {
        let texts = service.loadBalancerSourceRanges
        guard service.kind == .loadBalancer, !texts.isEmpty else { return }
        let object = service.metadata.id
        let families = Set(service.clusterIPs.compactMap { IPAddress(kubernetes: $0)?.family })
        defer { isRestricted = families.contains { lists[$0] != nil } }
        guard texts.count <= ServiceBounds.sourceRanges else {
            for family in AddressFamily.allCases { lists[family] = SourceList.none(family) }
            warnings.append(
                .bound(
                    object,
                    "loadBalancerSourceRanges: \(texts.count) ranges are more than the \(ServiceBounds.sourceRanges) "
                        + "that one Service may have; nobody may use its load balancer addresses: join ranges, or "
                        + "split the Service"))
            return
        }
        var networks: [IPPrefix] = []
        var invalid: [String] = []
        for text in texts {
            if let network = IPPrefix(sourceRange: text) { networks.append(network) } else { invalid.append(text) }
        }
        if !invalid.isEmpty { warnings.append(Self.refusal(invalid, object)) }
        let ingress = service.loadBalancerIngress.compactMap { IPAddress(kubernetes: $0.ip) }
        for family in AddressFamily.allCases {
            let own = networks.filter { $0.address.family == family }
            guard !own.contains(where: { $0.length == 0 }) else { continue }
            lists[family] = Self.list(family, own, ingress, policy)
            if own.isEmpty, !networks.isEmpty, ingress.contains(where: { $0.family == family }) {
                warnings.append(
                    TranslationWarning(
                        object,
                        "loadBalancerSourceRanges has no \(family.label) range; nobody may use its \(family.label) "
                            + "load balancer addresses: add \(family == .ipv4 ? "0.0.0.0/0" : "::/0") to open them"))
            }
        }
    }

    /// Who may use an address of that family; `nil` for everybody.
    func list(_ family: AddressFamily) -> SourceList? { lists[family] }

    /// A node that may connect comes from the very address that it connects to, which is its own too.
    private static func list(
        _ family: AddressFamily, _ networks: [IPPrefix], _ ingress: [IPAddress], _ policy: TranslationPolicy
    ) -> SourceList {
        let list = SourceList(family, networks)
        guard policy.nodeAddresses.contains(where: { $0.family == family && list.contains($0) }) else { return list }
        let own = ingress.filter { $0.family == family }.map { $0...$0 }
        return SourceList(family, merging: list.ranges + own)
    }

    private static func refusal(_ invalid: [String], _ object: ObjectName) -> TranslationWarning {
        let names = invalid.prefix(shown).map { "\"\($0.excerpt())\"" }.joined(separator: ", ")
        let more = invalid.count > shown ? " and \(invalid.count - shown) more" : ""
        let verb = invalid.count == 1 ? "is no network and is" : "are no networks and are"
        return TranslationWarning(object, "loadBalancerSourceRanges: \(names)\(more) \(verb) left out")
    }
}

extension IPPrefix {
    /// The longest text that can be a range, blanks around it included.
    private static let longestText = 128

    fileprivate init?(sourceRange text: String) {
        guard text.utf8.count <= Self.longestText else { return nil }
        self.init(kubernetes: text)
    }
}
