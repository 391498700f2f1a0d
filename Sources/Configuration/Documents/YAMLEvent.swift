/// What libyaml reports next, copied out of its memory.
struct YAMLEvent {
    enum Kind {
        case streamStart
        case streamEnd
        /// Whether it begins with directives (`%YAML`, `%TAG`).
        case documentStart(hasDirectives: Bool)
        case documentEnd
        case alias(String)
        case scalar(YAMLScalar)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
    }

    let kind: Kind
    var isAlias: Bool {
        if case .alias = kind { return true }
        return false
    }
    /// The name behind `&`, for a scalar, sequence or mapping.
    let anchor: String?
    let position: YAMLNode.Position
    /// Where it stands in the stream.
    let characters: Range<Int>
}
