// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// Walks the scalars of a canonical JSON document.
package enum DocumentWalker {
    /// Calls `body` with path, bytes and kind of every string, number and boolean.
    ///
    /// The path is dotted, and elements of an array have the array's; the bytes of a string are
    /// unescaped.
    package static func walk(
        _ document: UnsafeRawBufferPointer,
        _ body: (_ path: [UInt8], _ scalar: UnsafeRawBufferPointer, _ isString: Bool) -> Void
    ) {
        var walker = Walker(document: document)
        var path: [UInt8] = []
        walker.value(&path, body)
    }

    /// Relies on the canonical form: no white space, and well-formed by construction.
    ///
    /// Bytes that are not end the walk.
    private struct Walker {
        let document: UnsafeRawBufferPointer
        var at = 0

        mutating func value(
            _ path: inout [UInt8],
            _ body: ([UInt8], UnsafeRawBufferPointer, Bool) -> Void
        ) {
            guard at < document.count else { return }
            switch document[at] {
            case UInt8(ascii: "{"): object(&path, body)
            case UInt8(ascii: "["): array(&path, body)
            case UInt8(ascii: "\""):
                let text = string()
                withUnescaped(text) { body(path, $0, true) }
            default: scalar(path, body)
            }
        }

        private mutating func object(
            _ path: inout [UInt8],
            _ body: ([UInt8], UnsafeRawBufferPointer, Bool) -> Void
        ) {
            at += 1
            while at < document.count, document[at] != UInt8(ascii: "}") {
                if document[at] == UInt8(ascii: ",") { at += 1 }
                let name = string()
                let length = path.count
                if length > 0 { path.append(UInt8(ascii: ".")) }
                withUnescaped(name) { path.append(contentsOf: $0) }
                at += 1
                value(&path, body)
                path.removeLast(path.count - length)
            }
            at += 1
        }

        private mutating func array(
            _ path: inout [UInt8],
            _ body: ([UInt8], UnsafeRawBufferPointer, Bool) -> Void
        ) {
            at += 1
            while at < document.count, document[at] != UInt8(ascii: "]") {
                if document[at] == UInt8(ascii: ",") { at += 1 }
                value(&path, body)
            }
            at += 1
        }

        /// The next string with its quotes.
        private mutating func string() -> UnsafeRawBufferPointer {
            let start = at
            at += 1
            while at < document.count, document[at] != UInt8(ascii: "\"") {
                at += document[at] == UInt8(ascii: "\\") ? 2 : 1
            }
            at = min(at + 1, document.count)
            return UnsafeRawBufferPointer(rebasing: document[min(start, at)..<at])
        }

        private mutating func scalar(
            _ path: [UInt8],
            _ body: ([UInt8], UnsafeRawBufferPointer, Bool) -> Void
        ) {
            let start = at
            while at < document.count {
                let byte = document[at]
                if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]")
                    || byte == UInt8(ascii: "}")
                {
                    break
                }
                at += 1
            }
            let bytes = UnsafeRawBufferPointer(rebasing: document[start..<at])
            if at > start, bytes.first != UInt8(ascii: "n") { body(path, bytes, false) }
            if at == start { at = document.count }
        }
    }
}
