// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A bar on standard error with rate and time left, for people only, and only for what takes long.
final class ProgressBar: Sendable {
    private struct State {
        var drawn: ContinuousClock.Instant?
        var isVisible = false
    }

    private let what: String
    private let begun = ContinuousClock.now
    private let state = Mutex(State())
    private let isShown: Bool

    /// Counts `what`, such as `records`; nothing is ever drawn where nobody would see it.
    init(_ what: String, isShown: Bool = Terminal.isErrorShown) {
        self.what = what
        self.isShown = isShown
    }

    /// Says how far the work is; the total is nil when it is not known.
    func update(_ done: UInt64, of total: UInt64?) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            guard now - begun > .seconds(1),
                state.drawn.map({ now - $0 > .milliseconds(100) }) ?? true
            else { return false }
            state.drawn = now
            state.isVisible = true
            return true
        }
        guard isDue else { return }
        Terminal.draw("\r\u{1B}[K" + line(done, of: total, after: now - begun))
    }

    /// Takes the bar away.
    func finish() {
        let wasVisible = state.withLock { state in
            defer { state.isVisible = false }
            return state.isVisible
        }
        if wasVisible { Terminal.draw("\r\u{1B}[K") }
    }

    /// The bar's text.
    func line(_ done: UInt64, of total: UInt64?, after elapsed: Duration) -> String {
        let seconds = max(elapsed / .seconds(1), 0.001)
        let rate = Double(done) / seconds
        guard let total, total > 0 else { return "\(done) \(what), \(Int(rate))/s" }
        let share = min(1, Double(done) / Double(total))
        let filled = Int(share * 30)
        let bar =
            String(repeating: "=", count: filled)
            + String(repeating: " ", count: 30 - filled)
        let left = rate > 0 ? Int(Double(total - min(done, total)) / rate) : 0
        return "[\(bar)] \(Int(share * 100))% \(done)/\(total) \(what), \(Int(rate))/s, "
            + "\(left / 60):\(left % 60 < 10 ? "0" : "")\(left % 60) left"
    }
}
