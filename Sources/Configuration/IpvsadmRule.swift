/// One line of a dump as options and their values.
struct IpvsadmRule {
    private var values: [IpvsadmOption: String] = [:]

    /// Splits the words of a line, with or without `ipvsadm` before them.
    init(_ words: some Sequence<Substring>) throws(Complaint) {
        var words = Array(words)[...]
        if words.first == "ipvsadm" { words.removeFirst() }
        while let word = words.popFirst() {
            if word.hasPrefix("--") {
                try addLong(word.dropFirst(2), &words)
            } else if word.hasPrefix("-"), word.count > 1 {
                try addShort(word.dropFirst(), &words)
            } else {
                throw Self.unknown(word)
            }
        }
    }

    /// The value of an option: empty for one without, `nil` when the line has not got the option.
    subscript(option: IpvsadmOption) -> String? { values[option] }

    func has(_ option: IpvsadmOption) -> Bool { values[option] != nil }

    /// The one of some options that exclude each other; `nil` for none.
    func only(of options: [IpvsadmOption]) throws(Complaint) -> IpvsadmOption? {
        let given = options.filter(has)
        guard given.count < 2 else {
            throw Complaint(
                field: given[1].name, problem: "\(given[0].name) and \(given[1].name) exclude each other",
                remedy: "keep one of the two")
        }
        return given.first
    }

    private mutating func addLong(_ text: Substring, _ words: inout ArraySlice<Substring>) throws(Complaint) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let option = IpvsadmOption(rawValue: String(parts[0])), parts.count == 1 || option.argument != .none
        else {
            throw Self.unknown("--\(text)")
        }
        try add(option, parts.count == 2 ? parts[1] : nil, &words)
    }

    /// One letter or several, the last of which may have its value right behind it.
    private mutating func addShort(_ text: Substring, _ words: inout ArraySlice<Substring>) throws(Complaint) {
        var rest = text
        while let letter = rest.popFirst() {
            guard let option = IpvsadmOption.allCases.first(where: { $0.letter == letter }) else {
                throw Self.unknown("-\(text)")
            }
            guard option.argument != .none, !rest.isEmpty else {
                try add(option, nil, &words)
                continue
            }
            return try add(option, rest.first == "=" ? rest.dropFirst() : rest, &words)
        }
    }

    private mutating func add(
        _ option: IpvsadmOption, _ attached: Substring?, _ words: inout ArraySlice<Substring>
    ) throws(Complaint) {
        var value = attached
        if value == nil, option.argument != .none, let next = words.first, !next.hasPrefix("-") {
            value = words.removeFirst()
        }
        guard option.argument != .required || value?.isEmpty == false else {
            throw Complaint(field: option.name, problem: "\(option.name) has no value", remedy: "write one behind it")
        }
        guard values.updateValue(String(value ?? ""), forKey: option) == nil else {
            throw Complaint(
                field: option.name, problem: "\(option.name) stands twice", remedy: "keep one of the two")
        }
    }

    private static func unknown(_ word: some StringProtocol) -> Complaint {
        Complaint(
            field: String(word), problem: "`\(word)` is no option of a dump",
            remedy: "use -A for virtual servers and -a for real servers, as `ipvsadm -Sn` writes them")
    }
}
