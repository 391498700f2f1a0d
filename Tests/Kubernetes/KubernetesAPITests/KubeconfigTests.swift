import Configuration
import TemporaryFiles
import Testing

@testable import KubernetesAPI

struct KubeconfigTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func access(_ text: String, context: String? = nil) throws -> ClusterAccess {
        try Kubeconfig(path: try folder.write(text, to: "kubeconfig")).access(context: context)
    }

    private func config(cluster: String = "server: https://10.0.0.1:6443/", user: String) -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: main
        contexts:
        - {name: main, context: {cluster: c, user: u}}
        - {name: anonymous, context: {cluster: c}}
        clusters:
        - name: c
          cluster: {\(cluster)}
        users:
        - name: u
          user: {\(user)}
        """
    }

    private func pem(_ name: String) -> String { "-----BEGIN \(name)-----\n" }

    /// As base64, whose alphabet the test writes itself.
    private func encoded(_ name: String) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var bits = pem(name).utf8.flatMap { byte in (0..<8).reversed().map { byte >> $0 & 1 } }
        while !bits.count.isMultiple(of: 6) { bits.append(0) }
        return String(
            stride(from: 0, to: bits.count, by: 6).map { letters[bits[$0..<$0 + 6].reduce(0) { $0 << 1 | Int($1) }] })
    }

    @Test func readsInlineCertificates() throws {
        let found = try access(
            config(
                cluster: "server: https://a:1, certificate-authority-data: \(encoded("CA"))",
                user: "client-certificate-data: \(encoded("CERT")), client-key-data: \(encoded("KEY"))"))
        #expect(found.server == "https://a:1")
        #expect(found.trust == .authorities(.inline(Secret(pem("CA")))))
        #expect(found.certificate == .inline(Secret(pem("CERT"))))
        #expect(found.key == .inline(Secret(pem("KEY"))))
        #expect(found.warnings.isEmpty)
    }

    @Test func readsPathsRelativeToTheFile() throws {
        let found = try access(
            config(cluster: "server: https://a:1, certificate-authority: pki/ca.crt", user: "tokenFile: /run/token"))
        #expect(found.trust == .authorities(.file(folder.file("pki/ca.crt"))))
        #expect(found.credential == .tokenFile("/run/token"))
    }

    @Test func choosesAContext() throws {
        let text = config(user: "token: t")
        #expect(try access(text).credential == .token(Secret("t")))
        #expect(try access(text, context: "anonymous").credential == .none)
        #expect(try access(text).server == "https://10.0.0.1:6443")
    }

    @Test func warnsOfAServerThatIsNotVerified() throws {
        let found = try access(config(cluster: "server: https://a:1, insecure-skip-tls-verify: true", user: "token: t"))
        #expect(found.trust == .anything)
        #expect(found.warnings.count == 1)
    }

    @Test(arguments: [
        ("exec: {command: aws}", ":12:16: 'exec' is not supported"),
        ("auth-provider: {name: gcp}", "'auth-provider' is not supported"),
        ("as-groups: [system:masters]", "'as-groups' is not supported"),
        ("as-uid: \"1\"", "'as-uid' is not supported"),
        ("as-user-extra: {scopes: [a]}", "'as-user-extra' is not supported"),
        ("client-certificate: c.pem", "go together"),
        ("client-certificate-data: Q0VSVA==", "holds no PEM"),
        ("client-key-data: DATA+OMITTED", "'kubectl config view' left the data out"),
        ("token: REDACTED", "'kubectl config view' left the data out"),
        ("token: 12345", "'token' is not a text; write it in quotes"),
        ("client-certificate-data: '%', client-key: k", "is not base64"),
    ])
    func refusesWhatItCannotUse(user: String, message: String) throws {
        let error = #expect(throws: ConfigurationErrors.self) { _ = try access(config(user: user)) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    /// As client-go does, or refused with the field (`tools/clientcmd`, `rest/url_utils.go`).
    @Test(arguments: [
        (
            "server: 127.0.0.1:6443",
            "begins with none of the protocols that are understood; write 'server: https://HOST:6443'"
        ),
        ("server: ftp://a", "the server's URL is not used"),
        ("server: \"\"", "the cluster has no server"),
        ("server: https://a, tls-server-name: b", "'tls-server-name' is not supported"),
        ("server: https://a, insecure-skip-tls-verify: yes, certificate-authority: ca.pem", "keep one of the two"),
        ("server: https://a, insecure-skip-tls-verify: \"true\"", "is not a truth value"),
        ("server: https://a, certificate-authority-data: DATA+OMITTED", "'kubectl config view' left the data out"),
    ])
    func refusesClusters(cluster: String, message: String) {
        let error = #expect(throws: ConfigurationErrors.self) { _ = try access(config(cluster: cluster, user: "")) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["True", "yes", "On"]) func readsTruthValuesAsYAMLDoes(word: String) throws {
        let found = try access(config(cluster: "server: HTTPS://a, insecure-skip-tls-verify: \(word)", user: ""))
        #expect(found.trust == .anything)
        #expect(found.server == "https://a")
    }

    @Test func emptyFieldsAreAbsent() throws {
        let cluster = "server: https://a, tls-server-name: \"\", certificate-authority-data: \"\", proxy-url: null"
        let found = try access(config(cluster: cluster, user: "exec: null, as: \"\", as-groups: [], token: \"\""))
        #expect(found == (try ClusterAccess(server: "https://a")))
        let nobody = config(user: "").replacing("user: {}", with: "user:")
        #expect(try access(nobody).credential == .none)
    }

    @Test func refusesTwoEntriesOfOneName() {
        let text = config(user: "token: a") + "\n- {name: u, user: {token: b}}"
        let error = #expect(throws: ConfigurationErrors.self) { _ = try access(text) }
        #expect(error?.description.contains("users has two entries named u, here and in line 11") == true)
    }

    @Test func namesTheContextsThereAre() throws {
        let error = #expect(throws: ConfigurationErrors.self) {
            _ = try access(config(user: "token: t"), context: "other")
        }
        #expect(error?.description.contains("there are: main, anonymous") == true)
    }

    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9v\nYmFy", "foobar"), ("Zg", "f"),
    ])
    func decodesBase64(text: String, plain: String) {
        #expect(Base64.decode(text) == Array(plain.utf8))
    }

    @Test(arguments: ["Z", "Zg=", "Zg===", "Zg==Zg==", "Z!=="]) func refusesWhatIsNoBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func findsTheServiceAccount() throws {
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        #expect(throws: ConfigurationErrors.self) {
            _ = try ClusterAccess.inCluster(directory: folder.path) { environment[$0] }
        }
        for name in ["token", "ca.crt"] { try folder.write("x", to: name) }
        let found = try ClusterAccess.inCluster(directory: folder.path) { environment[$0] }
        #expect(found.server == "https://[fd00::1]:443")
        #expect(found.credential == .tokenFile(folder.file("token")))
        #expect(throws: ConfigurationErrors.self) {
            _ = try ClusterAccess.inCluster(directory: folder.path) { _ in nil }
        }
    }
}
