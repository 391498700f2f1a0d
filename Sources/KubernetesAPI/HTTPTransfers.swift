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

    private let access: ClusterAccess
    private let multi: UnsafeMutableRawPointer
    private var transfers: [Int: Transfer] = [:]
    /// Where the server was found, or looked for: the addresses of all connections until now.
    package private(set) var peers: Set<IPAddress> = []
    /// A name that always means something else must not fill the memory.
    private static let peerLimit = 256

    package init(_ access: ClusterAccess) {
        self.access = access
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
        let transfer = Transfer()
        try transfer.prepare(request, access)
        transfers[id] = transfer
        curl_multi_add_handle(multi, transfer.handle)
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
        for transfer in transfers.values where !transfer.peers.isSubset(of: peers) && peers.count < Self.peerLimit {
            peers.formUnion(transfer.peers)
        }
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
                    isUntrusted: result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CERTPROBLEM
                        || result == CURLE_SSL_CACERT_BADFILE))
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
