import Agent
import HealthChecks
import LoadBalancing

/// What an agent reads again after a restart: verdicts and overrides.
extension FuzzTarget {
    private static let identity = StateIdentity(boot: "boot", namespace: "1")
    private static let boot: UInt64 = 10_000_000
    private static let now = ContinuousClock.now

    static func readStateFile(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if case .verdicts(let recollection) = VerdictFormat.parse(text, identity, now: now, bootMilliseconds: boot) {
            var verdicts = Verdicts(now: now, recalling: recollection)
            verdicts.watch(farm, by: HealthRules(checks: [ServerCheck(.ping)]), now: now)
            precondition(verdicts.effective(farm).realServers.count <= 2, "real servers came from a file")
        }
        guard case .overrides(let found) = OverrideFormat.parse(text, identity, now: now, bootMilliseconds: boot) else {
            return
        }
        precondition(found.count <= Overrides.maximumCount, "too many overrides were believed")
        let overrides = Overrides(found)
        let again = OverrideFormat.render(overrides, identity, now: now, bootMilliseconds: boot)
        guard case .overrides(let same) = OverrideFormat.parse(again, identity, now: now, bootMilliseconds: boot) else {
            preconditionFailure("overrides do not read as they were written: \(again)")
        }
        precondition(Overrides(same).all.map(\.target) == overrides.all.map(\.target), "targets are others")
        precondition(Overrides(same).all.map(\.action) == overrides.all.map(\.action), "actions are others")
    }

    private static var farm: DesiredVirtualServer {
        let key = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0201), port: 80))
        return DesiredVirtualServer(
            VirtualServer(key),
            realServers: [1, 2].map { RealServer(Endpoint(IPAddress(v4: 0xC633_6400 + $0), port: 80)) })
    }

    static var stateFiles: [[UInt8]] {
        var verdicts = Verdicts(now: now - .seconds(60))
        let check = ServerCheck(.ping, fall: 1)
        verdicts.watch(farm, by: HealthRules(checks: [check]), now: now - .seconds(60))
        _ = verdicts.record(
            farm.realServers.map { server in
                (CheckSubject(check, of: server.endpoint), CheckResult(.down, reason: "no answer", duration: .zero))
            }, now: now - .seconds(30))
        let author = Override.Author(user: 0, process: 4711)
        let server = IPAddress(v4: 0xC633_6401)
        let overrides = Overrides([
            Override(.drain, of: .init(server), since: now - .seconds(9), by: author),
            Override(
                .weight(5), of: .init(server, port: 80, in: farm.key), since: now - .seconds(9),
                until: now + .seconds(60), by: author),
            Override(.weight(0), of: .init(IPAddress(v6High: 1, low: 2), port: 80), since: now, by: author),
        ])
        return [
            VerdictFormat.render(verdicts, identity, now: now, bootMilliseconds: boot),
            OverrideFormat.render(overrides, identity, now: now, bootMilliseconds: boot),
        ].map { Array($0.utf8) }
    }
}
