// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import Crypto

/// Where the next page begins; opaque to callers, and bound to ledger and query by a keyed hash.
///
/// It pins the size its first page saw, so that later pages show nothing appended since.
package struct Cursor: Hashable, Sendable {
    /// The size the first page saw.
    package let size: UInt64
    /// The last record of the page before.
    package let place: PagePosition

    /// Names a place.
    package init(size: UInt64, place: PagePosition) {
        self.size = size
        self.place = place
    }

    /// Why a text is no cursor of ours for this query.
    package struct Invalid: Error, Sendable {}
}

/// Makes and reads cursors under one secret.
package struct CursorCodec: Sendable {
    private let key: SymmetricKey

    /// Takes the deployment's cursor secret, 32 bytes.
    package init(secret: [UInt8]) {
        key = SymmetricKey(data: secret)
    }

    /// The cursor's text: base64url of `version || size || time || index || tag`.
    package func encode(_ cursor: Cursor, ledger: LedgerID, query: RecordQuery) -> String {
        var bytes: [UInt8] = [1]
        bytes.append(bigEndian: cursor.size)
        bytes.append(bigEndian: UInt64(bitPattern: cursor.place.occurredAt.nanoseconds))
        bytes.append(bigEndian: cursor.place.index)
        return Base64URL.encode(bytes + tag(bytes, ledger, query))
    }

    /// Reads a cursor for the same ledger and query.
    ///
    /// - Throws: ``Cursor/Invalid`` for anything else.
    package func decode(
        _ text: String,
        ledger: LedgerID,
        query: RecordQuery
    ) throws(Cursor.Invalid) -> Cursor {
        guard let bytes = Base64URL.decode(text), bytes.count == 25 + 16, bytes[0] == 1 else {
            throw Cursor.Invalid()
        }
        let body = Array(bytes[..<25])
        var difference: UInt8 = 0
        for (left, right) in zip(bytes[25...], tag(body, ledger, query)) {
            difference |= left ^ right
        }
        guard difference == 0 else { throw Cursor.Invalid() }
        return Cursor(
            size: body.bigEndian(at: 1),
            place: PagePosition(
                occurredAt: Timestamp(nanoseconds: Int64(bitPattern: body.bigEndian(at: 9))),
                index: body.bigEndian(at: 17)
            )
        )
    }

    /// The cursor of a list that is no query: base64url of `version || place || tag`.
    ///
    /// `list` names the list and whose it is; `place` is the last item's name.
    package func encode(_ place: String, of list: String) -> String {
        let bytes = [2] + Array(place.utf8)
        return Base64URL.encode(bytes + tag(bytes, list))
    }

    /// Reads a cursor of the same list.
    ///
    /// - Throws: ``Cursor/Invalid`` for anything else.
    package func decode(_ text: String, of list: String) throws(Cursor.Invalid) -> String {
        guard let bytes = Base64URL.decode(text), bytes.count > 16, bytes[0] == 2 else {
            throw Cursor.Invalid()
        }
        let (body, found) = (Array(bytes.dropLast(16)), bytes.suffix(16))
        let difference = zip(found, tag(body, list)).reduce(UInt8(0)) { $0 | $1.0 ^ $1.1 }
        guard difference == 0 else { throw Cursor.Invalid() }
        return String(decoding: body.dropFirst(), as: UTF8.self)
    }

    private func tag(_ body: [UInt8], _ list: String) -> [UInt8] {
        var authenticator = HMAC<SHA256>(key: key)
        authenticator.update(data: Array("list \(list)\n".utf8))
        authenticator.update(data: body)
        return Array(authenticator.finalize()).prefix(16).map { $0 }
    }

    private func tag(_ body: [UInt8], _ ledger: LedgerID, _ query: RecordQuery) -> [UInt8] {
        var authenticator = HMAC<SHA256>(key: key)
        authenticator.update(data: Array(ledger.text.utf8))
        authenticator.update(data: body)
        authenticator.update(data: query.fingerprint)
        return Array(authenticator.finalize()).prefix(16).map { $0 }
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    fileprivate func bigEndian(at position: Int) -> UInt64 {
        self[position..<position + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension RecordQuery {
    /// Bytes that differ between any two queries, each part with its length.
    fileprivate var fingerprint: [UInt8] {
        var output: [UInt8] = [sort.rawValue, isDescending ? 1 : 0]
        func add(_ text: String) {
            output.append(bigEndian: UInt64(text.utf8.count))
            output.append(contentsOf: text.utf8)
        }
        for filter in filters {
            add("\(filter.key)")
            output.append(bigEndian: UInt64(filter.values.count))
            filter.values.forEach(add)
        }
        add(text.map { "\($0.clauses)" } ?? "")
        for bound in [occurredFrom, occurredTo, receivedFrom, receivedTo] {
            add(bound.map { "\($0.nanoseconds)" } ?? "")
        }
        for bound in [indexFrom, indexTo] {
            add(bound.map { "\($0)" } ?? "")
        }
        return output
    }
}
