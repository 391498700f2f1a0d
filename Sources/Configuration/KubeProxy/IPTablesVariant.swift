/// One way to one family's rules: iptables has two in the kernel, and each program sees only its own.
package struct IPTablesVariant: Hashable, Sendable {
    /// What lists the rules, and names the variant.
    package let save: String
    /// What changes them.
    package let restore: String

    package init(save: String, restore: String) {
        self.save = save
        self.restore = restore
    }

    /// `ip6tables-legacy`.
    package var name: String {
        let file = save.split(separator: "/").last.map(String.init) ?? save
        return file.hasSuffix("-save") ? String(file.dropLast(5)) : file
    }
}
