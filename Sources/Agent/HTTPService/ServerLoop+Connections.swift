internal import CSystem
internal import Glibc

extension ServerLoop {
    func accept() {
        let now = ContinuousClock.now
        if now - placedSince > Self.breath { (placed, placedSince) = (0, now) }
        listeners.acceptPending(makeRoom: makeRoom) { descriptor, peer, port in
            let connection = Connection(
                nextIdentifier, descriptor, Places.Key(port: port, client: ClientIdentity(peer)), since: now)
            nextIdentifier += 1
            connections[connection.identifier] = connection
            figures.count { counts in
                counts.accepted += 1
                counts.open += 1
            }
            // Most have sent their request already: they never take a place.
            receive(connection)
            return placed < placesAtOnce
        }
        if listeners.isShort || placed >= placesAtOnce {
            acceptTime = .now + (listeners.isShort ? Self.shortageDelay : Self.breath)
            epoll_ctl(poll, EPOLL_CTL_DEL, listeners.descriptor, nil)
        }
    }

    /// So many places are given, and then clients get a moment to send their requests before their places go to others:
    /// a burst that waits in the kernel's queue would push out whoever was just accepted.
    private var placesAtOnce: Int { max(16, limits.share / 2) }

    func acceptAgain() {
        guard let acceptTime, acceptTime <= .now else { return }
        let isWatched = watch(listeners.descriptor, Self.listenersEvent)
        self.acceptTime = isWatched ? nil : .now + Self.shortageDelay
        placed = 0
    }

    private func makeRoom() -> Bool {
        guard let leaver = arriving.evict() ?? leaving.evict() ?? slow.evict() else { return false }
        end(leaver, .exhausted)
        return true
    }

    func takeNews(of connection: Connection, _ events: UInt32) {
        let isBroken = events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        switch connection.stage {
        case .arriving: receive(connection)
        case .waiting: if isBroken { end(connection) }
        case .sending: if isBroken { end(connection) } else { send(connection) }
        case .leaving: passOver(connection)
        }
    }

    private func receive(_ connection: Connection) {
        switch connection.receive(buffer) {
        case .done: answer(connection)
        case .blocked:
            guard !arriving.contains(connection.identifier) else { return }
            guard watch(connection, EPOLLIN.rawValue) else { return }
            placed += 1
            if let leaver = arriving.admit(connection.identifier, connection.key) { displace(leaver) }
        case .broken: end(connection)
        }
    }

    /// Ends a connection whose request has not come whole. It may have come by now, behind those of others.
    private func displace(_ identifier: Places.Identifier) {
        if let connection = connections[identifier], case .done = connection.receive(buffer) {
            answer(connection)
        } else {
            end(identifier, .displaced)
        }
    }

    private func answer(_ connection: Connection) {
        guard !connection.head.isTooLong else { return refuse(connection, .headTooLong) }
        do throws(RequestHead.Refusal) {
            let request = try connection.head.request(localPort: connection.key.port, peer: connection.peer)
            connection.isHeadRequest = request.method == .head
            connection.isRefused = connection.head.hasMore
            if answering.worker != nil, let key = answering.slowKey(request) {
                wait(connection, request, key)
            } else {
                reply(connection, answering.handler(request))
            }
        } catch {
            refuse(connection, error.response)
        }
    }

    private func refuse(_ connection: Connection, _ response: HTTPResponse) {
        connection.isRefused = true
        reply(connection, response)
    }

    private func reply(_ connection: Connection, _ response: HTTPResponse) {
        guard let head = response.head(now: time(nil)) else { return end(connection) }
        begin(connection, Connection.Output(head: head, body: Connection.Body(response.body)))
    }

    func begin(_ connection: Connection, _ output: Connection.Output) {
        connection.output = output
        connection.stage = .sending
        // The head is not needed any more.
        connection.head = RequestHead()
        send(connection)
    }

    private func send(_ connection: Connection) {
        switch connection.send() {
        case .done:
            figures.count { $0.answered += 1 }
            connection.output = nil
            guard connection.isRefused else { return end(connection) }
            connection.stage = .leaving
            shutdown(connection.descriptor, Int32(SHUT_WR))
            passOver(connection)
        case .blocked:
            guard watch(connection, EPOLLOUT.rawValue), !slow.contains(connection.identifier) else { return }
            keepLeaving(connection)
        case .broken: end(connection)
        }
    }

    private func passOver(_ connection: Connection) {
        switch connection.passOver(buffer) {
        case .blocked: if watch(connection, EPOLLIN.rawValue) { keepLeaving(connection) }
        case .done, .broken: end(connection)
        }
    }

    /// Gives a connection that is slow to take its answer its place.
    private func keepLeaving(_ connection: Connection) {
        guard !leaving.contains(connection.identifier) else { return }
        arriving.remove(connection.identifier)
        slow.remove(connection.identifier)
        connection.since = .now
        if let leaver = leaving.admit(connection.identifier, connection.key) { end(leaver, .displaced) }
    }

    func end(_ identifier: Places.Identifier, _ reason: HTTPFigures.End) {
        guard let connection = connections[identifier] else { return }
        connection.reset()
        figures.count { $0.ended[reason, default: 0] += 1 }
        end(connection)
    }

    /// Closes a connection with its last reference.
    func end(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.identifier) != nil else { return }
        arriving.remove(connection.identifier)
        leaving.remove(connection.identifier)
        slow.remove(connection.identifier)
        figures.count { $0.open -= 1 }
    }

    // MARK: epoll

    /// Waits for a connection to be ready; whether that is possible.
    func watch(_ connection: Connection, _ events: UInt32) -> Bool {
        var event = epoll_event(events: events, data: epoll_data_t(u64: connection.identifier))
        let operation = connection.isWatched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
        guard epoll_ctl(poll, operation, connection.descriptor, &event) == 0 else {
            end(connection.identifier, .exhausted)
            return false
        }
        connection.isWatched = true
        return true
    }

    func watch(_ descriptor: Int32, _ identifier: UInt64) -> Bool {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: identifier))
        return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0
    }
}
