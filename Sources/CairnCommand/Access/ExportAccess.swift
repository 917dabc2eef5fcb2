// SPDX-License-Identifier: Apache-2.0
import Cairn

/// Exports of one tenant's ledger as the commands see them, wherever it is.
protocol ExportAccess: Sendable {
    /// Asks for an export, as `POST /v1/exports` has it, and returns what is known of it.
    func submitExport(_ request: JSONObject) async throws -> JSONValue
    /// An export.
    func export(_ id: String) async throws -> JSONValue
    /// The newest exports.
    func exports() async throws -> [JSONValue]
    /// Calls an export off, or takes its file away.
    func cancelExport(_ id: String) async throws -> JSONValue
    /// Waits until an export has ended, or makes it, and tells how far it is.
    func finishExport(
        _ id: String,
        progress: @escaping @Sendable (_ checked: UInt64, _ total: UInt64) -> Void
    ) async throws -> JSONValue
    /// Lets go of what is not needed any more once the file of an export is in the caller's hands.
    func releaseExport(_ id: String) async throws
    /// Puts the file of a finished export where nothing is yet, without copying it; false if that
    /// cannot be done.
    func placeExport(_ id: String, at path: String) async throws -> Bool
    /// Reads the file of a finished export from a byte on, piece by piece.
    func downloadExport(
        _ id: String,
        from offset: UInt64,
        _ write: @Sendable ([UInt8]) throws -> Void
    ) async throws
}

extension JSONValue {
    /// How far an export is.
    var exportProgress: (checked: UInt64, total: UInt64) {
        func count(_ name: String) -> UInt64 {
            UInt64(clamping: self["progress"]?[name]?.integer ?? 0)
        }
        return (count("checked"), count("total"))
    }

    /// Whether an export has ended.
    var hasEnded: Bool { !["queued", "running"].contains(self["state"]?.string) }
}
