import Configuration
import Testing

@testable import Manifests

@Suite struct EmptyManifestTests {
    /// What a kubectl that failed leaves is no list without Services.
    @Test(arguments: ["a.yaml", "a.json", "-"]) func anEmptyFileIsAnError(_ file: String) throws {
        for text in ["", " \n\n"] {
            let error = #expect(throws: ConfigurationErrors.self) { try Manifests.parse(Array(text.utf8), file: file) }
            #expect(error?.description.hasPrefix("\(file): it is empty; write objects") == true, "\(error as Any)")
        }
        #expect(try Manifests.parse(Array(#"{"kind": "List", "items": []}"#.utf8), file: file).objects.isEmpty)
    }
}
