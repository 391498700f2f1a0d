import Documents

/// How long a change of one weight in a large file takes to reach the kernel, beside keepalived with the same virtual
/// servers and checks.
struct ReloadBench {
    /// Virtual servers.
    let count: Int
    let ipvsync: String
    let keepalived: String
    let directory: String
    let rounds: Int

    /// Of a virtual server, each with a check of its own.
    static let realServers = 18
    /// Of each check, in seconds.
    private static let interval = 60

    func measure() throws -> ReloadFigures {
        let server = try LoopbackResponder()
        defer { withExtendedLifetime(server) {} }
        for weight in 1...2 {
            try BenchFile.write(yaml(weight, server.port), to: "\(directory)/ipvsync-\(weight)")
            try BenchFile.write(keepalivedText(weight, server.port), to: "\(directory)/keepalived-\(weight)")
        }
        var figures = ReloadFigures(count: count)
        let commands = [
            ("ipvsync", "'\(ipvsync)' run --config '\(directory)/ipvsync' --state-dir '\(directory)/state-\(count)'"),
            (
                "keepalived",
                "'\(keepalived)' --check --dont-fork --log-console --no-syslog --use-file '\(directory)/keepalived'"
                    + " --pid '\(directory)/keepalived.pid' --checkers_pid '\(directory)/checkers.pid'"
            ),
        ]
        for (name, command) in commands {
            Bench.say("\(count) virtual servers: \(name) reads a change of one weight, \(rounds) times")
            let output = "\(directory)/reloads"
            _ = try MeasuredCommand(arguments: ["bash", "-c", script(name, command)], output: output).run()
            for line in try BenchFile.read(output).split(separator: "\n") {
                let words = line.split(separator: " ").compactMap { Double($0) }
                guard words.count == 2 else { throw BenchError("\(name) did not reload: \(line)") }
                figures.add(name, seconds: words[0], processor: words[1])
            }
        }
        return figures
    }

    private func address(_ number: Int) -> String {
        "10.\(100 + number / 60_000).\(number / 250 % 240).\(number % 250)"
    }

    private func realServer(_ number: Int, _ index: Int) -> String {
        let number = number * Self.realServers + index
        return "127.\(1 + number / 60_000).\(number / 250 % 240).\(number % 250 + 1)"
    }

    /// The last real server's weight is what changes.
    private func weight(_ number: Int, _ index: Int, _ last: Int) -> Int {
        (number, index) == (count - 1, Self.realServers - 1) ? last : 1
    }

    private func yaml(_ last: Int, _ port: UInt16) -> String {
        var text = "virtualServers:\n"
        for number in 0..<count {
            text += """
                - address: \(address(number)):80
                  scheduler: wrr
                  checks: [{type: tcp, interval: \(Self.interval)s}]
                  realServers:

                """
            for index in 0..<Self.realServers {
                text +=
                    "  - {address: \"\(realServer(number, index)):\(port)\", weight: \(weight(number, index, last))}\n"
            }
        }
        return text
    }

    private func keepalivedText(_ last: Int, _ port: UInt16) -> String {
        var text = ""
        for number in 0..<count {
            text += """
                virtual_server \(address(number)) 80 {
                  delay_loop \(Self.interval)
                  lb_algo wrr
                  lb_kind NAT
                  protocol TCP

                """
            for index in 0..<Self.realServers {
                text += "  real_server \(realServer(number, index)) \(port) {\n"
                text +=
                    "    weight \(weight(number, index, last))\n    TCP_CHECK {\n      connect_timeout 3\n    }\n  }\n"
            }
            text += "}\n"
        }
        return text
    }

    /// Prints, for each reload, the seconds until the kernel has the weight, and those of the processor that the whole
    /// program took in the ten seconds since it was told.
    private func script(_ name: String, _ command: String) -> String {
        """
        set -euo pipefail
        ip link set lo up
        ipvsadm -C
        cp '\(directory)/\(name)-1' '\(directory)/\(name)'
        \(command) >'\(directory)/\(name).log' 2>&1 & program=$!
        trap 'kill $program; wait $program || true; ipvsadm -C' EXIT
        processor() {
            local tree=$program
            tree+=" $(pgrep -P $program | tr '\\n' ' ')"
            for process in $tree; do cat /proc/$process/stat 2>/dev/null || true; done |
                sed 's/.*) //' | awk -v hertz="$(getconf CLK_TCK)" '{ sum += $12 + $13 } END { print sum / hertz }'
        }
        weight() { ipvsadm -Ln -t \(address(count - 1)):80 | awk '$2 ~ /^\(realServer(count - 1, Self.realServers - 1)):/ { print $4 }'; }
        until [[ $(ipvsadm -Ln | grep -c -e '->') -eq \(count * Self.realServers + 1) ]]; do kill -0 $program; sleep 1; done
        sleep \(Self.interval + 15)
        for ((round = 1; round <= \(rounds); round++)); do
            wanted=$((round % 2 + 1)) before=$(processor)
            cp "\(directory)/\(name)-$wanted" '\(directory)/next'
            started=${EPOCHREALTIME/.}
            mv '\(directory)/next' '\(directory)/\(name)'
            kill -HUP $program
            until [[ $(weight) == "$wanted" ]]; do kill -0 $program; done
            ended=${EPOCHREALTIME/.}
            sleep 10
            awk "BEGIN { print ($ended - $started) / 1000000, $(processor) - $before }"
        done
        """
    }
}

/// The figures of ``ReloadBench``, of each program.
struct ReloadFigures {
    private var seconds: [String: [Double]] = [:]
    private var processor: [String: [Double]] = [:]
    private let count: Int

    init(count: Int) { self.count = count }

    mutating func add(_ program: String, seconds: Double, processor: Double) {
        self.seconds[program, default: []].append(seconds)
        self.processor[program, default: []].append(processor)
    }

    private func median(_ numbers: [Double]?) -> Double {
        guard let numbers = numbers?.sorted(), !numbers.isEmpty else { return 0 }
        return numbers[numbers.count / 2]
    }

    /// A line for people.
    var line: String {
        let parts = seconds.keys.sorted().map { name in
            "\(name) \((median(seconds[name]) * 1000).rounded() / 1000) s, "
                + "\((median(processor[name]) * 100).rounded() / 100) s of processor time"
        }
        return "\(count) virtual servers × \(ReloadBench.realServers), one weight: " + parts.joined(separator: "; ")
    }

    /// The same for programs.
    var document: Document {
        .mapping(
            [.init("virtualServers", .integer(Int64(count)))]
                + seconds.keys.sorted().flatMap { name in
                    [
                        Document.Member("\(name)Seconds", .number(median(seconds[name]))),
                        Document.Member("\(name)ProcessorSeconds", .number(median(processor[name]))),
                    ]
                })
    }
}
