internal import CCurl
internal import CSystem
internal import Glibc

/// The transfers of HTTP checks under way, by libcurl on the engine's `epoll`.
final class CheckTransfers {
    /// A PEM file; `nil` for the system's.
    let authorities: String?
    private let poller: Poller
    private let multi: UnsafeMutableRawPointer
    private struct Entry {
        let key: UInt64
        unowned let attempt: HTTPAttempt
    }

    private var attempts: [UnsafeMutableRawPointer: Entry] = [:]
    /// Handles that no attempt has, to be used again.
    private var spare: [CurlHandle] = []
    private var sockets: Set<curl_socket_t> = []
    /// When libcurl wants to be asked; `nil` for not at all.
    private(set) var deadline: ContinuousClock.Instant?

    /// The keys of libcurl's sockets at the poller are the descriptors and this.
    static let socketKey: UInt64 = 1 << 62
    private static let mostSpare = 64

    init(_ poller: Poller, authorities: String?) throws(CheckerError) {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let multi = curl_multi_init() else {
            throw CheckerError("libcurl does not start")
        }
        self.poller = poller
        self.authorities = authorities
        self.multi = multi
        let context = Unmanaged.passUnretained(self).toOpaque()
        let code = ccurl_multi_set_callbacks(
            multi,
            { _, socket, action, context, _ in
                guard let context else { return 0 }
                return Unmanaged<CheckTransfers>.fromOpaque(context).takeUnretainedValue().watch(socket, action)
            },
            { _, milliseconds, context in
                guard let context else { return 0 }
                let transfers = Unmanaged<CheckTransfers>.fromOpaque(context).takeUnretainedValue()
                transfers.deadline = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
                return 0
            }, context)
        guard code == CURLM_OK else { throw CheckerError("libcurl: \(String(cString: curl_multi_strerror(code)))") }
    }

    deinit {
        // It can only say that this is no handle.
        _ = curl_multi_cleanup(multi)
    }

    func takeHandle() -> CurlHandle? { spare.popLast() ?? CurlHandle() }

    /// Ends the transfer that a handle is in, if any, and keeps it for another.
    func giveBack(_ handle: CurlHandle) {
        if attempts.removeValue(forKey: handle.easy) != nil { _ = curl_multi_remove_handle(multi, handle.easy) }
        if spare.count < Self.mostSpare, handle.reset() { spare.append(handle) }
    }

    func begin(_ attempt: HTTPAttempt, key: UInt64) -> Bool {
        guard curl_multi_add_handle(multi, attempt.curl.easy) == CURLM_OK else { return false }
        attempts[attempt.curl.easy] = Entry(key: key, attempt: attempt)
        return true
    }

    /// Something has come at one of libcurl's sockets.
    func handle(_ key: UInt64, events: UInt32) {
        let input = events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
        let output = events & EPOLLOUT.rawValue != 0
        act(curl_socket_t(truncatingIfNeeded: key), (input ? CURL_CSELECT_IN : 0) | (output ? CURL_CSELECT_OUT : 0))
    }

    /// Has libcurl look at its times.
    func tick(now: ContinuousClock.Instant) {
        guard let deadline, deadline <= now else { return }
        self.deadline = nil
        act(CURL_SOCKET_BAD, 0)
    }

    private func act(_ socket: curl_socket_t, _ events: Int32) {
        var running: Int32 = 0
        // A failure shows as attempts that find nothing within their time.
        _ = curl_multi_socket_action(multi, socket, events, &running)
    }

    /// The attempts that have ended, with what they found.
    func finished() -> [(key: UInt64, finding: Finding)] {
        var ended: [(UInt64, Finding)] = []
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            let (easy, result) = (message.pointee.easy_handle, message.pointee.data.result)
            guard message.pointee.msg == CURLMSG_DONE, let easy, let entry = attempts[easy] else { continue }
            ended.append((entry.key, entry.attempt.finding(for: result)))
        }
        return ended
    }

    private func watch(_ socket: curl_socket_t, _ action: Int32) -> Int32 {
        let key = Self.socketKey | UInt64(UInt32(bitPattern: socket))
        guard action != CURL_POLL_REMOVE else {
            if sockets.remove(socket) != nil { poller.remove(socket) }
            return 0
        }
        let (input, output) = (action & CURL_POLL_IN != 0, action & CURL_POLL_OUT != 0)
        let isDone =
            sockets.insert(socket).inserted
            ? poller.add(socket, key: key, input: input, output: output)
            : poller.change(socket, key: key, input: input, output: output)
        return isDone ? 0 : -1
    }
}

/// A handle of libcurl's for one transfer after another, with what all checks have in common.
final class CurlHandle {
    let easy: UnsafeMutableRawPointer
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init?() {
        guard let easy = curl_easy_init() else {
            errorText.deallocate()
            return nil
        }
        self.easy = easy
        guard reset() else { return nil }
    }

    deinit {
        curl_easy_cleanup(easy)
        errorText.deallocate()
    }

    /// What libcurl says of the failure; `nil` if it says nothing.
    var error: String? { errorText[0] == 0 ? nil : String(cString: errorText) }

    /// Makes it as new; `false` if it is of no more use.
    func reset() -> Bool {
        curl_easy_reset(easy)
        errorText[0] = 0
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_FRESH_CONNECT, 1), (CURLOPT_FORBID_REUSE, 1), (CURLOPT_FOLLOWLOCATION, 0),
            (CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)), (CURLOPT_BUFFERSIZE, 4 << 10),
            // Even numeric addresses go there, and each transfer looks through all of them.
            (CURLOPT_DNS_CACHE_TIMEOUT, 0),
            (CURLOPT_PROTOCOLS, Int(CURLPROTO_HTTP | CURLPROTO_HTTPS)), (CURLOPT_TCP_NODELAY, 0),
            // A server's session would be of no use to the next connection.
            (CURLOPT_SSL_SESSIONID_CACHE, 0),
        ]
        return numbers.allSatisfy { ccurl_set_number(easy, $0.0, $0.1) == CURLE_OK }
            // No proxy, whatever the environment says.
            && ccurl_set_text(easy, CURLOPT_PROXY, "") == CURLE_OK
            && ccurl_set_text(easy, CURLOPT_USERAGENT, "ipvsync") == CURLE_OK
            && ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText) == CURLE_OK
    }
}
