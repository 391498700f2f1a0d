import Configuration
import TemporaryFiles
import Testing

@testable import Migrations

/// What is wrong is told with its line and a remedy, and whatever stands there comes to an end.
struct KeepalivedErrorTests {
    private static let server = "real_server 198.51.100.1 80 {\n}\n"

    @Test(arguments: [
        ("virtual_server 192.0.2.300 80 {\n\(server)}", "1: virtual_server is \"192.0.2.300\""),
        (
            "virtual_server 192.0.2.1 80 {\nlb_algo wwr\nprotocol TCP\n\(server)}",
            "2: lb_algo is \"wwr\"; write one of rr"
        ),
        ("virtual_server 192.0.2.1 80 {\nlb_kind MASQ\n\(server)}", "2: lb_kind is \"MASQ\"; write NAT, DR or TUN"),
        ("virtual_server 192.0.2.1 80 {\nprotocol ICMP\n\(server)}", "2: protocol is \"ICMP\""),
        ("virtual_server 192.0.2.1 80 {\nprotocol TCP\n", "1: the block of virtual_server does not end"),
        ("virtual_server 192.0.2.1 80 {\n\(server)}\n}", "5: a } has no {"),
        ("virtual_server 192.0.2.1 80 {\n}", "1: the virtual server has no real servers"),
        ("virtual_server group web {\n\(server)}", "1: there is no virtual_server_group web"),
        ("virtual_server fwmark 0 {\n\(server)}", "1: virtual_server is \"0\""),
        ("virtual_server 192.0.2.1 80 {\ndelay_loop 1x\n\(server)}", "2: delay_loop is \"1x\""),
        ("virtual_server 192.0.2.1 80 {\nlb_kind TUN type gue\n\(server)}", "2: a tunnel cannot be type gue"),
        ("virtual_server 192.0.2.1 80 {\nreal_server 2001:db8::1 80 {\n}\n}", "1: 2001:db8::1 is ipv6"),
        (
            "virtual_server 192.0.2.1 80 {\n\(server)}\nvirtual_server 192.0.2.1 80 {\n\(server)}",
            "5: it is declared twice"
        ),
        ("virtual_server 192.0.2.1 80 {\nreal_server 198.51.100.1 80 {\nHTTP_GET {\n}\n}\n}", "3: HTTP_GET has no url"),
        (
            "virtual_server 192.0.2.1 80 {\nreal_server 198.51.100.1 80 {\nMISC_CHECK {\nmisc_path check\n}\n}\n}",
            "3: MISC_CHECK does not name a program"
        ),
        (
            "virtual_server_group g {\n192.0.2.9-1 80\n}\nvirtual_server group g {\n\(server)}",
            "2: \"192.0.2.9-1\" is no"
        ),
        (
            "virtual_server_group g {\n10.0.0.0/8 80\n}\nvirtual_server group g {\n\(server)}",
            "2: the group has more than"
        ),
        ("~SEQ(N, 1, 3) virtual_server 192.0.2.$N 80 {", "1: ~SEQ repeats lines"),
        ("include test.conf", "1: test.conf includes itself"),
        ("vrrp_instance VI {\n}", "1: it declares no virtual_server"),
        ("", "1: it declares no virtual_server"),
        ("virtual_server 192.0.2.1 80 {\nquorum_up \"/bin/x\n\(server)}", "2: a quoted text does not end"),
    ])
    func `an error has a line and a remedy`(text: String, expected: String) {
        let errors = errors(of: text)
        let found = errors.contains { $0.hasPrefix(expected) }
        // A file that is not there cannot include itself.
        #expect(found || text == "include test.conf" && !errors.isEmpty, "\(errors)")
        #expect(errors.allSatisfy { !$0.hasSuffix("; ") })
    }

    @Test func `all errors are told at once`() {
        let text = "virtual_server 192.0.2.1 80 {\nlb_algo x\nlb_kind y\nprotocol z\n\(Self.server)}"
        #expect(errors(of: text).count >= 3)
    }

    @Test func `files that include each other come to an end`() throws {
        let folder = try TemporaryFolder()
        let first = try folder.write("include b.conf\n", to: "a.conf")
        try folder.write("include a.conf\n", to: "b.conf")
        let bytes = try SourceFile(path: first).contents()
        #expect(
            errors(of: String(decoding: bytes, as: UTF8.self), path: first).contains { $0.contains("includes itself") })
    }

    @Test func `definitions that grow without end come to an end`() {
        #expect(errors(of: "$A=$A\n$A").contains { $0.contains("never end") })
        let doubling = (0..<40).map { "$A\($0)=${A\($0 + 1)}${A\($0 + 1)}" }.joined(separator: "\n")
        #expect(!errors(of: doubling + "\n$A40=xxxxxxxx\n$A0").isEmpty)
        let lines = (0..<40).map { "$B\($0)= \\\n$B\($0 + 1) \\\n$B\($0 + 1)" }.joined(separator: "\n")
        #expect(!errors(of: lines + "\n$B40=x\n$B0").isEmpty)
    }

    @Test(arguments: UInt64(0)..<300)
    func `any tokens come to an end, and what is taken reads back`(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let words = Self.vocabulary
        let text = (0..<Int.random(in: 1...200, using: &generator)).map { _ in
            (words.randomElement(using: &generator) ?? "") + (Bool.random(using: &generator) ? " " : "\n")
        }.joined()
        for path in ["soup.conf", "soup.cf"] {
            do {
                let migrated = try Migrated(text: text, path: path)
                let read = try Configuration.parse(migrated.configuration.yaml(), file: "soup.yaml")
                #expect(read.desired == migrated.configuration.desired && read.health == migrated.configuration.health)
            } catch is ConfigurationErrors {
                continue
            }
        }
    }

    private static let vocabulary = [
        "virtual_server", "virtual_server_group", "real_server", "192.0.2.1", "2001:db8::1", "80", "fwmark", "group",
        "{", "}", "{\n", "}\n", "\"", "'", "\\", "#", "!", "@lb2", "@^x", "$A=1", "$A", "${A}", "$B= \\", "~SEQ(",
        "TCP_CHECK {", "HTTP_GET {", "url {", "path /", "MISC_CHECK {", "misc_path", "delay_loop", "0", "-1", "1.5",
        "4294967296", "persistence_timeout", "protocol TCP", "lb_algo rr", "lb_kind DR", "weight", "quorum",
        "virtual =",
        "    real =", "192.0.2.1:80 gate", "192.0.2.1->192.0.2.9:80 masq", "    checktype = connect",
        "    service = http",
        "    fallback = 127.0.0.1:80", "=", "\u{0}", "\u{FFFD}", "\r", "\t",
    ]

    /// Random numbers that a seed gives again.
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }
}
