import Documents

extension ValueKind where Value == RemovalGuardSetting {
    /// `off`, or a mapping.
    static var removalGuard: Self {
        let object = ValueKind.object(.removalGuard) { reader in
            guard case .limit(let share, let minimum) = RemovalGuardSetting.standard else { return .off }
            return .limit(
                share: reader(Fields.removalShare) ?? share, minimum: reader(Fields.removalMinimum) ?? minimum)
        }
        return ValueKind(schema: ["anyOf": [["const": "off"], object.schema]]) { node, field, scope in
            node.scalar?.text == "off" ? .off : object.read(node, field, scope.inner(field))
        }
    }
}
