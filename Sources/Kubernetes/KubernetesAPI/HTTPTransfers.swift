internal import CCurl
internal import Glibc
package import LoadBalancing

/// Requests to one server, side by side on the thread that polls them, by libcurl.
package final class HTTPTransfers {
    /// What came of the transfers since the last look.
    package enum Event {
        case received(id: Int, [UInt8], APIResponse)
        case ended(id: Int, APIOutcome, APIResponse, isUntrusted: Bool)
    }

    /// What ends a transfer because the server cannot show that it is the one that is meant, or we to it.
    private static let untrusted = Set(
        [CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE].map(\.rawValue))

    private let access: ClusterAccess
    /// `nil` after a failure, until the next request.
    private var multi: UnsafeMutableRawPointer?
    /// Why the handle is of no more use.
    private var failure: CURLMcode?
    private var transfers: [Int: Transfer] = [:]
    /// Whether libcurl has requests that it has not looked at yet.
    private var hasNewRequests = false
    /// Of the descriptors that the last call of ``poll(timeout:descriptors:)`` was given, those that have news.
    package private(set) var ready: [Int32] = []
    private let record = PeerRecord()

    /// The addresses that requests went to or tried to go to, the latest last: the server's, or those of the proxy on
    /// the way.
    package var peers: [IPAddress] { record.addresses }

    /// - Parameter peers: Addresses that are known to lead to the server.
    package init(_ access: ClusterAccess, peers: [IPAddress] = []) {
        self.access = access
        for peer in peers { record.note(peer) }
    }

    deinit { discard() }

    /// Once for the whole process.
    private static let isInitialized = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    /// How long nothing is tried after a failure that no request tells of.
    private static let pause = Duration.milliseconds(250)

    private func openHandle() throws(FeedProblem) -> UnsafeMutableRawPointer {
        if let multi { return multi }
        guard Self.isInitialized, let made = curl_multi_init() else { throw Transfer.noMemory }
        multi = made
        return made
    }

    /// Gives up the handle with all that is under way.
    private func discard() {
        for id in Array(transfers.keys) { cancel(id) }
        // It can only say that this is no handle; nothing is left to be done then.
        if let multi { _ = curl_multi_cleanup(multi) }
        multi = nil
        failure = nil
    }

    /// Begins a request.
    ///
    /// - Throws: Why it cannot even be made: a token file that cannot be read.
    package func start(_ request: APIRequest, id: Int) throws(FeedProblem) {
        cancel(id)
        let multi = try openHandle()
        let transfer = try Transfer(access, peers: record)
        try transfer.prepare(request)
        let code = curl_multi_add_handle(multi, transfer.handle)
        guard code == CURLM_OK else {
            throw FeedProblem(
                resource: "libcurl",
                message: "the request cannot be made: \(String(cString: curl_multi_strerror(code)))",
                isRefusal: false)
        }
        transfers[id] = transfer
        hasNewRequests = true
    }

    package func cancel(_ id: Int) {
        guard let transfer = transfers.removeValue(forKey: id) else { return }
        guard let multi else { return }
        let code = curl_multi_remove_handle(multi, transfer.handle)
        if code != CURLM_OK { failure = code }
    }

    /// Waits until something comes, and says what.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait at most.
    ///   - descriptors: Descriptors of others that end the wait when they can be read.
    package func poll(timeout: Duration, descriptors: [Int32]) -> [Event] {
        ready = []
        guard let multi else {
            wait(timeout, descriptors)
            return []
        }
        var early: [Event] = []
        if hasNewRequests {
            perform(multi)
            early = events()
        }
        if let failure { return early + abandon(failure, timeout, descriptors) }
        var extra = descriptors.map { curl_waitfd(fd: $0, events: Int16(CURL_WAIT_POLLIN), revents: 0) }
        var count: Int32 = 0
        let code = curl_multi_poll(
            multi, &extra, UInt32(extra.count), early.isEmpty ? timeout.milliseconds : 0, &count)
        ready = extra.filter { $0.revents != 0 }.map(\.fd)
        if code != CURLM_OK {
            failure = code
        } else if Int(count) > ready.count || isDue(multi) {
            perform(multi)
        }
        let late = early + events()
        if let failure { return late + abandon(failure, timeout, descriptors) }
        return late
    }

    /// Whether libcurl has something to do though none of its sockets has news: a time limit, or bytes that it holds.
    private func isDue(_ multi: UnsafeMutableRawPointer) -> Bool {
        var milliseconds = 0
        let code = curl_multi_timeout(multi, &milliseconds)
        if code != CURLM_OK { failure = code }
        return milliseconds == 0
    }

    private func perform(_ multi: UnsafeMutableRawPointer) {
        hasNewRequests = false
        var running: Int32 = 0
        let code = curl_multi_perform(multi, &running)
        if code != CURLM_OK { failure = code }
    }

    /// Ends every transfer with the failure of their common handle, which the next request makes anew.
    ///
    /// Whoever asks again waits before that; where nobody has asked, the wait is here.
    private func abandon(_ code: CURLMcode, _ timeout: Duration, _ descriptors: [Int32]) -> [Event] {
        let message = "libcurl cannot go on, and begins anew: \(String(cString: curl_multi_strerror(code)))"
        let ended = transfers.sorted { $0.key < $1.key }.map { id, transfer in
            Event.ended(id: id, .failed(message), transfer.response, isUntrusted: false)
        }
        discard()
        if ended.isEmpty { wait(min(timeout, Self.pause), descriptors) }
        return ended
    }

    /// Waits without libcurl.
    private func wait(_ time: Duration, _ descriptors: [Int32]) {
        var waited = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard Glibc.poll(&waited, nfds_t(waited.count), time.milliseconds) < 0 else {
            return ready = waited.filter { $0.revents != 0 }.map(\.fd)
        }
        // What cannot be waited for must not be asked for again and again.
        if errno != EINTR { _ = usleep(UInt32(min(time, Self.pause).milliseconds) * 1_000) }
    }

    private func events() -> [Event] {
        var events: [Event] = []
        for (id, transfer) in transfers.sorted(by: { $0.key < $1.key }) where transfer.hasNews {
            events.append(.received(id: id, transfer.take(), transfer.response))
        }
        guard let multi else { return events }
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE,
                let (id, transfer) = transfers.first(where: { $0.value.handle == message.pointee.easy_handle })
            else { continue }
            let result = message.pointee.data.result
            let outcome: APIOutcome = result == CURLE_OK ? .complete : .broken(transfer.message(for: result))
            events.append(
                .ended(
                    id: id, outcome, transfer.response,
                    isUntrusted: Self.untrusted.contains(result.rawValue)))
            cancel(id)
        }
        return events
    }
}

extension Duration {
    fileprivate var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: max(0, milliseconds))
    }
}
