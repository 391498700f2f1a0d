import Foundation
import KubernetesAPI
import TemporaryFiles

/// The stand-in for an API server, over TLS with a certificate of its own authority.
final class StandIn {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    /// Goes after the process, and also when there comes to be none.
    let folder: TemporaryFolder
    let port: Int

    static let token = "first-token"

    init() throws {
        folder = try TemporaryFolder()
        let certificate = folder.file("server.pem")
        let key = folder.file("server.key")
        try Self.run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2",
            "-subj", "/CN=stand-in", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("apiserver.py")
        process.arguments = ["python3", script.path, certificate, key, Self.token]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        port = Int(try Self.line(of: output)) ?? 0
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    var access: ClusterAccess {
        get throws {
            try ClusterAccess(
                server: "https://127.0.0.1:\(port)", trust: .authorities(.file(folder.file("server.pem"))),
                credential: .token(Secret(Self.token)))
        }
    }

    /// Sends a command and waits until it has been carried out.
    @discardableResult
    func tell(_ command: [String: Any]) throws -> String {
        let data = try JSONSerialization.data(withJSONObject: command) + Data("\n".utf8)
        try input.fileHandleForWriting.write(contentsOf: data)
        return try Self.line(of: output)
    }

    /// Adds or changes a Service with that cluster IP.
    func setService(_ name: String, ip: String) throws {
        try tell([
            "set": "services",
            "object": [
                "metadata": ["name": name, "namespace": "default"],
                "spec": ["clusterIP": ip, "clusterIPs": [ip], "ports": [["port": 80, "protocol": "TCP"]]],
            ],
        ])
    }

    private static func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw StandInError.failed(arguments.joined(separator: " ")) }
    }

    private static func line(of pipe: Pipe) throws -> String {
        var bytes = Data()
        while let byte = try pipe.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
            if byte[0] == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes += byte
        }
        throw StandInError.failed("the stand-in ended")
    }
}

enum StandInError: Error {
    case failed(String)
}
