/// What libyaml reports next, copied out of its memory.
struct YAMLEvent {
    enum Kind {
        case streamStart
        case streamEnd
        /// The character of the stream at which it begins, and whether directives (`%YAML`, `%TAG`) do.
        case documentStart(index: Int, hasDirectives: Bool)
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
}
