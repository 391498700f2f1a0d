import DataPath
import Netlink
import TemporaryFiles
import TestSupport
import Testing

@testable import NFTables

/// The program `nft`, stood in for by small scripts.
@Suite struct NFTCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func standIn(_ script: String) throws -> NFTCommand {
        let path = try folder.write("#!/bin/sh\n\(script)\n", to: "nft", mode: 0o700)
        return NFTCommand(programs: ["/nowhere/nft", path], timeLimit: .seconds(600))
    }

    private static func message(_ body: () throws(NFTablesError) -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return error.description
        }
    }

    @Test func aMissingProgramSaysWhatToInstall() {
        let command = NFTCommand(programs: ["/nowhere/nft"])
        #expect(
            Self.message { () throws(NFTablesError) in _ = try command.read() }
                == "list the table inet ipvsync: there is no program nft: install the package nftables, "
                + "or set network.firewall: false")
    }

    @Test func aMissingTableIsNone() throws {
        let command = try standIn("echo 'Error: No such file or directory' >&2; exit 1")
        #expect(try command.read() == nil)
    }

    @Test func otherFailuresAreErrors() throws {
        let command = try standIn("echo 'cannot open shared object file: No such file or directory' >&2; exit 127")
        #expect(
            Self.message { () throws(NFTablesError) in _ = try command.read() }
                == "list the table inet ipvsync: nft ended with status 127: "
                + "cannot open shared object file: No such file or directory")
    }

    @Test(arguments: ["{", "[]", #"{"other": []}"#]) func whatIsNoListingIsAnError(_ output: String) throws {
        let command = try standIn("printf '%s' '\(output)'")
        #expect(throws: NFTablesError.self) { try command.read() }
    }

    @Test func theScriptArrivesOnStandardInput() throws {
        // The script comes back as the complaint.
        let command = try standIn("[ \"$*\" = '-f -' ] && { printf 'Error: '; cat; } | tr '\\n' ' ' >&2; exit 1")
        #expect(
            Self.message { () throws(NFTablesError) in
                try command.commit(.changing(added: [.healthCheckPort(80)], removed: []))
            } == "change the table inet ipvsync: add element inet ipvsync health_check_ports { 80 }")
    }

    @Test func aTableThatIsSwitchedOffIsDamagedAndNotListed() throws {
        let flags = WireBytes.attribute(1, Array("ipvsync".utf8) + [0]) + WireBytes.attribute(2, [0, 0, 0, 1])
        let transport = ScriptedTransport { _, sequences in
            [.datagram(WireBytes.message(type: 0x0A00, sequence: sequences[0], [1, 0, 0, 0] + flags))]
        }
        let firewall = KernelFirewall(
            command: NFTCommand(programs: ["/nowhere/nft"]),
            client: NFTablesClient { (_) throws(NetlinkError) in transport })
        let observed = try #require(try firewall.read())
        #expect(observed.damage(under: FirewallSettings()) == "the table has the flags dormant")
    }

    /// Where the kernel has no netfilter, there is no table: whoever wants none has got what he wants.
    @Test func aKernelWithoutNetfilterHasNoTable() throws {
        func firewall(_ kind: NetlinkError.Kind) -> KernelFirewall {
            KernelFirewall(
                command: NFTCommand(programs: ["/nowhere/nft"]),
                client: NFTablesClient { (_) throws(NetlinkError) in throw NetlinkError(kind, operation: "open") })
        }
        #expect(try firewall(.familyMissing).isThere() == false)
        #expect(throws: NFTablesError.self) { try firewall(.timedOut).isThere() }
    }

    @Test func nothingToDoRunsNothing() throws {
        let firewall = KernelFirewall(command: NFTCommand(programs: ["/nowhere/nft"]))
        #expect(try firewall.commit(.changing(added: [], removed: [])) == 0)
    }
}
