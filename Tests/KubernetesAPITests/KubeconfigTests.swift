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

    @Test func readsInlineCertificates() throws {
        let found = try access(
            config(
                cluster: "server: https://a:1, certificate-authority-data: Q0E=",
                user: "client-certificate-data: Q0VSVA==, client-key-data: S0VZ"))
        #expect(found.server == "https://a:1")
        #expect(found.trust == .authorities(.inline(Secret("CA"))))
        #expect(found.certificate == .inline(Secret("CERT")))
        #expect(found.key == .inline(Secret("KEY")))
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
        ("client-certificate-data: Q0VSVA==", "go together"),
        ("client-certificate-data: '%', client-key: k", "is not base64"),
    ])
    func refusesWhatItCannotUse(user: String, message: String) throws {
        let error = #expect(throws: ConfigurationErrors.self) { _ = try access(config(user: user)) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
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
