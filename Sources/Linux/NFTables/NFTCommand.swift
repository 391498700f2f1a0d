internal import DataPath
internal import Glibc
internal import Programs

/// The program `nft`, which lists our table and makes it.
package struct NFTCommand: Sendable {
    private let programs: [String]
    private let timeLimit: Duration

    /// Where distributions install it. `PATH` is not asked: this runs as root.
    package static let places = ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"]

    /// Programs that cannot leave elements out print some ten million bytes for 100,000 of them.
    private static let outputLimit = 256 << 20

    /// - Parameters:
    ///   - programs: The first of these paths that can be run is the program.
    ///   - timeLimit: A run that takes longer is killed; the kernel has then changed all of a transaction or nothing.
    package init(programs: [String] = places, timeLimit: Duration = .seconds(60)) {
        self.programs = programs
        self.timeLimit = timeLimit
    }

    /// What the table is made of, without the elements of its sets, where the program can leave them out.
    package func read() throws(NFTablesError) -> ObservedFirewall? {
        let operation = "list the table inet ipvsync"
        let result = try run(["-j", "-t", "list", "table", "inet", "ipvsync"], operation: operation)
        if result.succeeded { return try ObservedFirewall(json: result.output) }
        let complaint = NFTComplaint(result.errorText)
        if complaint?.isAboutMissingObject == true { return nil }
        throw failure(operation, result, complaint)
    }

    /// Carries out a transaction that is not empty.
    package func commit(_ transaction: FirewallTransaction) throws(NFTablesError) {
        try apply(transaction.text, operation: transaction.operation)
    }

    /// Makes the table in place of whatever was there, without elements, and dormant: no packet passes it yet.
    func makeDormantTable(_ settings: FirewallSettings) throws(NFTablesError) {
        try apply(FirewallTransaction.dormantTable(settings), operation: "make the table inet ipvsync")
    }

    func apply(_ text: [UInt8], operation: String) throws(NFTablesError) {
        let result = try run(["-f", "-"], input: text, operation: operation)
        guard result.succeeded else { throw failure(operation, result, NFTComplaint(result.errorText)) }
    }

    private func run(
        _ arguments: [String], input: [UInt8] = [], operation: String
    ) throws(NFTablesError) -> ProgramResult {
        guard let program = programs.first(where: { access($0, X_OK) == 0 }) else {
            throw NFTablesError(
                operation: operation,
                message: "there is no program nft: install the package nftables, or set network.firewall: false")
        }
        let run = ProgramRun(
            program, arguments, input: input, timeLimit: timeLimit, outputLimit: Self.outputLimit)
        do {
            return try run.run()
        } catch {
            throw NFTablesError(operation: operation, message: "\(program): \(error.reason)")
        }
    }

    private func failure(
        _ operation: String, _ result: ProgramResult, _ complaint: NFTComplaint?
    ) -> NFTablesError {
        let message =
            complaint?.message ?? "nft \(result.ending)\(result.errorText.isEmpty ? "" : ": \(result.errorText)")"
        return NFTablesError(operation: operation, message: message)
    }
}

extension FirewallTransaction {
    fileprivate var operation: String {
        switch content {
        case .replacement: "replace the table inet ipvsync"
        case .changes: "change the table inet ipvsync"
        case .removal: "remove the table inet ipvsync"
        }
    }
}

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
