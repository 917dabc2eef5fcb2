// SPDX-License-Identifier: Apache-2.0
import Cairn
import CairnLedger
import Foundation

/// Says what is taken out of events: `standard`, `off`, or a file,
/// `{"common": rules, "tenants": {name: rules}}`, where rules are an object or one of the words.
enum RedactionFile {
    /// Reads the setting's value.
    static func read(_ text: String) throws(CommandFailure) -> RedactionPolicy {
        if let choice = try? choice(.string(text)) { return RedactionPolicy(choice) }
        guard let data = FileManager.default.contents(atPath: text) else {
            throw .badInput("\(Setting.redaction.key): \(text) cannot be read")
        }
        guard let value = try? JSONValue(parsing: Array(data)), let members = value.object,
            members.allSatisfy({ ["common", "tenants"].contains($0.name) })
        else {
            throw .badInput("\(text) is not a JSON object of `common` and `tenants`")
        }
        do throws(RedactionRules.Invalid) {
            let common = try value["common"].map(choice) ?? .rules(.standard)
            var tenants: [String: RedactionPolicy.Choice] = [:]
            for (name, rules) in value["tenants"]?.object ?? JSONObject() {
                do throws(RedactionRules.Invalid) {
                    tenants[name] = try choice(rules)
                } catch {
                    throw error.within("tenants.\(name)")
                }
            }
            return RedactionPolicy(common, tenants: tenants)
        } catch {
            throw .badInput("\(text): \(error)")
        }
    }

    private static func choice(
        _ value: JSONValue
    ) throws(RedactionRules.Invalid) -> RedactionPolicy.Choice {
        switch value.string {
        case "standard": .rules(.standard)
        case "off": .off
        default: .rules(try RedactionRules(value))
        }
    }
}
