import Glibc

/// systemd as the first process of a namespace of its own, with one unit: that of scripts/deploy, as it stands.
///
/// It shares the scenario's network, sees the files of the host without being able to write them, and has a part of the
/// control groups to itself. Everything goes with it when nobody holds this object any more.
final class ServiceManager {
    private let context: Context
    private let process: RunningCommand
    /// Its first process, as the scenario numbers it.
    private let manager: String

    /// Targets that units need without being asked; systemd's own would start a whole system.
    private static let targets = ["default", "sysinit", "basic", "shutdown", "umount", "network-online"]

    /// Becomes a manager with the units of a folder and the program under test where the unit has it.
    private static let boot = """
        set -eu
        units=$1 program=$2
        mkdir -p /run/systemd
        mount -t tmpfs tmpfs /run/systemd
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
        mkdir -p /sys/fs/cgroup/ipvsync-test
        echo $$ >/sys/fs/cgroup/ipvsync-test/cgroup.procs
        mount -t tmpfs tmpfs /usr/local/sbin
        cp "$program" /usr/local/sbin/ipvsync
        exec unshare --cgroup --pid --mount --fork --kill-child --mount-proc sh -euc '
            umount /sys/fs/cgroup
            mount -t cgroup2 cgroup2 /sys/fs/cgroup
            mount -t tmpfs tmpfs /tmp
            mount -t tmpfs tmpfs /var/tmp
            mount -o remount,bind,ro /
            exec env -i PATH="$PATH" container=other SYSTEMD_UNIT_PATH="$1" SYSTEMD_GENERATOR_PATH="$1/none" \\
                SYSTEMD_ENVIRONMENT_GENERATOR_PATH="$1/none" \\
                /lib/systemd/systemd --system --unit=default.target --log-target=console --show-status=no
        ' sh "$units"
        """

    /// - Parameter arguments: Those of the program, in the place of the unit's own.
    init(_ context: Context, arguments: [String]) throws(ScenarioFailure) {
        self.context = context
        let units = "\(context.directory)/units"
        try context.run(["mkdir", "-p", "\(units)/none", "\(units)/ipvsync.service.d"])
        try context.run(["cp", "scripts/deploy/ipvsync.service", units])
        for target in Self.targets {
            _ = try context.write("[Unit]\nDefaultDependencies=no\n", to: "units/\(target).target")
        }
        let log = "\(context.directory)/unit.log"
        let command = (["/usr/local/sbin/ipvsync"] + arguments).joined(separator: " ")
        _ = try context.write(
            "[Service]\nExecStart=\nExecStart=\(command)\nStandardOutput=append:\(log)\nStandardError=append:\(log)\n",
            to: "units/ipvsync.service.d/scenario.conf")
        process = try Command(
            ["unshare", "--mount", "sh", "-c", Self.boot, "sh", units, context.ipvsync]
        ).start()
        manager = try Self.manager(process, context)
    }

    /// Waits until it takes commands, and gives the number of its first process.
    private static func manager(_ process: RunningCommand, _ context: Context) throws(ScenarioFailure) -> String {
        let children = "/proc/\(process.identifier)/task/\(process.identifier)/children"
        var found = ""
        try context.eventually("the service manager") { () throws(ScenarioFailure) in
            guard process.isRunning else {
                throw ScenarioFailure("no service manager: \(process.output)\(process.error)")
            }
            found = String(try Command(["cat", children]).run().output.prefix { $0.isNumber })
            guard !found.isEmpty else { return false }
            let state = try Command(Self.inside(found) + ["systemctl", "is-system-running"]).run()
            return state.output == "running\n"
        }
        return found
    }

    private static func inside(_ manager: String) -> [String] {
        ["nsenter", "--target", manager, "--pid", "--mount", "--"]
    }

    /// What the unit has written.
    var log: String { (try? Command(["cat", "\(context.directory)/unit.log"]).run().output) ?? "" }

    /// Runs `systemctl` on the unit, which has to succeed.
    @discardableResult
    func systemctl(
        _ arguments: String..., file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) -> String {
        let command = Self.inside(manager) + ["systemctl"] + arguments + ["ipvsync.service"]
        let result = try Command(command).run()
        guard result.succeeded else { throw ScenarioFailure("\(result)\n\(log)", file: file, line: line) }
        return result.output
    }

    /// A property of the unit.
    func property(_ name: String) throws(ScenarioFailure) -> String {
        String(try systemctl("show", "--value", "--property=\(name)").prefix { $0 != "\n" })
    }

    /// Lines of what the kernel says of the unit's main process.
    func processStatus(_ names: [String]) throws(ScenarioFailure) -> [String] {
        let path = "/proc/\(try property("MainPID"))/status"
        let lines = try context.run(Self.inside(manager) + ["cat", path]).outputLines
        return lines.filter { line in names.contains { line.hasPrefix("\($0):") } }
    }
}
