internal import Documents
internal import KubernetesObjects

/// A list that is being read, page by page.
struct ListInProgress {
    /// What the pages before have told.
    private(set) var objects: [KubernetesObject] = []
    private(set) var unreadable: [ObjectName: String] = [:]
    private(set) var unreadableServices: [ObjectName: ObjectName?] = [:]
    /// What each object takes, those that cannot be read as well.
    private(set) var known: [ObjectName: Int32] = [:]
    private(set) var elements = 0
    private var size = 0
    private var tokens: Set<String> = []
    private var started: ContinuousClock.Instant?

    // The page that is being read.
    private var reader = JSONListReader()
    private var pageObjects: [KubernetesObject] = []
    private var pageUnreadable: [ObjectName: String] = [:]
    private var pageServices: [ObjectName: String] = [:]
    private var pageElements = 0
    private var pageSize = 0
    /// Whether the first page may be all of the list.
    private var isCached = false
    /// What stands beside its items.
    private(set) var members: [String: YAMLNode] = [:]

    /// - Parameter isCached: Whether it was asked for as the server's cache has it, which is in one page.
    mutating func beginPage(isFirst: Bool, isCached: Bool = false, now: ContinuousClock.Instant) {
        defer { self.isCached = isCached }
        if isFirst {
            self = ListInProgress()
            started = now
        }
        endPage()
    }

    /// Forgets what came of a page.
    mutating func endPage() {
        reader = JSONListReader()
        pageObjects = []
        pageUnreadable = [:]
        pageServices = [:]
        pageElements = 0
        pageSize = 0
        members = [:]
    }

    /// Whether all of the page is there.
    var isPageComplete: Bool { reader.isComplete }
    var hasItems: Bool { reader.hasItems }

    mutating func add(_ bytes: [UInt8]) {
        pageSize += bytes.count
        reader.add(bytes)
    }

    mutating func next() throws(YAMLError) -> JSONListReader.Element? {
        let element = try reader.next()
        if case .member(let name, let node) = element { members[name] = node }
        return element
    }

    mutating func add(_ object: KubernetesObject) {
        pageObjects.append(object)
        pageElements += Int(object.elements)
    }

    /// - Parameter service: The name of the Service that it belongs to; `nil` if that cannot be known.
    mutating func add(unreadable name: ObjectName, _ problem: String, service: String?) {
        pageUnreadable[name] = problem.cut(to: FeedLimits.message)
        pageServices[name] = service
    }

    /// Counts the page, which is complete, to the list.
    mutating func commitPage() {
        for object in pageObjects {
            if let name = object.identity?.name { known[name] = object.elements }
        }
        for name in pageUnreadable.keys {
            known[name] = 1
            unreadableServices.updateValue(
                pageServices[name].map { ObjectName(namespace: name.namespace, name: $0) }, forKey: name)
        }
        // A list of one page is not held twice.
        if objects.isEmpty { swap(&objects, &pageObjects) } else { objects += pageObjects }
        unreadable.merge(pageUnreadable) { $1 }
        elements += pageElements + pageUnreadable.count
        size += pageSize
        endPage()
    }

    /// Remembers the token of the next page; `false` if it has been there before.
    mutating func follow(_ token: String) -> Bool { tokens.insert(token).inserted }

    /// What is wrong with how much it is; `nil` if nothing is.
    func excess(_ limits: FeedLimits, now: ContinuousClock.Instant) -> String? {
        let count = objects.count + pageObjects.count
        if count > limits.objects { return "it has more than \(limits.objects) objects" }
        if elements + pageElements > limits.elements {
            return "its objects have more than \(limits.elements) ports, endpoints and addresses"
        }
        if unreadable.count + pageUnreadable.count > limits.unreadable {
            return "it has more than \(limits.unreadable) objects that cannot be read"
        }
        if !isCached, pageSize > limits.pageSize { return "a page of it is longer than \(limits.pageSize >> 20) MiB" }
        if size + pageSize > limits.listSize { return "it is longer than \(limits.listSize >> 20) MiB" }
        if tokens.count >= limits.pages { return "it has more than \(limits.pages) pages" }
        if let started, now - started > limits.listTime {
            return "it takes longer than \(limits.listTime.components.seconds) s"
        }
        return nil
    }
}

// MARK: - Pages

extension ResourceFeed {
    /// Reads what has come of a page.
    mutating func readPage(_ bytes: [UInt8], now: ContinuousClock.Instant) {
        list.add(bytes)
        if let excess = list.excess(limits, now: now) { return refuseList(excess, now: now) }
        do throws(YAMLError) {
            while phase == .running, let element = try list.next() { read(element, now: now) }
        } catch {
            failList("the list is no JSON of an API server: \(error.message)", now: now)
        }
    }

