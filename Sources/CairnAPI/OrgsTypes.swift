// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// The seven types that an older service has for events of organisations, by its names.
package enum OrgsTypes {
    private static let names: Set<String> = [
        "AUTHORIZATION", "PERMISSION_CHANGE", "USER_MANAGEMENT", "TEAM_MEMBERSHIP", "ROLE_CHANGE",
        "INVITATION", "CONFIGURATION",
    ]

    /// The type of one of the seven names; nil for any other name.
    package static func type(named name: String) -> EventType? {
        names.contains(name) ? EventTypeRegistry.type(named: name) : nil
    }

    /// The name of a type: one of the seven, or the type as it is.
    package static func name(ofType text: String) -> String {
        guard let type = try? EventType(text), let name = EventTypeRegistry.name(of: type),
            names.contains(name)
        else { return text }
        return name
    }
}
