import HealthChecks

/// The kinds of check as they are written, and which fields each has.
enum CheckType: String, CaseIterable {
    case tcp
    case udp
    case http
    case https
    case dns
    case ping
    case smtp
    case command
    case file

    /// Those that every check has.
    static let commonFields: [any FieldDescription] = [
        Fields.interval, Fields.checkTimeout, Fields.retryDelay, Fields.rise, Fields.fall, Fields.checkAddress,
        Fields.checkPort, Fields.source, Fields.mark,
    ]

    /// Those that some kinds have, each once.
    static let particularFields: [any FieldDescription] = [
        Fields.send, Fields.expect, Fields.sendHex, Fields.expectHex, Fields.method, Fields.path, Fields.host,
        Fields.headers, Fields.statuses, Fields.body, Fields.serverName, Fields.verify, Fields.certificate, Fields.key,
        Fields.queryName, Fields.recordType, Fields.answer, Fields.helo, Fields.command, Fields.isDynamic, Fields.user,
        Fields.weightFile,
    ]

    /// The names of the fields that this kind has beside the common ones.
    var fieldNames: [String] {
        let http = ["method", "path", "host", "headers", "statuses", "body"]
        return switch self {
        case .tcp, .udp: ["send", "expect", "sendHex", "expectHex"]
        case .http: http
        case .https: http + ["serverName", "verify", "certificate", "key"]
        case .dns: ["name", "recordType", "answer"]
        case .ping: []
        case .smtp: ["helo"]
        case .command: ["command", "dynamic", "user"]
        case .file: ["file"]
        }
    }
}

extension ServerCheck.Probe {
    /// Whether it asks at a port.
    var needsPort: Bool {
        switch self {
        case .tcp, .udp, .http, .dns, .smtp: true
        case .ping, .command, .file: false
        }
    }

    /// Whether it asks over the network, so that addresses to ask at and from mean something.
    var usesNetwork: Bool { needsPort || self == .ping }
}
