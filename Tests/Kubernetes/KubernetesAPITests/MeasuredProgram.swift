import Foundation
import TemporaryFiles

/// A run of the program that these tests were built with.
struct MeasuredProgram {
    let status: Int
    let output: String
    /// The most memory that it had, in KiB.
    let memory: Int
    let duration: Duration

    /// `wait4` tells the memory of this one child, which Foundation does not.
    private static let runner = """
        import json, os, subprocess, sys
        limit = float(sys.argv[1])
        child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        import threading
        timer = threading.Timer(limit, child.kill)
        timer.start()
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        timer.cancel()
        sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(status), output.decode(errors="replace"), usage.ru_maxrss]))
        """

    /// The program, which the package manager builds beside the tests.
    static var path: String {
        get throws {
            let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("ipvsync").path
        }
    }

    /// - Parameter limit: Seconds after which it is killed.
    init(_ arguments: [String], environment: [String: String] = [:], limit: Int = 170) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.runner, "\(limit)", try Self.path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = output
        let start = ContinuousClock.now
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        duration = ContinuousClock.now - start
        guard let found = try JSONSerialization.jsonObject(with: data) as? [Any], let status = found[0] as? Int,
            let text = found[1] as? String, let memory = found[2] as? Int
        else { throw StandInError.failed("the runner of the program") }
        self.status = status
        self.output = text
        self.memory = memory
    }

    /// `ipvsync env` against the stand-in.
    ///
    /// - Parameters:
    ///   - cluster: More of the kubeconfig's cluster, in YAML's flow style.
    ///   - server: In the place of the stand-in's URL.
    static func env(
        _ server: StandIn, cluster: String = "", url: String? = nil, user: String = "token: \(StandIn.token)",
        environment: [String: String] = [:], limit: Int = 170
    ) throws -> MeasuredProgram {
        let url = url ?? "https://127.0.0.1:\(server.port)"
        let kubeconfig = try server.folder.write(
            """
            current-context: a
            contexts: [{name: a, context: {cluster: a, user: a}}]
            clusters: [{name: a, cluster: {server: "\(url)", certificate-authority: server.pem\(cluster)}}]
            users: [{name: a, user: {\(user)}}]
            """, to: "kubeconfig")
        return try MeasuredProgram(
            ["env", "--kubeconfig", kubeconfig, "--node", "n1"], environment: environment, limit: limit)
    }
}
