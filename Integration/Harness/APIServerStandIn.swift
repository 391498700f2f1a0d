import Glibc

/// The stand-in for a Kubernetes API server, over TLS on the namespace's loopback or elsewhere, and commands for it.
final class APIServerStandIn {
    private let process: RunningCommand
    private let commands: UnsafeMutablePointer<FILE>
    /// A kubeconfig that names it.
    let kubeconfig: String
    let port: String

    /// Where the stand-in's source is, from this file's place.
    private static let script = "/Tests/Kubernetes/KubernetesAPITests/apiserver.py"

    /// - Parameters:
    ///   - namespace: Where it runs; in the scenario's own without one.
    ///   - address: Where it listens.
    ///   - name: What the kubeconfig calls it; its address without one.
    init(
        _ context: Context, in namespace: PrivateNamespace? = nil, at address: String = "127.0.0.1",
        named name: String? = nil, file: String = #filePath
    ) throws(ScenarioFailure) {
        let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
        let (certificate, key) = ("\(context.directory)/api.pem", "\(context.directory)/api.key")
        try context.run(["ip", "link", "set", "lo", "up"])
        try context.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=stand-in", "-addext", "subjectAltName=IP:\(address),DNS:\(name ?? "localhost")",
            "-keyout", key, "-out", certificate,
        ])
        let pipe = "\(context.directory)/api.commands"
        guard mkfifo(pipe, 0o600) == 0 else { throw SystemCall.failure(pipe) }
        let command = Command([
            "sh", "-c", #"exec python3 "$0" "$1" "$2" token "$4" <"$3""#, "/\(root)\(Self.script)", certificate, key,
            pipe, address,
        ])
        process =
            if let namespace {
                try namespace.inside { () throws(ScenarioFailure) in try command.start() }
            } else { try command.start() }
        // Open for reading too, so that the opening waits for nobody.
        guard let stream = fopen(pipe, "r+") else { throw SystemCall.failure(pipe) }
        commands = stream
        try process.waitForText("\n")
        let port = process.output.split(separator: "\n").first.map(String.init) ?? ""
        self.port = port
        kubeconfig = try context.write(
            """
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: test}}]
            clusters: [{name: test, cluster: {server: "https://\(name ?? address):\(port)", certificate-authority: api.pem}}]
            users: [{name: test, user: {token: token}}]
            """, to: "kubeconfig")
    }

    deinit {
        process.send(SIGKILL)
        fclose(commands)
    }

    /// Sends a command; what it does shows in what the server answers from then on.
    func tell(_ command: String) {
        fputs(command + "\n", commands)
        fflush(commands)
    }

    /// The objects that were written, as a list in JSON.
    func written() throws(ScenarioFailure) -> String {
        let before = process.output.utf8.count
        tell(#"{"written":true}"#)
        try process.waitForText("]\n")
        let text = process.output
        return String(text[text.utf8.index(text.startIndex, offsetBy: before)...])
    }

    /// Adds or changes the Service `default/web` and its endpoints.
    func setWeb(_ endpoints: [String]) {
        setService("web", clusterIP: "10.96.0.10")
        setEndpoints(of: "web", endpoints)
    }

    /// Adds or changes a Service of the namespace `default`.
    func setService(_ name: String, clusterIP: String, _ scheduler: String = "rr") {
        tell(
            #"{"set":"services","object":{"metadata":{"name":"\#(name)","namespace":"default","#
                + #""annotations":{"ipvsync.io/scheduler":"\#(scheduler)"}},"spec":{"clusterIP":"\#(clusterIP)","#
                + #""clusterIPs":["\#(clusterIP)"],"ports":[{"port":80,"protocol":"TCP"}]}}}"#)
    }

    /// Adds or changes the endpoints of a Service.
    func setEndpoints(of service: String, _ endpoints: [String]) {
        let list = endpoints.map { #"{"addresses":["\#($0)"]}"# }.joined(separator: ",")
        tell(
            #"{"set":"endpointslices","object":{"metadata":{"name":"\#(service)-1","namespace":"default","#
                + #""labels":{"kubernetes.io/service-name":"\#(service)"}},"addressType":"IPv4","#
                + #""ports":[{"name":"","port":8080}],"endpoints":[\#(list)]}}"#)
    }
}
