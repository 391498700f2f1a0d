extension Array {
    /// Sorts by a key and keeps the last of equal ones: a dump under concurrent change may repeat an entry.
    mutating func sortUnique<Key: Comparable>(by key: (Element) -> Key) {
        guard count > 1 else { return }
        if zip(self, dropFirst()).contains(where: { key($0) >= key($1) }) {
            sort { key($0) < key($1) }
            var kept = 0
            for index in indices.dropFirst() {
                if key(self[index]) != key(self[kept]) { kept += 1 }
                self[kept] = self[index]
            }
            removeSubrange((kept + 1)...)
        }
    }
}
