package import Configuration
internal import Glibc

extension ClusterAccess {
    /// Where a Pod finds its service account.
    package static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The access of a Pod's service account.
    ///
    /// - Parameter environment: Looks a variable up; the process's environment unless told.
    /// - Throws: An error when this is no Pod, or one without a service account.
    package static func inCluster(
        directory: String = serviceAccountDirectory,
        environment: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }
    ) throws(ConfigurationErrors) -> ClusterAccess {
        guard let host = environment("KUBERNETES_SERVICE_HOST"), let port = environment("KUBERNETES_SERVICE_PORT"),
            !host.isEmpty, UInt16(port) != nil
        else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: "--in-cluster", problem: "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
                    remedy: "run it in a Pod, or name a file with --kubeconfig")
            ])
        }
        for name in ["token", "ca.crt"] where access("\(directory)/\(name)", R_OK) != 0 {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: "\(directory)/\(name)", problem: "it cannot be read: \(String(cString: strerror(errno)))",
                    remedy: "give the Pod a service account (automountServiceAccountToken), or use --kubeconfig")
            ])
        }
        let authority = host.contains(":") ? "[\(host)]" : host
        do throws(URLProblem) {
            return try ClusterAccess(
                server: "https://\(authority):\(port)", trust: .authorities(.file("\(directory)/ca.crt")),
                credential: .tokenFile("\(directory)/token"))
        } catch {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: "--in-cluster", problem: "KUBERNETES_SERVICE_HOST is not used: \(error.message)",
                    remedy: "set it to the API server's name or address, as the kubelet does")
            ])
        }
    }
}
