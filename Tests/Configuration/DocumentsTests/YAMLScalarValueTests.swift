import Testing

@testable import Documents

/// The expected values are those of `sigs.k8s.io/yaml`.
@Suite("Values of scalars by YAML 1.1")
struct YAMLScalarValueTests {
    @Test(arguments: [
        ("true", true), ("True", true), ("TRUE", true), ("yes", true), ("Yes", true), ("YES", true), ("on", true),
        ("On", true), ("ON", true), ("y", true), ("Y", true),
        ("false", false), ("False", false), ("FALSE", false), ("no", false), ("No", false), ("NO", false),
        ("off", false), ("Off", false), ("OFF", false), ("n", false), ("N", false),
    ])
    func truthValues(text: String, expected: Bool) {
        #expect(YAMLScalar(text: text).value == .bool(expected))
        #expect(YAMLScalar(text: text, isPlain: false).value == .text(text))
    }

    @Test(arguments: [
        ("0", 0), ("80", 80), ("+80", 80), ("-80", -80), ("0120", 80), ("-0120", -80), ("0o120", 80), ("0O120", 80),
        ("0x50", 80), ("0X50", 80), ("0b1010000", 80), ("1_000", 1000), ("0_120", 80), ("80.0", 80), ("8e1", 80),
        ("8E+1", 80), ("800e-1", 80), ("089", 89), ("80.", 80), ("9223372036854775807", Int64.max),
    ])
    func wholeNumbers(text: String, expected: Int64) {
        #expect(YAMLScalar(text: text).value == .integer(expected))
        #expect(YAMLScalar(text: text, isPlain: false).integerValue == nil)
    }

    @Test(arguments: [("1.5", 1.5), (".5", 0.5), ("-1.5e-1", -0.15), (".inf", Double.infinity), ("1e400", .infinity)])
    func otherNumbers(text: String, expected: Double) {
        #expect(YAMLScalar(text: text).value == .number(expected))
    }

    @Test(arguments: [
        "10.96.0.20", "1:20", "80/tcp", "0x", "0xg", "+", "-", ".", "--1", "+-1", "1e", "e1", "tRUE", "yEs",
        "2026-01-01",
        "2026-01-01T00:00:00Z", "infinity", "nan", "0x1p4", "_", "t", "f", "oN", "nuLL",
    ])
    func texts(text: String) { #expect(YAMLScalar(text: text).value == .text(text)) }

    @Test(arguments: ["", "~", "null", "Null", "NULL"])
    func nulls(text: String) { #expect(YAMLScalar(text: text).value == .null) }

    @Test func tagsDecide() {
        #expect(YAMLScalar(text: "80", tag: "tag:yaml.org,2002:str").value == .text("80"))
        #expect(YAMLScalar(text: "80", tag: "tag:yaml.org,2002:int", isPlain: false).value == .integer(80))
        #expect(YAMLScalar(text: "yes", tag: "tag:yaml.org,2002:bool", isPlain: false).value == .bool(true))
    }

    @Test(arguments: [
        ("a: !!binary YQ==", "1:4: the tag !!binary is not read here; write the value itself as a text in quotes"),
        ("- !!timestamp 2026-01-01", "the tag !!timestamp is not read here"),
        ("!!binary YQ==: b", "1:1: the tag !!binary"),
        ("a:\n- !!int yes", "2:3: yes is no !!int; leave out the tag, or write a value that fits it"),
        ("a: !!int 80.0", "80.0 is no !!int"), ("a: !!int a", "a is no !!int"), ("a: !!bool 1", "1 is no !!bool"),
        ("a: !!null b", "b is no !!null"), ("a: !!float yes", "yes is no !!float"),
    ])
    func aTagHasToFitItsText(text: String, message: String) {
        let error = #expect(throws: YAMLError.self) { try YAMLNode.documents(in: text) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        "!!int 0120", "!!int \"80\"", "!!float 80", "!!float .inf", "!!bool yes", "!!null ~", "!!null \"\"",
        "!!str yes",
        "!own a", "! 80",
    ])
    func aTagThatFitsIsTaken(text: String) throws { #expect(try YAMLNode.documents(in: text).count == 1) }

    @Test func utf8MayHaveAMark() throws {
        let text = Array("a: 1\n".utf8)
        for bytes in [text, [0xEF, 0xBB, 0xBF] + text] {
            #expect(try YAMLNode.documents(in: bytes).first?["a"]?.scalar?.integerValue == 1)
        }
        let json: [UInt8] = [0xEF, 0xBB, 0xBF] + Array(#"{"a": 1}"#.utf8)
        var values: [Int64?] = []
        try YAMLNode.forEachObject(inJSON: json) { values.append($0.node["a"]?.scalar?.integerValue) }
        #expect(values == [1])
        #expect(try YAMLNode.documents(in: [0xEF, 0xBB, 0xBF] as [UInt8]).isEmpty)
    }

    @Test(arguments: [(false, true), (true, true), (false, false), (true, false)])
    func utf16IsRefused(isBigEndian: Bool, hasMark: Bool) throws {
        let units = (hasMark ? [UInt16(0xFEFF)] : []) + Array("{}".utf16)
        let bytes = units.flatMap { unit -> [UInt8] in
            let pair = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            return isBigEndian ? pair : pair.reversed()
        }
        for read in [
            { _ = try YAMLNode.documents(in: bytes) }, { _ = try YAMLNode.forEachObject(inJSON: bytes) { _ in } },
        ] {
            let error = #expect(throws: YAMLError.self) { try read() }
            #expect(error?.message == "the text is UTF-16, not UTF-8")
        }
    }
}
