import Documents
import Testing

/// What kubectl reads otherwise than YAML's specification says: held against kubectl itself by `scripts/check-kubectl`.
@Suite struct KubernetesReadingTests {
    private func problem(_ text: String, as reading: YAMLReading = .kubernetes) -> String? {
        do throws(YAMLError) {
            _ = try YAMLNode.documents(in: Array(text.utf8), as: reading)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("{x: 1, <<: {y: 2, x: 3}}", "1:8: `<<` brings the key `x`, which stands before it in line 1"),
        ("x: 1\ny: 1\n<<: [{z: 1}, {y: 2}]\n", "3:1: `<<` brings the key `y`, which stands before it in line 2"),
        ("{x: 1, !!merge <<: {x: 3}}", "1:8: `<<` brings the key `x`, which stands before it in line 1"),
        ("<<: {x: 1}\n<<: {y: 1}\n", "2:1: `<<` stands twice in a mapping"),
        ("a: &l [{x: 1}]\nb: {<<: *l}\n", "2:5: `<<` names an alias of a list"),
    ])
    func keysThatAMergedOneGoesBefore(text: String, problem expected: String) {
        #expect(problem(text)?.hasPrefix(expected + "; write ") == true, "\(problem(text) ?? "read")")
        #expect(problem(text, as: .standard) == nil)
    }

    @Test(arguments: [
        ("a: \"x\\/y\"", "1:4: kubectl does not know the escape `\\/`"),
        ("é: é\nb: {c: \"\\\\ \\\n  \\/\"}", "2:8: kubectl does not know the escape `\\/`"),
        ("{a: 1, ~: 2}", "1:8: a key is null"),
    ])
    func whatKubectlRefuses(text: String, problem expected: String) {
        #expect(problem(text)?.hasPrefix(expected + "; write ") == true, "\(problem(text) ?? "read")")
        #expect(problem(text, as: .standard) == nil)
    }

    @Test(arguments: ["a: \"x/y\\n\"", "a: 'x\\/y'", "a: x\\/y", "a: \"\\\\/\"", "a: |\n  \\/\n", "{a: 1, \"~\": 2}"])
    func textsThatKubectlReads(text: String) { #expect(problem(text) == nil) }

    @Test(arguments: [
        "{<<: {x: 1, y: 2}, x: 3}", "{z: 1, <<: {x: 1}, x: 3}", "{x: 1, <<: [{y: 1}, {y: 2, z: 3}]}",
        "{x: 1, \"<<\": {x: 2}}", "a: &m {x: 1}\nb: {<<: [*m]}\nc: {<<: *m}\n",
    ])
    func mergesThatAreTheSameEverywhere(text: String) { #expect(problem(text) == nil) }

    @Test(arguments: [
        ("a: 1\n--- {b: 1}\n", 2), ("a: 1\n--- # next\nb: 1\n", 2), ("a: 1\n--- &x\nb: 1\n", 2),
        ("# é\na: é\n--- |\n text\n", 3), ("---\na: 1\n---\nb: 1\n--- !!map\nc: 1\n", 5),
        // A line of YAML that is none of kubectl's.
        ("a: 1\r---\rb: 1\r", 2), ("a: 1\n---\u{85}b: 1\n", 2), ("a: 1\u{2028}---\nb: 1\n", 2),
    ])
    func marksThatKubectlDoesNotSee(text: String, line: Int) {
        #expect(problem(text)?.hasPrefix("\(line):1: something stands in the line of `---`") == true, "\(text)")
        #expect(problem(text, as: .standard) == nil)
    }

    @Test(arguments: [
        "--- # first\na: 1\n---\nb: 1\n", "# c\n--- {a: 1}\n", "a: é\r\n---\r\nb: 1\r\n", "a: 1\n--- \t\nb: 1\n---",
        "a: 1\n...\n---\nb: 1\n", "---\n---\na: 1\n",
    ])
    func marksThatItSees(text: String) { #expect(problem(text) == nil) }

    @Test(arguments: [
        ("%YAML 1.1\n---\na: 1\n", 1), ("a: 1\n...\n%TAG ! tag:example.org,2000:\n---\nb: 1\n", 3),
    ])
    func directives(text: String, line: Int) {
        #expect(problem(text)?.hasPrefix("\(line):1: a document begins with a directive") == true)
        #expect(problem(text, as: .standard) == nil)
    }

    @Test func aFlawIsOnlyForWhoReadsThatObject() throws {
        var flaws: [String?] = []
        let text = "kind: A\nx: {y: 1, <<: {y: 2}}\n---\nkind: B\n"
        _ = try YAMLNode.forEachObject(inYAML: Array(text.utf8)) { flaws.append($0.flaw?.message) }
        #expect(flaws == ["`<<` brings the key `y`, which stands before it in line 2", nil])
    }
}
