import Documents
import Foundation
import TestSupport
import Testing

@Suite("Printing documents")
struct DocumentTests {
    private static let sample: Document = [
        "name": "web", "count": 3, "share": .number(0.5), "none": .null, "ok": true,
        "list": [1, ["a": "b", "c": []], ["x", "z"], .mapping([])],
        "nested": ["inner": ["deep": "10.0.0.1:80"]],
    ]

    @Test("JSON, pretty and compact")
    func json() {
        #expect(
            Self.sample.json(pretty: false)
                == #"{"name":"web","count":3,"share":0.5,"none":null,"ok":true,"#
                + #""list":[1,{"a":"b","c":[]},["x","z"],{}],"nested":{"inner":{"deep":"10.0.0.1:80"}}}"#)
        #expect((["a": [1], "b": [:]] as Document).json() == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}\n")
        #expect(Document.string("\"\\\n\t\u{1}é\u{7F}").json(pretty: false) == #""\"\\\n\t\u0001é\u007f""#)
        #expect(Document.number(.infinity).json(pretty: false) == "null")
    }

    @Test("YAML in block style")
    func yaml() {
        #expect(
            Self.sample.yaml() == """
                name: web
                count: 3
                share: 0.5
                none: null
                ok: true
                list:
                - 1
                - a: b
                  c: []
                - - x
                  - z
                - {}
                nested:
                  inner:
                    deep: 10.0.0.1:80

                """)
    }

    @Test(
        "Strings that anything could read otherwise are quoted",
        arguments: [
            "yes", "No", "on", "OFF", "y", "null", "~", "", "true", "1", "1:30", "0x1", "0o7", "1.5", "1e3", "12e03",
            "+1", "-", "- a", ".5", ".inf", ".nan", "2001-01-01", "2001-12-14t21:59:43.10-05:00", " a", "a ", "a: b",
            "a #b", "#a", "a:", "&a", "*a", "!a", "%a", "@a", "`a", "[a", "{a", "|", ">", "?", "? a", "a\nb", "a\tb",
            "\u{7F}", "\u{85}", "\u{A0}", "\u{2028}", "\u{FEFF}", "<<", "=", "---", "...", "::1", "[::1]:80", "1_000",
            "é", "1,5", "\"", "'",
        ])
    func quotedStrings(text: String) throws {
        let yaml = Document.string(text).yaml()
        #expect(yaml.hasPrefix("\""))
        #expect(try Self.read(yaml) == .string(text))
    }

    @Test(
        "What cannot be mistaken stays plain",
        arguments: [
            "web", "10.0.0.1:80", "10.0.0.1", "255.255.255.0", "2001:db8::1", "3h", "1h30m", "50%", "mh-fallback",
            "a b", "a:b", "a/b", "udp 10.0.0.1:53", "/24",
        ])
    func plainStrings(text: String) throws {
        #expect(Document.string(text).yaml() == text + "\n")
        #expect(try Self.read(text) == .string(text))
    }

    @Test("A long key keeps its value")
    func longKey() throws {
        let document = Document.mapping([.init(String(repeating: "k", count: 3000), ["a": [1, 2]]), .init("b", 1)])
        #expect(try Self.read(document.yaml()) == document)
    }

    @Test("Scalars are read by the core schema of YAML 1.2")
    func coreSchema() throws {
        let text =
            "[1, -1, 010, 0x10, 0o10, 18446744073709551615, 1.5, 1e3, .inf, True, yes, ~, '1', !!str 1, infinity, -]"
        #expect(
            try Self.read(text) == [
                1, -1, 10, 16, 8, .unsigned(.max), .number(1.5), .number(1000), .number(.infinity), true, "yes", .null,
                "1", "1", "infinity", "-",
            ])
    }

    @Test("A JSON text comes back, and its values are read by kind")
    func readsJSON() throws {
        #expect(try Document(json: Array(Self.sample.json().utf8)) == Self.sample)
        #expect(throws: YAMLError.self) { try Document(json: []) }
        #expect(throws: YAMLError.self) { try Document(json: Array(#"{"a":"#.utf8)) }
        #expect(Self.sample["name"]?.string == "web" && Self.sample["count"]?.string == nil)
        #expect(Self.sample["count"]?.count == 3 && Self.sample["share"]?.count == nil)
        #expect(Document.integer(-1).count == nil && Document.unsigned(.max).count == .max)
        #expect(Document.number(1e300).count == nil && Document.number(2).count == 2)
        #expect(Self.sample["share"]?.double == 0.5 && Document.number(.nan).double == nil)
        #expect(Self.sample["ok"]?.flag == true && Self.sample["none"]?.flag == nil)
        #expect(Self.sample["list"]?.elements.count == 4 && Self.sample["ok"]?.elements.isEmpty == true)
    }

    @Test("Random trees come back from YAML, and JSON takes them")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<1500 {
            let document = Self.random(&generator, depth: 0)
            let yaml = document.yaml()
            let read = try Self.read(yaml)
            #expect(read == document, "\(yaml)")
            for pretty in [true, false] {
                let data = Data(document.json(pretty: pretty).utf8)
                _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
            }
        }
    }

    private static func read(_ yaml: String) throws -> Document? {
        try YAMLNode.documents(in: yaml).first.map { Document($0) }
    }

    private static func random(_ generator: inout SeededGenerator, depth: Int) -> Document {
        switch Int.random(in: 0..<(depth < 4 ? 10 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &generator))
        case 3: return .unsigned(UInt64.random(in: (1 << 63)...UInt64.max, using: &generator))
        case 4:
            return .number(
                Double(Int64.random(in: -999...999, using: &generator))
                    * pow(10, Double.random(in: -300...300, using: &generator)))
        case 5: return .string(randomText(&generator))
        case 6, 7:
            return .sequence(
                (0..<Int.random(in: 0..<4, using: &generator)).map { _ in random(&generator, depth: depth + 1) })
        default:
            var keys: Set<String> = []
            let members = (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
                Document.Member(randomText(&generator), random(&generator, depth: depth + 1))
            }
            return .mapping(members.filter { keys.insert($0.key).inserted })
        }
    }

    private static func randomText(_ generator: inout SeededGenerator) -> String {
        let alphabet = Array(
            "ab01 :#-.,'\"\\\n\t\r\u{1}\u{85}é𝄞\u{2028}\u{FFFF}?!&*[]{}|>%@`~=<_/+eExyn".unicodeScalars)
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<8, using: &generator) {
            text.append(alphabet.randomElement(using: &generator) ?? "a")
        }
        return String(text)
    }
}
