import Testing

@testable import Documents

@Suite struct JSONReaderTests {
    private func objects(_ text: String) throws(YAMLError) -> [(node: YAMLNode, kind: String?)] {
        var found: [(node: YAMLNode, kind: String?)] = []
        var flaw: YAMLError?
        try YAMLNode.forEachObject(inJSON: Array(text.utf8)) { object in
            found.append((object.node, object.list?.kind))
            flaw = flaw ?? object.flaw
        }
        if let flaw { throw flaw }
        return found
    }

    @Test(arguments: [
        #"{"a": 1, "b": [true, false, null, -0.5e3, "x"], "c": {}, "d": []}"#,
        "\n  {\"a\":\n \t\"b\"}\n", #"["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"]"#, #""ä""#,
    ])
    func theTreeIsThatOfYAML(_ text: String) throws {
        let found = try objects(text).map(\.node)
        // YAML has no `\/` and no surrogate pairs: there the texts differ only in form.
        let yaml = text.replacing(#"\/"#, with: "/").replacing(#"\ud83d\ude00"#, with: "😀")
        #expect(try Document(found[0]) == Document(YAMLNode.documents(in: yaml)[0]))
        #expect(found.count == 1)
    }

    @Test func theItemsOfAListComeOneByOneWhereverItsKindStands() throws {
        for text in [
            #"{"kind": "PodList", "metadata": {"x": ["]"]}, "items": [{"a": 1}, {"a": 2}]}"#,
            #"{"items": [{"a": 1}, {"a": 2}], "note": "\"}", "kind": "PodList"}"#,
        ] {
            let found = try objects(text)
            #expect(found.map(\.kind) == ["PodList", "PodList"])
            #expect(found.map { $0.node["a"]?.scalar?.text } == ["1", "2"])
        }
        #expect(try objects(#"{"kind": "PodList", "items": []}"#).isEmpty)
        #expect(try objects(#"{"kind": "Pod", "items": []}"#).map(\.kind) == [nil])
        #expect(try objects(#"{"a":1} {"b":2}"#).count == 2)
    }

    @Test func aKeyThatStandsTwiceIsFoundInALargeObjectToo() {
        let text = "{" + (0..<100).map { "\"k\($0)\": 1,\n" }.joined() + "\"k7\": 1}"
        #expect {
            try objects(text)
        } throws: { error in
            "\(error)" == "101:1: the key `k7` stands here and in line 8; keep one of the two"
        }
    }

    @Test func whatNobodyReadsOfAnObjectIsPassedOver() throws {
        let text = #"""
            {"metadata": {"name": "a", "managedFields": [{"manager": "x"}], "ownerReferences": [{"uid": "u"}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "b": "c"}}}
            """#
        let (node, problem) = try YAMLNode.object(inJSON: Array(text.utf8))
        #expect(problem == nil)
        #expect(Document(node) == ["metadata": ["name": "a", "annotations": ["b": "c"]]])
    }

    /// Of a kind that nobody reads, they do not matter; of a list itself, they always do.
    @Test func flawsBelongToTheObjectThatHasThem() throws {
        let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
        let items = #"{"a": 1, "a": 2}, {"b": {"c": 1, "c": 1}}, {"d": 1}, {"e": \#(deep), "f": 2}"#
        for text in [#"{"kind": "List", "items": [\#(items)]}"#, items.replacing("}, {", with: "}\n{")] {
            var found: [Bool] = []
            var last: YAMLNode?
            try YAMLNode.forEachObject(inJSON: Array(text.utf8)) { object in
                found.append(object.flaw != nil)
                last = object.node
            }
            #expect(found == [true, true, false, true])
            #expect(last?["f"]?.scalar?.text == "2")
        }
        for text in [#"{"kind": "List", "kind": "List", "items": []}"#, #"{"kind": "List", "items": [], "items": []}"#]
        {
            #expect(throws: YAMLError.self) { try objects(text) }
        }
    }

    @Test func listsAreToldWithTheirCounts() throws {
        let text =
            #"{"kind": "List", "items": []} {"items": [{}, {}], "apiVersion": "v1", "kind": "PodList"} {"kind": "Pod"}"#
        let lists = try YAMLNode.forEachObject(inJSON: Array(text.utf8)) { _ in }
        #expect(lists.map(\.count) == [0, 2])
        #expect(lists.map(\.list.apiVersion) == [nil, "v1"])
    }

    @Test func placesAreKept() throws {
        let node = try #require(try objects("{\n  \"a\": [\n    7]}").first?.node["a"]?.sequence?.first)
        #expect(node.line == 3 && node.column == 5)
    }

    @Test(arguments: [
        ("{", 1, 2), ("{\"a\"}", 1, 5), ("{a: 1}", 1, 2), ("[1,\n]", 2, 1), ("[1 2]", 1, 4), ("\"\n\"", 1, 2),
        ("01", 1, 1), ("1.", 1, 1), ("0x1", 1, 1), ("1e999", 1, 1), ("nul", 1, 1), ("\"\\x\"", 1, 4),
        (#""\ud800""#, 1, 8),
        (#"{"a": 1, "a": 2}"#, 1, 10), ("[1]]", 1, 4), (#"{"kind": "XList", "items": [{}, ]}"#, 1, 33),
        (#"{"kind": "XList", "items": [{}"#, 1, 31),
    ])
    func whatIsNoJSONIsRefusedWhereItStands(_ text: String, _ line: Int, _ column: Int) {
        let error = #expect(throws: YAMLError.self) { _ = try objects(text) }
        #expect(error?.line == line && error?.column == column, "\(error.map(\.description) ?? "")")
    }

    @Test func limitsHold() {
        #expect(throws: YAMLError.self) { _ = try objects(String(repeating: "[", count: 100_000)) }
        let invalid: [UInt8] = [0x22, 0xFF, 0x22]
        #expect(throws: YAMLError.self) { try YAMLNode.forEachObject(inJSON: invalid) { _ in } }
    }
}
