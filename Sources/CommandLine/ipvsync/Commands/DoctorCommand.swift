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
            Changes nothing, but asking the kernel for IPVS may load its module. Ends with 1
            if anything would keep ipvsync from working; warnings do not count.

            EXAMPLES:
              ipvsync doctor
              ipvsync doctor --output json | jq '.[] | select(.severity != "ok")'
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
