package import Configuration
internal import Documents
package import KubernetesObjects

/// The objects of manifest files, as `kubectl get -o yaml` or `-o json` prints them.
package struct Manifests: Sendable {
    /// In the order of the files and lines; each object once.
    package private(set) var objects: [KubernetesObject] = []
    /// How many objects of other kinds were passed over, by kind.
    package private(set) var skipped: [String: Int] = [:]
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
            let sources = errors.collect { () throws(ConfigurationErrors) in
                try SourceFile.sources(at: path, suffixes: [".yaml", ".yml", ".json"])
            }
            for source in sources ?? [] {
                errors.collect { () throws(ConfigurationErrors) in
                    try manifests.read(source.contents(limit: maximumSize), file: source.name)
                }
            }
        }
        guard errors.isEmpty else { throw errors }
        return manifests
    }

    /// Reads one file's bytes; pure, and safe for any bytes.
    package static func parse(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) -> Manifests {
        var manifests = Manifests()
        try manifests.read(bytes, file: file)
        return manifests
    }
}

// MARK: - Reading

extension Manifests {
    private mutating func read(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) {
        let isNamedJSON = file.hasSuffix(".json")
        let text: ArraySlice<UInt8>
        do throws(YAMLError) {
            text = try TextEncoding.utf8(bytes)
        } catch {
            throw ConfigurationErrors([ConfigurationError(file: file, error)])
        }
        let first = text.first {
            ![UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains($0)
        }
        // As a kubectl that failed leaves it: taken for no Services, it would remove them all.
        guard first != nil else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, problem: "it is empty",
                    remedy: "write objects, or {apiVersion: v1, kind: List, items: []} for none")
            ])
        }
        guard isNamedJSON || first == UInt8(ascii: "{") else { return try readYAML(bytes, file: file) }
        let before = (count: objects.count, skipped: skipped)
        var errors = ConfigurationErrors()
        do throws(YAMLError) {
            try YAMLNode.forEachObject(inJSON: bytes) { node, listKind in
                errors.collect { () throws(ConfigurationErrors) in try add(node, in: listKind, file: file) }
            }
        } catch {
            guard isNamedJSON else {
                // A mapping in YAML's flow style begins as JSON does: begin again.
                for object in objects[before.count...] { object.identity.map { places[$0] = nil } }
                objects.removeSubrange(before.count...)
                skipped = before.skipped
                return try readYAML(bytes, file: file)
            }
            errors.append(ConfigurationError(file: file, error))
        }
        guard errors.isEmpty else { throw errors }
    }

    private mutating func readYAML(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) {
        var errors = ConfigurationErrors()
        do throws(YAMLError) {
            try Self.forEachObject(inYAML: bytes) { node, listKind in
                errors.collect { () throws(ConfigurationErrors) in try add(node, in: listKind, file: file) }
            }
        } catch {
            errors.append(ConfigurationError(file: file, error))
        }
        guard errors.isEmpty else { throw errors }
    }

    private static func forEachObject(
        inYAML bytes: [UInt8], _ body: (YAMLNode, String?) -> Void
    ) throws(YAMLError) {
        for document in try YAMLNode.documents(in: bytes, limits: YAMLLimits(bytes: maximumSize)) {
            let kind = document["kind"]?.scalar?.text ?? ""
            if kind.hasSuffix("List"), let items = document["items"]?.sequence {
                for item in items { body(item, kind) }
            } else if !document.isNull {
                body(document, nil)
            }
        }
    }

    private mutating func add(
        _ node: YAMLNode, in listKind: String?, file: String
    ) throws(ConfigurationErrors) {
        let object: KubernetesObject
        do throws(ObjectError) {
            // The items of a ServiceList need not say that they are Services; those of a List must.
            object = try KubernetesObject(node, kind: listKind.map { String($0.dropLast(4)) })
        } catch {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, line: error.line, column: error.column, object: error.field, problem: error.message,
                    remedy: nil)
            ])
        }
        if case .other(let kind) = object { skipped[kind.isEmpty ? "(no kind)" : kind, default: 0] += 1 }
        guard let identity = object.identity else { return }
        let place = SourcePlace(file: file, line: node.line)
        if let first = places.updateValue(place, forKey: identity) {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, line: node.line, column: node.column, object: "\(identity)",
                    problem: "it stands here and in \(first)", remedy: "keep one of the two")
            ])
        }
        objects.append(object)
    }
}

extension ConfigurationError {
    fileprivate init(file: String, _ error: YAMLError) {
        self.init(file: file, line: error.line, column: error.column, problem: error.message, remedy: error.remedy)
    }
}
