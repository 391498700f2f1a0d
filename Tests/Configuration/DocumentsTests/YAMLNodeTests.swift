import Documents
import TestSupport
import Testing

@Suite("Reading YAML")
struct YAMLNodeTests {
    @Test("Every node knows its place")
    func places() throws {
        let node = try #require(try YAMLNode.documents(in: "# head\na: 1\nlist:\n- x\n- {k: 'v'}\n").first)
        #expect((node.line, node.column) == (2, 1))
        let list = try #require(node["list"])
        #expect((list.line, list.column) == (4, 1))
        let inner = try #require(list.sequence?.last)
        #expect((inner.line, inner.column) == (5, 3))
        let value = try #require(inner["k"])
        #expect((value.line, value.column) == (5, 7))
        #expect(value.scalar == YAMLScalar(text: "v", isPlain: false))
        #expect(node["a"]?.scalar == YAMLScalar(text: "1"))
        #expect(node["b"] == nil)
    }

    @Test("A stream may hold several documents or none", arguments: [("", 0), ("# x\n", 0), ("a\n---\nb\n", 2)])
    func streams(text: String, count: Int) throws {
        #expect(try YAMLNode.documents(in: text).count == count)
    }

    @Test("Tags, block scalars and a byte order mark are understood")
    func scalars() throws {
        let node = try #require(
            try YAMLNode.documents(in: "\u{FEFF}a: !!str 5\nb: |\n  x\n  y\nc: ~\nd: \"~\"\n").first)
        #expect(node["a"]?.scalar == YAMLScalar(text: "5", tag: "tag:yaml.org,2002:str"))
        #expect(node["b"]?.scalar == YAMLScalar(text: "x\ny\n", isPlain: false))
        #expect(node["c"]?.isNull == true)
        #expect(node["d"]?.isNull == false)
    }

    @Test("Aliases repeat a node, merge keys fill in what a mapping leaves out")
    func aliases() throws {
        let text = "base: &b {x: 1, y: 2}\nuse: *b\none: {<<: *b, y: 3}\ntwo: {<<: [*b, {z: 9, x: 0}]}\n"
        let node = try #require(try YAMLNode.documents(in: text).first)
        #expect(node["use"] == node["base"])
        #expect(Document(try #require(node["one"])) == ["y": 3, "x": 1])
        #expect(Document(try #require(node["two"])) == ["x": 1, "y": 2, "z": 9])
    }

    @Test(
        "What is wrong is told with its place",
        arguments: [
            ("a: 1\nb: 2\na: 3\n", "3:1: the key `a` stands here and in line 1; keep one of the two"),
            (
                "a:\n\t- 1\n",
                "2:1: found character that cannot start any token while scanning for the next token that begins in line 2; indent with spaces, not tabs, and quote a text that begins with @, ` or %"
            ),
            (
                "a: b: c\n",
                "1:5: mapping values are not allowed in this context; quote a text that has a colon and a space in it"
            ),
            ("a: [1\n", "2:1: did not find expected ',' or ']' while parsing a flow sequence that begins in line 1"),
            (
                "a: 1\n...\nb: 1\n",
                "3:1: did not find expected <document start>; begin each document with a line `---`"
            ),
            ("a: *b\n", "1:4: the alias *b names no anchor; write &b before the node that it means"),
            ("a: &b [*b]\n", "1:8: the alias *b stands inside of its own anchor; write the node out"),
            ("[a]: 1\n", "1:1: a key is a sequence or a mapping; write a text as the key"),
            ("<<: 1\n", "1:5: `<<` merges only mappings; write an alias to a mapping"),
            ("a\nb\0c\n", "2:2: control characters are not allowed; save the file as UTF-8 text"),
        ])
    func errors(text: String, message: String) {
        #expect(Self.problem(Array(text.utf8)) == message)
    }

    @Test("A duplicate is found in a large mapping too")
    func manyKeys() {
        let text = (0..<100).map { "k\($0): 1\n" }.joined() + "k7: 1\n"
        #expect(Self.problem(Array(text.utf8)) == "101:1: the key `k7` stands here and in line 8; keep one of the two")
    }

    @Test(
        "Bytes that are no UTF-8 are refused",
        arguments: [
            ([0x61, 0x0A, 0xFF], "2:1: invalid leading UTF-8 octet; save the file as UTF-8 text"),
            (
                [0xFF, 0xFE, 0x61, 0x00],
                "1:1: the text is UTF-16, not UTF-8; save the file as UTF-8; in PowerShell: … | Out-File -Encoding utf8 FILE"
            ),
            ([0x61, 0xC3], "1:2: incomplete UTF-8 octet sequence; save the file as UTF-8 text"),
        ] as [([UInt8], String)])
    func encodings(bytes: [UInt8], message: String) {
        #expect(Self.problem(bytes) == message)
    }

    @Test("Limits hold")
    func limits() {
        let deep = Array((String(repeating: "[", count: 65) + String(repeating: "]", count: 65)).utf8)
        #expect(Self.problem(deep) == "1:65: nested deeper than 64 levels; write it flatter")
        #expect(Self.problem(Array("[1,2,3]".utf8), YAMLLimits(nodes: 3)) == "1:6: more than 3 nodes; split the file")
        #expect(
            Self.problem(Array("abcd".utf8), YAMLLimits(bytes: 3))
                == "1:1: 4 bytes are more than the 3 that are read; split the file")
        let tower = "a: &a0 [[1]]\n" + (1...70).map { "b\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()
        #expect(Self.problem(Array(tower.utf8))?.hasSuffix("nested deeper than 64 levels; write it flatter") == true)
    }

    @Test("An alias bomb is refused in linear time")
    func aliasBomb() {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1...40 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",") + "]\n"
        }
        #expect(
            Self.problem(Array(text.utf8))?.hasSuffix("aliases stand for more than 1000000 nodes; write the nodes out")
                == true)
    }

    @Test("Mutated text never crashes the reader")
    func fuzz() {
        var generator = SeededGenerator(seed: 7)
        let seed = Array(
            "a: &x {b: [1, 'two', \"three\\n\"]}\nc: *x\nd: |\n  text\n<<: *x\n--- !t\n- ? k\n  : v\n".utf8)
        for _ in 0..<2000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.insert("&*![]{}:-?|>'\"\n\t #"[...].utf8.randomElement(using: &generator) ?? 0, at: index)
                default: bytes.removeSubrange(index..<min(bytes.count, index + 3))
                }
                if bytes.isEmpty { bytes = seed }
            }
            _ = Self.problem(bytes)
        }
    }

    private static func problem(_ bytes: [UInt8], _ limits: YAMLLimits = YAMLLimits()) -> String? {
        do throws(YAMLError) {
            _ = try YAMLNode.documents(in: bytes, limits: limits)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("A flaw belongs to the object that holds it")
    func flaws() throws {
        let text = """
            kind: List
            items:
            - {a: 1, a: 2}
            - b: 1
            - c:
                d: 1
                d: 2
            ---
            e: 1
            e: 1
            """
        var found: [Int?] = []
        let lists = try YAMLNode.forEachObject(inYAML: Array(text.utf8)) { found.append($0.flaw?.line) }
        #expect(found == [3, nil, 7, 10])
        #expect(lists.map(\.count) == [3])
    }

    @Test("A list with a key that stands twice is refused")
    func listsWithFlaws() {
        let lists = "apiVersion: v1\nitems: [{a: 1}]\nkind: List\napiVersion: v1\nitems: [{b: 1}]\nkind: List\n"
        let error = #expect(throws: YAMLError.self) {
            try YAMLNode.forEachObject(inYAML: Array(lists.utf8)) { _ in }
        }
        #expect(error?.line == 4)
    }

    @Test("What is nested too deep is passed over where flaws are kept")
    func deepFlaws() throws {
        let deep = String(repeating: "{a: ", count: 80) + "1" + String(repeating: "}", count: 80)
        var found: [(flaw: YAMLError?, value: String?)] = []
        _ = try YAMLNode.forEachObject(inYAML: Array("x: \(deep)\ny: 2\n---\ny: 3\n".utf8)) {
            found.append(($0.flaw, $0.node["y"]?.scalar?.text))
        }
        #expect(found.map(\.value) == ["2", "3"])
        #expect(found.map { $0.flaw?.message } == ["nested deeper than 64 levels", nil])
    }
}
