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
    private let multi: UnsafeMutableRawPointer
    private var transfers: [Int: Transfer] = [:]
    private let record = PeerRecord()

    /// The addresses that requests went to or tried to go to, the latest last: the server's, or those of the proxy on
    /// the way.
    package var peers: [IPAddress] { record.addresses }

    /// - Parameter peers: Addresses that are known to lead to the server.
    package init(_ access: ClusterAccess, peers: [IPAddress] = []) {
        self.access = access
        for peer in peers { record.note(peer) }
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        guard let multi = curl_multi_init() else { preconditionFailure("out of memory") }
        self.multi = multi
    }

    deinit {
        for transfer in transfers.values { curl_multi_remove_handle(multi, transfer.handle) }
        transfers = [:]
        curl_multi_cleanup(multi)
    }

    /// Begins a request.
    ///
    /// - Throws: Why it cannot even be made: a token file that cannot be read.
    package func start(_ request: APIRequest, id: Int) throws(FeedProblem) {
        cancel(id)
        let transfer = Transfer(access, peers: record)
        try transfer.prepare(request)
        let code = curl_multi_add_handle(multi, transfer.handle)
        guard code == CURLM_OK else {
            throw FeedProblem(
                resource: "libcurl",
                message: "the request cannot be made: \(String(cString: curl_multi_strerror(code)))",
                isRefusal: false)
        }
        transfers[id] = transfer
    }

    package func cancel(_ id: Int) {
        guard let transfer = transfers.removeValue(forKey: id) else { return }
        curl_multi_remove_handle(multi, transfer.handle)
    }

    /// Waits until something comes, and says what.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait at most.
    ///   - descriptors: Descriptors of others that end the wait when they can be read.
    package func poll(timeout: Duration, descriptors: [Int32]) -> [Event] {
        perform()
        let early = events()
        var extra = descriptors.map { curl_waitfd(fd: $0, events: Int16(CURL_WAIT_POLLIN), revents: 0) }
        let wait = early.isEmpty ? timeout.milliseconds : 0
        _ = curl_multi_poll(multi, &extra, UInt32(extra.count), wait, nil)
        perform()
        return early + events()
    }

    private func perform() {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
    }

    private func events() -> [Event] {
        var events: [Event] = []
        for (id, transfer) in transfers.sorted(by: { $0.key < $1.key }) where transfer.hasNews {
            events.append(.received(id: id, transfer.take(), transfer.response))
        }
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
