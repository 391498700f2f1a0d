extension Scenario {
    /// How the program is linked: what a neighbour on the machine, or a fault in memory, can make of it.
    static let binary: [Scenario] = [
        Scenario("binary: no run path, bound at once, constants and relocations read-only, no stack is code") {
            context in
            let file = try ELFFile(context.ipvsync)
            try expect(file.isPositionIndependent, "it is loaded at a fixed address")
            // Of a build for development, Swift's libraries are in the toolchain; one for use has no path at all.
            let isForDevelopment = file.libraries.contains { $0.hasPrefix("libswift") }
            let paths = file.runPaths.flatMap { $0.split(separator: ":", omittingEmptySubsequences: false) }
            try expect(paths.isEmpty || isForDevelopment, "it has the run path \(paths)")
            try expect(paths.allSatisfy { $0.hasPrefix("/") }, "libraries beside it are loaded: \(paths)")
            try expect(file.libraries.allSatisfy { !$0.contains("/") }, "\(file.libraries)")
            try expect(file.bindsAtOnce, "functions are bound as they are called, in memory that stays writable")
            try expect(!file.changesCode, "the loader changes code")
            try expect(
                file.segments.allSatisfy { !($0.isWritable && $0.isExecutable) }, "a segment is writable and code")
            let stack = try require(
                file.segments.first { $0.kind == ELFFile.Kind.stack }, "nothing is said of the stack")
            try expect(!stack.isExecutable, "the stack is code")
            let readOnly = try require(
                file.segments.first { $0.kind == ELFFile.Kind.relro }, "what the loader fills in stays writable")
            for name in [".dynamic", ".got", ".got.plt", ".data.rel.ro", ".init_array"] {
                guard let section = file.sections.first(where: { $0.name == name }) else { continue }
                try expect(
                    section.address >= readOnly.address
                        && section.address + section.length <= readOnly.address + readOnly.length,
                    "\(name) stays writable")
            }
            let constants = try require(file.sections.first { $0.name == ".rodata" }, "there is no .rodata")
            try expect(!constants.isWritable && constants.length > 1000, "constants are writable")
        },
        Scenario("binary: libraries beside it are not loaded") { context in
            for name in ["libcurl.so.4", "libmicrohttpd.so.12", "libyaml-0.so.2", "libnl-3.so.200", "libc.so.6"] {
                try context.write("no library\n", to: name)
            }
            let copy = "\(context.directory)/ipvsync"
            try context.run(["cp", context.ipvsync, copy])
            let configuration = try context.write("virtualServers: []", to: "f.yaml")
            try context.run([copy, "validate", "--config", configuration])
        },
    ]
}
