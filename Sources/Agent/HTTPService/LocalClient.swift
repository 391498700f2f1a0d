internal import CCurl
internal import Glibc
internal import Sockets

/// Requests to a server on a Unix socket of this host, by libcurl.
package enum LocalClient {
    package static let maximumBody = 64 << 20

    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Asks and waits for the answer.
    ///
    /// - Parameters:
    ///   - method: `post` for what changes something.
    ///   - path: The path of the socket.
    ///   - target: Path and query, encoded: `/v1/services?namespace=default`.
    ///   - timeout: How long it may take until all of the answer is there.
    ///   - limit: The longest answer that is taken, in bytes.
    /// - Throws: Why there is no answer: nobody listens, it is not permitted, it takes too long.
    package static func ask(
        socket path: String, _ target: String, method: HTTPRequest.Method = .get, timeout: Duration,
        limit: Int = maximumBody
    ) throws(HTTPServiceError) -> (status: Int, body: [UInt8]) {
        guard SocketAddress(path: path) != nil else { throw HTTPServiceError(.unusablePath, at: path) }
        guard target.utf8.first == UInt8(ascii: "/"), target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HTTPServiceError(.unusableTarget, at: target)
        }
        guard isReady, let handle = curl_easy_init() else {
            throw HTTPServiceError(.broken("out of memory"), at: path)
        }
        defer { curl_easy_cleanup(handle) }
        prepare(handle, path, target, timeout)
        let body = Body(limit: limit)
        ccurl_set_receiver(
            handle,
            { data, size, count, context in
                guard let data, let context else { return 0 }
                let body = Unmanaged<Body>.fromOpaque(context).takeUnretainedValue()
                return body.append(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
            }, Unmanaged.passUnretained(body).toOpaque())
        if method != .get { ccurl_set_text(handle, CURLOPT_CUSTOMREQUEST, method.rawValue) }
        let result = curl_easy_perform(handle)
        guard result == CURLE_OK else { throw HTTPServiceError(failure(result, handle, body), at: path) }
        return (ccurl_status(handle), body.bytes)
    }

    private static func prepare(
        _ handle: UnsafeMutableRawPointer, _ path: String, _ target: String, _ timeout: Duration
    ) {
        let (seconds, attoseconds) = timeout.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        ccurl_set_text(handle, CURLOPT_URL, "http://localhost" + target)
        ccurl_set_text(handle, CURLOPT_UNIX_SOCKET_PATH, path)
        // No proxy, whatever the environment says.
        ccurl_set_text(handle, CURLOPT_PROXY, "")
        ccurl_set_number(handle, CURLOPT_PROTOCOLS, Int(CURLPROTO_HTTP))
        ccurl_set_number(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        ccurl_set_number(handle, CURLOPT_PATH_AS_IS, 1)
        ccurl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        // 0 would be for ever.
        ccurl_set_number(handle, CURLOPT_TIMEOUT_MS, Int(max(1, milliseconds)))
        ccurl_set_text(handle, CURLOPT_USERAGENT, "ipvsync")
    }

    private static func failure(
        _ result: CURLcode, _ handle: UnsafeMutableRawPointer, _ body: Body
    ) -> HTTPServiceError.Kind {
        if body.isTooLong { return .tooLong(body.limit) }
        if result == CURLE_OPERATION_TIMEDOUT { return .timedOut }
        if result == CURLE_COULDNT_CONNECT {
            switch ccurl_system_error(handle) {
            case ENOENT, ENOTDIR: return .absent
            case EACCES, EPERM: return .forbidden
            case ECONNREFUSED: return .refused
            default: break
            }
        }
        return .broken(String(cString: curl_easy_strerror(result)))
    }

    /// What has come of an answer.
    private final class Body {
        let limit: Int
        private(set) var bytes: [UInt8] = []
        private(set) var isTooLong = false

        init(limit: Int) {
            self.limit = limit
        }

        /// Takes more of it; whether there was room.
        func append(_ more: UnsafeRawBufferPointer) -> Bool {
            isTooLong = more.count > limit - bytes.count
            if !isTooLong { bytes += more }
            return !isTooLong
        }
    }
}
