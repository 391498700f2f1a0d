import Configuration
import HealthChecks
import LoadBalancing

/// A virtual server as it was read, and where.
struct MigratedVirtualServer {
    let place: SourcePlace
    let desired: DesiredVirtualServer
    let health: HealthRules?
}

/// The virtual servers of another program's configuration, gathered and checked as ipvsync's own would be.
struct MigratedTable {
    private(set) var configuration = Configuration(desired: DesiredState())
    let findings: Findings
    private var count = 0

    /// More rows than this are ranges that were not meant.
    private static let maximumCount = 100_000

    init(findings: Findings) { self.findings = findings }

    /// Sets the kernel's timeouts of connections.
    mutating func set(_ timeouts: ConnectionTimeouts) { configuration.desired.timeouts = timeouts }

    /// Adds a virtual server; reports what the kernel or ipvsync would refuse in it.
    mutating func add(_ declared: MigratedVirtualServer) {
        let (place, desired, health) = (declared.place, declared.desired, declared.health)
        let key = desired.key
        if let first = configuration.places[key] {
            return findings.report(
                place, object: "virtual server \(key)", "it is declared twice, first in \(first)", "keep one of the two"
            )
        }
        count += 1 + desired.realServers.count
        guard count <= Self.maximumCount else {
            if count - desired.realServers.count <= Self.maximumCount + 1 {
                findings.report(place, "there are more than \(Self.maximumCount) rows", "migrate it in parts")
            }
            return
        }
        configuration.places[key] = place
        configuration.desired.virtualServers.append(desired)
        configuration.health[key] = health
        let alone = Configuration(
            desired: DesiredState(virtualServers: [desired]), health: health.map { [key: $0] } ?? [:])
        do throws(ConfigurationErrors) {
            _ = try Configuration.parse(alone.yaml(), file: place.file)
        } catch {
            for problem in error.errors {
                findings.report(
                    place, object: problem.object ?? "virtual server \(key)", problem.problem, problem.remedy)
            }
        }
    }

    /// The configuration, with its virtual servers sorted.
    ///
    /// - Throws: All that was reported.
    consuming func finished() throws(ConfigurationErrors) -> Configuration {
        guard findings.errors.isEmpty else { throw findings.errors }
        configuration.desired.virtualServers.sort { $0.key < $1.key }
        return configuration
    }
}
