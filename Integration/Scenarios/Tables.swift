/// Configurations of any size.
enum Tables {
    /// So many virtual servers with so many real servers each, all idle.
    static func configuration(_ count: Int, realServers: Int = 10, weight: Int = 1) -> String {
        guard count > 0 else { return "virtualServers: []\n" }
        var text = "defaults: {scheduler: rr, weight: \(weight)}\nvirtualServers:\n"
        for index in 0..<count {
            text += "- address: 10.96.\(index / 250).\(index % 250 + 1):80\n  realServers:\n"
            for real in 0..<realServers {
                let number = index * realServers + real
                text += "  - 10.\(244 + number / 62_500).\(number / 250 % 250).\(number % 250 + 1):8080\n"
            }
        }
        return text
    }

    /// What `ipvsadm -Sn` prints of it, sorted.
    static func saved(_ count: Int, realServers: Int = 10, weight: Int = 1) -> [String] {
        (0..<count).flatMap { index in
            let address = "10.96.\(index / 250).\(index % 250 + 1):80"
            return ["-A -t \(address) -s rr"]
                + (0..<realServers).map { real in
                    let number = index * realServers + real
                    let server = "10.\(244 + number / 62_500).\(number / 250 % 250).\(number % 250 + 1):8080"
                    return "-a -t \(address) -r \(server) -m -w \(weight)"
                }
        }.sorted()
    }
}
