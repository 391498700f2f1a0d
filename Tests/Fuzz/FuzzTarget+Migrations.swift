import Configuration
import Migrations

/// Configurations of keepalived and ldirectord, and what they become.
extension FuzzTarget {
    static func migrate(_ bytes: [UInt8]) {
        if let migrated = try? KeepalivedConfiguration([.init(bytes, file: "fuzz")], configID: "lb1") {
            requireReadable(migrated.configuration)
        }
        if let migrated = try? LdirectordConfiguration(bytes, file: "fuzz") {
            requireReadable(migrated.configuration)
        }
    }

    private static func requireReadable(_ configuration: Configuration) {
        let text = configuration.yaml()
        guard let read = try? Configuration.parse(text, file: "fuzz"), read.desired == configuration.desired,
            read.health == configuration.health
        else { fatalError("does not read back: \(text)") }
    }

    static var foreignConfigurations: [[UInt8]] { [keepalived, ldirectord].map { Array($0.utf8) } }

    private static let keepalived = """
        $NET=198.51.100
        $SERVER= \\
          real_server ${NET}.$N 80 { \\
            weight 3 \\
          }
        @lb1 virtual_server_group web {
        @lb1   192.0.2.1-9 80
        @lb1   fwmark 7
        @lb1 }
        @^lb2 virtual_server group web {
          lb_algo sh
          sh-port
          lb_kind TUN type gue port 6080 csum
          protocol TCP
          persistence_timeout 600
          persistence_granularity 255.255.255.0
          quorum 2
          hysteresis 1
          sorry_server 203.0.113.1 80
          $N=1
          $SERVER
          real_server 198.51.100.2 80 {
            MISC_CHECK { misc_path "/bin/check 'a b' \\x20" }
            HTTP_GET { url { path / digest 9b3a0c85a887a256d6939da88aabd8cd } retry 3 }
            UDP_CHECK { payload 0a0b require_reply 01 }
            DNS_CHECK { name example.com type A connect_port 53 }
          } # the end
        }
        """

    private static let ldirectord = """
        checkinterval = 5
        fallback = 127.0.0.1:80 gate
        virtual = 192.0.2.10:80
        \treal = 198.51.100.2->198.51.100.4:80 gate 5 "/a", "b" l:1 u:9
        \trequest = "x"
        \treceive = "y"
        \tpersistent = 600
        \tnetmask = 255.255.255.0
        virtual6 = [2001:db8::1]:53
            real6 = [2001:db8::2]:53 masq
            checktype = external
            checkcommand = "/bin/check -v"
        """
}
