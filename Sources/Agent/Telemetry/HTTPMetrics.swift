internal import HTTPService

/// What the agent's own servers count.
struct HTTPMetrics {
    static func write(to text: inout Exposition, _ servers: [(name: String, figures: HTTPFigures)]) {
        let counts = servers.map { ($0.name, $0.figures.current) }
        text.begin("ipvsync_http_connections", .gauge, "Connections to the agent's own servers that are open.")
        for (name, counts) in counts { text.sample("ipvsync_http_connections", [("server", name)], counts.open) }
        text.begin("ipvsync_http_accepted_total", .counter, "Connections that were accepted.")
        for (name, counts) in counts { text.sample("ipvsync_http_accepted_total", [("server", name)], counts.accepted) }
        text.begin("ipvsync_http_answers_total", .counter, "Requests that were answered.")
        for (name, counts) in counts { text.sample("ipvsync_http_answers_total", [("server", name)], counts.answered) }
        text.begin(
            "ipvsync_http_ended_total", .counter,
            "Connections that were ended before their answer: displaced by newer ones, late, or out of descriptors.")
        for (name, counts) in counts {
            for end in HTTPFigures.End.allCases {
                text.sample(
                    "ipvsync_http_ended_total", [("server", name), ("reason", end.rawValue)], counts.ended[end] ?? 0)
            }
        }
    }
}
