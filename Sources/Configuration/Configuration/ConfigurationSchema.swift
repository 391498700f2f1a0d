package import Documents

/// The JSON Schema of a configuration file, made of the fields that the reader knows.
package enum ConfigurationSchema {
    /// The schema, draft 2020-12.
    package static var document: Document {
        let head: [Document.Member] = [
            .init("$schema", "https://json-schema.org/draft/2020-12/schema"),
            .init("title", "ipvsync configuration"),
            .init("description", "The virtual servers that ipvsync keeps in the kernel's IPVS tables."),
        ]
        guard case .mapping(let members) = ObjectShape.file.schema else { return .mapping(head) }
        return .mapping(head + members)
    }

    /// The schema as indented JSON.
    package static var text: String { document.json() }
}
