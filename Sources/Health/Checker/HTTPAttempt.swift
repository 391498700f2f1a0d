internal import CCurl
internal import CSystem
internal import Glibc
internal import HealthChecks
internal import LoadBalancing

/// One request of a check, by libcurl, on a connection of its own.
final class HTTPAttempt: Attempt {
    let curl: CurlHandle
    private let subject: CheckSubject
    private let probe: ServerCheck.HTTPProbe
    private let target: Endpoint
    private unowned let transfers: CheckTransfers
    private let key: UInt64
    private var body: BodyCheck
    /// What ended the transfer from within.
    private var early: Finding?
    private var headSize = 0
    private var lists: [UnsafeMutablePointer<curl_slist>] = []

    /// Bytes of the head of an answer.
    private static let longestHead = 64 << 10
    /// What a TLS connection fails with on this node's account.
    private static let local = Set(
        [
            CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
            CURLE_URL_MALFORMAT, CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN, CURLE_SSL_ENGINE_INITFAILED,
        ].map(\.rawValue))

    /// Why there is no request.
    struct Failure: Error {
        let reason: String
    }

    init(
        _ subject: CheckSubject, _ probe: ServerCheck.HTTPProbe, _ transfers: CheckTransfers, key: UInt64
    ) throws(Failure) {
        self.subject = subject
        self.probe = probe
        self.transfers = transfers
        self.key = key
        target = subject.check.target(of: subject.realServer)
        do throws(Pattern.Failure) {
            body = try BodyCheck(probe.body)
        } catch {
            throw Failure(reason: error.reason)
        }
        guard let handle = transfers.takeHandle() else { throw Failure(reason: "there is no memory") }
        curl = handle
    }

    deinit {
        transfers.giveBack(curl)
        for list in lists { curl_slist_free_all(list) }
    }

    func start() -> Finding? {
        do throws(Failure) {
            try prepare()
        } catch {
            return .unknown("cannot ask: \(error.reason)")
        }
        return transfers.begin(self, key: key) ? nil : .unknown("cannot ask: libcurl takes no transfer")
    }

    /// Its sockets are libcurl's.
    func handle() -> Finding? { nil }

    func expire() -> Finding { .down("no answer within \(subject.check.timeout.shortText)") }

    /// What its end means.
    func finding(for result: CURLcode) -> Finding {
        if let early { return early }
        let status = ccurl_status(curl.easy)
        guard result == CURLE_OK else { return failure(result) }
        guard isWell(status) else { return .down("HTTP \(status) from \(probe.path)") }
        return told(body.finish(), status)
    }

    private func isWell(_ status: Int) -> Bool { probe.statuses.contains { $0.contains(status) } }

    private func told(_ finding: Finding, _ status: Int) -> Finding {
        let answer = "HTTP \(status) from \(probe.path)"
        return Finding(
            outcome: finding.outcome, reason: finding.reason.isEmpty ? answer : "\(answer): \(finding.reason)")
    }

    private func failure(_ result: CURLcode) -> Finding {
        let code = ccurl_system_error(curl.easy)
        if result == CURLE_COULDNT_CONNECT, code != 0 { return .error(code) }
        let text = curl.error ?? String(cString: curl_easy_strerror(result))
        return Self.local.contains(result.rawValue) ? .unknown("cannot ask: \(text)") : .down(text)
    }
}

// MARK: - What libcurl calls

extension HTTPAttempt {
    /// Makes the socket that the check wants.
    private func openSocket(_ address: curl_sockaddr) -> curl_socket_t {
        do throws(ProbeSocket.Failure) {
            return try ProbeSocket.open(
                address.family == AF_INET ? .ipv4 : .ipv6, SOCK_STREAM, for: subject.check)
        } catch {
            early = error.finding
            return CURL_SOCKET_BAD
        }
    }

