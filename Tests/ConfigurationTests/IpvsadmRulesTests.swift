import Configuration
import Glibc
import LoadBalancing
import TestSupport
import Testing

@Suite("Dumps of ipvsadm")
struct IpvsadmRulesTests {
    /// What `ipvsadm -Sn` (1.31) wrote on Linux 6.1.
    private static let dump = """
        -A -t 10.0.0.0:80 -s wrr -b flag-1,flag-2
        -A -t 10.0.0.1:80 -s rr -p 300 -M 255.255.255.0
        -a -t 10.0.0.1:80 -r 10.1.1.1:8080 -m -w 1
        -a -t 10.0.0.1:80 -r 10.1.1.2:80 -i -w 1 --tun-type ipip
        -a -t 10.0.0.1:80 -r 10.1.1.3:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum
        -a -t 10.0.0.1:80 -r 10.1.1.4:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum
        -a -t 10.0.0.1:80 -r 10.1.1.5:80 -i -w 1 --tun-type gre --tun-csum
        -a -t 10.0.0.1:80 -r 10.1.1.6:80 -g -w 2147483647
        -a -t 10.0.0.1:80 -r [fd00::1]:80 -i -w 1 --tun-type gre --tun-nocsum
        -A -t 10.0.0.9:80 -s rr -b flag-3
        -a -t 10.0.0.9:80 -r 127.0.0.1:80 -g -w 1
        -A -u 10.0.0.1:53 -s rr -o
        -A -u 10.0.0.2:5060 -s rr -p 60 --pe sip
        -A -u 10.0.0.3:53 -s wlc -p 360 --pe sip -o
        -A --sctp-service 10.0.0.1:0 -s wrr -p 360
        -A -t [2001:db8::1]:443 -s sh -p 3600 -M 64 -b sh-port
        -A -f 7 -s mh -b mh-fallback,mh-port
        -a -f 7 -r 10.1.0.9:0 -g -w 3
        -a -f 7 -r 10.1.0.9:81 -m -w 3
        -A -f 42 -6 -s wlc

        """

    @Test("A dump is written as ipvsadm wrote it")
    func dump() throws {
        #expect(IpvsadmRules.render(try IpvsadmRules.parse(Self.dump, file: "f").virtualServers) == Self.dump)
    }

    @Test("What is written reads back the same", arguments: 0..<4 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = RandomState(seed: seed)
        for _ in 0..<400 {
            let servers = random.virtualServers().map {
                DesiredVirtualServer($0.virtualServer, realServers: $0.realServers)
            }
            let text = IpvsadmRules.render(servers)
            #expect(try IpvsadmRules.parse(text, file: "f") == DesiredState(virtualServers: servers), "\(text)")
        }
    }

    @Test(
        "The same is written in several ways",
        arguments: [
            ("-A -t 10.0.0.1:80", "-A -t 10.0.0.1:80 -s wlc\n"),
            ("ipvsadm --add-service --tcp-service 10.0.0.1:80 --scheduler=rr", "-A -t 10.0.0.1:80 -s rr\n"),
            ("-At10.0.0.1:80 -srr", "-A -t 10.0.0.1:80 -s rr\n"),
            ("\t-A -s rr -u 10.0.0.1:53 --ops\r", "-A -u 10.0.0.1:53 -s rr -o\n"),
            ("-A -t 10.0.0.1 -s rr -p", "-A -t 10.0.0.1:0 -s rr -p 360\n"),
            ("-A -t 10.0.0.1 -s rr --persistent=10 --netmask 255.0.0.0", "-A -t 10.0.0.1:0 -s rr -p 10 -M 255.0.0.0\n"),
            ("-A -t 10.0.0.1 -s rr --persistent 10 --pe=sip", "-A -t 10.0.0.1:0 -s rr -p 10 --pe sip\n"),
            ("-A --fwmark-service 5 --ipv6 -s rr --sched-flags flag-2,", "-A -f 5 -6 -s rr -b flag-2\n"),
            (
                "# -A -t nonsense\n\n-A -f 5 -s rr\n-a -f 5 -r 10.0.0.1",
                "-A -f 5 -s rr\n-a -f 5 -r 10.0.0.1:0 -g -w 1\n"
            ),
            (
                "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 --real-server 10.1.0.1 --masquerading --weight 0 --u-threshold 9 --l-threshold 3",
                "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 0 -x 9 -y 3\n"
            ),
            (
                "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.1.0.1:81 --gatewaying",
                "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.1.0.1:81 -g -w 1\n"
            ),
            (
                "-A -t [2001:db8::1]:80\n-a -t [2001:db8::1]:80 -r [fd00::1] --ipip",
                "-A -t [2001:db8::1]:80 -s wlc\n-a -t [2001:db8::1]:80 -r [fd00::1]:80 -i -w 1 --tun-type ipip\n"
            ),
        ])
    func forms(text: String, expected: String) throws {
        #expect(IpvsadmRules.render(try IpvsadmRules.parse(text, file: "f").virtualServers) == expected)
    }

