internal import CCurl
internal import Configuration
internal import Glibc
import LoadBalancing

/// One request and what has come of its answer.
final class Transfer {
    let handle: UnsafeMutableRawPointer
    private var received: [UInt8] = []
    /// Where connections for it were opened to, whether they came about or not.
    private(set) var peers: Set<IPAddress> = []
    private var isAnnounced = false
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var headers: UnsafeMutablePointer<curl_slist>?

    private static let connectTimeout = 10
    /// Seconds of silence after which a connection is asked whether it still stands, and between further questions.
    private static let keepalive = (idle: 30, interval: 10)
    /// `CURLAUTH_BASIC`, a macro that Swift does not see.
    private static let basicAuthentication = 1
    private static let maximumToken = 64 << 10

    init() {
        guard let handle = curl_easy_init() else { preconditionFailure("out of memory") }
        self.handle = handle
        errorText[0] = 0
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        errorText.deallocate()
    }

    /// The head of the answer; status 0 before it is there.
    var response: APIResponse {
        APIResponse(status: ccurl_status(handle), retryAfter: ccurl_retry_after(handle))
    }

    /// Whether something came since the last call of ``take()``, be it only the head of the answer.
    var hasNews: Bool { !received.isEmpty || !isAnnounced && response.status != 0 }

    /// What came since the last call.
    func take() -> [UInt8] {
        isAnnounced = true
        defer { received = [] }
        return received
    }

    func prepare(_ request: APIRequest, _ access: ClusterAccess) throws(FeedProblem) {
        ccurl_set_text(handle, CURLOPT_URL, access.server + request.path)
        ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        ccurl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_set_number(handle, CURLOPT_TIMEOUT, request.timeout)
        ccurl_set_number(handle, CURLOPT_CONNECTTIMEOUT, Self.connectTimeout)
        ccurl_set_number(handle, CURLOPT_TCP_KEEPALIVE, 1)
        ccurl_set_number(handle, CURLOPT_TCP_KEEPIDLE, Self.keepalive.idle)
        ccurl_set_number(handle, CURLOPT_TCP_KEEPINTVL, Self.keepalive.interval)
        // One connection for each request: a watch that stalls holds up nothing else. No redirects: credentials go
        // to the server that was named and to no other.
        ccurl_set_number(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        ccurl_set_number(handle, CURLOPT_PROTOCOLS, Int(CURLPROTO_HTTP | CURLPROTO_HTTPS))
        ccurl_set_text(handle, CURLOPT_USERAGENT, "ipvsync")
        ccurl_set_text(handle, CURLOPT_PROXY, access.proxy ?? "")
        notePeers()
        setTrust(access.trust)
        set(access.certificate, CURLOPT_SSLCERT, CURLOPT_SSLCERT_BLOB)
        set(access.key, CURLOPT_SSLKEY, CURLOPT_SSLKEY_BLOB)
        headers = curl_slist_append(headers, "Accept: application/json")
        try setCredential(access.credential)
        ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        ccurl_set_receiver(
            handle,
            { data, size, count, context in
                guard let data, let context else { return 0 }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                transfer.received += UnsafeRawBufferPointer(start: data, count: size * count)
                return size * count
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func notePeers() {
        ccurl_set_opener(
            handle,
            { context, _, address in
                guard let context, let address else { return -1 }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                if let peer = IPAddress(address) { transfer.peers.insert(peer) }
                return ccurl_open(address)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// What a failed transfer's result means.
    func message(for result: CURLcode) -> String {
        let detail = String(cString: errorText)
        return detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail
    }

    private func setTrust(_ trust: ClusterAccess.Trust) {
        switch trust {
        case .system: break
        case .authorities(let material): set(material, CURLOPT_CAINFO, CURLOPT_CAINFO_BLOB)
        case .anything:
            ccurl_set_number(handle, CURLOPT_SSL_VERIFYPEER, 0)
            ccurl_set_number(handle, CURLOPT_SSL_VERIFYHOST, 0)
        }
    }

    private func set(_ material: ClusterAccess.Material?, _ path: CURLoption, _ blob: CURLoption) {
        switch material {
        case .none: break
        case .file(let name): ccurl_set_text(handle, path, name)
        case .inline(let bytes): bytes.withUnsafeBytes { _ = ccurl_set_bytes(handle, blob, $0.baseAddress, $0.count) }
        }
    }

    private func setCredential(_ credential: ClusterAccess.Credential) throws(FeedProblem) {
        switch credential {
        case .none: break
        case .token(let token): try setToken(token, "the token")
        case .tokenFile(let path):
            let bytes: [UInt8]
            do throws(ConfigurationErrors) {
                bytes = try SourceFile.sources(at: path).first?.contents(limit: Self.maximumToken) ?? []
            } catch {
                throw FeedProblem(resource: "token", message: error.description, isRefusal: true)
            }
            try setToken(String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self), "the token in \(path)")
        case .password(let user, let password):
            ccurl_set_number(handle, CURLOPT_HTTPAUTH, Self.basicAuthentication)
            ccurl_set_text(handle, CURLOPT_USERNAME, user)
            ccurl_set_text(handle, CURLOPT_PASSWORD, password)
        }
    }

    private func setToken(_ token: String, _ name: String) throws(FeedProblem) {
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw FeedProblem(resource: "token", message: "\(name) is empty or no token", isRefusal: true)
        }
        headers = curl_slist_append(headers, "Authorization: Bearer \(token)")
    }
}

extension IPAddress {
    /// The address that a connection is opened to; `nil` for other families than IP.
    fileprivate init?(_ address: UnsafePointer<curl_sockaddr>) {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = ccurl_address(address, &bytes)
        guard count > 0 else { return nil }
        let halves = (0..<2).map { half in bytes[half * 8..<half * 8 + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        let isMapped = count == 16 && halves[0] == 0 && halves[1] >> 32 == 0xFFFF
        if count == 4 {
            self.init(v4: UInt32(halves[0] >> 32))
        } else if isMapped {
            self.init(v4: UInt32(truncatingIfNeeded: halves[1]))
        } else {
            self.init(v6High: halves[0], low: halves[1])
        }
    }
}
