import Glibc

/// An agent that follows a stand-in for an API server with as many Services, each with ten endpoints.
struct LiveAgent {
    let count: Int
    let ipvsync: String
    let directory: String

    /// Where the API server's source is, from this file's place.
    private static let server = "apiserver.py"

    /// Runs a script beside an agent that is ready; gives the numbers that it prints.
    ///
    /// - Parameters:
    ///   - settings: The agent's configuration.
    ///   - script: Knows `$agent`, `processor`, which prints the seconds of processor time that it has had, and `$first`,
    ///     how many these were when everything was programmed. What it writes to descriptor 9 happens at the API server.
    func run(settings: String, _ script: String, file: String = #filePath) throws -> [Double] {
        let lists = "\(directory)/lists"
        mkdir(lists, 0o700)
        try ClusterObjects(count: count).write(to: lists)
        try BenchFile.write(settings, to: "\(directory)/live.yaml")
        let output = "\(directory)/live"
        let server = "/" + file.split(separator: "/").dropLast().joined(separator: "/") + "/" + Self.server
        _ = try MeasuredCommand(
            arguments: ["bash", "-c", Self.beginning + script, "bench", ipvsync, directory, server], output: output
        ).run()
        return try BenchFile.read(output).split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    }

    private static let beginning = """
        set -euo pipefail
        ipvsync=$1 directory=$2 server=$3
        cd "$directory"
        ip link set lo up
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench \
            -addext subjectAltName=IP:127.0.0.1 -keyout api.key -out api.pem 2>/dev/null
        rm -rf api.commands api.port live-state && mkfifo api.commands
        python3 "$server" api.pem api.key lists <api.commands >api.port & api=$!
        exec 9>api.commands
        trap 'kill $api; wait $api || true' EXIT
        until [[ -s api.port ]]; do kill -0 $api; sleep 0.2; done
        cat >kubeconfig <<END
        current-context: bench
        contexts: [{name: bench, context: {cluster: bench, user: bench}}]
        clusters: [{name: bench, cluster: {server: "https://127.0.0.1:$(<api.port)", certificate-authority: api.pem}}]
        users: [{name: bench, user: {token: token}}]
        END
        "$ipvsync" run --config live.yaml --kubeconfig kubeconfig --node n1 --state-dir live-state 2>live.log & agent=$!
        trap 'kill $agent $api; wait $agent $api || true' EXIT
        # The clock of a process (clock_getcpuclockid): exact, where /proc counts ticks.
        processor() { python3 -c "import time; print(time.clock_gettime(~$agent << 3 | 2))"; }
        until grep -q '"ready"' live.log; do
            kill -0 $agent || { tail -n 5 live.log >&2; exit 1; }
            sleep 0.2
        done
        first=$(processor)

        """
}
