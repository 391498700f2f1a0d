import Documents
import LoadBalancing

extension ConfigurationFile {
    /// Reads one file's bytes.
    init(_ bytes: [UInt8], file: String) throws(ConfigurationErrors) {
        self.init(file: file)
        let problems = Problems(file: file)
        do throws(YAMLError) {
            try read(YAMLNode.documents(in: bytes), problems)
        } catch {
            problems.report(line: error.line, column: error.column, error.message, error.remedy)
        }
        guard problems.errors.isEmpty else { throw problems.errors }
    }

    private mutating func read(_ documents: [YAMLNode], _ problems: Problems) {
        // An empty or unreadable file must never be taken for the wish to have no virtual servers.
        guard let node = documents.first, !node.isNull else {
            problems.report(
                line: 1, "it declares nothing", "write `virtualServers: []` if you mean an empty table")
            return
        }
        if documents.count > 1 {
            problems.report(
                line: documents[1].line, "it holds \(documents.count) YAML documents", "write one for each file")
        }
        let scope = Scope(problems: problems) { nil }
        guard let reader = MappingReader(node, .file, "the file", scope) else { return }
        _ = reader(Fields.apiVersion)
        drainTimeout = reader.placed(Fields.drainTimeout)
        removalGuard = reader.placed(Fields.removalGuard)
        syncInterval = reader.placed(Fields.syncInterval)
        minSyncInterval = reader.placed(Fields.minSyncInterval)
        auditInterval = reader.placed(Fields.auditInterval)
        drift = reader.placed(Fields.drift)
        cleanupOnExit = reader.placed(Fields.cleanupOnExit)
        telemetry = reader.placed(Fields.telemetry)
        logging = reader.placed(Fields.logging)
        services = reader.placed(Fields.services)
        network = reader.placed(Fields.network)
        hooks = reader.placed(Fields.hooks)
        timeouts = reader.placed(Fields.timeouts)
        syncDaemons = reader.placed(Fields.syncDaemons)
        readVirtualServers(reader, problems)
        let declares = ObjectShape.file.names.filter { ![Fields.apiVersion.name, Fields.defaults.name].contains($0) }
        if !declares.contains(where: reader.has) {
            scope.report(node, "it declares nothing", "write `virtualServers: []` if you mean an empty table")
        }
    }

    private mutating func readVirtualServers(_ reader: MappingReader, _ problems: Problems) {
        let namedChecks = reader.namedChecks()
        var defaults = FileDefaults(namedChecks: namedChecks)
        if let node = reader(Fields.defaults) {
            let scope = Scope(problems: problems) { "defaults" }
            if let reader = MappingReader(node, .defaults, "it", scope) {
                defaults = FileDefaults(reader, namedChecks: namedChecks)
            }
        }
        guard let list = reader(Fields.virtualServers) else { return }
        guard let nodes = list.sequence else {
            reader.scope.report(list, "virtualServers is \(list.summary)", "write a list, `[]` for an empty table")
            return
        }
        var servers: [Placed<DesiredVirtualServer>] = []
        for (index, node) in nodes.enumerated() {
            let reader = VirtualServerReader(node, index: index, defaults: defaults, problems: problems)
            guard let (server, rules) = reader?.read() else { continue }
            servers.append(Placed(value: server, line: node.line, column: node.column))
            health[server.key] = rules
        }
        virtualServers = servers
    }
}

extension MappingReader {
    fileprivate func placed<Value>(_ field: Field<Value>) -> ConfigurationFile.Placed<Value>? {
        let place = place(of: field.name)
        return self(field).map { ConfigurationFile.Placed(value: $0, line: place.line, column: place.column) }
    }
}
