import DataPath
import KubernetesObjects
import LoadBalancing

/// The lists of source ranges that each namespace has in use. Each is a set of the kernel's, which looks through all of
/// them for one: a tenant with thousands would make everybody's changes slow.
struct SourceBudget: Sendable {
    /// Different lists of one namespace. Services with the same ranges share one.
    static let limit = 128

    private struct Account: Sendable {
        var users: [SourceList: Set<ObjectName>] = [:]
        /// Services that go without.
        var waiting: Set<ObjectName> = []
    }

    private var accounts: [String: Account] = [:]
    private var lists: [ObjectName: Set<SourceList>] = [:]

    /// Takes what a Service means now in the place of what it meant before; beyond the budget, it is shut.
    ///
    /// - Returns: A Service that has to be translated again, for there is room for it now.
    mutating func admit(_ service: inout TranslatedService?, named name: ObjectName) -> [ObjectName] {
        let before = lists.removeValue(forKey: name) ?? []
        let wanted = service?.sourceLists ?? []
        let wasWaiting = accounts[name.namespace]?.waiting.contains(name) ?? false
        guard wasWaiting || !before.isEmpty || !wanted.isEmpty else { return [] }
        var account = accounts.removeValue(forKey: name.namespace) ?? Account()
        account.waiting.remove(name)
        for list in before {
            account.users[list]?.remove(name)
            if account.users[list]?.isEmpty == true { account.users[list] = nil }
        }
        if account.users.count + wanted.count(where: { account.users[$0] == nil }) <= Self.limit {
            for list in wanted { account.users[list, default: []].insert(name) }
            if !wanted.isEmpty { lists[name] = wanted }
        } else {
            service?.shut(Self.warning(name))
            account.waiting.insert(name)
        }
        // Room for a list of each family: then it surely goes without no longer.
        let next = account.users.count <= Self.limit - 2 ? account.waiting.first : nil
        if !account.users.isEmpty || !account.waiting.isEmpty { accounts[name.namespace] = account }
        return next.map { [$0] } ?? []
    }

    private static func warning(_ name: ObjectName) -> TranslationWarning {
        .bound(
            name,
            "loadBalancerSourceRanges: the namespace has \(limit) different lists of ranges in use already; nobody may "
                + "use its load balancer addresses: give its Services the same ranges")
    }
}

extension TranslatedService {
    /// The lists that its virtual servers are guarded by.
    fileprivate var sourceLists: Set<SourceList> {
        var lists: Set<SourceList> = []
        for server in virtualServers where server.role == .loadBalancer {
            for case .sources(let list) in server.dataPath { lists.insert(list) }
        }
        return lists
    }

    /// Lets nobody in where not everybody may come in.
    fileprivate mutating func shut(_ warning: TranslationWarning) {
        for index in virtualServers.indices where virtualServers[index].role == .loadBalancer {
            virtualServers[index].dataPath = virtualServers[index].dataPath.compactMap { element in
                switch element {
                case .sources: nil
                case .guarded(let key, let list): .guarded(key, .none(list.family))
                default: element
                }
            }
        }
        warnings.append(warning)
    }
}
