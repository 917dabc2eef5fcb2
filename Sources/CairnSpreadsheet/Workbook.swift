// SPDX-License-Identifier: Apache-2.0

internal import CLibXLSXWriter
internal import Cairn
package import CairnLedger
internal import Dispatch
internal import Foundation

/// Makes workbooks (ECMA-376) of rows, through libxlsxwriter.
///
/// Rows go to temporary files as they come, so that memory is the same at any size. The same rows
/// give the same bytes. It works on a thread of its own, because libxlsxwriter waits for the disk.
package actor WorkbookMaker {
    /// How many rows a sheet has below its first.
    package static let sheetRows: UInt32 = 1_048_575
    private static let pieceBytes = 256 << 10

    private static let prefix = "cairn-workbook-"

    private let queue: QueueExecutor
    private let parent: String
    private let folder: String
    private let path: String
    private let sheetRows: UInt32
    private var book: Workbook?
    private var rows = RowReader()
    private var reading: FileHandle?
    /// Held as long as the folder is somebody's.
    private var lock: Int32 = -1

    /// Where its work is done.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        queue.asUnownedSerialExecutor()
    }

    private init(in parent: String, sheetRows: UInt32) {
        queue = QueueExecutor()
        self.parent = parent
        folder = parent + "/" + WorkbookMaker.prefix + UUID().uuidString
        path = folder + "/events.xlsx"
        self.sheetRows = min(sheetRows, WorkbookMaker.sheetRows)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
        if lock >= 0 { close(lock) }
    }

    /// Writes rows as CSV, of which the first names the columns, and then what the workbook says of
    /// itself; the file is to be read once.
    ///
    /// - Throws: what reading the rows throws, or ``StoreError/unavailable(_:)`` when nothing can be
    ///   written to a new folder within `parent`.
    package static func make(
        in parent: String,
        sheetRows: UInt32 = WorkbookMaker.sheetRows,
        facts: [(name: String, value: String)],
        rows: ObjectBytes
    ) async throws -> ObjectBytes {
        let maker = WorkbookMaker(in: parent, sheetRows: sheetRows)
        try await maker.open()
        var iterator = rows.makeAsyncIterator()
        while let piece = try await iterator.next(isolation: nil) {
            try await maker.write(piece)
        }
        try await maker.finish(facts)
        return AsyncThrowingStream { try await maker.piece() }
    }

    private func open() throws(StoreError) {
        removeStrays()
        // Until it is locked, another process may take the folder for one that was left.
        for _ in 0..<100 where lock < 0 {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700]
                )
            } catch {
                throw .unavailable(error)
            }
            lock = Self.locked(folder, LOCK_EX)
        }
        guard lock >= 0 else { throw .unavailable(WorkbookError.folder) }
        book = try Workbook(path: path, folder: folder, sheetRows: sheetRows)
    }

    /// Takes away what processes left that were killed.
    private func removeStrays() {
        let files = FileManager.default
        let names = (try? files.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(Self.prefix) {
            let stray = parent + "/" + name
            let lock = Self.locked(stray, LOCK_EX | LOCK_NB)
            guard lock >= 0 else { continue }
            try? files.removeItem(atPath: stray)
            close(lock)
        }
    }

    /// Opens a folder and locks it; -1 if it cannot be locked, or is not there by then.
    private static func locked(_ folder: String, _ operation: Int32) -> Int32 {
        let descriptor = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return -1 }
        var (own, there) = (stat(), stat())
        guard flock(descriptor, operation) == 0, fstat(descriptor, &own) == 0,
            stat(folder, &there) == 0, own.st_ino == there.st_ino, own.st_dev == there.st_dev
        else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    private func write(_ piece: [UInt8]) throws(StoreError) {
        try book?.write(rows.rows(piece))
    }

    private func finish(_ facts: [(name: String, value: String)]) throws(StoreError) {
        try book?.finish(facts)
        book = nil
        reading = FileHandle(forReadingAtPath: path)
    }

    /// The next piece of the finished file.
    private func piece() throws -> [UInt8]? {
        guard let reading else { throw StoreError.unavailable(WorkbookError.memory) }
        guard let data = try reading.read(upToCount: Self.pieceBytes), !data.isEmpty else {
            return nil
        }
        return Array(data)
    }
}

