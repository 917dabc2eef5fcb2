// SPDX-License-Identifier: Apache-2.0

import Cairn
import CairnLedger
import CairnTesting
import Foundation
import Testing

@testable import CairnLocal

@Suite("Objects in a folder survive what happens to a program and its disk", .serialized)
struct ObjectFaultTests {
    private static let strace = "/usr/bin/strace"

    /// The calls by which an object gets to the disk, or away from it; one that opens a file is
    /// followed by one of these.
    private static let calls = ["mkdirat", "write", "fsync", "linkat", "renameat", "unlinkat"]

    /// Runs the writer, with something done at the n-th call of a kind, and returns how it ended.
    private static func run(
        _ words: [String],
        at call: String,
        _ number: Int,
        _ what: String
    ) async throws -> Int32 {
        let program = try BuiltProgram.path("ObjectWriter")
        let inject = "inject=\(call):\(what):when=\(number)"

        let arguments = ["-f", "-o", "/dev/null", "-e", "trace=\(call)", "-e", inject, program]
        let setting = ChildProcess.Setting(
            strace,
            arguments + words,
            environment: [
                "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no",
                "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
            ]
        )
        return await (try ChildProcess(setting)).end()
    }

    /// What an object is now: the byte it is full of, or nil.
    private static func content(_ store: FileObjectStore, _ key: ObjectKey) async throws -> UInt8? {
        guard try await store.facts(of: key) != nil else { return nil }
        let got = try await store.get(key, range: nil)
        let bytes = try await ReadBytes.array(got.bytes)
        let byte = try #require(bytes.first)
        #expect(bytes.allSatisfy { $0 == byte } && got.facts.size == UInt64(bytes.count))
        #expect(got.facts.metadata == ["byte": "\(byte)"])
        return byte
    }

    private static func files(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
            .filter { $0 != "@lock" }
    }

