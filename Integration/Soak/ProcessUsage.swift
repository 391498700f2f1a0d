import Glibc

/// What this process holds of the machine.
struct ProcessUsage: CustomStringConvertible {
    let openDescriptors: Int
    /// Resident memory in bytes.
    let memory: Int

    static func current() throws(ScenarioFailure) -> ProcessUsage {
        guard let folder = opendir("/proc/self/fd") else { throw SystemCall.failure("/proc/self/fd") }
        // Not the one that reads the folder.
        var count = -1
        while let entry = readdir(folder) { count += entry.pointee.d_name.0 == 0x2E ? 0 : 1 }
        closedir(folder)
        guard let file = fopen("/proc/self/statm", "re") else { throw SystemCall.failure("/proc/self/statm") }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { throw SystemCall.failure("/proc/self/statm") }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        let pages = try require(fields.dropFirst().first.flatMap { Int($0) }, "no figures in /proc/self/statm")
        return ProcessUsage(openDescriptors: count, memory: pages * Int(sysconf(Int32(_SC_PAGESIZE))))
    }

    /// Fails unless the same descriptors are open as before, and the memory has grown by no more than that.
    func expectFlat(since earlier: ProcessUsage, growth: Int = 8 << 20) throws(ScenarioFailure) {
        try expectEqual(openDescriptors, earlier.openDescriptors, "the number of open descriptors")
        try expect(memory - earlier.memory <= growth, "the memory grew from \(earlier) to \(self)")
    }

    var description: String { "\(openDescriptors) descriptors, \(memory >> 10) KiB" }
}
