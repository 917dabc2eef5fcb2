// SPDX-License-Identifier: Apache-2.0

/// A record as it is shown to somebody: the leaf, and every path with its value or its digest.
///
/// A path that is not in the list is proven absent (record format, section 7).
public struct Disclosure: Hashable, Sendable {
    /// One path of the record.
    public struct Item: Hashable, Sendable {
        /// What is shown of a field.
        public enum Content: Hashable, Sendable {
            /// The value and the salt that ties it to the leaf.
            case shown(salt: Digest, value: [UInt8])
            /// The digest alone: the value is withheld or erased.
            case withheld(Digest)
        }

        /// The field's path.
        public let path: FieldPath
        /// What is shown of it.
        public let content: Content

        /// Names an item.
        public init(path: FieldPath, content: Content) {
            self.path = path
            self.content = content
        }

        /// The digest that stands for the field.
        public var digest: Digest {
            switch content {
            case .shown(let salt, let value): Commitment.digest(salt: salt, value: value)
            case .withheld(let digest): digest
            }
        }
    }

    /// Why a disclosure cannot be read.
    public struct Malformed: Error, Equatable, Sendable, CustomStringConvertible {
        /// What is wrong.
        public let description: String
    }

    /// The leaf's bytes.
    public let leaf: [UInt8]
    /// The paths, in ascending byte order.
    public let items: [Item]

    /// Names what is shown.
    public init(leaf: [UInt8], items: [Item]) {
        self.leaf = leaf
        self.items = items
    }

    /// Discloses a stored record; `isShown` says which fields to show.
    package init(
        leaf: [UInt8],
        fields: Fields,
        seed: Seed,
        isShown: (FieldPath) -> Bool = { _ in true }
    ) {
        self.leaf = leaf
        items = fields.map { field in
            let salt = Commitment.salt(seed: seed, path: field.path)
            let value = fields.encoded[field.range]
            return Item(
                path: field.path,
                content: isShown(field.path)
                    ? .shown(salt: salt, value: Array(value))
                    : .withheld(Commitment.digest(salt: salt, value: value))
            )
        }
    }

    /// Reads `leaf` and `fields` of a proof document.
    ///
    /// - Throws: ``Malformed`` saying which member is wrong.
    public init(_ value: JSONValue) throws(Malformed) {
        guard let leafText = value["leaf"]?.string, let leaf = Base64.decode(leafText) else {
            throw Malformed(description: "`leaf` is not base64")
        }
        guard case .array(let list)? = value["fields"] else {
            throw Malformed(description: "`fields` is not an array")
        }
        var items: [Item] = []
        for entry in list {
            items.append(try Disclosure.item(entry))
        }
        self.init(leaf: leaf, items: items)
    }

    private static func item(_ entry: JSONValue) throws(Malformed) -> Item {
        guard let text = entry["path"]?.string, let path = FieldPath(text) else {
            throw Malformed(description: "a field has no well-formed `path`")
        }
        if let withheld = entry["digest"]?.string {
            guard entry["value"] == nil, entry["salt"] == nil,
                let digest = Base64URL.decode(withheld).flatMap({ Digest($0) })
            else { throw Malformed(description: "\(text): `digest` is not 32 bytes of base64url") }
            return Item(path: path, content: .withheld(digest))
        }
        guard let saltText = entry["salt"]?.string,
            let salt = Base64URL.decode(saltText).flatMap({ Digest($0) })
        else { throw Malformed(description: "\(text): `salt` is not 32 bytes of base64url") }
        guard let value = entry["value"]?.string else {
            throw Malformed(description: "\(text): `value` is not a text")
        }
        return Item(path: path, content: .shown(salt: salt, value: Array(value.utf8)))
    }

    /// Appends `"leaf":…,"fields":[…]`, the members of a proof document, without braces.
    package func appendMembers(to output: inout [UInt8]) {
        Disclosure.append(leaf: leaf, to: &output)
        output.append(UInt8(ascii: ","))
        Disclosure.append(items, to: &output)
    }

    /// Appends the same of a stored record that is shown whole, without an array of its items.
    static func appendMembers(
        leaf: [UInt8],
        fields: Fields,
        seed: Seed,
        to output: inout [UInt8]
    ) {
        append(leaf: leaf, to: &output)
        output.append(contentsOf: ",\"fields\":[".utf8)
        var isFirst = true
        fields.encoded.withUnsafeBytes { encoded in
            Commitment.withSalts(of: fields, seed: seed) { field, salt in
                begin(field.path, isFirst: isFirst, to: &output)
                isFirst = false
                let value = UnsafeRawBufferPointer(rebasing: encoded[field.range])
                end(salt: salt, value: value, to: &output)
            }
        }
        output.append(UInt8(ascii: "]"))
    }

    /// Appends `"leaf":…`.
    static func append(leaf: [UInt8], to output: inout [UInt8]) {
        output.append(contentsOf: "\"leaf\":\"".utf8)
        leaf.withUnsafeBytes { Radix64.standard.append($0, to: &output) }
        output.append(UInt8(ascii: "\""))
    }

    /// Appends `"fields":[…]`.
    static func append(_ items: [Item], to output: inout [UInt8]) {
        output.append(contentsOf: "\"fields\":[".utf8)
        for (position, item) in items.enumerated() {
            begin(item.path, isFirst: position == 0, to: &output)
            switch item.content {
            case .shown(let salt, let value):
                value.withUnsafeBytes { end(salt: salt, value: $0, to: &output) }
            case .withheld(let digest):
                output.append(contentsOf: "\",\"digest\":\"".utf8)
                digest.appendBase64URL(to: &output)
                output.append(contentsOf: "\"}".utf8)
            }
        }
        output.append(UInt8(ascii: "]"))
    }

    /// Begins an item, up to the path's closing quote.
    private static func begin(_ path: FieldPath, isFirst: Bool, to output: inout [UInt8]) {
        output.append(contentsOf: (isFirst ? "{\"path\":\"" : ",{\"path\":\"").utf8)
        output.append(contentsOf: path.utf8)
    }

    /// Ends an item that is shown.
    private static func end(
        salt: Digest,
        value: UnsafeRawBufferPointer,
        to output: inout [UInt8]
    ) {
        output.append(contentsOf: "\",\"salt\":\"".utf8)
        salt.appendBase64URL(to: &output)
        output.append(contentsOf: "\",\"value\":".utf8)
        JSONText.appendString(utf8: value, to: &output)
        output.append(UInt8(ascii: "}"))
    }
}
