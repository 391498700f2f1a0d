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

    /// The rules that rules become.
    private func rules(_ text: String) throws -> String {
        IpvsadmExport(try IpvsadmRules.parse(text, file: "f").state).rules
    }

    @Test("A dump is written as ipvsadm wrote it")
    func dump() throws {
        #expect(try rules(Self.dump) == Self.dump)
    }

    @Test("What is written reads back the same", arguments: 0..<4 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = RandomState(seed: seed)
        for _ in 0..<400 {
            let servers = random.virtualServers().map { server in
                DesiredVirtualServer(
                    server.virtualServer,
                    realServers: server.realServers.map { realServer in
                        var realServer = realServer
                        // As ipvsadm reads thresholds.
                        realServer.upperThreshold &= UInt32(Int32.max)
                        realServer.lowerThreshold = min(realServer.lowerThreshold, realServer.upperThreshold)
                        return realServer
                    })
            }
            guard !servers.isEmpty else { continue }
            let text = IpvsadmExport(DesiredState(virtualServers: servers)).rules
            #expect(try IpvsadmRules.parse(text, file: "f").state == DesiredState(virtualServers: servers), "\(text)")
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
                "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -g -w 1\n"
            ),
            (
                "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.1.0.1:81 -i\n-a -t 10.0.0.1:80 -r 10.1.0.2:81 -m",
                "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -i -w 1 --tun-type ipip\n"
                    + "-a -t 10.0.0.1:80 -r 10.1.0.2:81 -m -w 1\n"
            ),
            ("-A -f 5 -s rr\n-a -f 5 -r 10.0.0.1:81", "-A -f 5 -s rr\n-a -f 5 -r 10.0.0.1:81 -g -w 1\n"),
            (
                "-A -t 2001:db8::1 -p 300\n-a -t 2001:db8::1 -r 2001:db8::2 -g",
                "-A -t [2001:db8::1]:0 -s wlc -p 300\n-a -t [2001:db8::1]:0 -r [2001:db8::2]:0 -g -w 1\n"
            ),
            (
                "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 2001:db8::2 -i",
                "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r [2001:db8::2]:80 -i -w 1 --tun-type ipip\n"
            ),
            ("-A -t ::ffff:10.0.0.1 -p 1", "-A -t [::ffff:10.0.0.1]:0 -s wlc -p 1\n"),
            ("-A -t 010.0.0.1:+080", "-A -t 8.0.0.1:80 -s wlc\n"),
            ("-A -u 127.1:80", "-A -u 127.0.0.1:80 -s wlc\n"),
            ("-A -f -1\n-A -f -2147483648", "-A -f 2147483648 -s wlc\n-A -f 4294967295 -s wlc\n"),
            ("-A -u 10.0.0.1:5060 -s rr --pe sip", "-A -u 10.0.0.1:5060 -s rr --pe sip\n"),
            ("-A -t 10.0.0.1:80 -M 255.0.0.0", "-A -t 10.0.0.1:80 -s wlc\n"),
            ("-A -t 10.0.0.1:80 -M 24 -p 5", "-A -t 10.0.0.1:80 -s wlc -p 5 -M 0.0.0.24\n"),
            ("-A -f 5 -M 64 -6 -p 5\n-A -f 6 -6 -M 64 -p 5", "-A -f 5 -6 -s wlc -p 5\n-A -f 6 -6 -s wlc -p 5 -M 64\n"),
            ("-A -M 64 -p 5 -t [2001:db8::1]:0", "-A -t [2001:db8::1]:0 -s wlc -p 5\n"),
            ("-A -t 10.0.0.1:80 -s sh -b ", "-A -t 10.0.0.1:80 -s sh -b flag-3\n"),
            ("-A -t 10.0.0.1:80 -b -s mh -p 5", "-A -t 10.0.0.1:80 -s mh -p 5 -b flag-3\n"),
            ("-A -t 10.0.0.1:80 -b sh-port -s sh", "-A -t 10.0.0.1:80 -s sh -b sh-port\n"),
            ("-A -f 1 -6 -6", "-A -f 1 -6 -s wlc\n"),
            (
                "-A -t 10.0.0.1:80\n-a -r 10.1.0.1 -t 10.0.0.1:80 -m\n-a -r 10.1.0.2 -t 10.0.0.1:80 -g",
                "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n-a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 1\n"
            ),
            ("-A -t 10.0.0.1:80 -s rr   # web\n # indented", "-A -t 10.0.0.1:80 -s rr\n"),
            (
                "/sbin/ipvsadm -A -t 10.0.0.1:80\nsudo -n /usr/sbin/ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.1 -m",
                "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n"
            ),
            ("-A -f 1\n-C\n-A -f 2", "-A -f 2 -s wlc\n"),
            ("-C", ""),
            ("-A -f 1 -s rr -p 5 --pe sip\n-E -f 1 -s sh\n-Z\n-l", "-A -f 1 -s sh\n"),
            (
                "-A -f 1\n-a -f 1 -r 10.1.0.1 -w 5 -m\n-a -f 1 -r 10.1.0.2\n-e -f 1 -r 10.1.0.1\n-d -f 1 -r 10.1.0.2",
                "-A -f 1 -s wlc\n-a -f 1 -r 10.1.0.1:0 -g -w 1\n"
            ),
            ("-A -f 1\n-A -f 2\n-D -f 1", "-A -f 2 -s wlc\n"),
            (
                "-A -t [2001:db8::1]:80\n-a -t [2001:db8::1]:80 -r [fd00::1] --ipip",
                "-A -t [2001:db8::1]:80 -s wlc\n-a -t [2001:db8::1]:80 -r [fd00::1]:80 -i -w 1 --tun-type ipip\n"
            ),
        ])
    func forms(text: String, expected: String) throws {
        #expect(try rules(text) == expected)
    }

    @Test("Names of services are ports", .enabled(if: getservbyname("http", "tcp") != nil))
    func services() throws {
        let text =
            "-A -t 10.0.0.1:http -s rr\n-a -t 10.0.0.1:http -r 10.1.0.2:https -m -w 1\n-A -f 1\n-a -f 1 -r 10.1.0.1:http -m"
        let state = try IpvsadmRules.parse(text, file: "f").state
        #expect(state.virtualServers.map(\.key.port) == [80, 0])
        #expect(state.virtualServers.flatMap(\.realServers).map(\.endpoint.port) == [443, 80])
    }

    @Test(
        "What is wrong is told with its line",
        arguments: [
            ("x", "f:1: `x` is no part of a rule; \(script)"),
            ("--ops=1 -A", "f:1: `--ops=1` is no option of a rule; \(script)"),
            ("VIP=10.0.0.1", "f:1: `VIP=10.0.0.1` is no part of a rule; \(script)"),
            ("-A -t 10.0.0.1:80 || true", "f:1: virtual server tcp 10.0.0.1:80: `||` is no part of a rule; \(script)"),
            ("chroot / ipvsadm -C", "f:1: `chroot` is no part of a rule; \(script)"),
            (
                "ip netns exec lb ipvsadm -A -f 1",
                "f:1: `ip netns exec lb` is for another network namespace; import the rules of each namespace from a file of its own, or with `ipvsync import` inside it"
            ),
            (
                "-A -t $VIP:80",
                "f:1: `$VIP` is no numeric address; a variable of a script has no value here: run the script, then `ipvsync import` on its node"
            ),
            (
                "",
                "f: it holds no rule; write -C if you mean an empty table; `ipvsadm -Sn` on an empty table writes nothing"
            ),
            (
                "# nothing\n\n",
                "f: it holds no rule; write -C if you mean an empty table; `ipvsadm -Sn` on an empty table writes nothing"
            ),
            (
                "-C -A -t 10.0.0.1:80",
                "f:1: virtual server tcp 10.0.0.1:80: -A and -C exclude each other; keep one of the two"
            ),
            ("-C -s rr", "f:1: -s is not for -C; leave it out"),
            ("-A -f 1 --syncid 5", "f:1: virtual server fwmark 1: --syncid is not for -A; leave it out"),
            ("--set 1 2", "f:1: --set has 2 of its values; write three: tcp, tcpfin and udp, in seconds"),
            ("--set 1 2 x", "f:1: --set is `x`; write an integer from 0 to 2678400"),
            ("--set 1 2 3 4", "f:1: `4` is no part of a rule; \(script)"),
            ("--start-daemon both", "f:1: `both` is no role of a daemon; write master or backup"),
            (
                "--start-daemon master --mcast-group 10.0.0.1",
                "f:1: `10.0.0.1` is no multicast address; write one such as 224.0.0.81"
            ),
            (
                "-A -f 1\n-D -f 1\n-a -f 1 -r 10.1.0.1\n-a -f 1 -r 10.1.0.2",
                "f:3: virtual server fwmark 1, real server 10.1.0.1:0: no -A before it adds the virtual server; add `-A` for it, with the same address and port"
            ),
            (
                "-E -f 1",
                "f:1: virtual server fwmark 1: no -A before it adds the virtual server; add `-A` for it, with the same address and port"
            ),
            (
                "-A -f 1\n-e -f 1 -r 10.1.0.1",
                "f:2: virtual server fwmark 1, real server 10.1.0.1:0: no -a before it adds the real server; add it with -a"
            ),
            // What is refused of a virtual server is said once.
            (
                "-A -t 10.0.0.1:80 -s rr -q\n-a -t 10.0.0.1:80 -r 10.1.0.1\n-a -t 10.0.0.1:80 -r 10.1.0.2",
                "f:1: virtual server tcp 10.0.0.1:80: `-q` is no option of a rule; \(script)"
            ),
            (
                "-A -t localhost:http -s rr\n-a -t localhost:http -r localhost:http -g\n-a -t localhost:http -r 10.1.0.1 -g",
                "f:1: `localhost` is no numeric address; write the address as a number: `ipvsadm -Sn` does"
            ),
            (
                "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r web:80\n-a -t 10.0.0.1:80 -r web:80",
                "f:2: `web` is no numeric address; write the address as a number: `ipvsadm -Sn` does\nf:3: `web` is no numeric address; write the address as a number: `ipvsadm -Sn` does"
            ),
            ("-t 10.0.0.1:80", "f:1: neither -A nor -a; begin a rule with -A or -a"),
            (
                "-A -a -t 10.0.0.1:80",
                "f:1: virtual server tcp 10.0.0.1:80: -A and -a exclude each other; keep one of the two"
            ),
            ("-A", "f:1: no virtual server; write one of -t, -u, --sctp-service or -f"),
            ("-A -t", "f:1: -t has no value; write one behind it"),
            (
                "-A -t 10.0.0.1:80 -t 10.0.0.1:80",
                "f:1: virtual server tcp 10.0.0.1:80: -t stands twice; keep one of the two"
            ),
            ("-A -t 10.0.0.1:80 -u 10.0.0.1:80", "f:1: -t and -u exclude each other; keep one of the two"),
            ("-A -t 10.0.0.1:80 -6", "f:1: -6 is only for -f; leave it out"),
            ("-A -t web:80", "f:1: `web` is no numeric address; write the address as a number: `ipvsadm -Sn` does"),
            ("-A -t 10:80", "f:1: `10` is no numeric address; write the address as a number: `ipvsadm -Sn` does"),
            (
                "-A -t fe80::1%eth0",
                "f:1: `fe80:` is no numeric address; write the address as a number: `ipvsadm -Sn` does"
            ),
            (
                "-A -t 10.0.0.1:no-such-service",
                "f:1: `no-such-service` is no port and no service in /etc/services; write the address as a number: `ipvsadm -Sn` does"
            ),
            ("-A -f 0", "f:1: -f is `0`; write an integer from 1 to 4294967295"),
            (
                "-A -t 10.0.0.1:80 -s sixteen-letters-",
                "f:1: virtual server tcp 10.0.0.1:80: `sixteen-letters-` is no name of a scheduler; write at most 15 bytes"
            ),
            (
                "-A -t 10.0.0.1:80 -b sh-port",
                "f:1: virtual server tcp 10.0.0.1:80: `sh-port` is no flag of the scheduler wlc; use flag-1, flag-2 or flag-3"
            ),
            ("-A -t 10.0.0.1:80 -b", "f:1: virtual server tcp 10.0.0.1:80: -b has no value; write one behind it"),
            (
                "-A -t 10.0.0.1:80 -p x",
                "f:1: virtual server tcp 10.0.0.1:80: -p is `x`; write an integer from 0 to 4294967295"
            ),
            (
                "-A -t 10.0.0.1:80 -p 5 -M net",
                "f:1: virtual server tcp 10.0.0.1:80: `net` is no mask; write one such as 255.255.255.0"
            ),
            (
                "-A -f 1 -6 -p 5 -M 129",
                "f:1: virtual server fwmark 1 ipv6: -M is `129`; write an integer from 1 to 128"
            ),
            ("-A -t 10.0.0.1:80 -m", "f:1: virtual server tcp 10.0.0.1:80: -m is not for -A; use it with -a"),
            (
                "-A -f 1\n-A -f 1",
                "f:2: virtual server fwmark 1: it is added twice, first in line 1; keep one of the two"
            ),
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
                "f:2: virtual server fwmark 1, real server 10.1.0.1:0: lowerThreshold 1 is above upperThreshold 0; write 0 at most, or a higher upperThreshold"
            ),
            (
                "-x\n-q",
                "f:1: -x has no value; write one behind it\nf:2: `-q` is no option of a rule; \(script)"
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

    private static let script =
        "write rules as `ipvsadm -Sn` does; a script has to be run first, and `ipvsync import` on its node reads what it made"

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
