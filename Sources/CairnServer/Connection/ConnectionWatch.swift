// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import NIOCore

/// Closes a connection that no request will make good use of.
///
/// It sees bytes, not requests, so that it also sees what comes before them: a handshake that does
/// not end, a connection of HTTP/2 without a stream, and answers that nobody takes.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny
    typealias OutboundIn = NIOAny
    typealias OutboundOut = NIOAny

    /// How long a client may take to go, once the server ends and nothing is under way.
    private static let farewell = TimeAmount.seconds(1)

    private let limits: ConnectionLimits
    private let logger: Logger
    private var timer: Scheduled<Void>?

    /// When the connection must have a use; nil while it has one.
    private var deadline: NIODeadline?
    private var streams = 0
    private var isHandedOver = false
    private var isEnding = false

    private var hasRead = false
    private var hasWritten = false
    private var lastMove = NIODeadline.now()
    private var lastTaken = NIODeadline.now()
    private var waitingBytes = 0

    init(_ limits: ConnectionLimits, logger: Logger) {
        self.limits = limits
        self.logger = logger
    }

    // MARK: Requests

    /// Leaves requests to ``RequestPace``: the connection is of HTTP/1.
    func handOver() {
        isHandedOver = true
        deadline = nil
    }

    /// Counts a stream of HTTP/2.
    func streamOpened() {
        streams += 1
        deadline = nil
    }

    /// Counts a stream of HTTP/2 that is over.
    func streamClosed() {
        streams -= 1
        guard streams == 0 else { return }
        // After the idle time a client is told to go, and has a while for it.
        deadline = .now() + (isEnding ? Self.farewell : limits.idle + limits.head)
    }

    // MARK: Bytes

    func handlerAdded(context: ChannelHandlerContext) {
        deadline = .now() + limits.head
        lookLater(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasRead = true
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        hasWritten = true
        context.write(data, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, !isHandedOver {
            isEnding = true
            // A client of HTTP/2 is asked to go; one that does not answer holds nobody up.
            if streams == 0 { deadline = .now() + Self.farewell }
            timer?.cancel()
            lookLater(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func lookLater(_ context: ChannelHandlerContext) {
        let pause = isEnding ? Self.farewell : limits.watch
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        let options = context.channel.syncOptions
        let waiting = (try? options?.getOption(.bufferedWritableBytes)) ?? 0
        // Whoever writes waits until there is room: a write says that something was taken.
        if waiting == 0 || waiting < waitingBytes || hasWritten { lastTaken = now }
        if hasRead || hasWritten || waiting < waitingBytes { lastMove = now }
        waitingBytes = waiting
        hasRead = false
        hasWritten = false
        if lastTaken + limits.idle <= now {
            cut(context, "answer")
        } else if lastMove + limits.silence <= now {
            cut(context, "silence")
        } else if let deadline, deadline <= now {
            cut(context, "start")
        } else {
            lookLater(context)
        }
    }

    private func cut(_ context: ChannelHandlerContext, _ stage: String) {
        logger.debug("a slow client is cut", metadata: ["stage": "\(stage)"])
        timer = nil
        context.close(promise: nil)
    }
}
