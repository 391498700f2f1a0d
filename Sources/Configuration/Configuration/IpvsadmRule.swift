/// One line of a dump or a script as options and their values.
struct IpvsadmRule {
    /// In the order of the line: for `-M` it matters.
    private(set) var options: [(option: IpvsadmOption, value: String)] = []
    /// The values that belong to no option: those of `--set`.
    private(set) var arguments: [String] = []
    /// The first thing that is wrong with the line, which may leave options unread.
    private(set) var complaint: Complaint?

    /// Splits the words of a line, with or without `ipvsadm` before them.
    init(_ words: [Substring]) {
        do throws(Complaint) {
            var words = try Self.withoutProgram(words)
            while let word = words.popFirst() {
                if word.hasPrefix("--") {
                    guard word.count > 2 else { continue }
                    try addLong(word.dropFirst(2), &words)
                } else if word.hasPrefix("-"), word.count > 1 {
                    try addShort(word.dropFirst(), &words)
                } else if has(.set), arguments.count < 3 {
                    arguments.append(String(word))
                } else {
                    throw Self.unknown(word)
                }
            }
        } catch {
            complaint = error
        }
    }

    /// The value of an option: empty for one without, `nil` when the line has not got the option.
    subscript(option: IpvsadmOption) -> String? { options.first { $0.option == option }?.value }

    func has(_ option: IpvsadmOption) -> Bool { self[option] != nil }

    /// Whether the line has an option, and none of some others before it.
    func has(_ option: IpvsadmOption, before others: [IpvsadmOption]) -> Bool {
        guard let index = options.firstIndex(where: { $0.option == option }) else { return false }
        return !options[..<index].contains { others.contains($0.option) }
    }

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

    /// The virtual server as the line names it, `-t web:80`; `nil` when it names none.
    var service: String? {
        options.first { IpvsadmOption.services.contains($0.option) }.map { option, value in
            "\(option.name) \(value)\(has(.ipv6) ? " -6" : "")"
        }
    }
}

// MARK: - Words

extension IpvsadmRule {
    /// The words behind the program, which a script writes with its path, and behind `sudo`.
    private static func withoutProgram(_ words: [Substring]) throws(Complaint) -> ArraySlice<Substring> {
        guard words.first?.first != "-" else { return words[...] }
        guard let index = words.firstIndex(where: { $0 == "ipvsadm" || $0.hasSuffix("/ipvsadm") }) else {
            return words[...]
        }
        let prefix = words[..<index]
        let harmless: Set<Substring> = ["sudo", "doas", "exec", "nice", "command"]
        guard
            let stranger = prefix.first(where: { !$0.hasPrefix("-") && !harmless.contains($0) && $0 != "/usr/bin/sudo" }
            )
        else { return words[(index + 1)...] }
        guard prefix.contains("netns") else { throw unknown(stranger) }
        throw Complaint(
            field: "", problem: "`\(prefix.joined(separator: " "))` is for another network namespace",
            remedy: "import the rules of each namespace from a file of its own, or with `ipvsync import` inside it")
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
            guard let option = IpvsadmOption(letter: letter) else { throw Self.unknown("-\(text)") }
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
        if value == nil, option.argument != .none, let next = words.first, option.takes(next) {
            value = words.removeFirst()
        }
        guard !has(option) || option == .ipv6 else {
            throw Complaint(
                field: option.name, problem: "\(option.name) stands twice", remedy: "keep one of the two")
        }
        options.append((option, String(value ?? "")))
        // All that `ipvsadm -S` writes behind -b when it has no name for the flags.
        guard option.argument != .required || value?.isEmpty == false || option == .schedulerFlags else {
            throw Complaint(field: option.name, problem: "\(option.name) has no value", remedy: "write one behind it")
        }
    }

    private static func unknown(_ word: some StringProtocol) -> Complaint {
        let what = word.hasPrefix("-") ? "is no option of a rule" : "is no part of a rule"
        return Complaint(
            field: String(word), problem: "`\(word)` \(what)",
            remedy: "write rules as `ipvsadm -Sn` does; a script has to be run first, and `ipvsync import` on its node "
                + "reads what it made")
    }
}

extension IpvsadmOption {
    fileprivate init?(letter: Character) {
        // ipvsadm has two letters for its list.
        guard let option = Self.allCases.first(where: { $0.letter == (letter == "l" ? "L" : letter) }) else {
            return nil
        }
        self = option
    }

    /// Whether a word is its value: what looks like an option is one, but for a negative number.
    fileprivate func takes(_ word: Substring) -> Bool {
        guard word.first == "-" else { return true }
        return argument == .required && word.dropFirst().first.map { ("0"..."9").contains($0) } == true
    }
}
