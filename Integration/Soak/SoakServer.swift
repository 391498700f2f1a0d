import KubernetesObjects

/// What an API server keeps: objects, and what happened to them lately.
final class SoakServer {
    /// The kinds that the agent follows.
    static let kinds = ["Service", "EndpointSlice", "Node"]

    private let make: SoakObjects
    private let figures: SoakFigures
    private(set) var objects: [ObjectIdentity: SoakObject] = [:]
    private(set) var version = 1
    private var versions: [ObjectIdentity: Int] = [:]
    private var events: [(version: Int, kind: String, line: String)] = []
    /// Watches can begin from here on.
    private(set) var oldestVersion = 0

    /// More are not kept, as a real server forgets them after minutes.
    private static let keptEvents = 200

    init(random: SoakRandom, figures: SoakFigures) {
        make = SoakObjects(random: random)
        self.figures = figures
    }

    /// Adds, changes or removes an object, or makes one unreadable.
    func change() {
        let object =
            switch make.random.number(0...19) {
            case 0: make.nodeObject()
            case 1...8: make.service()
            default: make.endpointSlice()
            }
        figures.count("change of a \(object.kind)")
        if make.random.happens(0.2), objects[object.identity] != nil {
            remove(object.identity)
        } else if make.random.happens(0.04) {
            figures.count("source error: an object that cannot be read")
            set(make.unreadable(object))
        } else {
            set(object)
        }
    }

    /// Forgets what happened: who watches has to list again.
    func forget() {
        version += 1
        oldestVersion = version
        events = []
    }

    /// Repairs what cannot be read.
    func repair() {
        for object in objects.values.sorted(by: { $0.identity.description < $1.identity.description })
        where !object.isReadable { remove(object.identity) }
    }

    /// The objects of a kind with their versions, in an order that does not change.
    func list(_ kind: String) -> [String] {
        objects.values.filter { $0.kind == kind }.sorted { $0.name < $1.name }
            .map { $0.json(version: versions[$0.identity] ?? 0) }
    }

    /// What happened to a kind since a version; `nil` when that has been forgotten.
    func events(of kind: String, after version: Int) -> [(version: Int, line: String)]? {
        guard version >= oldestVersion else { return nil }
        return events.filter { $0.version > version && $0.kind == kind }.map { ($0.version, $0.line) }
    }

    private func set(_ object: SoakObject) {
        let type = objects[object.identity] == nil ? "ADDED" : "MODIFIED"
        objects[object.identity] = object
        note(type, object)
    }

    private func remove(_ identity: ObjectIdentity) {
        guard let object = objects.removeValue(forKey: identity) else { return }
        note("DELETED", object)
    }

    private func note(_ type: String, _ object: SoakObject) {
        version += 1
        versions[object.identity] = version
        events.append((version, object.kind, #"{"type":"\#(type)","object":\#(object.json(version: version))}"#))
        guard events.count > 2 * Self.keptEvents else { return }
        oldestVersion = events[Self.keptEvents - 1].version
        events.removeFirst(Self.keptEvents)
    }
}
