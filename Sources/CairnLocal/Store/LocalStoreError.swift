// SPDX-License-Identifier: Apache-2.0

internal import CairnLedger
internal import GRDB

/// Why a store on disk cannot be opened; each says what to do.
package enum LocalStoreError: Error, Equatable, CustomStringConvertible {
    /// Another process has the folder open.
    case inUse(String)
    /// The folder or its file cannot be written.
    case readOnly(String)
    /// The folder holds no store.
    case absent(String)
    /// The file is no store of Cairn.
    case notAStore
    /// The file was written by a newer program.
    case newerSchema(Int)
    /// The file is damaged.
    case damaged(String)
    /// The file could not be opened for another reason.
    case failed(String)

    /// The reason and the remedy, in a sentence.
    package var description: String {
        switch self {
        case .inUse(let folder):
            "\(folder) is in use by another process; stop it, or use its HTTP address"
        case .readOnly(let folder):
            "\(folder) cannot be written; check its owner, its mode and the mount"
        case .absent(let folder): "\(folder) holds no store; check the path"
        case .notAStore: "cairn.db is not a store of Cairn; check the path"
        case .newerSchema(let version):
            "cairn.db has schema \(version), which is newer than this program; upgrade cairn"
        case .damaged(let detail):
            "cairn.db is damaged (\(detail)); restore a backup and run `cairn audit`"
        case .failed(let detail): "the store cannot be opened: \(detail)"
        }
    }

    /// Whether a store may be opened after all when its index is made anew.
    static func mayBeOfIndex(_ error: any Error) -> Bool {
        switch error {
        case let error as DatabaseError:
            ![.SQLITE_BUSY, .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_IOERR, .SQLITE_NOMEM]
                .contains(error.resultCode)
        case is StoreError: true
        default: false
        }
    }

    init(opening error: any Error, in folder: String) {
        switch error {
        case let error as LocalStoreError: self = error
        case StoreError.corrupt(let detail): self = .damaged(detail)
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_READONLY, .SQLITE_PERM:
                let header = FileHeader(of: folder + "/" + LocalStore.fileName)
                self =
                    header.isOurs && !header.isWritable
                    ? .damaged("its header names no format of SQLite's") : .readOnly(folder)
            case .SQLITE_CANTOPEN: self = .readOnly(folder)
            case .SQLITE_CORRUPT: self = .damaged(error.message ?? "SQLITE_CORRUPT")
            case .SQLITE_NOTADB:
                self =
                    FileHeader(of: folder + "/" + LocalStore.fileName).isOurs
                    ? .damaged("its header is none of SQLite's") : .notAStore
            default: self = .failed("\(error.resultCode)")
            }
        default: self = .failed("\(type(of: error))")
        }
    }
}

extension StoreError {
    /// Speaks of a failed read in the language of the port.
    init(reading error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError
        where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
            self = .corrupt(error.message ?? "SQLITE_CORRUPT")
        default: self = .unavailable(error)
        }
    }

    /// Speaks of a failed write: only what SQLite is known to have rolled back is unavailable.
    init(writing error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                self = .corrupt(error.message ?? "SQLITE_CORRUPT")
            case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_READONLY, .SQLITE_FULL, .SQLITE_CANTOPEN:
                self = .unavailable(error)
            case .SQLITE_CONSTRAINT: self = .conflict
            default: self = .indeterminate(error)
            }
        default: self = .indeterminate(error)
        }
    }
}

/// Runs `body`, and speaks of its failures as a failed read.
func reading<Value>(_ body: () async throws -> Value) async throws(StoreError) -> Value {
    do {
        return try await body()
    } catch {
        throw StoreError(reading: error)
    }
}

/// Runs `body`, and speaks of its failures as a failed write.
func writing<Value>(_ body: () async throws -> Value) async throws(StoreError) -> Value {
    do {
        return try await body()
    } catch {
        throw StoreError(writing: error)
    }
}
