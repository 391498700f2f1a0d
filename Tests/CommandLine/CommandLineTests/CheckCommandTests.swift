import Documents
import TemporaryFiles
import Testing

/// `ipvsync check`, and orders by hand without an agent.
@Suite struct CheckCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func check(_ realServers: [String]) async throws -> Program.Outcome {
        let checks = realServers.map { "{address: '\($0)', checks: [{type: http, timeout: 5s}]}" }
        try folder.write(
            "virtualServers: [{address: '192.0.2.1:80', realServers: [\(checks.joined(separator: ", "))]}]\n",
            to: "farm.yaml")
        return try await Program.run(["check", "--output", "json", "\(folder.path)/farm.yaml"])
    }

    @Test func everyCheckIsMadeOnceAndTheStatusTells() async throws {
        let well = try CannedServer("{}")
        let ill = try CannedServer("{}", status: "503 Service Unavailable")
        let up = try await check(["127.0.0.1:\(well.port)"])
        #expect(up.status == 0, "\(up.error)")
        let mixed = try await check(["127.0.0.1:\(well.port)", "127.0.0.1:\(ill.port)"])
        #expect(mixed.status == 1, "\(mixed.error)")
        let rows = try Document(json: Array(mixed.output.utf8))["checks"]?.elements ?? []
        #expect(Set(rows.compactMap { $0["result"]?.string }) == ["up", "down"])
        #expect(rows.contains { $0["reason"]?.string?.hasPrefix("HTTP 503 from /") == true })
    }

    @Test func whatIsNotCheckedIsWell() async throws {
        try folder.write("virtualServers: [{address: '192.0.2.1:80', realServers: [10.0.0.1]}]\n", to: "plain.yaml")
        let plain = try await Program.run(["check", "\(folder.path)/plain.yaml"])
        #expect(plain.status == 0)
        try folder.write(
            "virtualServers: [{address: '192.0.2.1:80', checks: [tpc], realServers: [10.0.0.1]}]\n", to: "wrong.yaml")
        let wrong = try await Program.run(["check", "\(folder.path)/wrong.yaml"])
        #expect(wrong.status == 3 && wrong.error.contains("there is no check `tpc`"))
    }

    @Test(arguments: [
        ["drain", "10.0.0.1"], ["weight", "10.0.0.1:80", "5"], ["enable", "::1"], ["drain", "--list"],
    ])
    func withoutAnAgentThatIsSaid(arguments: [String]) async throws {
        let outcome = try await Program.run(arguments + ["--state-dir", folder.path])
        #expect(
            outcome.status == 1 && outcome.error.contains("no agent runs in this network namespace"), "\(outcome.error)"
        )
    }

    @Test(
        arguments: [
            ["drain"], ["drain", "--list", "10.0.0.1"], ["drain", "host"], ["drain", "10.0.0.1", "--for", "2"],
            ["drain", "10.0.0.1", "--for", "0s"], ["drain", "10.0.0.1", "--for", "366d"], ["weight", "10.0.0.1"],
            ["weight", "10.0.0.1", "2147483648"], ["enable", "10.0.0.1", "--for", "2h"],
        ])
    func wrongUsageIsSaid(arguments: [String]) async throws {
        #expect(try await Program.run(arguments + ["--state-dir", folder.path]).status == 64)
    }
}
