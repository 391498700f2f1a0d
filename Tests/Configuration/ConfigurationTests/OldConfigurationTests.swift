import Configuration
import Foundation
import Testing

/// Files of earlier versions (`Fixtures/v1`) mean what they meant: the table as rules of ipvsadm, which know no
/// defaults, and everything as it is written. With `IPVSYNC_RECORD=1` in the environment, this test writes anew what
/// they mean; then the change is one for operators.
@Suite("Configurations of earlier versions") struct OldConfigurationTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/v1")

    private static func files() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "yaml" }
    }

    @Test("They mean what they meant") func meaning() throws {
        let files = try Self.files()
        #expect(files.count >= 8)
        for file in files {
            let text = try String(contentsOf: file, encoding: .utf8)
            // The version may be said of what was written before there was one.
            let meanings = try [text, "apiVersion: ipvsync/v1\n" + text].map { text in
                let configuration = try Configuration.parse(text, file: file.lastPathComponent)
                return IpvsadmExport(configuration.desired).rules + "\n" + configuration.yaml()
            }
            #expect(meanings[0] == meanings[1], "\(file.lastPathComponent)")
            let kept = file.deletingPathExtension().appendingPathExtension("meaning")
            if ProcessInfo.processInfo.environment["IPVSYNC_RECORD"] == "1" {
                try meanings[0].write(to: kept, atomically: true, encoding: .utf8)
            }
            #expect(try meanings[0] == String(contentsOf: kept, encoding: .utf8), "\(file.lastPathComponent)")
        }
    }

    @Test(
        "A version alone declares nothing",
        arguments: ["apiVersion: ipvsync/v1", "apiVersion: ipvsync/v1\ndefaults: {}"])
    func empty(text: String) {
        do throws(ConfigurationErrors) {
            _ = try Configuration.parse(text, file: "f")
            Issue.record("\(text) is an empty table")
        } catch {
            #expect(error.description.contains("it declares nothing"))
        }
    }
}
