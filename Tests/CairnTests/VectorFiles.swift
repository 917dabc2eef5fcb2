// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The test vectors that ship in `Tests/Vectors`, each folder with its origin and licence.
enum VectorFiles {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors")

    static func data(_ path: String) throws -> Data {
        try Data(contentsOf: root.appendingPathComponent(path))
    }

    /// Decodes a whole JSON file.
    static func json<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: data(path))
    }

    /// Decodes a file of one JSON value a line.
    static func lines<Value: Decodable>(_ path: String, as type: Value.Type) throws -> [Value] {
        try data(path).split(separator: 0x0A).map { try JSONDecoder().decode(type, from: Data($0)) }
    }
}
