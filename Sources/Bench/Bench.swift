import ArgumentParser
import Documents
import Glibc

/// Times ipvsync beside ipvsadm and beside the least that the kernel needs, on the kernel and in the namespace it runs in.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Bench",
        abstract: "Times ipvsync against ipvsadm and against the kernel's own floor.",
        discussion: "It empties the tables of its network namespace: scripts/bench provides one.")

    @Option(help: "Table sizes in virtual servers, each with ten real servers.")
    var sizes = "1000,5000"

    @Option(help: "How often each thing is measured; the median counts.")
    var rounds = 3

    @Flag(inversion: .prefixedNo, help: "Measure ipvsadm -R too, which takes minutes.")
    var restore = true

    @Option(help: "text or json.")
    var output = "text"

    @Option(help: "The ipvsync to measure.")
    var ipvsync: String

    func run() throws {
        var template = Array("/tmp/ipvsync-bench.XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw BenchError("no temporary directory") }
        let directory = String(cString: path)
        defer { removeAll(directory) }
        var documents: [Document] = []
        for size in sizes.split(separator: ",") {
            guard let count = Int(size), (1...50_000).contains(count) else { throw ValidationError("no size: \(size)") }
            let figures = try TableBench(count: count, rounds: rounds, ipvsync: ipvsync, directory: directory)
                .run(restores: restore)
            documents.append(figures.document)
            if output == "text" { print(figures.lines.joined(separator: "\n") + "\n") }
        }
        if output == "json" { print(Document.sequence(documents).json(), terminator: "") }
    }

    private func removeAll(_ directory: String) {
        _ = try? MeasuredCommand(arguments: ["rm", "-rf", directory]).run()
    }
}
