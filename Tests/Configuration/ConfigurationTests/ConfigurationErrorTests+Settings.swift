import Configuration
import Testing

// Settings, and what Services need of a node.
extension ConfigurationErrorTests {
    @Test(
        "Settings",
        arguments: [
            (
                "apiVersion: ipvsync/v2",
                "f:1:13: apiVersion is `ipvsync/v2`; write ipvsync/v1 or leave it out; Kubernetes objects belong to "
                    + "--manifests"
            ),
            ("drainTimeout: 5x", "f:1:15: drainTimeout is `5x`; write a duration such as 90s or 1h30m, from 0s to 31d"),
            (
                "drainTimeout: 32d",
                "f:1:15: drainTimeout is `32d`; write a duration such as 90s or 1h30m, from 0s to 31d"
            ),
            (
                "drainTimeout: 1m1h",
                "f:1:15: drainTimeout is `1m1h`; write a duration such as 90s or 1h30m, from 0s to 31d"
            ),
            ("drainTimeout: -1", "f:1:15: drainTimeout is -1; write a duration such as 90s or 1h30m, from 0s to 31d"),
            (
                "drainTimeout: 99999999999999999999999s",
                "f:1:15: drainTimeout is `99999999999999999999999s`; write a duration such as 90s or 1h30m, from 0s to 31d"
            ),
            (
                "services: {annotations: [schedulr]}",
                "f:1:26: an annotation of annotations is `schedulr`; write "
                    + "check, drain-timeout, edge, forwarding, one-packet, persistence-granularity, scheduler, scheduler-flags, upper-threshold or weight"
            ),
            (
                "services: {annotations: []}",
                "f:1:25: annotations is a list; write `all`, `none` or a list of "
                    + "check, drain-timeout, edge, forwarding, one-packet, persistence-granularity, scheduler, scheduler-flags, upper-threshold and weight"
            ),
            ("removalGuard: on", "f:1:15: removalGuard: removalGuard is `on`; write a mapping with share and minimum"),
            (
                "removalGuard: {share: 120%}",
                "f:1:23: removalGuard: share is `120%`; write a percentage such as 50%, or a number from 0 to 1"
            ),
            (
                "removalGuard: {share: 1.5}",
                "f:1:23: removalGuard: share is 1.5; write a percentage such as 50%, or a number from 0 to 1"
            ),
            (
                "removalGuard: {minimum: -1}",
                "f:1:25: removalGuard: minimum is -1; write an integer from 0 to 4294967295"
            ),
            (
                "minSyncInterval: 100",
                "f:1:18: minSyncInterval is 100; write a duration such as 100ms or 1s, from 0s to 1m"
            ),
            (
                "minSyncInterval: 60s1ms",
                "f:1:18: minSyncInterval is `60s1ms`; write a duration such as 100ms or 1s, from 0s to 1m"
            ),
            (
                "syncInterval: 1500ms",
                "f:1:15: syncInterval is `1500ms`; write a duration such as 90s or 1h30m, from 1s to 1d"
            ),
            (
                "auditInterval: 59s",
                "f:1:16: auditInterval is `59s`; write a duration such as 90s or 1h30m, from 1m to 7d"
            ),
            (
                "auditInterval: 8d",
                "f:1:16: auditInterval is `8d`; write a duration such as 90s or 1h30m, from 1m to 7d"
            ),
            ("drift: off", "f:1:8: drift is `off`; write repair, report or ignore"),
            ("cleanupOnExit: yes", "f:1:16: cleanupOnExit is `yes`; write true or false"),
            (
                "telemetry: on",
                "f:1:12: telemetry is `on`; write `off`, or a mapping with listen, trafficLimit, healthCheckNodePorts, kubeProxy and events"
            ),
            (
                "telemetry: {listen: 127.0.0.1}",
                "f:1:21: telemetry: listen is `127.0.0.1`; write an address with a port, such as 127.0.0.1:10249 or \"[::1]:10249\", or \":10249\" for all addresses"
            ),
            (
                "telemetry: {listen: 127.0.0.1:0}",
                "f:1:21: telemetry: listen is `127.0.0.1:0`; write an address with a port, such as 127.0.0.1:10249 or \"[::1]:10249\", or \":10249\" for all addresses"
            ),
            (
                "telemetry: {listen: [a]}",
                "f:1:21: telemetry: listen is a list; write an address with a port, such as 127.0.0.1:10249 or \"[::1]:10249\", or \":10249\" for all addresses"
            ),
            (
                "telemetry: {trafficLimit: -1}",
                "f:1:27: telemetry: trafficLimit is -1; write an integer from 0 to 4294967295"
            ),
            (
                "telemetry: {port: 10249}",
                "f:1:13: telemetry: unknown key `port`; use listen, trafficLimit, healthCheckNodePorts, kubeProxy and events"
            ),
            (
                "telemetry: {kubeProxy: on}",
                "f:1:24: telemetry: kubeProxy is `on`; write `off`, or a mapping with healthz and metrics"
            ),
            (
                "telemetry: {kubeProxy: {healthz: 10256}}",
                "f:1:34: telemetry, kubeProxy: healthz is 10256; write an address with a port, such as 127.0.0.1:10249 or \"[::1]:10249\", or \":10249\" for all addresses"
            ),
            (
                "telemetry: {kubeProxy: {healthz: ':10249', metrics: off}}",
                "f:1:24: telemetry: healthz is :10249, and listen is 127.0.0.1:10249; give each a port of its own"
            ),
            (
                "telemetry: {kubeProxy: {metrics: '0.0.0.0:10249'}}",
                "f:1:24: telemetry: metrics is 0.0.0.0:10249, and listen is 127.0.0.1:10249; write the same for both, and one server answers, or give each a port of its own"
            ),
            ("logging: json", "f:1:10: logging is `json`; write a mapping with format and level"),
            ("logging: {format: xml}", "f:1:19: format is `xml`; write auto, text or json"),
            ("logging: {level: trace}", "f:1:18: level is `trace`; write debug, info, warning or error"),
            (
                "network: on",
                "f:1:10: network is `on`; write `off`, or a mapping with vipBinding, device, serviceCIDRs, firewall, clusterCIDRs, masqueradeAll, masqueradeMark, sysctls, strictARP, conntrackMax, conntrackMaxPerCore, tcpEstablishedTimeout, tcpCloseWaitTimeout and flushConntrack"
            ),
            (
                "network: {vipBinding: dummy}",
                "f:1:23: network: vipBinding is `dummy`; write address, route or none"
            ),
            (
                "network: {vipBinding: route}",
                "f:1:10: network: vipBinding is route, but there are no serviceCIDRs; write the networks of the Services' addresses, such as serviceCIDRs: [10.96.0.0/12]"
            ),
            (
                "network: {clusterCIDRs: [10.244.0.0]}\nx: 1",
                "f:2:1: unknown key `x`; use apiVersion, defaults, drainTimeout, removalGuard, syncInterval, minSyncInterval, auditInterval, drift, cleanupOnExit, telemetry, logging, services, network, timeouts, syncDaemons, checks, hooks and virtualServers"
            ),
            (
                "network: {clusterCIDRs: [10.244.0.0/33]}",
                "f:1:26: network: clusterCIDRs holds `10.244.0.0/33`; write a network such as 192.0.2.0/24"
            ),
            (
                "network: {masqueradeMark: 3}",
                "f:1:27: network: masqueradeMark is 3; write a number with one bit set, such as \"0x4000\""
            ),
            (
                "network: {device: eth0/1}",
                "f:1:19: network: device is `eth0/1`; write the name of an interface, at most 15 bytes"
            ),
            (
                "network: {tcpCloseWaitTimeout: 0s}",
                "f:1:32: network: tcpCloseWaitTimeout is `0s`; write a duration such as 90s or 1h30m, from 1s to 24d20h31m23s"
            ),
            ("network: {flushConntrack: [tcp]}", "f:1:28: network: flushConntrack is `tcp`; write udp or sctp"),
            ("timeouts: {tcp: 0}", "f:1:17: tcp is 0; write a duration such as 90s or 1h30m, from 1s to 24d20h31m23s"),
            ("timeouts: {tcpfin: 1m}", "f:1:12: unknown key `tcpfin`; did you mean `tcpFin`?"),
            (
                "syncDaemons: [{role: main, interface: eth0}]",
                "f:1:22: sync daemon: role is `main`; write master or backup"
            ),
            ("syncDaemons: [{role: master}]", "f:1:15: sync daemon: interface is missing; write `interface: …`"),
            (
                "syncDaemons: [{role: master, interface: interface0123456}]",
                "f:1:41: sync daemon: interface is `interface0123456`; write the name of an interface, at most 15 bytes"
            ),
            (
                "syncDaemons: [{role: master, interface: eth0, syncID: 256}]",
                "f:1:55: sync daemon: syncID is 256; write an integer from 0 to 255"
            ),
            (
                "syncDaemons: [{role: master, interface: eth0, group: 10.0.0.1}]",
                "f:1:54: sync daemon: group is `10.0.0.1`; write a multicast address such as 224.0.0.81"
            ),
            (
                "syncDaemons: [{role: master, interface: a}, {role: master, interface: b}]",
                "f:1:14: two sync daemons are master; declare one for each role"
            ),
        ])
    func settings(text: String, expected: String) {
        let message = expected
        Self.expect("\(text)\nvirtualServers: []\n", message)
    }
}
