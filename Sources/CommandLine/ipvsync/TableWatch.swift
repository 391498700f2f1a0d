internal import Agent
internal import IPVS
internal import LoadBalancing
internal import Netlink
internal import Presentation
internal import Reconcile

/// Looks at the kernel's table and asks the agent, again and again.
struct TableWatch {
    let client: IPVSClient
    let store: LedgerStore
    let agent: AgentClient
    /// Only these; all of them when empty.
    let filter: [VirtualServerKey]

    private var window = RateWindow()
    private var follower = ChangeFollower()

    init(client: IPVSClient, store: LedgerStore, agent: AgentClient, filter: [VirtualServerKey]) {
        self.client = client
        self.store = store
        self.agent = agent
        self.filter = filter
    }

    /// What is said of a virtual server that was asked for and is not there.
    func missing(in table: RateTable) -> [String] {
        filter.filter { key in !table.virtualServers.contains { $0.key == key } }
            .map { "there is no virtual server \($0)" }
    }

    func ledger() throws(StateError) -> LedgerStore.Loaded { try store.load() }

    /// The table with its rates; `nil` while it changes too fast to be read.
    mutating func look() throws(NetlinkError) -> RateTable? {
        do throws(NetlinkError) {
            var servers = try client.virtualServers(statistics: true)
            if !filter.isEmpty { servers.removeAll { !filter.contains($0.key) } }
            // Of all that follows this is the time that the counters of virtual servers are of.
            let time = ContinuousClock.now
            for index in servers.indices {
                servers[index].realServers = try client.realServers(of: servers[index].key, statistics: true)
            }
            return window.sample(ObservedState(virtualServers: servers), at: time)
        } catch {
            guard error.kind == .dumpInterrupted else { throw error }
            return nil
        }
    }

    /// The agent's answer, with what it changed since the last one.
    mutating func ask(timeout: Duration = .seconds(2)) throws(AgentProblem) -> (AgentStatus, ChangeFollower.News) {
        do throws(AgentProblem) {
            var status = AgentStatus(try agent.answer(changesAfter: follower.number, timeout: timeout))
            if let news = follower.follow(status) { return (status, news) }
            // Another run of an agent, with numbers of its own.
            status = AgentStatus(try agent.answer(changesAfter: follower.number, timeout: timeout))
            return (status, follower.follow(status) ?? ChangeFollower.News())
        } catch {
            follower.noteAbsence()
            throw error
        }
    }
}
