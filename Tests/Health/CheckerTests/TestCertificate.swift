import Programs
import TemporaryFiles
import Testing

/// A certificate of `shop.example` that signs itself, made by `openssl`.
struct TestCertificate {
    let path: String
    let key: String

    /// - Parameter lastYear: The year at whose beginning it ends.
    init(in folder: TemporaryFolder, _ name: String, lastYear: Int) throws {
        let place = try folder.makeFolder(name)
        path = "\(place)/certificate.pem"
        key = "\(place)/key.pem"
        let configuration = """
            [req]
            distinguished_name = name
            prompt = no
            [name]
            commonName = shop.example
            [ca]
            default_ca = own
            [own]
            database = \(place)/index
            new_certs_dir = \(place)
            rand_serial = yes
            default_md = sha256
            policy = policy
            x509_extensions = extensions
            [policy]
            commonName = supplied
            [extensions]
            subjectAltName = DNS:shop.example
            basicConstraints = critical, CA:true

            """
        let file = try folder.write(configuration, to: "\(name)/openssl.cnf")
        try folder.write("", to: "\(name)/index")
        let request = "\(place)/request.pem"
        try Self.openssl([
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-config", file, "-keyout", key, "-out", request,
        ])
        try Self.openssl([
            "ca", "-batch", "-selfsign", "-notext", "-config", file, "-keyfile", key, "-in", request, "-out", path,
            "-startdate", "20200101000000Z", "-enddate", "\(lastYear)0101000000Z",
        ])
    }

    private static func openssl(_ arguments: [String]) throws {
        let run = ProgramRun("/usr/bin/openssl", arguments, timeLimit: .seconds(600), outputLimit: 1 << 20)
        let result = try run.run()
        try #require(result.succeeded, "\(result.errorText)")
    }

    /// `openssl s_server` with it, and the port of 127.0.0.1 where it answers.
    func serve() throws -> (RunningProgram, port: UInt16) {
        let server = try RunningProgram([
            "/usr/bin/openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", path, "-key", key,
        ])
        var line = try server.line()
        while !line.hasPrefix("ACCEPT") { line = try server.line() }
        return (server, try #require(line.split(separator: ":").last.flatMap { UInt16($0) }))
    }
}