    @Test(
        "A program killed at any step leaves an object as it was or as it should be, and nothing else",
        .enabled(if: FileManager.default.isExecutableFile(atPath: strace)),
        arguments: calls,
        ["put", "fresh", "delete"]
    )
    func killed(at call: String, doing verb: String) async throws {
        let key = try #require(ObjectKey("exports/a/b"))
        for number in 1... {
            let isOver = try await withTemporaryFolder { folder in
                let before = verb == "fresh" ? nil : UInt8(1)
                let store = try await FileObjectStore(folder: folder) { .epoch }
                if before != nil { try await Self.put(1, 1000, key, store) }
                let words = verb == "delete" ? [] : ["2", "300000"]
                let code = try await Self.run(
                    [verb, folder, key.text] + words,
                    at: call,
                    number,
                    "signal=KILL"
                )
                let after = verb == "delete" ? nil : UInt8(2)
                let opened = try await FileObjectStore(folder: folder) { .epoch }
                let found = try await Self.content(opened, key)
                #expect(found == before || found == after)
                if code == 0 { #expect(found == after) }
                let files = try Self.files(folder).filter { $0.contains("@") }
                #expect(files.count == (found == nil ? 0 : 2), "\(files)")
                if found == nil { #expect(try Self.files(folder) == []) }
                // And it goes on as if nothing had been.
                try await Self.put(3, 10, key, opened)
                #expect(try await Self.content(opened, key) == 3)
                return code == 0
            }
            if isOver { return }
        }
    }

    @Test(
        "A disk that fails or is full at any call is told, and leaves an object whole",
        .enabled(if: FileManager.default.isExecutableFile(atPath: strace)),
        arguments: [("write", "ENOSPC", 3), ("fsync", "EIO", 4), ("renameat", "EIO", 4)],
        [true, false]
    )
    func failing(_ fault: (call: String, error: String, code: Int32), isThere: Bool) async throws {
        let key = try #require(ObjectKey("exports/b"))
        for number in 1... {
            let isOver = try await withTemporaryFolder { folder in
                let store = try await FileObjectStore(folder: folder) { .epoch }
                if isThere { try await Self.put(1, 1000, key, store) }
                let code = try await Self.run(
                    ["put", folder, key.text, "2", "300000"],
                    at: fault.call,
                    number,
                    "error=\(fault.error)"
                )
                let found = try await Self.content(store, key)
                if code == 0 {
                    #expect(found == 2)
                    return true
                }
                #expect(code == fault.code)
                // Whether the last synchronisation of a folder came to anything nobody knows.
                #expect(found == (isThere ? 1 : nil) || fault.call == "fsync" && found == 2)
                return false
            }
            if isOver { return }
        }
    }

    @Test("What a living process writes is let be by one that opens the folder")
    func sharing() async throws {
        let key = try #require(ObjectKey("a/b"))
        try await withTemporaryFolder { folder in
            let store = try await FileObjectStore(folder: folder) { .epoch }
            let (pieces, give) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
            async let put = store.put(key, pieces, as: ObjectOptions())
            while try Self.files(folder).isEmpty { try await Task.sleep(for: .milliseconds(2)) }
            give.yield([1, 2])
            _ = try await FileObjectStore(folder: folder) { .epoch }
            give.yield([3])
            give.finish()
            #expect(try await put.size == 3)
            let opened = try await FileObjectStore(folder: folder) { .epoch }
            let got = try await opened.get(key, range: nil)
            #expect(try await ReadBytes.array(got.bytes) == [1, 2, 3])
        }
    }

    @Test("Objects are put and deleted whole while others open the folder, whenever they do")
    func openingMeanwhile() async throws {
        try await withTemporaryFolder { folder in
            let store = try await FileObjectStore(folder: folder) { .epoch }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for number in 0..<200 {
                            // Half of them share a folder, which comes and goes.
                            let folder = number % 2 == 0 ? "shared" : "own\(writer)"
                            let key = try #require(ObjectKey("a/\(folder)/\(writer)"))
                            try await Self.put(UInt8(number), 10, key, store)
                            #expect(try await Self.content(store, key) == UInt8(number))
                            try await store.delete(key)
                        }
                        return true
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        while !Task.isCancelled {
                            _ = try await FileObjectStore(folder: folder) { .epoch }
                        }
                        return false
                    }
                }
                var writing = 4
                for try await isWriter in group where isWriter {
                    writing -= 1
                    if writing == 0 { group.cancelAll() }
                }
            }
            #expect(try Self.files(folder) == [])
        }
    }

    @Test("A reader that has begun reads to the end though the object is replaced or deleted")
    func reading() async throws {
        let key = try #require(ObjectKey("a"))
        try await withTemporaryFolder { folder in
            let store = try await FileObjectStore(folder: folder) { .epoch }
            let sample = SampleBytes(1 << 20)
            for deletes in [true, false] {
                _ = try await store.put(key, sample.stream, as: ObjectOptions())
                let got = try await store.get(key, range: nil)
                if deletes {
                    try await store.delete(key)
                } else {
                    try await Self.put(1, 5, key, store)
                }
                #expect(try await ReadBytes.digest(got.bytes).digest == sample.digest)
            }
        }
    }

    @Test(
        "Content that is given a name outside stays when its object goes, and takes nobody's place"
    )
    func givenAway() async throws {
        let key = try #require(ObjectKey("a/b"))
        try await withTemporaryFolder { folder in
            let store = try await FileObjectStore(folder: folder + "/objects") { .epoch }
            try await Self.put(7, 100, key, store)
            let path = folder + "/file"
            #expect(try await store.link(key, to: path))
            try await store.delete(key)
            let content = Data(repeating: 7, count: 100)
            #expect(FileManager.default.contents(atPath: path) == content)

            try await Self.put(8, 100, key, store)
            #expect(try await store.link(key, to: path) == false)
            #expect(FileManager.default.contents(atPath: path) == content)
            // Another disk has to be copied to.
            if FileManager.default.isWritableFile(atPath: "/dev/shm") {
                #expect(try await store.link(key, to: "/dev/shm/cairn-\(UUID())") == false)
            }
            try await store.delete(key)
            await #expect(throws: ObjectError.missing) { _ = try await store.link(key, to: path) }
        }
    }

    @Test("Links do not lead out of the folder, and its files are its owner's alone")
    func isItsOwn() async throws {
        try await withTemporaryFolder { outside in
            try await withTemporaryFolder { folder in
                let store = try await FileObjectStore(folder: folder) { .epoch }
                let files = FileManager.default
                try files.createDirectory(atPath: outside, withIntermediateDirectories: true)
                try files.createSymbolicLink(atPath: folder + "/a", withDestinationPath: outside)
                let key = try #require(ObjectKey("a/b"))
                await #expect(throws: ObjectError.self) { try await Self.put(1, 5, key, store) }
                await #expect(throws: ObjectError.self) { _ = try await store.facts(of: key) }
                #expect(try files.contentsOfDirectory(atPath: outside).isEmpty)

                let other = try #require(ObjectKey("x/y"))
                try await Self.put(1, 5, other, store)
                for file in try Self.files(folder) where file.hasPrefix("x") {
                    let mode = try files.attributesOfItem(atPath: folder + "/" + file)
                    let expected = file == "x" ? 0o700 : 0o600
                    #expect(mode[.posixPermissions] as? Int == expected, "\(file)")
                }
            }
        }
    }

    private static func put(
        _ byte: UInt8,
        _ count: Int,
        _ key: ObjectKey,
        _ store: FileObjectStore
    ) async throws {
        var options = ObjectOptions()
        options.metadata = ["byte": "\(byte)"]
        let bytes = AsyncThrowingStream<[UInt8], any Error> { continuation in
            continuation.yield([UInt8](repeating: byte, count: count))
            continuation.finish()
        }
        _ = try await store.put(key, bytes, as: options)
    }
}
