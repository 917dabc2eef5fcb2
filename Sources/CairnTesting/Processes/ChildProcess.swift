// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A program that a test runs, by `posix_spawn`: any number may be started at once, which
/// Foundation's own processes do not bear.
///
/// It is killed by its own process id when nobody holds it any more.
package final class ChildProcess: Sendable {
    /// What a program is started with.
    package struct Setting: Sendable {
        /// The program's file.
        package var program: String
        /// What follows the program's name.
        package var arguments: [String]
        /// The whole environment.
        package var environment: [String: String]
        /// The folder it begins in; that of the test if it is nil.
        package var folder: String?
        /// The file it reads.
        package var input = "/dev/null"
        /// The file that its output is added to.
        package var output = "/dev/null"
        /// The file that its complaints are added to.
        package var error = "/dev/null"

        /// Names a program and what it is told.
        package init(_ program: String, _ arguments: [String], environment: [String: String]) {
            self.program = program
            self.arguments = arguments
            self.environment = environment
        }
    }

    /// Why a program cannot be started.
    package struct Failure: Error, CustomStringConvertible {
        /// The reason in the system's words.
        package let description: String
    }

    /// The process id.
    package let id: Int32
    private let status = Mutex<Int32?>(nil)

    /// Starts a program.
    package init(_ setting: Setting) throws(Failure) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, setting.input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, setting.output, flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, setting.error, flags, 0o600)
        // What this process has open is not the program's; closing what is not open does no harm.
        for file in Int32(3)..<512 { posix_spawn_file_actions_addclose(&actions, file) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Signals that the tests' own process blocks or ignores are the program's as usual.
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let wanted = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(wanted))

        var (program, words) = (setting.program, [setting.program] + setting.arguments)
        if let folder = setting.folder {
            words = ["/usr/bin/env", "-C", folder] + words
            program = "/usr/bin/env"
        }
        let arguments = CStrings(words)
        let environment = CStrings(setting.environment.map { "\($0)=\($1)" })
        var id: pid_t = 0
        let code = withExtendedLifetime((arguments, environment)) {
            posix_spawn(
                &id,
                program,
                &actions,
                &attributes,
                arguments.pointers,
                environment.pointers
            )
        }
        guard code == 0 else {
            throw Failure(description: "\(setting.program): \(String(cString: strerror(code)))")
        }
        self.id = id
    }

    deinit {
        guard isRunning else { return }
        kill(id, SIGKILL)
        waitpid(id, nil, 0)
    }

    /// Whether it has not ended yet.
    package var isRunning: Bool { ended == nil }

    /// How it ended: its exit code, or 128 and the signal; nil while it runs.
    package var ended: Int32? {
        status.withLock { status in
            if let status { return status }
            var raw: Int32 = 0
            guard waitpid(id, &raw, WNOHANG) == id else { return nil }
            let signal = raw & 0x7F
            status = signal == 0 ? raw >> 8 & 0xFF : 128 + signal
            return status
        }
    }

    /// Sends it a signal.
    package func signal(_ signal: Int32) {
        // One that ended and was waited for may have left its id to somebody else.
        status.withLock { if $0 == nil { _ = kill(id, signal) } }
    }

    /// Waits for its end, and kills it if that does not come within so many seconds.
    package func end(withinSeconds limit: Int = 120) async -> Int32 {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(limit)
        while true {
            if let ended { return ended }
            if clock.now >= deadline || Task.isCancelled { signal(SIGKILL) }
            try? await Task.sleep(for: .milliseconds(4))
        }
    }

    /// Waits for its end on the caller's thread.
    package func waitUntilEnd() -> Int32 {
        while true {
            if let ended { return ended }
            usleep(2_000)
        }
    }
}

/// Texts as C takes a list of them.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ texts: [String]) {
        count = texts.count
        pointers = .allocate(capacity: count + 1)
        for (place, text) in texts.enumerated() { pointers[place] = strdup(text) }
        pointers[count] = nil
    }

    deinit {
        for place in 0..<count { free(pointers[place]) }
        pointers.deallocate()
    }
}
