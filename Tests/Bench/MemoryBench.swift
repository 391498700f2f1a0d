import Documents
import Glibc

/// What a whole agent takes that follows an API server: memory at its peak and at rest, and processor time until it has
/// programmed everything.
struct MemoryBench {
    let count: Int
    let ipvsync: String
    let directory: String

    /// How long an agent rests before its memory is looked at, in seconds.
    private static let rest = 20
    /// Where the API server's source is, from this file's place.
    private static let server = "apiserver.py"

    func measure(file: String = #filePath) throws -> MemoryFigures {
        let lists = "\(directory)/lists"
        mkdir(lists, 0o700)
        let objects = ClusterObjects(count: count)
        try objects.write(to: lists)
        Bench.say("\(count) Services with ten endpoints each: a whole agent's first sync")
        let output = "\(directory)/memory"
        let server = "/" + file.split(separator: "/").dropLast().joined(separator: "/") + "/" + Self.server
        _ = try MeasuredCommand(
            arguments: ["bash", "-c", Self.script, "bench", ipvsync, directory, server, "\(count)"], output: output
        ).run()
        let words = try BenchFile.read(output).split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard words.count == 3 else { throw BenchError("the agent did not become ready: \(words)") }
        return MemoryFigures(
            count: count, processor: words[0], peak: Int(words[1]) << 10, rest: Int(words[2]) << 10)
    }

    /// Prints seconds of processor time until the agent is ready, and its memory in KiB at its peak and at rest.
    private static let script = """
        set -euo pipefail
        ipvsync=$1 directory=$2 server=$3 count=$4
        cd "$directory"
        ip link set lo up
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench \
            -addext subjectAltName=IP:127.0.0.1 -keyout api.key -out api.pem 2>/dev/null
        rm -rf api.commands api.port "memory-$count" && mkfifo api.commands
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
        "$ipvsync" run --kubeconfig kubeconfig --node n1 --state-dir "memory-$count" 2>memory.log & agent=$!
        trap 'kill $agent $api; wait $agent $api || true' EXIT
        until grep -q '"ready"' memory.log; do kill -0 $agent; sleep 0.2; done
        awk -v hertz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hertz }' "/proc/$agent/stat"
        sleep \(rest)
        awk '$1 == "VmHWM:" || $1 == "VmRSS:" { print $2 }' "/proc/$agent/status"
        """
}

/// The figures of ``MemoryBench``.
struct MemoryFigures {
    let count: Int
    /// Seconds of processor time until everything was programmed, in user and system mode.
    let processor: Double
    /// Bytes.
    let peak: Int
    let rest: Int

    /// A line for people.
    var line: String {
        "\(count) Services with ten endpoints: \(peak >> 20) MiB at most, \(rest >> 20) MiB at rest, "
            + "\(processor) s of processor time for the first sync"
    }

    /// The same for programs.
    var document: Document {
        .mapping([
            .init("services", .integer(Int64(count))), .init("processorSeconds", .number(processor)),
            .init("peakMebibytes", .integer(Int64(peak >> 20))), .init("restMebibytes", .integer(Int64(rest >> 20))),
        ])
    }
}
