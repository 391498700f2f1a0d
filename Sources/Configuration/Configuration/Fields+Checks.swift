import Documents
import HealthChecks
import LoadBalancing

/// The fields of checks, and of what follows from them.
extension Fields {
    // Of a virtual server, defaults and, the first, a real server.
    static let checks = Field(
        "checks", .node(schema: ["type": "array", "items": CheckList.itemSchema]),
        "How its real servers are checked: names of checks, `tcp`, `ping`, `http:/path`, or mappings; `[]` for not at "
            + "all. All of them have to be up.")
    static let onFailure = Field(
        "onFailure", .choice(HealthRules.FailureAction.allCases.map { ($0.rawValue, $0) }),
        "What happens to a real server that is down: drain (the default) and remove take it out, `weight 0` keeps it.")
    static let quorum = Field(
        "quorum", .integer(UInt32(1)...RealServer.maximumWeight),
        "The weight that has to be up for the real servers to be used rather than the backup; 1 by default.")
    static let hysteresis = Field(
        "hysteresis", .integer(UInt32(0)...RealServer.maximumWeight),
        "The quorum is lost below quorum - hysteresis, and there again at quorum + hysteresis; 0 by default.")
    static let backup = Field(
        "backup", .node(schema: ["anyOf": [["type": "string"], ObjectShape.backup.schema]]),
        "The real server that is used while the quorum is lost; it is not checked.")
    static let startsDown = Field(
        "startsDown", .boolean, "Whether a real server is down until its checks say that it is up; false by default.")
    static let drainsAtEnd = Field(
        "drainsAtEnd", .boolean, "Whether its real servers are taken out when the agent ends; false by default.")
    static let panicThreshold = Field(
        "panicThreshold", .share, "When a smaller share of its real servers is up, all count as up; 0% by default.")
    static let slowStart = Field(
        "slowStart", .duration(1...86_400),
        "The time in which the weight of a real server grows that came up again or is new; at once by default.")

    // Of a file.
    static let namedChecks = Field(
        "checks", .node(schema: ["type": "object", "additionalProperties": ObjectShape.check.schema]),
        "Checks by name, for the virtual servers of this file.")

    // Of a check.
    static let checkType = Field(
        "type", .choice(CheckType.allCases.map { ($0.rawValue, $0) }), "What is asked.")
    static let interval = Field(
        "interval", .milliseconds(100...86_400_000), "From one attempt to the next; 10s by default.")
    static let checkTimeout = Field(
        "timeout", .milliseconds(10...3_600_000),
        "An attempt without an answer by then has failed; by default 3s, or the interval where that is shorter.")
    static let retryDelay = Field(
        "retryDelay", .milliseconds(10...86_400_000),
        "From a failed attempt to the next one, while it still counts as up; the interval by default.")
    static let rise = Field("rise", .integer(1...100), "Successes in a row to come up; 1 by default.")
    static let fall = Field("fall", .integer(1...100), "Failures in a row to go down; 3 by default.")
    static let checkAddress = Field("address", .ipAddress, "Where to ask instead of the real server's address.")
    static let checkPort = Field(
        "port", .integer(UInt16(1)...65535), "Where to ask instead of the real server's port.")
    static let source = Field("source", .ipAddress, "The address to ask from; the kernel's choice by default.")
    static let mark = Field("mark", .integer(UInt32(0)...UInt32.max), "The firewall mark of what is sent.")

    // Of tcp and udp.
    static let send = Field("send", .checkText(4096, lines: true), "What is sent once the connection is there.")
    static let expect = Field("expect", .checkText(4096, lines: true), "What the answer has to contain.")
    static let sendHex = Field("sendHex", .hexadecimal(4096), "As send, in hexadecimal digits.")
    static let expectHex = Field("expectHex", .hexadecimal(4096), "As expect, in hexadecimal digits.")

    // Of http and https.
    static let method = Field(
        "method",
        .text(
            pattern: "^[A-Z]{1,20}$", expected: "a method such as GET or HEAD",
            isValid: { (1...20).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x41...0x5A).contains($0) } }),
        "The method; GET by default.")
    static let path = Field(
        "path",
        .text(
            pattern: #"^/[!-~]{0,2047}$"#, expected: "a path that begins with a slash, without spaces",
            isValid: { $0.hasPrefix("/") && $0.utf8.count <= 2048 && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
        ),
        "The path, with the query; / by default.")
    static let host = Field("host", .hostName, "The Host header; the address that is asked by default.")
    static let headers = Field("headers", .headers, "Further headers, by name.")
    static let statuses = Field(
        "statuses", .list(of: .statusRange), "The status codes that are well: `200`, `200-399`; 200-399 by default.")
    static let body = Field("body", .checkBody, "What the body has to be; anything by default.")
    static let serverName = Field("serverName", .hostName, "The name in the TLS handshake; the host by default.")
    static let verify = Field(
        "verify", .boolean, "Whether the certificate has to be valid by the system's authorities; false by default.")
    static let certificate = Field("certificate", .filePath, "A PEM file with the certificate of this node.")
    static let key = Field("key", .filePath, "A PEM file with the key of that certificate.")

    // Of a body.
    static let contains = Field("contains", .checkText(4096, lines: true), "A text that the body contains.")
    static let matches = Field(
        "matches", .regularExpression, "A POSIX extended regular expression that a part of the body matches.")
    static let sha256 = Field("sha256", .list(of: .digest(64)), "SHA-256 digests of the whole body that are well.")
    static let md5 = Field("md5", .list(of: .digest(32)), "MD5 digests of the whole body, as keepalived's genhash.")

    // Of dns, smtp, command and file.
    static let queryName = Field("name", .hostName, "The name that is asked for.")
    static let recordType = Field(
        "recordType",
        .choice(["A", "AAAA", "NS", "CNAME", "SOA", "MX", "TXT", "SRV", "PTR"].map { ($0, $0) }),
        "The type of record that is asked for; A by default.")
    static let answer = Field(
        "answer", .checkText(255, lines: false), "The data that one of the records has to have; any by default.")
    static let helo = Field("helo", .hostName, "The name in HELO; localhost by default.")
    static let command = Field(
        "command", .list(of: .checkText(4096, lines: true)),
        "The absolute path of a program, and its arguments; no shell is between. 0 is up, 1 down.")
    static let isDynamic = Field(
        "dynamic", .boolean, "Whether an exit status from 2 to 255 is up, with that weight less 2; false by default.")
    static let user = Field(
        "user",
        .text(
            pattern: #"^[a-z_][a-z0-9_-]{0,31}$"#, expected: "a user's name", isValid: { isKernelName($0, 32) }),
        "The user that the program runs as; the checker's by default.")
    static let weightFile = Field(
        "file", .filePath, "A file with the weight as a decimal number; 0 is down.")
}

extension ObjectShape {
    static let check = ObjectShape(
        [Fields.checkType] + CheckType.commonFields + CheckType.particularFields, required: ["type"])

    static let checkBody = ObjectShape([Fields.contains, Fields.matches, Fields.sha256, Fields.md5])

    /// What virtual servers and defaults say of health.
    static let healthFields: [any FieldDescription] = [
        Fields.checks, Fields.onFailure, Fields.quorum, Fields.hysteresis, Fields.startsDown, Fields.drainsAtEnd,
        Fields.panicThreshold, Fields.slowStart,
    ]
}
