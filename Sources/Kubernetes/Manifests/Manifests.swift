package import Configuration
internal import Documents
package import KubernetesObjects

/// The objects of manifest files, as `kubectl get -o yaml` or `-o json` prints them.
package struct Manifests: Sendable {
    /// In the order of the files and lines; each object once.
    package private(set) var objects: [KubernetesObject] = []
    /// How many objects of other kinds were passed over, by kind.
    package private(set) var skipped: [String: Int] = [:]
    /// Whether an empty `List` or `ServiceList` says that there are no Services.
    package private(set) var declaresNone = false
    private var places: [ObjectIdentity: SourcePlace] = [:]

    /// The longest file: 100,000 endpoints are 50 MiB of JSON.
    package static let maximumSize = 512 << 20

    private init() {}

    /// Reads files and directories.
    ///
    /// - Parameter paths: A file, a directory (its `*.yaml`, `*.yml` and `*.json` by name) or `-` for standard input.
    /// - Throws: Everything that is wrong in any of them; nothing of manifests with an error is used.
    package static func load(paths: [String]) throws(ConfigurationErrors) -> Manifests {
        var manifests = Manifests()
        var errors = ConfigurationErrors()
        for path in paths {
            errors.collect { () throws(ConfigurationErrors) in try manifests.add(try Manifests(path: path)) }
        }
        guard errors.isEmpty else { throw errors }
        return manifests
    }

    /// Reads one file's bytes; pure, and safe for any bytes.
    package static func parse(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) -> Manifests {
        let manifests = try Manifests(bytes, file: file)
        try manifests.requireObjects(file)
        return manifests
    }

    private init(path: String) throws(ConfigurationErrors) {
        var errors = ConfigurationErrors()
        for source in try SourceFile.sources(at: path, suffixes: [".yaml", ".yml", ".json"]) {
            errors.collect { () throws(ConfigurationErrors) in
                try add(try Manifests(try source.contents(limit: Self.maximumSize), file: source.name))
            }
        }
        guard errors.isEmpty else { throw errors }
        try requireObjects(path == "-" ? "stdin" : path)
    }

    /// Refuses a file or directory without any object: a dump that failed would be taken for no Services at all.
    private func requireObjects(_ source: String) throws(ConfigurationErrors) {
        guard objects.isEmpty, !declaresNone else { return }
        let kinds = skipped.keys.sorted()
        let problem =
            kinds.isEmpty
            ? "it holds no object"
            : "it holds no Service, EndpointSlice, Endpoints, Pod or Node, only \(kinds.prefix(5).joined(separator: ", "))"
                + (kinds.count > 5 ? ", …" : "")
        throw ConfigurationErrors([ConfigurationError(file: source, problem: problem, remedy: Self.remedy)])
    }

    private static let remedy = #"write objects, or {"apiVersion": "v1", "kind": "List", "items": []} for none"#
}

// MARK: - Reading

