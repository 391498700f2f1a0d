import Configuration
import TemporaryFiles
import Testing

@testable import Manifests

@Suite struct EmptyManifestTests {
    /// What a kubectl that failed leaves is no list without Services.
    @Test(arguments: ["a.yaml", "a.json", "-"]) func anEmptyFileIsAnError(_ file: String) throws {
        for text in ["", " \n\n"] {
            let error = #expect(throws: ConfigurationErrors.self) { try Manifests.parse(Array(text.utf8), file: file) }
            #expect(error?.description.hasPrefix("\(file):1:1: it is empty; write objects") == true, "\(error as Any)")
        }
        #expect(try Manifests.parse(Array(#"{"kind": "List", "items": []}"#.utf8), file: file).objects.isEmpty)
    }

    /// What kubectl, jq and scripts leave behind when something went wrong.
    @Test(arguments: [
        ("# nothing\n", "it holds no object"),
        ("---\n---\n# nothing\n", "it holds no object"),
        ("null\n", "it holds no object"),
        ("~\n", "it holds no object"),
        ("{}", "it has no kind"),
        ("Unable to connect to the server: EOF\n", "it has no kind"),
        ("error: You must be logged in to the server (Unauthorized)\n", "it has no kind"),
        (#"error: the server doesn't have a resource type "endpointslices""#, "it has no kind"),
        ("No resources found in default namespace.\n", "it has no kind"),
        ("NAME   TYPE\nweb    ClusterIP\n", "it has no kind"),
        ("[]", "it has no kind"),
        (
            #"{"metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.0.20", "ports": [{"port": 80}]}}"#,
            "it has no kind"
        ),
        (
            #"{"kind": "Status", "apiVersion": "v1", "reason": "Forbidden", "message": "services is forbidden", "code": 403}"#,
            "this is a Status: Forbidden: services is forbidden: the dump failed"
        ),
        (#"{"kind": "Table", "apiVersion": "meta.k8s.io/v1", "rows": []}"#, "this is a Table"),
        ("apiVersion: v1\nkind: List\n", "this List has no list of items"),
        ("apiVersion: v1\nkind: List\nitems: {}\n", "this List has no list of items"),
        ("apiVersion: v1\nkind: ServiceList\nitems: null\n", "this ServiceList has no list of items"),
        ("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: []}\n", "stands inside of a list"),
        ("apiVersion: v1\nkind: List\nitems:\n- {metadata: {name: web}}\n", "it has no kind"),
        ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n", "Pod or Node, only Deployment; write objects"),
        (
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n",
            "only Service of serving.knative.dev/v1"
        ),
        ("apiVersion: v1\nkind: ConfigMapList\nitems: []\n", "it holds no object"),
        (
            "apiVersion: v1\nkind: service\nmetadata: {name: a}\n",
            "service is no kind; write it with its capital letters"
        ),
        ("kind: Service\nmetadata: {name: a}\n", "apiVersion is missing; write v1"),
        ("apiVersion: v1\n", "it has no kind"),
    ])
    func nothingRecognisedIsAnError(text: String, message: String) {
        for file in text.first == "{" ? ["x.yaml", "x.json", "stdin"] : ["x.yaml", "stdin"] {
            let error = #expect(throws: ConfigurationErrors.self) { try Manifests.parse(Array(text.utf8), file: file) }
            let found = error?.description ?? ""
            #expect(found.hasPrefix(file) && found.contains(message), "\(found)")
        }
    }

    @Test(arguments: [
        "---\n{apiVersion: v1, kind: List, items: []}", "apiVersion: v1\nkind: ServiceList\nitems: []\n",
        #"{"apiVersion": "v1", "items": [], "kind": "List"}"#,
    ])
    func anEmptyListSaysThatThereIsNothing(text: String) throws {
        let manifests = try Manifests.parse(Array(text.utf8), file: "x.yaml")
        #expect(manifests.objects.isEmpty && manifests.declaresNone)
    }

    @Test func aDirectoryCountsAsAWhole() throws {
        let folder = try TemporaryFolder()
        try folder.write("# later\n", to: "a.yaml")
        try folder.write("apiVersion: v1\nkind: Node\nmetadata: {name: a}\n", to: "b.yaml")
        #expect(try Manifests.load(paths: [folder.path]).objects.count == 1)
        let error = #expect(throws: ConfigurationErrors.self) {
            try Manifests.load(paths: [folder.file("a.yaml"), folder.file("b.yaml")])
        }
        #expect(
            error?.description == "\(folder.file("a.yaml")): it holds no object; write objects, or "
                + #"{"apiVersion": "v1", "kind": "List", "items": []} for none"#)
    }
}
