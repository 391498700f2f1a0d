import HealthChecks
import LoadBalancing

extension Configuration {
    /// Joins what several files declare.
    ///
    /// - Throws: What is declared twice, and the lack of any `virtualServers`: a file that lost its list must not
    ///   empty the table.
    init(joining files: [ConfigurationFile]) throws(ConfigurationErrors) {
        var errors = ConfigurationErrors()
        settings = Settings(
            drainTimeout: Self.single(\.drainTimeout, "drainTimeout", in: files, &errors),
            removalGuard: Self.single(\.removalGuard, "removalGuard", in: files, &errors),
            syncInterval: Self.single(\.syncInterval, "syncInterval", in: files, &errors),
            minSyncInterval: Self.single(\.minSyncInterval, "minSyncInterval", in: files, &errors),
            auditInterval: Self.single(\.auditInterval, "auditInterval", in: files, &errors),
            drift: Self.single(\.drift, "drift", in: files, &errors),
            cleanupOnExit: Self.single(\.cleanupOnExit, "cleanupOnExit", in: files, &errors),
            telemetry: Self.single(\.telemetry, "telemetry", in: files, &errors),
            logging: Self.single(\.logging, "logging", in: files, &errors),
            services: Self.single(\.services, "services", in: files, &errors),
            network: Self.single(\.network, "network", in: files, &errors),
            hooks: Self.single(\.hooks, "hooks", in: files, &errors))
        desired = DesiredState(
            timeouts: Self.single(\.timeouts, "timeouts", in: files, &errors),
            syncDaemons: Self.single(\.syncDaemons, "syncDaemons", in: files, &errors))
        places = [:]
        health = files.reduce(into: [:]) { $0.merge($1.health) { first, _ in first } }
        joinVirtualServers(files, &errors)
        if !files.contains(where: { $0.virtualServers != nil }) {
            errors.append(
                ConfigurationError(
                    file: files.map(\.file).listed, problem: "no virtualServers are declared",
                    remedy: "write `virtualServers: []` if you mean an empty table"))
        }
        guard errors.isEmpty else { throw errors }
    }

    /// Checks of real servers, the same one in several virtual servers counted in each.
    private static let maximumChecks = 200_000

    private mutating func joinVirtualServers(_ files: [ConfigurationFile], _ errors: inout ConfigurationErrors) {
        let count = files.reduce(0) { $0 + ($1.virtualServers?.count ?? 0) }
        places.reserveCapacity(count)
        desired.virtualServers.reserveCapacity(count)
        for file in files {
            for placed in file.virtualServers ?? [] {
                let place = SourcePlace(file: file.file, line: placed.line)
                if let first = places.updateValue(place, forKey: placed.value.key) {
                    errors.append(
                        ConfigurationError(
                            file: file.file, line: placed.line, column: placed.column,
                            object: "virtual server \(placed.value.key)",
                            problem: "it is declared twice, first in \(first)", remedy: "keep one of the two"))
                }
                desired.virtualServers.append(placed.value)
            }
        }
        desired.virtualServers.sort { $0.key < $1.key }
        let checks = desired.virtualServers.reduce(0) { $0 + (health[$1.key]?.count(of: $1.realServers) ?? 0) }
        if checks > Self.maximumChecks {
            errors.append(
                ConfigurationError(
                    file: files.map(\.file).listed, problem: "there are \(checks) checks of real servers",
                    remedy: "declare at most \(Self.maximumChecks)"))
        }
    }

    /// What one file at most may declare.
    private static func single<Value>(
        _ path: KeyPath<ConfigurationFile, ConfigurationFile.Placed<Value>?>, _ name: String,
        in files: [ConfigurationFile], _ errors: inout ConfigurationErrors
    ) -> Value? {
        var first: (value: Value, place: SourcePlace)?
        for file in files {
            guard let placed = file[keyPath: path] else { continue }
            let place = SourcePlace(file: file.file, line: placed.line)
            if let first {
                errors.append(
                    ConfigurationError(
                        file: place.file, line: place.line, column: placed.column,
                        problem: "\(name) is declared twice, first in \(first.place)", remedy: "keep one of the two"))
            } else {
                first = (placed.value, place)
            }
        }
        return first?.value
    }
}

extension HealthRules {
    /// How many checks there are of these real servers.
    fileprivate func count(of servers: [RealServer]) -> Int {
        servers.reduce(0) { $0 + checks(of: $1.endpoint).count }
    }
}