extension Manifests {
    /// Reads one file, which may hold nothing but comments.
    private init(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) {
        var errors = ConfigurationErrors()
        do throws(YAMLError) {
            let first = try TextEncoding.utf8(bytes).first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            guard let first else {
                throw YAMLError(line: 1, column: 1, message: "it is empty", remedy: Self.remedy)
            }
            if first == UInt8(ascii: "{") {
                (self, errors) = try Self.readJSONOrYAML(bytes, file)
            } else {
                (self, errors) = try Self.read(bytes, file, isJSON: false)
            }
        } catch {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, line: error.line, column: error.column, problem: error.message, remedy: error.remedy)
            ])
        }
        guard errors.isEmpty else { throw errors }
    }

    /// Reads a file that begins with a brace as kubectl does since 1.33, whatever its name: as JSON; where that fails,
    /// as YAML, of which JSON objects between lines `---` and mappings in flow style are a part.
    ///
    /// - Throws: What is wrong with it as JSON, for whoever begins with a brace means that.
    private static func readJSONOrYAML(
        _ bytes: [UInt8], _ file: String
    ) throws(YAMLError) -> (Manifests, ConfigurationErrors) {
        do throws(YAMLError) {
            return try read(bytes, file, isJSON: true)
        } catch let asJSON {
            do throws(YAMLError) {
                return try read(bytes, file, isJSON: false)
            } catch {
                throw asJSON
            }
        }
    }

    private static func read(
        _ bytes: [UInt8], _ file: String, isJSON: Bool
    ) throws(YAMLError) -> (Manifests, ConfigurationErrors) {
        var manifests = Manifests()
        var errors = ConfigurationErrors()
        let body = { (object: YAMLObject) in
            _ = errors.collect { () throws(ConfigurationErrors) in try manifests.add(object, file: file) }
        }
        let lists =
            isJSON
            ? try YAMLNode.forEachObject(inJSON: bytes, body)
            : try YAMLNode.forEachObject(inYAML: bytes, limits: YAMLLimits(bytes: maximumSize), body)
        manifests.declaresNone = lists.contains { $0.count == 0 && ["List", "ServiceList"].contains($0.list.kind) }
        return (manifests, errors)
    }

    private mutating func add(_ found: YAMLObject, file: String) throws(ConfigurationErrors) {
        let object: KubernetesObject
        do throws(ObjectError) {
            object = try KubernetesObject(manifest: found)
        } catch {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, line: error.line, column: error.column, object: error.field, problem: error.message,
                    remedy: nil)
            ])
        }
        // Whatever is wrong inside of other kinds is nobody's business here, unless they may be of a kind that is.
        if let flaw = object.identity == nil ? found.identityFlaw : found.flaw {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, line: flaw.line, column: flaw.column, object: object.identity?.description,
                    problem: flaw.message, remedy: flaw.remedy)
            ])
        }
        guard let identity = object.identity else {
            if case .other(let kind) = object { skipped[kind, default: 0] += 1 }
            return
        }
        try add(object, identity, at: SourcePlace(file: file, line: found.node.line))
    }

    private mutating func add(_ other: Manifests) throws(ConfigurationErrors) {
        var errors = ConfigurationErrors()
        for object in other.objects {
            guard let identity = object.identity, let place = other.places[identity] else { continue }
            errors.collect { () throws(ConfigurationErrors) in try add(object, identity, at: place) }
        }
        guard errors.isEmpty else { throw errors }
        skipped.merge(other.skipped, uniquingKeysWith: +)
        declaresNone = declaresNone || other.declaresNone
    }

    private mutating func add(
        _ object: KubernetesObject, _ identity: ObjectIdentity, at place: SourcePlace
    ) throws(ConfigurationErrors) {
        if let first = places.updateValue(place, forKey: identity) {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: place.file, line: place.line, column: 1, object: "\(identity)",
                    problem: "it stands here and in \(first)", remedy: "keep one of the two")
            ])
        }
        objects.append(object)
    }
}

extension KubernetesObject {
    private static let kinds = ["Service", "EndpointSlice", "Endpoints", "Pod", "Node"]
    private static let lists = ["List"] + kinds.map { "\($0)List" }
    /// Those of other groups than the first.
    private static let versions = ["EndpointSlice": "discovery.k8s.io/v1", "ServiceCIDR": "networking.k8s.io/v1"]

    /// Reads an object of a file, which has to say what it is unless the list says it for its items.
    fileprivate init(manifest found: YAMLObject) throws(ObjectError) {
        let node = found.node
        func problem(_ message: String) -> ObjectError {
            ObjectError(line: node.line, column: node.column, field: "object", message: message)
        }
        // The items of a ServiceList need not say that they are Services; those of a List must.
        let list = found.list.flatMap { $0.kind == "List" ? nil : $0 }
        let kind = node["kind"]?.scalar?.text ?? list.map { String($0.kind.dropLast(4)) } ?? ""
        switch kind {
        case "":
            throw problem(
                "it has no kind, so it is no Kubernetes object; a command that failed may have left its message here")
        case "Status":
            let reason = [node["reason"], node["message"]].compactMap { $0?.scalar?.text }.joined(separator: ": ")
            throw problem("this is a Status: \(reason.prefix(300)): the dump failed; repeat it")
        case "Table": throw problem("this is a Table, which holds no objects; dump them with -o json or -o yaml")
        case _ where Self.lists.contains(kind) || kind.hasSuffix("List") && node["items"] != nil:
            throw problem(
                found.list == nil
                    ? "this \(kind) has no list of items; dump it again"
                    : "a \(kind) stands inside of a list; unpack it")
        case _ where Self.kinds.contains { $0.lowercased() == kind.lowercased() && $0 != kind }:
            throw problem("\(kind) is no kind; write it with its capital letters")
        default: break
        }
        try self.init(node, kind: kind, apiVersion: list?.apiVersion)
        guard identity != nil, node["apiVersion"]?.isNull ?? true, list?.apiVersion == nil else { return }
        throw ObjectError(
            line: node.line, column: node.column, field: "\(kind)",
            message: "apiVersion is missing; write \(Self.versions[kind] ?? "v1")")
    }
}
