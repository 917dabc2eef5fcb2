// SPDX-License-Identifier: Apache-2.0

internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import Logging
internal import NIOCore
internal import NIOSSL

/// A channel that is watched from its first byte on.
struct WatchedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let limits: ConnectionLimits

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(ConnectionWatch(limits, logger: logger))
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }.flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            if let tls = try? pipeline.handler(type: NIOSSLServerHandler.self) {
                try pipeline.addHandler(LateClose(), position: .after(tls))
            }
            return value
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

/// Closes a connection a moment after it was told to.
///
/// A connection of HTTP/2 that is to end is closed by the last frame of its last stream, while that
/// frame still waits to be sent.
private final class LateClose: ChannelOutboundHandler {
    typealias OutboundIn = NIOAny

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.eventLoop.assumeIsolated().execute {
            context.close(mode: mode, promise: promise)
        }
    }
}

extension HTTPServerBuilder {
    /// Speaks HTTP/2 and HTTP/1.1 over TLS with clients that keep pace; without a certificate,
    /// HTTP/1.1 in the clear.
    static func watched(
        _ limits: ConnectionLimits,
        _ certificate: ServerCertificate?,
        logger: Logger
    ) -> HTTPServerBuilder {
        guard let certificate else { return watched(limits, logger: logger) }
        return HTTPServerBuilder { responder in
            WatchedChannel(
                base: try HTTP2UpgradeChannel(
                    tlsConfiguration: certificate.configuration,
                    configuration: HTTP2ChannelConfiguration(
                        idleTimeout: .seconds(limits.idleSeconds),
                        streamConfiguration: .watched(limits, logger: logger)
                    ),
                    responder: responder
                ),
                limits: limits
            )
        }
    }

    /// Speaks HTTP/1.1 with clients that keep pace.
    static func watched(_ limits: ConnectionLimits, logger: Logger) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            WatchedChannel(
                base: HTTP1Channel(
                    responder: responder,
                    configuration: .watched(limits, logger: logger)
                ),
                limits: limits
            )
        }
    }
}

extension HTTP1Channel.Configuration {
    /// Requests of HTTP/1.1, or streams of HTTP/2, that come in time, with heads of a sane size.
    static func watched(_ limits: ConnectionLimits, logger: Logger) -> Self {
        Self(
            additionalChannelHandlers: [RequestPace(limits, logger: logger)],
            idleTimeout: limits.idle,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 << 10,
                maxHeaderListSize: 64 << 10,
                maxHeaderFieldCount: 100
            )
        )
    }
}
