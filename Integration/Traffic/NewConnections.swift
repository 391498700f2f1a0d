/// What became of short connections, each of which puts one question: of one family and phase, or of several together.
struct NewConnections: Sendable, CustomStringConvertible {
    var attempted = 0
    /// How many were answered, by server and then by the client's address.
    private(set) var answers: [String: [String: Int]] = [:]
    private(set) var failures: [TrafficFailure] = []
    /// How many packets were lost, and sent again: of connections that were answered.
    private(set) var lost = 0

    var succeeded: Int { answers.values.reduce(0) { $0 + $1.values.reduce(0, +) } }

    /// The servers that answered, sorted.
    var servers: [String] { answers.keys.sorted() }

    /// The servers that answered each address of the client.
    var serversBySource: [String: Set<String>] {
        var result: [String: Set<String>] = [:]
        for (server, sources) in answers {
            for source in sources.keys { result[source, default: []].insert(server) }
        }
        return result
    }

    mutating func countAnswer(of server: String, to source: String, lost: Int) {
        answers[server, default: [:]][source, default: 0] += 1
        self.lost += lost
    }

    mutating func count(_ failure: TrafficFailure) { failures.append(failure) }

    mutating func add(_ other: NewConnections) {
        attempted += other.attempted
        for (server, sources) in other.answers {
            answers[server, default: [:]].merge(sources, uniquingKeysWith: +)
        }
        failures += other.failures
        lost += other.lost
    }

    var description: String {
        let byServer = answers.map { ($0.key, $0.value.values.reduce(0, +)) }.sorted { $0.0 < $1.0 }
            .map { "\($0.0) \($0.1)" }
        return "\(attempted) new connections attempted, \(succeeded) succeeded, \(failures.count) failed, "
            + "\(lost) packets lost" + (byServer.isEmpty ? "" : " (\(byServer.joined(separator: ", ")))")
    }
}
