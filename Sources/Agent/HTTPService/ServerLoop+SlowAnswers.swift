internal import Glibc

/// Answers that take long. The worker is at one at a time; whoever waits for the same one when it begins shares it.
extension ServerLoop {
    /// Has a request wait for its answer.
    func wait(_ connection: Connection, _ request: HTTPRequest, _ key: String) {
        arriving.remove(connection.identifier)
        connection.stage = .waiting(request, key: key, work: nil)
        connection.head = RequestHead()
        connection.since = .now
        // Nothing but a broken connection is news now.
        guard watch(connection, 0) else { return }
        if let leaver = slow.admit(connection.identifier, connection.key) { end(leaver, .displaced) }
    }

    /// Gives the finished answer to those who wait for it, and begins the next one.
    func workOnSlowAnswers() {
        guard let worker = answering.worker else { return }
        if let response = worker.takeFinished() {
            give(response)
            work = nil
        }
        if work == nil, let request = chooseWork() { worker.begin(request) }
    }

    private func give(_ response: HTTPResponse) {
        let receivers = slow.all.compactMap { connections[$0] }.filter { $0.isWaiting(for: work) }
        guard let head = response.head(now: time(nil)) else { return receivers.forEach { end($0) } }
        let body = Connection.Body(response.body)
        for receiver in receivers { begin(receiver, Connection.Output(head: head, body: body)) }
        letGo(except: body)
    }

    /// The next request: of the client whose turn was longest ago.
    private func chooseWork() -> HTTPRequest? {
        let waiting = slow.all.compactMap { connections[$0] }.filter { $0.isWaiting(for: nil) }
        lastServed = lastServed.filter { client, _ in waiting.contains { $0.key.client == client } }
        let next = waiting.min { left, right in
            (lastServed[left.key.client] ?? 0, left.identifier) < (lastServed[right.key.client] ?? 0, right.identifier)
        }
        guard case .waiting(let request, let key, _) = next?.stage else { return nil }
        lastWork += 1
        work = lastWork
        for connection in waiting {
            guard case .waiting(let request, key, _) = connection.stage else { continue }
            connection.stage = .waiting(request, key: key, work: lastWork)
            lastServed[connection.key.client] = lastWork
        }
        return request
    }

    /// Lets slow takers of old answers go while too many bytes are kept for them: of the client with the most first.
    private func letGo(except newest: Connection.Body) {
        while true {
            let takers = slow.all.compactMap { connections[$0] }.filter { $0.output != nil }
            let bodies = takers.compactMap { $0.output?.body }
            let held = Dictionary(bodies.map { (ObjectIdentifier($0), $0.bytes.count) }) { first, _ in first }
            guard held.values.reduce(0, +) > limits.heldBytes else { return }
            let counts = Dictionary(takers.map { ($0.key.client, 1) }, uniquingKeysWith: +)
            let old = takers.filter { $0.output?.body !== newest }
            let leaver = old.max { left, right in
                let (leftCount, rightCount) = (counts[left.key.client] ?? 0, counts[right.key.client] ?? 0)
                return leftCount != rightCount ? leftCount < rightCount : left.identifier > right.identifier
            }
            guard let leaver else { return }
            end(leaver.identifier, .displaced)
        }
    }
}

extension Connection {
    /// Whether its answer is that work; for `nil`, whether nothing is at work for it yet.
    fileprivate func isWaiting(for work: UInt64?) -> Bool {
        guard case .waiting(_, _, work) = stage else { return false }
        return true
    }
}