    private mutating func read(_ element: JSONListReader.Element, now: ContinuousClock.Instant) {
        switch element {
        case .member(let name, _):
            // What a Status says stands behind its kind.
            guard name == "kind" || name == "apiVersion", list.members["kind"]?.scalar?.text != "Status",
                let problem = mismatch(list.members["kind"], list.members["apiVersion"], isList: true)
            else { return }
            failList("the answer is a list of another kind: \(problem)", now: now)
        case .item(let node): read(item: node, now: now)
        case .unreadableItem(let node, let error):
            guard isOurs(node, now: now) else { return }
            add(unreadable: node, error.message)
        }
        if phase == .running, let excess = list.excess(limits, now: now) { refuseList(excess, now: now) }
    }

    private mutating func read(item node: YAMLNode, now: ContinuousClock.Instant) {
        guard isOurs(node, now: now) else { return }
        do throws(ObjectError) {
            var object = try KubernetesObject(node, kind: resource.kind, namespace: "")
            if case .other(let kind) = object {
                add(unreadable: node, "it is a \(kind)")
            } else {
                shared.share(&object)
                list.add(object)
            }
        } catch {
            add(unreadable: node, "\(error.field): \(error.message)")
        }
    }

    private mutating func add(unreadable node: YAMLNode, _ problem: String) {
        list.add(unreadable: node.objectName, problem, service: node.serviceName(of: resource.kind))
    }

    /// Whether an item is an object of the kind with a name; gives the list up if it is not.
    private mutating func isOurs(_ node: YAMLNode, now: ContinuousClock.Instant) -> Bool {
        if node.objectName.name.isEmpty {
            failList("an item of the list is no object, or has no name", now: now)
        } else if let problem = mismatch(node["kind"], node["apiVersion"]) {
            failList("an item of the list is of another kind: \(problem)", now: now)
        }
        return phase == .running
    }

    private mutating func refuseList(_ excess: String, now: ContinuousClock.Instant) {
        failList("the list is refused: \(excess)", now: now)
    }

    /// Takes the page that has come to its end; the list with it, if it is the last one.
    mutating func finishPage(now: ContinuousClock.Instant) -> [FeedEvent] {
        guard list.isPageComplete else {
            failList("the list ends in the middle: it is no JSON, or was cut", isRefusal: false, now: now)
            return []
        }
        let members = list.members
        guard members["kind"]?.scalar?.text == "\(resource.kind)List" else {
            let kind = members["kind"]?.scalar?.text ?? "something without a kind"
            let message = members["message"]?.scalar.map { ": \($0.text)" } ?? ""
            failList("the answer is \(kind.cut(to: 128)), not a \(resource.kind)List\(message)", now: now)
            return []
        }
        guard list.hasItems else {
            failList("the list has no items, not even an empty list of them", now: now)
            return []
        }
        guard let metadata = members["metadata"], let version = metadata.resourceVersion,
            version.utf8.count <= FeedLimits.version
        else {
            failList("the list has no resourceVersion that is of any use", now: now)
            return []
        }
        list.commitPage()
        let token = metadata["continue"]?.scalar.flatMap { $0.isNull ? nil : $0.text } ?? ""
        guard token.isEmpty else {
            continueList(token, now: now)
            return []
        }
        return completeList(version, now: now)
    }

    private mutating func continueList(_ token: String, now: ContinuousClock.Instant) {
        guard token.utf8.count <= FeedLimits.continueToken else {
            return failList("the list continues with a token of \(token.utf8.count) bytes", now: now)
        }
        guard list.follow(token) else {
            return failList("the list continues with a token that it gave before: it would never end", now: now)
        }
        if let excess = list.excess(limits, now: now) { return refuseList(excess, now: now) }
        phase = .idle
        status.problem = nil
        next = .list(page: token)
    }

    private mutating func completeList(_ version: String, now: ContinuousClock.Instant) -> [FeedEvent] {
        phase = .idle
        next = .watch(version: version)
        freshness = .newest
        status.lists += 1
        status.isComplete = true
        status.unreadable = list.unreadable
        status.unreadableServices = list.unreadableServices
        (known, elements) = (list.known, list.elements)
        settle()
        defer { list = ListInProgress() }
        return [
            .replaced(kind: resource.kind, list.objects, unreadable: Set(list.unreadable.keys))
        ]
    }
}

extension KubernetesObject {
    /// What of it takes memory: the object, and its ports, endpoints and addresses.
    var elements: Int32 {
        let count =
            switch self {
            case .service(let service):
                1 + service.ports.count + service.clusterIPs.count + service.externalIPs.count
                    + service.loadBalancerIngress.count + service.loadBalancerSourceRanges.count
            case .endpointSlice(let slice): 1 + slice.ports.count + slice.endpoints.count
            case .node(let node): 1 + node.addresses.count
            default: 1
            }
        return Int32(clamping: count)
    }
}
