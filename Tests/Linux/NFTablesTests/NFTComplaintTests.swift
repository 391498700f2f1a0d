import Testing

@testable import NFTables

@Suite struct NFTComplaintTests {
    @Test func namesTheLine() throws {
        let text = """
            /dev/stdin:2:1-27: Error: Could not process rule: File exists
            10.0.0.1 . tcp . 80 : goto direct
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """
        let complaint = try #require(NFTComplaint(text))
        #expect(complaint.message == "Could not process rule: File exists at `10.0.0.1 . tcp . 80 : goto direct`")
        #expect(!complaint.isAboutMissingObject)
    }

    @Test func knowsAMissingTable() throws {
        let complaint = try #require(
            NFTComplaint("Error: No such file or directory\nlist table inet ipvsync\n                ^^^^^^^"))
        #expect(complaint.isAboutMissingObject)
    }

    @Test func aBrokenProgramIsNoMissingTable() {
        #expect(
            NFTComplaint(
                "nft: error while loading shared libraries: libnftables.so.1: cannot open shared object file: "
                    + "No such file or directory") == nil)
    }

    @Test func saysWhatMayHelp() throws {
        let lacking = try #require(NFTComplaint("x:1:1-2: Error: Could not process rule: Operation not supported"))
        #expect(
            lacking.message.hasSuffix("(the kernel needs nftables with inet tables: the modules nf_tables and nft_*)"))
        let refused = try #require(NFTComplaint("Error: Operation not permitted (you must be root)"))
        #expect(refused.message.hasSuffix("(it needs root, or CAP_NET_ADMIN)"))
    }

    @Test func isBounded() throws {
        let long = String(repeating: "x", count: 1_000_000)
        let complaint = try #require(NFTComplaint("Error: \(long)\n\(long)"))
        #expect(complaint.message.utf8.count < 500)
    }
}
