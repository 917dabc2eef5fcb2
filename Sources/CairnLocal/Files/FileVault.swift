// SPDX-License-Identifier: Apache-2.0

package import Cairn
package import CairnLedger
internal import Foundation

/// The newest checkpoint of each ledger, a file each, in a folder outside the store.
package struct FileVault: CheckpointVault {
    private let folder: String

    /// Keeps checkpoints in `folder`, creating it when it is absent.
    package init(folder: String) throws(LocalStoreError) {
        try Folder.create(folder)
        self.folder = folder
    }

    package func newest(of ledger: LedgerID) async throws(StoreError) -> SignedNote? {
        let path = path(ledger)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try await reading {
            try SignedNote(parsing: Array(Data(contentsOf: URL(fileURLWithPath: path))))
        }
    }

    package func keep(_ note: SignedNote, of ledger: LedgerID) async throws(StoreError) {
        try await writing {
            try Folder.write(Array(note.encoded.utf8), to: path(ledger), mode: 0o644)
        }
    }

    /// The ledgers of which a checkpoint is kept, in order of their names.
    package func ledgers() -> [LedgerID] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.sorted().compactMap { file in
            file.hasSuffix(".checkpoint") ? LedgerID(String(file.dropLast(11))) : nil
        }
    }

    private func path(_ ledger: LedgerID) -> String {
        folder + "/" + ledger.text + ".checkpoint"
    }
}
