/// What `nft` says when it fails.
struct NFTComplaint: Hashable {
    /// The reason, without the place.
    let reason: String
    /// The line of the input that it is about, if it shows one.
    let line: String?

    private static let longest = 200

    /// Reads the standard error, `place: Error: reason` and then the line; `nil` when there is nothing like it.
    init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let index = lines.firstIndex(where: { $0.contains("Error: ") }),
            let start = lines[index].firstRange(of: "Error: ")
        else { return nil }
        reason = String(lines[index][start.upperBound...].prefix(Self.longest))
        let next = lines[(index + 1)...].first.map { $0.drop { $0 == " " || $0 == "\t" } }
        line = next.flatMap { $0.isEmpty ? nil : String($0.prefix(Self.longest)) }
    }

    /// Whether it is about something that is not there.
    var isAboutMissingObject: Bool { reason.hasSuffix("No such file or directory") }

    /// The reason, the line, and what may help.
    var message: String { reason + (line.map { " at `\($0)`" } ?? "") + remedy }

    private var remedy: String {
        if reason.contains("not supported") {
            return " (the kernel needs nftables with inet tables: the modules nf_tables and nft_*)"
        }
        return reason.contains("not permitted") ? " (it needs root, or CAP_NET_ADMIN)" : ""
    }
}
