internal import Documents
internal import KubernetesObjects

extension ResourceFeed {
    /// Reads the lines of a watch that are complete.
    mutating func readLines(now: ContinuousClock.Instant) -> [FeedEvent] {
        var events: [FeedEvent] = []
        var start = pending.startIndex
        while phase == .running, let end = pending[max(start, searched)...].firstIndex(of: UInt8(ascii: "\n")) {
            if end > start { readLine(Array(pending[start..<end]), &events, now: now) }
            start = end + 1
        }
        guard phase == .running else { return events }
        pending.removeFirst(start)
        searched = pending.count
        if pending.count > FeedLimits.line {
            restart("an event is longer than \(FeedLimits.line >> 20) MiB", now: now)
        }
        return events
    }

    private mutating func readLine(_ line: [UInt8], _ events: inout [FeedEvent], now: ContinuousClock.Instant) {
        let event: (node: YAMLNode, problem: YAMLError?)
        do throws(YAMLError) {
            event = try YAMLNode.object(inJSON: line)
        } catch {
            return restart("an event is no JSON: \(error.message)", now: now)
        }
        guard let type = event.node["type"]?.scalar?.text, let object = event.node["object"] else {
            return restart("an event has no type or no object", now: now)
        }
        status.events += 1
        heard = now
        switch type {
        case "ADDED", "MODIFIED", "DELETED":
            let name = object.objectName
            guard !name.name.isEmpty else { return restart("an event's object has no name", now: now) }
            guard isOurs(object, now: now) else { return }
            read(object, name, isRemoval: type == "DELETED", event.problem, &events)
            if let excess { return restart("the watch is refused: \(excess)", now: now) }
            advance(to: object, now: now)
        case "BOOKMARK":
            guard isOurs(object, now: now) else { return }
            sendsBookmarks = true
            advance(to: object, now: now)
        case "ERROR":
            // 410: the version is forgotten. Whatever else it is, a new list makes it good.
            let message = object["message"]?.scalar?.text ?? "an error without a message"
            if object["code"]?.scalar?.text == "410" {
                phase = .idle
                listAgain(freshnessAfterExpiry, now: now)
            } else {
                restart("the watch ended with: \(message)", now: now)
            }
        default:
            // From a newer server: what it means will show in the next list.
            status.failures += 1
        }
    }

    /// Whether an event's object is of the kind that is watched; a list begins if it is not.
    private mutating func isOurs(_ object: YAMLNode, now: ContinuousClock.Instant) -> Bool {
        guard let problem = mismatch(object["kind"], object["apiVersion"]) else { return true }
        restart("an event's object is of another kind: \(problem)", now: now)
        return false
    }

    /// What is wrong with how much the watch has added up to; `nil` if nothing is.
    private var excess: String? {
        if known.count > limits.objects { return "there are more than \(limits.objects) objects" }
        if elements > limits.elements {
            return "the objects have more than \(limits.elements) ports, endpoints and addresses"
        }
        if status.unreadable.count > limits.unreadable {
            return "more than \(limits.unreadable) objects cannot be read"
        }
        return nil
    }

    /// Takes note of what an object takes; 0 for one that is gone.
    private mutating func note(_ name: ObjectName, _ count: Int32) {
        let before = known.removeValue(forKey: name) ?? 0
        if count > 0 { known[name] = count }
        elements += Int(count) - Int(before)
    }

    private mutating func read(
        _ object: YAMLNode, _ name: ObjectName, isRemoval: Bool, _ problem: YAMLError?, _ events: inout [FeedEvent]
    ) {
        if isRemoval {
            status.unreadable[name] = nil
            status.unreadableServices.removeValue(forKey: name)
            note(name, 0)
            events.append(.removed(ObjectIdentity(kind: resource.kind, name: name)))
            return
        }
        let service = object.serviceName(of: resource.kind)
        var message = problem?.message
        if message == nil {
            do throws(ObjectError) {
                var object = try KubernetesObject(object, kind: resource.kind, namespace: "")
                shared.share(&object)
                note(name, object.elements)
                events.append(.changed(object))
            } catch {
                message = "\(error.field): \(error.message)".cut(to: FeedLimits.message)
            }
        }
        status.unreadable[name] = message
        if message != nil {
            note(name, known[name] ?? 1)
            status.unreadableServices.updateValue(
                service.map { ObjectName(namespace: name.namespace, name: $0) }, forKey: name)
        } else {
            status.unreadableServices.removeValue(forKey: name)
        }
    }

    /// Goes on from an object's version.
    private mutating func advance(to object: YAMLNode, now: ContinuousClock.Instant) {
        status.problem = nil
        noteAge(now: now)
        guard let version = object["metadata"]?.resourceVersion else { return }
        guard version.utf8.count <= FeedLimits.version else {
            return restart("an event has a resourceVersion of \(version.utf8.count) bytes", now: now)
        }
        next = .watch(version: version)
    }

    mutating func finishWatch(now: ContinuousClock.Instant) {
        phase = .idle
        pending = []
        noteAge(now: now)
        if let started, now - started < Self.shortWatch {
            resumption = now + backoff.next(&generator)
        }
    }

    /// Only a watch that stands for a while ends the growing of the waits: one event, or a list, is no proof.
    private mutating func noteAge(now: ContinuousClock.Instant) {
        guard heard != nil, let started, now - started >= Self.longWatch else { return }
        backoff.reset()
        relisting.reset()
    }

    /// When a watch that stays silent is given up; `nil` for a list, whose time the request bounds.
    var silenceEnd: ContinuousClock.Instant? {
        guard next.isWatch else { return nil }
        return (heard ?? started).map { $0 + limits.watchSilence }
    }

    /// Gives a watch up that has fallen silent. The next one begins at its last version, so nothing is lost.
    mutating func endSilentWatch(now: ContinuousClock.Instant) {
        let seconds = limits.watchSilence.components.seconds
        if heard == nil {
            fail("no answer within \(seconds) s; the watch begins again", now: now)
        } else {
            finishWatch(now: now)
            // A server that never sends bookmarks may well have had nothing to say.
            guard sendsBookmarks else { return }
            status.failures += 1
            status.problem = FeedProblem(
                resource: resource.name,
                message: "nothing came for \(seconds) s, not even a bookmark; the watch begins again",
                isRefusal: false)
        }
    }

    mutating func restart(_ message: String, now: ContinuousClock.Instant) {
        fail(message, now: now)
        listAgain(now: now)
    }

    /// Lists the objects again: soon after a watch that stood for a while, and later and later after others.
    mutating func listAgain(_ freshness: Freshness = .newest, now: ContinuousClock.Instant) {
        noteAge(now: now)
        self.freshness = freshness
        next = .list(page: nil)
        resumption = max(resumption ?? now, now + relisting.next(&generator))
    }

    /// How new a list has to be after the server has forgotten the version of the watch: what else is known stays good.
    var freshnessAfterExpiry: Freshness {
        if case .watch(let version) = next { .since(version: version) } else { .newest }
    }
}
