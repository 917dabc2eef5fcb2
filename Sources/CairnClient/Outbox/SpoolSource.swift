// SPDX-License-Identifier: Apache-2.0

/// The name of a folder's source, which the numbers of its events go with.
enum SpoolSource {
    /// The name, which is drawn once.
    static func name(in folder: String) throws -> String {
        let path = path(folder)
        guard DiskFolder.has(path) else { return try renew(in: folder) }
        let file = try DiskFile(path, creating: false)
        let text = String(decoding: try file.read(64, at: 0), as: UTF8.self)
        guard text.utf8.count == 33, text.hasSuffix("\n") else {
            throw ClientError(.spoolFailed, "\(path) is damaged; put it back, or remove it")
        }
        return String(text.dropLast())
    }

    /// Draws another name.
    ///
    /// Numbers go on under it, so that those before the first never come: a gap that shows.
    @discardableResult
    static func renew(in folder: String) throws(DiskFailure) -> String {
        let path = path(folder)
        // Letters alone: no run of digits that might be taken for a card's number.
        let letters = Array("abcdefghijklmnop")
        let name = SystemSource.randomBytes(16).map { byte in
            "\(letters[Int(byte >> 4)])\(letters[Int(byte & 15)])"
        }.joined()
        try DiskFolder.remove(path + ".new")
        let file = try DiskFile(path + ".new", creating: true)
        try file.write(Array((name + "\n").utf8), at: 0)
        try file.synchronise()
        try DiskFolder.rename(path + ".new", to: path)
        try DiskFolder.synchronise(folder)
        return name
    }

    private static func path(_ folder: String) -> String { folder + "/source" }
}
