// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Standard output and standard error.
enum Terminal {
    /// Whether a person reads standard output.
    static var isOutputShown: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether a person reads standard error.
    static var isErrorShown: Bool { isatty(STDERR_FILENO) == 1 }

    /// The width of the terminal in columns.
    static var columns: Int {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 100
    }

    /// Writes a line to standard output.
    static func write(_ text: String) {
        write(Array(text.utf8) + [UInt8(ascii: "\n")], to: STDOUT_FILENO)
    }

    /// Writes bytes to standard output as they are.
    static func write(bytes: [UInt8]) {
        write(bytes, to: STDOUT_FILENO)
    }

    /// Writes a line to standard error.
    static func complain(_ text: String) {
        write(Array(text.utf8) + [UInt8(ascii: "\n")], to: STDERR_FILENO)
    }

    /// Writes to standard error without a line break.
    static func draw(_ text: String) {
        write(Array(text.utf8), to: STDERR_FILENO)
    }

    /// Makes a caller's text safe to show: control characters could steer the terminal.
    static func shown(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: output.append("\u{FFFD}")
            default: output.append(scalar)
            }
        }
        return String(output)
    }

    /// Writes all bytes; a reader of the output that has gone away ends the process quietly.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE, descriptor == STDOUT_FILENO {
                exit(ExitStatus.good.rawValue)
            } else if errno != EINTR, errno != EAGAIN {
                return
            }
        }
    }
}
