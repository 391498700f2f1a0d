import Glibc
import Programs
import TemporaryFiles
import TestSupport
import Testing

@testable import Checker

/// The digests beside published ones, and beside the programs that everybody has.
@Suite struct DigestTests {
    private func sha256(_ bytes: [UInt8]) -> String { digest(SHA256(), bytes, pieces: bytes.count + 1) }

    private func digest(_ digest: any Digest, _ bytes: [UInt8], pieces size: Int) -> String {
        var digest = digest
        for first in stride(from: 0, to: bytes.count, by: size) {
            bytes[first..<min(first + size, bytes.count)].withUnsafeBytes { digest.update($0) }
        }
        return digest.finish()
    }

    /// FIPS 180-4's examples, and RFC 1321's.
    @Test func published() {
        #expect(sha256(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(sha256([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let long = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        #expect(sha256(long) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(digest(MD5(), [], pieces: 1) == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(
            digest(MD5(), Array("message digest".utf8), pieces: 20) == "f96b697d7cb7938d525a2f31aaf161d0")
    }

    /// `sha256sum` and `md5sum` of texts of every length around a block's.
    @Test func asTheProgramsSay() throws {
        let folder = try TemporaryFolder()
        var random = SeededGenerator(seed: 3)
        for length in Array(54...66) + [118, 119, 120, 127, 128, 1_000] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 32...126, using: &random) }
            let text = String(decoding: bytes, as: UTF8.self)
            let path = try folder.write(text, to: "text")
            for (program, own) in [("sha256sum", SHA256() as any Digest), ("md5sum", MD5())] {
                let output = try ProgramRun(
                    "/usr/bin/\(program)", [path], timeLimit: .seconds(600), outputLimit: 1 << 10
                ).run().output
                let theirs = String(decoding: output, as: UTF8.self).prefix { $0 != " " }
                for size in [1, 63, 64, 5_000] { #expect(digest(own, bytes, pieces: size) == theirs) }
            }
        }
    }
}
