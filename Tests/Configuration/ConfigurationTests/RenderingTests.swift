import Configuration
import LoadBalancing
import Testing

@Suite("Writing a configuration")
struct RenderingTests {
    @Test("What is written reads back the same", arguments: 0..<8 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = RandomState(seed: seed)
        for _ in 0..<400 {
            var expected = random.configuration()
            let text = expected.yaml()
            do {
                let read = try Configuration.parse(text, file: "f")
                expected.places = read.places
                #expect(read == expected, "\(text)")
            } catch {
                Issue.record("\(error)\n\(text)")
            }
        }
    }

    @Test("It reads well")
    func text() throws {
        let text = """
            drainTimeout: 15m
            removalGuard:
              share: 50%
              minimum: 10
            syncInterval: 30s
            minSyncInterval: 1s500ms
            auditInterval: 1h
            drift: report
            cleanupOnExit: true
            telemetry:
              listen: "[::1]:10249"
              trafficLimit: 2000
              healthCheckNodePorts: true
            logging:
              format: auto
              level: info
            network:
              vipBinding: route
              serviceCIDRs:
              - 10.96.0.0/12
              clusterCIDRs:
              - 10.244.0.0/16
              masqueradeMark: "0x8000"
              flushConntrack:
              - udp
              - sctp
            timeouts:
              tcp: 15m
            syncDaemons:
            - role: master
              interface: eth0
            virtualServers:
            - name: web
              address: 10.0.0.1:80
              scheduler: mh
              schedulerFlags:
              - mh-fallback
              - mh-port
              persistence: 3h
              drainTimeout: 1h30m
              realServers:
              - 10.1.0.1:8080
              - address: 10.1.0.2:8080
                weight: 5
            - address: "[2001:db8::1]:53"
              protocol: udp
              scheduler: rr
              onePacket: true
              persistence:
                timeout: 5m
                granularity: 64
              forwarding: direct
              realServers:
              - "[fd00::1]:53"
            - firewallMark: 42
              scheduler: wlc
              forwarding: tunnel
              tunnel:
                type: gue
                port: 6080
                checksum: remcsum
              realServers:
              - 10.1.0.1
            - firewallMark: 43
              family: ipv6
              scheduler: wlc
              realServers: []

            """
        #expect(try Configuration.parse(text, file: "f").yaml() == text)
    }

    @Test("An import declares what the kernel holds")
    func observed() throws {
        let key = try #require(VirtualServerKey("tcp 10.0.0.1:80"))
        let endpoint = try #require(Endpoint("127.0.0.1:80"))
        let observed = ObservedState(
            virtualServers: [
                ObservedVirtualServer(
                    VirtualServer(key), realServers: [ObservedRealServer(RealServer(endpoint, forwarding: .local))])
            ], timeouts: ConnectionTimeouts(tcp: 900, tcpFin: 120, udp: 300))
        #expect(
            Configuration(desired: DesiredState(observed)).yaml() == """
                timeouts:
                  tcp: 15m
                  tcpFin: 2m
                  udp: 5m
                syncDaemons: []
                virtualServers:
                - address: 10.0.0.1:80
                  scheduler: wlc
                  forwarding: direct
                  realServers:
                  - 127.0.0.1:80

                """)
    }
}
