// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Cairn
import CairnLedger
import Foundation

/// Checks an export and says what it proves, for people or as JSON.
struct ExportVerification {
    private let path: String
    private let files: any ExportFiles
    private let origin: String?
    private let isJSON: Bool

    init(_ path: String, _ files: any ExportFiles, origin: String?, json: Bool) {
        self.path = path
        self.files = files
        self.origin = origin
        isJSON = json
    }

    /// The files of an export at a path; nil for a file that is no archive.
    static func files(at path: String) throws -> (any ExportFiles)? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            return nil
        }
        if isFolder.boolValue { return try FolderFiles(path) }
        let begin = try? FileHandle(forReadingAtPath: path)?.read(upToCount: 4)
        guard begin == Data([0x50, 0x4B, 0x03, 0x04]) else { return nil }
        return try ZipFiles(path)
    }

    func run(trusting key: NoteVerifierKey) async throws {
        let folder = FileManager.default.temporaryDirectory.path
        let verifier = ExportVerifier(
            key: key,
            origin: origin,
            tools: ExportToolbox(folder: folder)
        )
        let bar = ProgressBar("records")
        let verdict = await verifier.verify(files) { bar.update($0, of: $1) }
        bar.finish()
        Terminal.write(isJSON ? json(verdict).line : text(verdict))
        if !verdict.holds { throw ExitCode(ExitStatus.doesNotHold.rawValue) }
    }

    private func text(_ verdict: ExportVerdict) -> String {
        guard verdict.holds else {
            let faults = verdict.faults.map { fault in
                let text = fault.file.isEmpty ? fault.detail : "\(fault.file): \(fault.detail)"
                return "  " + Terminal.shown(text)
            }
            return (["\(path): does not hold"] + faults).joined(separator: "\n")
        }
        var lines = ["\(path): holds"]
        if let manifest = verdict.manifest {
            lines.append("  ledger \(manifest.origin)")
            let range = manifest.range
            lines.append("  range \(range.lowerBound) to \(range.upperBound) of \(manifest.size)")
            let filter = JSONValue.object(manifest.request.filter).canonical.bytes
            lines.append("  filter \(Terminal.shown(String(decoding: filter, as: UTF8.self)))")
            if !manifest.narrowing.isEmpty {
                let part = manifest.narrowing.json.canonical.bytes
                lines.append(
                    "  restricted to \(Terminal.shown(String(decoding: part, as: UTF8.self)))"
                )
            }
        }
        lines.append("It proves:")
        lines += verdict.proven.map { "  - \($0)" }
        lines.append("It does not prove:")
        lines += verdict.unproven.map { "  - \(Terminal.shown($0))" }
        if !verdict.strangers.isEmpty {
            let names = verdict.strangers.map { Terminal.shown($0) }
            lines.append("Not part of the export: \(names.joined(separator: ", "))")
        }
        return lines.joined(separator: "\n")
    }

    private func json(_ verdict: ExportVerdict) -> JSONValue {
        var members: JSONObject = [
            "verdict": verdict.holds ? "holds" : "fails",
            "counts": .object(verdict.counts.json),
            "faults": .array(
                verdict.faults.map {
                    ["file": .string($0.file), "detail": .string($0.detail)]
                }
            ),
            "proven": .array(verdict.proven.map { .string($0) }),
            "unproven": .array(verdict.unproven.map { .string($0) }),
            "not_part": .array(verdict.strangers.map { .string($0) }),
        ]
        if let manifest = verdict.manifest {
            members["range"] = [
                "from": .number(JSONNumber(manifest.range.lowerBound)),
                "to": .number(JSONNumber(manifest.range.upperBound)),
                "size": .number(JSONNumber(manifest.size)),
            ]
            members["request"] = .object(manifest.request.json)
            if !manifest.narrowing.isEmpty { members["restricted_to"] = manifest.narrowing.json }
        }
        if let checkpoint = verdict.checkpoint {
            members["origin"] = .string(checkpoint.origin)
            members["size"] = .number(JSONNumber(checkpoint.size))
            members["root"] = .string(checkpoint.root.hex)
        }
        return .object(members)
    }
}
