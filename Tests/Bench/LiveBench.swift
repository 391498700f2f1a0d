import Documents
import Glibc

/// What changes cost a whole agent that follows an API server: feed, store, reconciler, targets, report.
struct LiveBench {
    let count: Int
    let network: Bool
    let ipvsync: String
    let directory: String

    /// A kind of change, made again and again.
    enum Change: String, CaseIterable {
        case endpoint
        case service
        case refusal
        case nodeAddress

        /// How often it is made, and how long nobody does anything after each, in seconds.
        var rhythm: (count: Int, pause: Double) {
            switch self {
            case .endpoint: (300, 0.04)
            case .service: (200, 0.04)
            case .refusal: (50, 0.04)
            // Addresses are looked at half a second after the first of several moves.
            case .nodeAddress: (20, 0.7)
            }
        }
    }

    func measure() throws -> LiveFigures {
        let objects = ClusterObjects(count: count)
        for change in Change.allCases {
            let lines = (0..<change.rhythm.count).map { Self.line(change, $0, objects) }
            try BenchFile.write(lines.joined(separator: "\n") + "\n", to: "\(directory)/changes-\(change)")
        }
        let rhythms = Change.allCases.map { "\($0) \($0.rhythm.pause)" }.joined(separator: "\n") + "\n"
        try BenchFile.write(rhythms, to: "\(directory)/changes")
        let settings =
            "syncInterval: 1h\nminSyncInterval: 10ms\nvirtualServers: []\n" + (network ? "network: {}\n" : "")
        Bench.say("\(count) Services\(network ? ", with the network" : ""): changes of a whole agent")
        let words = try LiveAgent(count: count, ipvsync: ipvsync, directory: directory)
            .run(settings: settings, Self.script)
        var figures = LiveFigures(count: count, network: network)
        for (change, word) in zip(Change.allCases, words) {
            figures.microseconds[change] = word * 1e6 / Double(change.rhythm.count)
        }
        guard words.count == Change.allCases.count else { throw BenchError("not all changes were made: \(words)") }
        return figures
    }

    /// A change as the API server's stand-in takes it, or as `ip` does.
    private static func line(_ change: Change, _ number: Int, _ objects: ClusterObjects) -> String {
        // Services that are far apart.
        let place = number * 7_919 % objects.count
        switch change {
        case .endpoint:
            return "endpointslices " + event("MODIFIED", objects.slice(place, replacing: number))
        case .service:
            let kind = number.isMultiple(of: 2) ? "ADDED" : "DELETED"
            return "services " + event(kind, objects.service(objects.count + number / 2))
        case .refusal:
            return "services " + event("MODIFIED", objects.service(place, scheduler: "none-\(number % 2)"))
        case .nodeAddress: return "\(number.isMultiple(of: 2) ? "add" : "del") 198.51.100.7/32 dev lo"
        }
    }

    private static func event(_ type: String, _ object: String) -> String {
        #"{"type":"\#(type)","object":\#(object)}"#
    }

    /// Prints the processor time of each kind of change.
    private static let script = """
        # The first address of a node is another matter than one more.
        ip address add 198.51.100.6/32 dev lo
        sleep 2
        # A pipe that says nothing: to wait with it starts no program.
        exec 8<> <(:)
        while read -r kind pause; do
            sleep 3
            before=$(processor)
            while read -r line; do
                if [[ $kind == nodeAddress ]]; then ip address $line; else printf '%s\\n' "$line" >&9; fi
                read -r -t "$pause" -u 8 || true
            done <"changes-$kind"
            sleep 1
            after=$(processor)
            awk "BEGIN { print $after - $before }"
        done <changes
        """
}

/// The figures of ``LiveBench``.
struct LiveFigures {
    let count: Int
    let network: Bool
    /// Of processor time for one change.
    var microseconds: [LiveBench.Change: Double] = [:]

    /// A line for people.
    var line: String {
        let parts = LiveBench.Change.allCases.map { "\($0) \(Int(microseconds[$0] ?? 0))" }
        return "\(count) Services\(network ? " with network" : ""), µs of processor time for each change: "
            + parts.joined(separator: ", ")
    }

    /// The same for programs.
    var document: Document {
        var members: [Document.Member] = [
            .init("services", .integer(Int64(count))), .init("network", .bool(network)),
        ]
        for change in LiveBench.Change.allCases {
            members.append(.init("\(change)Microseconds", .integer(Int64(microseconds[change] ?? 0))))
        }
        return .mapping(members)
    }
}