    @Test("Names of services are ports", .enabled(if: getservbyname("http", "tcp") != nil))
    func services() throws {
        let text =
            "-A -t 10.0.0.1:http -s rr\n-a -t 10.0.0.1:http -r [fd00::1]:https -i -w 1\n-A -f 1\n-a -f 1 -r 10.1.0.1:http -m"
        let state = try IpvsadmRules.parse(text, file: "f")
        #expect(state.virtualServers.map(\.key.port) == [80, 0])
        #expect(state.virtualServers.flatMap(\.realServers).map(\.endpoint.port) == [443, 80])
    }

    @Test(
        "What is wrong is told with its line",
        arguments: [
            (
                "-C",
                "f:1: `-C` is no option of a dump; use -A for virtual servers and -a for real servers, as `ipvsadm -Sn` writes them"
            ),
            (
                "x",
                "f:1: `x` is no option of a dump; use -A for virtual servers and -a for real servers, as `ipvsadm -Sn` writes them"
            ),
            (
                "--ops=1 -A",
                "f:1: `--ops=1` is no option of a dump; use -A for virtual servers and -a for real servers, as `ipvsadm -Sn` writes them"
            ),
            ("-t 10.0.0.1:80", "f:1: neither -A nor -a; use the output of `ipvsadm -Sn`"),
            ("-A -a -t 10.0.0.1:80", "f:1: -A and -a exclude each other; keep one of the two"),
            ("-A", "f:1: no virtual server; write one of -t, -u, --sctp-service or -f"),
            ("-A -t", "f:1: -t has no value; write one behind it"),
            ("-A -t 10.0.0.1:80 -t 10.0.0.1:80", "f:1: -t stands twice; keep one of the two"),
            ("-A -t 10.0.0.1:80 -u 10.0.0.1:80", "f:1: -t and -u exclude each other; keep one of the two"),
            ("-A -t 10.0.0.1:80 -6", "f:1: -6 is only for -f; leave it out"),
            ("-A -t web:80", "f:1: `web` is no numeric address; use the output of `ipvsadm -Sn`"),
            (
                "-A -t 2001:db8::1",
                "f:1: `2001:db8:` is no numeric address; use the output of `ipvsadm -Sn`"
            ),
            (
                "-A -t 10.0.0.1:no-such-service",
                "f:1: `no-such-service` is no port and no service in /etc/services; use the output of `ipvsadm -Sn`"
            ),
            ("-A -f 0", "f:1: -f is `0`; write an integer from 1 to 4294967295"),
            (
                "-A -t 10.0.0.1:80 -s sixteen-letters-",
                "f:1: `sixteen-letters-` is no name of a scheduler; write at most 15 bytes"
            ),
            (
                "-A -t 10.0.0.1:80 -b sh-port",
                "f:1: `sh-port` is no flag of the scheduler wlc; use flag-1, flag-2 or flag-3"
            ),
            ("-A -t 10.0.0.1:80 -M 255.0.0.0", "f:1: -M without -p; add -p"),
            ("-A -t 10.0.0.1:80 --pe sip", "f:1: --pe without -p; add -p"),
            ("-A -t 10.0.0.1:80 -p 0", "f:1: -p is `0`; write an integer from 1 to 2678400"),
            ("-A -t 10.0.0.1:80 -p 5 -M 24", "f:1: `24` is no mask; write one such as 255.255.255.0"),
            ("-A -f 1 -6 -p 5 -M 129", "f:1: -M is `129`; write an integer from 1 to 128"),
            ("-A -t 10.0.0.1:80 -m", "f:1: -m is not for -A; use it with -a"),
            (
                "-A -t 10.0.0.1:80 -o",
                "f:1: virtual server tcp 10.0.0.1:80: one-packet scheduling is not for tcp; use the output of `ipvsadm -Sn`, which the kernel took"
            ),
            (
                "-A -t 10.0.0.1:0",
                "f:1: virtual server tcp 10.0.0.1:0: zero port needs persistence; use the output of `ipvsadm -Sn`, which the kernel took"
            ),
            ("-A -f 1\n-A -f 1", "f:2: virtual server fwmark 1: it is added twice; keep one of the two"),
            (
                "-a -f 1 -r 10.1.0.1:80",
                "f:1: virtual server fwmark 1, real server 10.1.0.1:80: no -A before it adds the virtual server; add `-A` for it, with the same address and port"
            ),
            ("-A -f 1\n-a -f 1", "f:2: no real server; write -r with its address and port"),
            ("-A -f 1\n-a -f 1 -r 10.1.0.1 -s rr", "f:2: -s is not for -a; use it with -A"),
            ("-A -f 1\n-a -f 1 -r 10.1.0.1 -m -g", "f:2: -g and -m exclude each other; keep one of the two"),
            (
                "-A -f 1\n-a -f 1 -r 10.1.0.1 -w 2147483648",
                "f:2: -w is `2147483648`; write an integer from 0 to 2147483647"
            ),
            ("-A -f 1\n-a -f 1 -r 10.1.0.1 -m --tun-type gre", "f:2: --tun-type without -i; add -i"),
            (
                "-A -f 1\n-a -f 1 -r 10.1.0.1 -i --tun-type vxlan",
                "f:2: `vxlan` is no encapsulation; write ipip, gue or gre"
            ),
            ("-A -f 1\n-a -f 1 -r 10.1.0.1 -i --tun-type gue", "f:2: gue needs a port; add --tun-port 6080"),
            (
                "-A -f 1\n-a -f 1 -r 10.1.0.1 -i --tun-type gre --tun-remcsum",
                "f:2: --tun-port and --tun-remcsum are only for gue; leave them out"
            ),
            ("-A -f 1\n-a -f 1 -r 10.1.0.1 -i --tun-csum", "f:2: a checksum is only for gue and gre; leave it out"),
            (
                "-A -f 1\n-a -f 1 -r 10.1.0.1 -i --tun-csum --tun-nocsum",
                "f:2: --tun-nocsum and --tun-csum exclude each other; keep one of the two"
            ),
            (
                "-A -f 1\n-a -f 1 -r 10.1.0.1\n-a -f 1 -r 10.1.0.1",
                "f:3: virtual server fwmark 1, real server 10.1.0.1:0: it is added twice; keep one of the two"
            ),
            (
                "-A -f 1\n-a -f 1 -r 10.1.0.1 -y 1",
                "f:2: virtual server fwmark 1, real server 10.1.0.1:0: lowerThreshold 1 is above upperThreshold 0; use the output of `ipvsadm -Sn`, which the kernel took"
            ),
            (
                "-x\n-C",
                "f:1: -x has no value; write one behind it\nf:2: `-C` is no option of a dump; use -A for virtual servers and -a for real servers, as `ipvsadm -Sn` writes them"
            ),
        ])
    func errors(text: String, expected: String) {
        do throws(ConfigurationErrors) {
            _ = try IpvsadmRules.parse(text, file: "f")
            Issue.record("no error for \(text)")
        } catch {
            #expect(error.description == expected)
        }
    }

    @Test("Mutated dumps never crash the reader")
    func fuzz() {
        var generator = SeededGenerator(seed: 5)
        let seed = Array(Self.dump.utf8)
        for _ in 0..<500 {
            var bytes = seed
            for _ in 0..<8 {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] =
                    Bool.random(using: &generator)
                    ? UInt8.random(in: 0...255, using: &generator) : seed.randomElement(using: &generator) ?? 0
            }
            do throws(ConfigurationErrors) {
                _ = try IpvsadmRules.parse(String(decoding: bytes, as: UTF8.self), file: "f")
            } catch {
                #expect(!error.isEmpty)
            }
        }
    }

    /// Found by fuzzing: the second `-A` made the real servers after it go to a virtual server that was never added.
    @Test func realServersAfterARepeatedVirtualServer() {
        let rules = "-A -t 192.0.2.1:80 -s rr\n-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m\n"
        #expect(throws: ConfigurationErrors.self) { try IpvsadmRules.parse(rules, file: "f") }
    }
}
