import Configuration
import Documents
import LoadBalancing

/// What a whole agent at rest takes of a processor, at its default intervals.
struct IdleBench {
    let count: Int
    let ipvsync: String
    let directory: String

    /// Time enough for the first verification, which looks at everything; in seconds.
    private static let warmUp = 40
    /// Five verifications more or less, in seconds.
    private static let window = 150

    func measure() throws -> IdleFigures {
        let table = BenchTable(count: count)
        try BenchFile.write(
            Configuration(desired: DesiredState(virtualServers: table.virtualServers)).yaml(),
            to: "\(directory)/table.yaml")
        Bench.say("\(count) virtual servers: an agent at rest, \(Self.warmUp + Self.window) seconds")
        let output = "\(directory)/idle"
        _ = try MeasuredCommand(arguments: ["bash", "-c", script], output: output).run()
        let words = try BenchFile.read(output).split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard words.count == 4, words[2] > 0, words[3] > words[1] else {
            throw BenchError("the agent did not rest: \(words)")
        }
        return IdleFigures(
            count: count, processor: words[0], seconds: words[2], verifications: Int(words[3] - words[1]))
    }

    /// Prints seconds of processor time, verifications before, seconds that passed, and verifications after.
    private var script: String {
        """
        set -euo pipefail
        ip link set lo up
        '\(ipvsync)' run --config '\(directory)/table.yaml' --state-dir '\(directory)/idle-\(count)' \
            2>'\(directory)/idle.log' & agent=$!
        trap 'kill $agent; wait $agent || true' EXIT
        processor() { awk -v hertz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hertz }' "/proc/$agent/stat"; }
        verifications() {
            curl --silent --fail http://127.0.0.1:10249/metrics |
                awk '$1 == "ipvsync_verification_duration_seconds_count" { print $2 }'
        }
        until grep -q '"ready"' '\(directory)/idle.log'; do kill -0 $agent; sleep 0.2; done
        sleep \(Self.warmUp)
        begun=$(verifications) before=$(processor) started=${EPOCHREALTIME/.}
        sleep \(Self.window)
        after=$(processor) ended=${EPOCHREALTIME/.}
        awk "BEGIN { print $after - $before, $begun, ($ended - $started) / 1000000, $(verifications) }"
        """
    }
}

/// The figures of ``IdleBench``.
struct IdleFigures {
    let count: Int
    /// Seconds of processor time, in user and system mode.
    let processor: Double
    /// Seconds in which they were spent.
    let seconds: Double
    let verifications: Int

    var percent: Double { 100 * processor / seconds }

    /// A line for people.
    var line: String {
        "\(count) virtual servers: \((percent * 1000).rounded() / 1000) % of a core, "
            + "\(verifications) verifications in \(Int(seconds)) s"
    }

    /// The same for programs.
    var document: Document {
        .mapping([
            .init("virtualServers", .integer(Int64(count))), .init("processorSeconds", .number(processor)),
            .init("seconds", .number(seconds)), .init("verifications", .integer(Int64(verifications))),
            .init("percent", .number(percent)),
        ])
    }
}
