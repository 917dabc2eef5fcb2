// SPDX-License-Identifier: Apache-2.0

internal import CairnAPI
internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1

/// Closes a connection, or a stream of HTTP/2, whose client sends a request too slowly.
///
/// Waiting costs a client nothing and the server a connection, so that everything has its time: a
/// head, from the connection's start or the head's first byte; a body, from its head; the end,
/// after the last answer. A stream of events may last for as long as it goes on, which the idle
/// timeout sees to.
final class RequestPace: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What the client has to send next.
    private enum Stage: String {
        /// Nothing of the next request has come.
        case rest
        /// The head.
        case head
        /// The body, all of it.
        case body
        /// A stream of events, line by line.
        case stream
        /// The connection's end.
        case end
    }

    private let limits: ConnectionLimits
    private let logger: Logger
    private var stage = Stage.rest
    /// When the stage must be over.
    private var deadline: NIODeadline?
    private var timer: (task: Scheduled<Void>, time: NIODeadline)?
    /// Requests whose answers are not written.
    private var unanswered = 0
    private var hasReadPart = false
    /// Whether the request is the connection's last, whatever the client thinks.
    private var isLast = false
    /// Whether something came that is no HTTP.
    private var isBroken = false
    private var watch: ConnectionWatch?

    init(_ limits: ConnectionLimits, logger: Logger) {
        self.limits = limits
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let own = try? context.pipeline.syncOperations.handler(type: ConnectionWatch.self)
        own?.handOver()
        if let codec = try? context.pipeline.syncOperations.handler(
            type: HTTP1ToHTTPServerCodec.self
        ) {
            try? context.pipeline.syncOperations.addHandler(
                Persistence(),
                position: .before(codec)
            )
        }
        // Streams of HTTP/2 have a channel each; the connection's own is above them.
        if own == nil, let parent = context.channel.parent, parent.eventLoop.inEventLoop {
            watch = try? parent.pipeline.syncOperations.handler(type: ConnectionWatch.self)
            watch?.streamOpened()
        }
        enter(.head, within: limits.head, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.task.cancel()
        timer = nil
        watch?.streamClosed()
        watch = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasReadPart = true
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            // Nothing that follows such a request of HTTP/1.1 is read, and no other protocol spoken.
            isLast =
                watch == nil
                && (head.method == .connect || head.headerFields[.upgrade] != nil)
            if RequestPace.isStream(head) {
                stage = .stream
                deadline = nil
            } else {
                enter(.body, within: limits.body, context)
            }
        case .body: break
        case .end:
            stage = .rest
            deadline = nil
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Bytes came, and no part of a request: they are the beginning of a head.
        if !hasReadPart, stage == .rest { enter(.head, within: limits.head, context) }
        hasReadPart = false
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What cannot be read is answered, once, and nothing more is read.
        guard !isBroken else { return }
        isBroken = true
        enter(.end, within: limits.head, context)
        context.fireErrorCaught(error)
    }

    func read(context: ChannelHandlerContext) {
        if !isBroken { context.read() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where isLast:
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            unanswered -= 1
            // A stream that was refused is still to be read to its end, but not for ever.
            if stage == .stream { enter(.body, within: limits.body, context) }
            context.write(data, promise: promise)
            guard isLast else { return }
            context.flush()
            close(context: context, mode: .output, promise: nil)
        case .head, .body: context.write(data, promise: promise)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output { enter(.end, within: limits.head, context) }
        context.close(mode: mode, promise: promise)
    }

    private static func isStream(_ head: HTTPRequest) -> Bool {
        guard head.method == .post, let type = head.headerFields[.contentType] else { return false }
        return type.lowercased().hasPrefix(MediaType.ndjson)
            && head.path?.hasPrefix(Path.events) == true
    }

    private func enter(
        _ stage: Stage,
        within limit: TimeAmount,
        _ context: ChannelHandlerContext
    ) {
        self.stage = stage
        let deadline = NIODeadline.now() + limit
        self.deadline = deadline
        schedule(deadline, context)
    }

    /// Looks again at a time, with one timer for all requests of a connection.
    private func schedule(_ time: NIODeadline, _ context: ChannelHandlerContext) {
        if let timer {
            guard time < timer.time else { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: time) {
            self.look(context)
        }
        timer = (task, time)
    }

    private func look(_ context: ChannelHandlerContext) {
        timer = nil
        guard let deadline else { return }
        guard deadline <= .now() else { return schedule(deadline, context) }
        // While a request is worked on, what follows it may have to wait to be read.
        guard stage != .head || unanswered == 0 else {
            return enter(.head, within: limits.head, context)
        }
        self.deadline = nil
        logger.debug("a slow client is cut", metadata: ["stage": "\(stage.rawValue)"])
        context.close(promise: nil)
    }
}

/// Says of a request that is the connection's last that it is, in the words of HTTP/1.1.
///
/// A client of HTTP/1.0 reads to the end of the connection, and none says so.
private final class Persistence: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data),
            head.version != .http1_1 || !head.isKeepAlive
        else { return context.fireChannelRead(data) }
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
