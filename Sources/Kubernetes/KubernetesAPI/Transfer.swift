internal import CCurl
internal import Configuration
internal import Glibc

/// One request and what has come of its answer.
final class Transfer {
    let handle: UnsafeMutableRawPointer
    /// Its secrets are lent to libcurl.
    private let access: ClusterAccess
    /// What was read of files is lent as well, until the transfer ends.
    private var lent: [Secret] = []
    private let peers: PeerRecord
    private var received: [UInt8] = []
    private var isAnnounced = false
    private var headSize = 0
    /// Why the answer was cut here.
    private var refusal: String?
    private let errorText: UnsafeMutablePointer<CChar>
    private var headers: UnsafeMutablePointer<curl_slist>?

    /// Milliseconds until a connection stands, TLS and the server's name included: trouble is told within 10 s.
    private static let connectTimeout = 8_000
    /// Seconds of silence after which a connection is asked whether it still stands, and between further questions.
    private static let keepalive = (idle: 30, interval: 10)
    /// `CURLAUTH_BASIC`, a macro that Swift does not see.
    private static let basicAuthentication = 1
    /// `CURLHEADER_SEPARATE`, another one.
    private static let separateHeaders = 1
    private static let maximumToken = 64 << 10
    private static let maximumMaterial = 16 << 20
    /// Bytes of the heads of an answer, with those of interim answers and of a proxy's.
    private static let maximumHead = 64 << 10

    init(_ access: ClusterAccess, peers: PeerRecord) throws(FeedProblem) {
        guard let handle = curl_easy_init() else { throw Self.noMemory }
        self.handle = handle
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        self.access = access
        self.peers = peers
        errorText[0] = 0
    }

    deinit {
        curl_easy_cleanup(handle)
        var next = headers
        while let header = next {
            if let text = header.pointee.data { explicit_bzero(text, strlen(text)) }
            next = header.pointee.next
        }
        curl_slist_free_all(headers)
        errorText.deallocate()
    }

    /// The head of the answer; status 0 before it is there.
    var response: APIResponse {
        let type = String(cString: ccurl_content_type(handle))
        return APIResponse(
            status: ccurl_status(handle), retryAfter: ccurl_retry_after(handle), mediaType: type.isEmpty ? nil : type)
    }

    /// Whether something came since the last call of ``take()``, be it only the head of the answer.
    var hasNews: Bool { !received.isEmpty || !isAnnounced && response.status != 0 }

    /// What came since the last call.
    func take() -> [UInt8] {
        isAnnounced = true
        defer { received = [] }
        return received
    }

    /// What a failed transfer's result means.
    func message(for result: CURLcode) -> String {
        if let refusal { return refusal }
        // So libcurl calls both.
        if result == CURLE_OUT_OF_MEMORY { return "there is no memory, or a line of the answer's head is too long" }
        let detail = String(cString: errorText)
        return Self.withoutTimes(detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail)
    }

    /// The text without "after 12 ms" and the like: the same trouble reads the same each time, and is told once.
    private static func withoutTimes(_ text: String) -> String {
        var words = text.split(separator: " ", omittingEmptySubsequences: false)
        var index = 0
        while index + 2 < words.count {
            if words[index] == "after", UInt64(words[index + 1]) != nil,
                ["ms", "ms:", "milliseconds"].contains(words[index + 2])
            {
                let hasColon = words[index + 2].hasSuffix(":")
                words.removeSubrange(index...(index + 2))
                if hasColon, index > 0 { words[index - 1] += ":" }
            } else {
                index += 1
            }
        }
        return words.joined(separator: " ")
    }
}

// MARK: - Preparing

