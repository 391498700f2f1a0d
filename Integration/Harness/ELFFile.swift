import Glibc

/// What the headers of a program say of how it is loaded (64-bit ELF, little-endian; `elf(5)`).
struct ELFFile {
    /// A part that is mapped, or that says something of the mapping.
    struct Segment {
        let kind: UInt32
        let flags: UInt32
        let address: UInt64
        let length: UInt64

        var isWritable: Bool { flags & 2 != 0 }
        var isExecutable: Bool { flags & 1 != 0 }
    }

    struct Section {
        let name: String
        let address: UInt64
        let length: UInt64
        let isWritable: Bool
    }

    /// Numbers of `elf.h`.
    enum Kind {
        static let load: UInt32 = 1
        static let stack: UInt32 = 0x6474_E551
        static let relro: UInt32 = 0x6474_E552
    }

    let isPositionIndependent: Bool
    let segments: [Segment]
    let sections: [Section]
    /// Tags and values of the dynamic section.
    let dynamic: [(tag: Int64, value: UInt64)]
    private let strings: [UInt8]

    /// The libraries that it needs.
    var libraries: [String] { texts(of: 1) }
    /// Where it looks for libraries before the system does (`DT_RPATH`, `DT_RUNPATH`).
    var runPaths: [String] { texts(of: 15) + texts(of: 29) }
    /// Whether every function is bound before it starts (`DT_BIND_NOW`, `DF_BIND_NOW`, `DF_1_NOW`).
    var bindsAtOnce: Bool {
        dynamic.contains {
            ($0.tag == 24) || ($0.tag == 30 && $0.value & 8 != 0) || ($0.tag == 0x6FFF_FFFB && $0.value & 1 != 0)
        }
    }
    /// Whether code is changed by the loader (`DT_TEXTREL`, `DF_TEXTREL`).
    var changesCode: Bool { dynamic.contains { $0.tag == 22 || ($0.tag == 30 && $0.value & 4 != 0) } }

    private func texts(of tag: Int64) -> [String] {
        dynamic.filter { $0.tag == tag }.map { entry in
            let rest = strings[min(strings.count, Int(clamping: entry.value))...]
            return String(decoding: rest.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    init(_ path: String) throws(ScenarioFailure) {
        let bytes = try Self.read(path)
        func number(_ offset: UInt64, _ length: Int) throws(ScenarioFailure) -> UInt64 {
            let start = Int(clamping: offset)
            guard start >= 0, start <= bytes.count - length else { throw ScenarioFailure("\(path) is cut off") }
            return bytes[start..<(start + length)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        try expect(bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]), "\(path) is no 64-bit ELF file")
        isPositionIndependent = try number(16, 2) == 3
        let (segmentsStart, segmentSize, segmentCount) = (try number(32, 8), try number(54, 2), try number(56, 2))
        var segments: [Segment] = []
        var dynamicStart: (offset: UInt64, length: UInt64) = (0, 0)
        for index in 0..<segmentCount {
            let start = segmentsStart + index * segmentSize
            let kind = UInt32(truncatingIfNeeded: try number(start, 4))
            segments.append(
                Segment(
                    kind: kind, flags: UInt32(truncatingIfNeeded: try number(start + 4, 4)),
                    address: try number(start + 16, 8), length: try number(start + 40, 8)))
            if kind == 2 { dynamicStart = (try number(start + 8, 8), try number(start + 32, 8)) }
        }
        self.segments = segments
        var dynamic: [(tag: Int64, value: UInt64)] = []
        for index in 0..<(dynamicStart.length / 16) {
            let start = dynamicStart.offset + index * 16
            let tag = Int64(bitPattern: try number(start, 8))
            if tag == 0 { break }
            dynamic.append((tag, try number(start + 8, 8)))
        }
        self.dynamic = dynamic
        let (sectionsStart, sectionSize, sectionCount) = (try number(40, 8), try number(58, 2), try number(60, 2))
        let namesStart = try number(sectionsStart + (try number(62, 2)) * sectionSize + 24, 8)
        var sections: [Section] = []
        var strings: ArraySlice<UInt8> = []
        for index in 0..<sectionCount {
            let start = sectionsStart + index * sectionSize
            let nameStart = Int(clamping: namesStart + (try number(start, 4)))
            let name = String(decoding: bytes.dropFirst(nameStart).prefix { $0 != 0 }, as: UTF8.self)
            let (offset, length) = (try number(start + 24, 8), try number(start + 32, 8))
            sections.append(
                Section(
                    name: name, address: try number(start + 16, 8), length: length,
                    isWritable: try number(start + 8, 8) & 1 != 0))
            if name == ".dynstr" { strings = bytes.dropFirst(Int(clamping: offset)).prefix(Int(clamping: length)) }
        }
        self.sections = sections
        self.strings = Array(strings)
    }

    private static func read(_ path: String) throws(ScenarioFailure) -> [UInt8] {
        guard let file = fopen(path, "re") else { throw SystemCall.failure(path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }
}
