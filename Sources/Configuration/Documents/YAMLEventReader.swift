import CYAML

/// libyaml's event parser over bytes that outlive it.
struct YAMLEventReader: ~Copyable {
    /// On the heap, since libyaml keeps a pointer to the parser in the parser.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(YAMLError) {
        self.bytes = bytes
        parser = .allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(line: 1, column: 1, message: "there is no memory for a YAML parser")
        }
        // Set, not guessed: libyaml would read UTF-16 with a byte order mark.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, self.bytes.baseAddress, self.bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event; libyaml's own is freed before this returns.
    borrowing func next() throws(YAMLError) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        return YAMLEvent(
            kind: Self.kind(of: event), anchor: Self.anchor(of: event),
            position: YAMLNode.Position(
                line: UInt32(clamping: event.start_mark.line + 1), column: UInt32(clamping: event.start_mark.column + 1)
            ), characters: event.start_mark.index..<max(event.start_mark.index, event.end_mark.index))
    }

    private static func kind(of event: yaml_event_t) -> YAMLEvent.Kind {
        switch event.type {
        case YAML_STREAM_START_EVENT: .streamStart
        case YAML_DOCUMENT_START_EVENT:
            .documentStart(
                hasDirectives: event.data.document_start.version_directive != nil
                    || event.data.document_start.tag_directives.start != event.data.document_start.tag_directives.end)
        case YAML_DOCUMENT_END_EVENT: .documentEnd
        case YAML_ALIAS_EVENT: .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT: .scalar(scalar(event))
        case YAML_SEQUENCE_START_EVENT: .sequenceStart
        case YAML_SEQUENCE_END_EVENT: .sequenceEnd
        case YAML_MAPPING_START_EVENT: .mappingStart
        case YAML_MAPPING_END_EVENT: .mappingEnd
        default: .streamEnd
        }
    }

    private static func scalar(_ event: yaml_event_t) -> YAMLScalar {
        let scalar = event.data.scalar
        return YAMLScalar(
            text: String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self),
            tag: text(scalar.tag), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    }

    private static func anchor(of event: yaml_event_t) -> String? {
        switch event.type {
        case YAML_SCALAR_EVENT: text(event.data.scalar.anchor)
        case YAML_SEQUENCE_START_EVENT: text(event.data.sequence_start.anchor)
        case YAML_MAPPING_START_EVENT: text(event.data.mapping_start.anchor)
        default: nil
        }
    }

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        bytes.map { String(cString: $0) }
    }
}

extension YAMLEventReader {
    /// libyaml's last problem, with its place.
    private borrowing func problem() -> YAMLError {
        let message = parser.pointee.problem.map { String(cString: $0) } ?? "out of memory"
        guard parser.pointee.error != YAML_READER_ERROR else {
            return readerProblem(message, offset: parser.pointee.problem_offset)
        }
        var text = message
        if let context = parser.pointee.context {
            text += " \(String(cString: context)) that begins in line \(parser.pointee.context_mark.line + 1)"
        }
        return YAMLError(
            line: parser.pointee.problem_mark.line + 1, column: parser.pointee.problem_mark.column + 1, message: text,
            remedy: Self.remedies.first { message.contains($0.problem) }?.remedy)
    }

    /// A problem of the bytes, for which libyaml knows only the offset.
    private borrowing func readerProblem(_ message: String, offset: Int) -> YAMLError {
        let before = bytes.prefix(offset)
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return YAMLError(
            line: 1 + before.count { $0 == UInt8(ascii: "\n") }, column: 1 + before.count - lineStart,
            message: message, remedy: "save the file as UTF-8 text")
    }

    private static let remedies = [
        (
            problem: "cannot start any token",
            remedy: "indent with spaces, not tabs, and quote a text that begins with @, ` or %"
        ),
        (problem: "expected <document start>", remedy: "begin each document with a line `---`"),
        (problem: "tab character", remedy: "indent with spaces, not tabs"),
        (problem: "mapping values are not allowed", remedy: "quote a text that has a colon and a space in it"),
        (problem: "undefined tag handle", remedy: "quote a text that begins with an exclamation mark"),
    ]
}