extension Transfer {
    func prepare(_ request: APIRequest) throws(FeedProblem) {
        try set(CURLOPT_URL, access.server + request.path)
        try check(ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText))
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_TIMEOUT, request.timeout)
        try set(CURLOPT_CONNECTTIMEOUT_MS, Self.connectTimeout)
        try check(ccurl_set_quick_exit(handle))
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_TCP_KEEPIDLE, Self.keepalive.idle)
        try set(CURLOPT_TCP_KEEPINTVL, Self.keepalive.interval)
        // One connection for each request: a watch that stalls holds up nothing else. No redirects: credentials go
        // to the server that was named and to no other.
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_PROTOCOLS, Int(CURLPROTO_HTTP | CURLPROTO_HTTPS))
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_USERAGENT, "ipvsync")
        try set(CURLOPT_ACCEPT_ENCODING, nil)
        try check(
            ccurl_set_socket_opener(handle, PeerRecord.open, Unmanaged.passUnretained(peers).toOpaque()))
        try setProxy(access.proxy)
        try setTrust(access.trust)
        try set(access.certificate, CURLOPT_SSLCERT_BLOB)
        try set(access.key, CURLOPT_SSLKEY_BLOB)
        try appendHeader { curl_slist_append($0, "Accept: application/json") }
        if request.method != .get {
            try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            // libcurl takes a copy.
            try set(CURLOPT_COPYPOSTFIELDS, request.body)
            try appendHeader { curl_slist_append($0, "Content-Type: \(request.method.mediaType)") }
        }
        try setCredential(access.credential)
        try check(ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headers))
        // None of them is for a proxy.
        try set(CURLOPT_HEADEROPT, Self.separateHeaders)
        try setReceivers()
    }

    private func setReceivers() throws(FeedProblem) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(
            ccurl_set_receiver(
                handle,
                { data, size, count, context in
                    guard let data, let context else { return 0 }
                    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                    transfer.received += UnsafeRawBufferPointer(start: data, count: size * count)
                    return size * count
                }, context))
        try check(
            ccurl_set_head_receiver(
                handle,
                { data, size, count, context in
                    guard let data, let context else { return 0 }
                    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                    let line = UnsafeRawBufferPointer(start: data, count: size * count)
                    return transfer.takeHead(line) ? line.count : 0
                }, context))
    }

    /// Takes a line of the head; `false` cuts the answer.
    private func takeHead(_ line: UnsafeRawBufferPointer) -> Bool {
        headSize += line.count
        guard headSize <= Self.maximumHead else {
            refusal = "the head of the answer is longer than \(Self.maximumHead >> 10) KiB"
            return false
        }
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1)
        guard parts.count == 2 else { return true }
        let words = parts.map { part in
            String(decoding: part.filter { $0 > 0x20 }.prefix(64), as: UTF8.self).lowercased()
        }
        // Neither was asked for; a few bytes could stand for any number.
        guard words[0] == "content-encoding" || words[0] == "transfer-encoding",
            !["identity", "chunked", ""].contains(words[1])
        else { return true }
        refusal = "the answer is compressed (\(words[0]): \(words[1])), which was not asked for"
        return false
    }

    private func setProxy(_ proxy: ClusterAccess.Proxy?) throws(FeedProblem) {
        // An empty text: none, and no exception, whatever the environment says.
        try set(CURLOPT_PROXY, proxy?.url ?? "")
        try set(CURLOPT_NOPROXY, "")
        guard let login = proxy?.login else { return }
        try set(CURLOPT_PROXYAUTH, Self.basicAuthentication)
        try set(CURLOPT_PROXYUSERNAME, login.user)
        try check(login.password.withCString { ccurl_set_text(handle, CURLOPT_PROXYPASSWORD, $0) })
    }

    private func setTrust(_ trust: ClusterAccess.Trust) throws(FeedProblem) {
        switch trust {
        case .system: break
        case .authorities(let material): try set(material, CURLOPT_CAINFO_BLOB)
        case .anything:
            try set(CURLOPT_SSL_VERIFYPEER, 0)
            try set(CURLOPT_SSL_VERIFYHOST, 0)
        }
    }

    /// Files are read here and not by libcurl, which would wait for a FIFO.
    private func set(_ material: ClusterAccess.Material?, _ blob: CURLoption) throws(FeedProblem) {
        let secret: Secret
        switch material {
        case .none: return
        case .inline(let data): secret = data
        case .file(let path):
            secret = try contents(of: path, limit: Self.maximumMaterial, as: "certificates and keys")
            lent.append(secret)
        }
        try check(secret.withBytes { ccurl_set_bytes(handle, blob, $0.baseAddress, $0.count) })
    }

    private func contents(of path: String, limit: Int, as resource: String) throws(FeedProblem) -> Secret {
        do throws(ConfigurationErrors) {
            var bytes = try SourceFile(path: path).contents(limit: limit)
            return Secret(taking: &bytes)
        } catch {
            throw FeedProblem(resource: resource, message: error.description, isRefusal: true)
        }
    }

    private func setCredential(_ credential: ClusterAccess.Credential) throws(FeedProblem) {
        switch credential {
        case .none: break
        case .token(let token): try setToken(token, "the token")
        case .tokenFile(let path):
            let text = try contents(of: path, limit: Self.maximumToken, as: "token")
            var bytes = text.withBytes { $0.filter { $0 > 0x20 } }
            try setToken(Secret(taking: &bytes), "the token in \(path)")
        case .password(let login):
            try set(CURLOPT_HTTPAUTH, Self.basicAuthentication)
            try set(CURLOPT_USERNAME, login.user)
            try check(login.password.withCString { ccurl_set_text(handle, CURLOPT_PASSWORD, $0) })
        }
    }

    private func setToken(_ token: Secret, _ name: String) throws(FeedProblem) {
        guard token.count > 0, token.withBytes({ $0.allSatisfy { (0x21...0x7E).contains($0) } }) else {
            throw FeedProblem(resource: "token", message: "\(name) is empty or no token", isRefusal: true)
        }
        let header = token.preceded(by: "Authorization: Bearer ")
        try appendHeader { list in header.withCString { curl_slist_append(list, $0) } }
    }

    /// The list stays as it was when nothing can be appended.
    private func appendHeader(
        _ append: (UnsafeMutablePointer<curl_slist>?) -> UnsafeMutablePointer<curl_slist>?
    ) throws(FeedProblem) {
        guard let longer = append(headers) else { throw Self.noMemory }
        headers = longer
    }

    static var noMemory: FeedProblem {
        FeedProblem(
            resource: "libcurl", message: "the request cannot be made: there is not enough memory", isRefusal: false)
    }
}

// MARK: - Options

extension Transfer {
    private func set(_ option: CURLoption, _ number: Int) throws(FeedProblem) {
        try check(ccurl_set_number(handle, option, number))
    }

    private func set(_ option: CURLoption, _ text: String?) throws(FeedProblem) {
        try check(ccurl_set_text(handle, option, text))
    }

    /// An option that a libcurl does not know leaves a request that is not the one that was meant.
    private func check(_ code: CURLcode) throws(FeedProblem) {
        guard code != CURLE_OK else { return }
        throw FeedProblem(
            resource: "libcurl", message: "the request cannot be made: \(String(cString: curl_easy_strerror(code)))",
            isRefusal: true)
    }
}