    /// Takes a part of the body; `false` ends the transfer.
    private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let status = ccurl_status(curl.easy)
        guard isWell(status) else {
            early = .down("HTTP \(status) from \(probe.path)")
            return false
        }
        early = body.take(bytes).map { told($0, status) }
        return early == nil
    }

    private func takeHead(_ count: Int) -> Bool {
        headSize += count
        if headSize > Self.longestHead { early = .down("the head of the answer is longer than 64 KiB") }
        return early == nil
    }
}

// MARK: - Preparing

extension HTTPAttempt {
    private func prepare() throws(Failure) {
        let scheme = probe.isTLS ? "https" : "http"
        let address = target.address.family == .ipv4 ? "\(target.address)" : "[\(target.address)]"
        // The name in the URL is the one in the handshake and in the certificate; where to connect is said beside it.
        let name = probe.isTLS ? probe.serverName ?? probe.host.map(Self.withoutPort) : nil
        try set(CURLOPT_URL, "\(scheme)://\(name ?? address):\(target.port)\(probe.path)")
        if name != nil { try set(CURLOPT_CONNECT_TO, ["::\(address):\(target.port)"]) }
        try set(CURLOPT_PATH_AS_IS, 1)
        if probe.method == "HEAD" {
            try set(CURLOPT_NOBODY, 1)
        } else if probe.method != "GET" {
            try set(CURLOPT_CUSTOMREQUEST, probe.method)
        }
        // Of itself libcurl says the host of the URL.
        let host = probe.host ?? (name == nil ? nil : "\(address):\(target.port)")
        let first = (host.map { ["Host: \($0)"] } ?? []) + ["Connection: close"]
        try set(CURLOPT_HTTPHEADER, first + probe.headers.map { "\($0.name): \($0.value)" })
        if probe.isTLS { try prepareTLS() }
        try setCallbacks()
    }

    private static func withoutPort(_ host: String) -> String {
        guard let colon = host.lastIndex(of: ":"), UInt16(host[host.index(after: colon)...]) != nil else { return host }
        return String(host[..<colon])
    }

    private func prepareTLS() throws(Failure) {
        if let authorities = transfers.authorities { try set(CURLOPT_CAINFO, authorities) }
        if !probe.verifies {
            try set(CURLOPT_SSL_VERIFYPEER, 0)
            try set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let certificate = probe.certificate { try set(CURLOPT_SSLCERT, certificate) }
        if let key = probe.key { try set(CURLOPT_SSLKEY, key) }
    }

    private func setCallbacks() throws(Failure) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(
            ccurl_set_socket_opener(
                curl.easy,
                { context, _, address in
                    guard let context, let address else { return CURL_SOCKET_BAD }
                    return Unmanaged<HTTPAttempt>.fromOpaque(context).takeUnretainedValue().openSocket(address.pointee)
                }, context))
        try check(
            ccurl_set_receiver(
                curl.easy,
                { data, size, count, context in
                    guard let context else { return 0 }
                    let attempt = Unmanaged<HTTPAttempt>.fromOpaque(context).takeUnretainedValue()
                    return attempt.take(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
                }, context))
        try check(
            ccurl_set_head_receiver(
                curl.easy,
                { _, size, count, context in
                    guard let context else { return 0 }
                    let attempt = Unmanaged<HTTPAttempt>.fromOpaque(context).takeUnretainedValue()
                    return attempt.takeHead(size * count) ? size * count : 0
                }, context))
    }

    private func set(_ option: CURLoption, _ number: Int) throws(Failure) {
        try check(ccurl_set_number(curl.easy, option, number))
    }

    private func set(_ option: CURLoption, _ text: String) throws(Failure) {
        try check(ccurl_set_text(curl.easy, option, text))
    }

    private func set(_ option: CURLoption, _ lines: [String]) throws(Failure) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else {
                curl_slist_free_all(list)
                throw Failure(reason: "there is no memory")
            }
            list = longer
        }
        if let list { lists.append(list) }
        try check(ccurl_set_pointer(curl.easy, option, list))
    }

    private func check(_ code: CURLcode) throws(Failure) {
        guard code != CURLE_OK else { return }
        throw Failure(reason: String(cString: curl_easy_strerror(code)))
    }
}
