import Documents
import HealthChecks
import LoadBalancing

/// The `defaults` of a file.
struct FileDefaults {
    var transportProtocol = TransportProtocol.tcp
    /// ipvsadm's default. The flags go with it: a virtual server with a scheduler of its own has flags of its own.
    var scheduler = Scheduler("wlc")
    var persistence = PersistenceDeclaration.off
    var drainTimeout: UInt32?
    var activeWhen: IPAddress?
    var servers = ServerDefaults()
    var health = HealthRules()
    /// The checks of the file by name.
    var namedChecks: [String: ServerCheck]

    init(namedChecks: [String: ServerCheck] = [:]) { self.namedChecks = namedChecks }

    init(_ reader: MappingReader, namedChecks: [String: ServerCheck]) {
        self.namedChecks = namedChecks
        transportProtocol = reader(Fields.transportProtocol) ?? .tcp
        scheduler = reader.scheduler(over: scheduler)
        persistence = reader(Fields.persistence) ?? .off
        drainTimeout = reader(Fields.drainTimeout)
        activeWhen = reader(Fields.activeWhen)
        servers = servers.overridden(by: reader)
        health = reader.health(over: health, named: namedChecks)
    }
}

extension MappingReader {
    /// The scheduler and flags that the mapping names, or the given ones.
    func scheduler(over base: Scheduler) -> Scheduler {
        var scheduler = base
        if let name = self(Fields.scheduler) { scheduler = Scheduler(name) }
        guard let nodes = self(Fields.schedulerFlags) else { return scheduler }
        scheduler.flags = []
        for node in nodes {
            guard let flag = SchedulerFlags(name: node.scalar?.text ?? "", for: scheduler.name) else {
                scope.report(
                    node, "schedulerFlags: \(node.summary) is no flag of the scheduler \(scheduler.name)",
                    "use \(SchedulerFlags.allNames(for: scheduler.name).alternatives)")
                continue
            }
            scheduler.flags.insert(flag)
        }
        return scheduler
    }
}
