internal import Agent
internal import ArgumentParser
internal import IPVS
internal import Netlink
internal import Presentation

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check kernel, modules, rights and settings, each with the fix.",
        discussion: """
            Changes nothing, but asking the kernel for IPVS may load its module. Warnings
            do not count as failures.

            EXAMPLES:
              ipvsync doctor
              ipvsync doctor --output json | jq '.[] | select(.severity != "ok")'

            \(sample)

            \(ExitStatus.help([.failed], [.failed: "something would keep ipvsync from working"]))
            """)

    private static let sample = HelpText.sample(
        """
        [{"subject": "kernel", "severity": "ok", "detail": "Linux 6.12.1"},
         {"subject": "capability", "severity": "failure", "detail": "…",
          "remedy": "…"}, …]
        """)

    @OptionGroup var output: OutputOptions

    func run() throws {
        let findings = Diagnosis.examine(.current(), ipvs: version())
        output.print(DiagnosisView(findings))
        if findings.contains(where: { $0.severity == .failure }) { throw ExitStatus.failed.code }
    }

    private func version() -> Result<String, NetlinkError> {
        do throws(NetlinkError) {
            return .success(try IPVSClient().information().version)
        } catch {
            return .failure(error)
        }
    }
}