/// A workbook while it is written.
private final class Workbook {
    /// The columns whose texts are times.
    private static let times: Set<String> = ["received_at", "occurred_at", "timestamp"]

    private let sheetRows: UInt32
    private let book: UnsafeMutablePointer<lxw_workbook>
    private let header: UnsafeMutablePointer<lxw_format>?
    private let time: UnsafeMutablePointer<lxw_format>?
    private var names: [String] = []
    private var sheet: UnsafeMutablePointer<lxw_worksheet>?
    private var sheets = 0
    private var row: UInt32 = 0
    private var isClosed = false

    init(path: String, folder: String, sheetRows: UInt32) throws(StoreError) {
        let made = folder.withCString { folder in
            path.withCString { path in
                var options = lxw_workbook_options()
                options.constant_memory = 1
                options.tmpdir = UnsafeMutablePointer(mutating: folder)
                return workbook_new_opt(path, &options)
            }
        }
        guard let made else { throw .unavailable(WorkbookError.memory) }
        book = made
        header = workbook_add_format(book)
        format_set_bold(header)
        time = workbook_add_format(book)
        format_set_num_format(time, "yyyy-mm-dd hh:mm:ss.000")
        self.sheetRows = sheetRows
        var properties = lxw_doc_properties()
        // The same rows are to give the same bytes.
        properties.created = 315_532_800
        workbook_set_properties(book, &properties)
    }

    deinit {
        if !isClosed { workbook_close(book) }
    }

    func write(_ rows: [[[UInt8]]]) throws(StoreError) {
        for cells in rows {
            guard !names.isEmpty else {
                names = cells.map { String(decoding: $0, as: UTF8.self) }
                try beginSheet()
                continue
            }
            if row == sheetRows {
                endSheet()
                try beginSheet()
            }
            row += 1
            for (column, cell) in cells.enumerated() where !cell.isEmpty {
                try write(cell, at: UInt16(column))
            }
        }
    }

    private func write(_ cell: [UInt8], at column: UInt16) throws(StoreError) {
        let text = String(decoding: cell, as: UTF8.self)
        if Workbook.times.contains(names[Int(column)]),
            let instant = try? Timestamp.parse(text).timestamp
        {
            let days = Double(instant.milliseconds) / 86_400_000 + 25_569
            try check(worksheet_write_number(sheet, row, column, days, time))
            return
        }
        try check(worksheet_write_string(sheet, row, column, CellText.fitting(text), nil))
    }

    private func beginSheet() throws(StoreError) {
        sheets += 1
        sheet = workbook_add_worksheet(book, sheets == 1 ? "Records" : "Records \(sheets)")
        guard sheet != nil else { throw .unavailable(WorkbookError.memory) }
        row = 0
        worksheet_freeze_panes(sheet, 1, 0)
        worksheet_set_column(sheet, 0, UInt16(names.count - 1), 20, nil)
        for (column, name) in names.enumerated() {
            try check(worksheet_write_string(sheet, 0, UInt16(column), name, header))
        }
    }

    private func endSheet() {
        worksheet_autofilter(sheet, 0, 0, row, UInt16(names.count - 1))
    }

    func finish(_ facts: [(name: String, value: String)]) throws(StoreError) {
        if sheet != nil { endSheet() }
        let about = workbook_add_worksheet(book, "About")
        worksheet_set_column(about, 0, 0, 28, nil)
        worksheet_set_column(about, 1, 1, 80, nil)
        for (row, fact) in facts.enumerated() {
            try check(worksheet_write_string(about, UInt32(row), 0, fact.name, header))
            try check(
                worksheet_write_string(about, UInt32(row), 1, CellText.fitting(fact.value), nil)
            )
        }
        isClosed = true
        try check(workbook_close(book))
    }

    private func check(_ result: lxw_error) throws(StoreError) {
        guard result == LXW_NO_ERROR else {
            throw .unavailable(WorkbookError.library(UInt32(result.rawValue)))
        }
    }
}

/// What keeps a workbook from being made.
enum WorkbookError: Error {
    case memory
    /// The folder for its work cannot be locked.
    case folder
    /// The library says so, by its number.
    case library(UInt32)
}

/// Runs an actor's work on a queue of its own.
private final class QueueExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "cairn.workbook")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
