internal import Glibc

/// What Prometheus' client libraries tell of every process.
struct ProcessMetrics {
    static func write(to text: inout Exposition, started: WallTime) {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        text.single("process_cpu_seconds_total", .counter, "Processor time in user and system mode.", seconds)
        text.single(
            "process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.", started.seconds)
        if let resident = residentBytes {
            text.single("process_resident_memory_bytes", .gauge, "Resident memory.", resident)
        }
        if let open = openDescriptors { text.single("process_open_fds", .gauge, "Open file descriptors.", open) }
    }

    private static var residentBytes: Int? {
        guard let file = fopen("/proc/self/statm", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) } : nil
    }

    private static var openDescriptors: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) { count += entry.pointee.d_name.0 == 0x2E ? 0 : 1 }
        // Not the one that reads the folder.
        return count - 1
    }
}
