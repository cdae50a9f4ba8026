//! One connection: plain or encrypted, and cut if the head of a request does not come in time.
//!
//! The library limits the time for the head of the first request only. Of the later ones it would wait for the second half
//! for ever. So the connection itself knows by when the next request must have begun.

use std::{
    cell::Cell,
    io,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How long an idle connection is kept for the next request: longer than the usual proxy keeps its own.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to send the head of a request, and to agree on encryption before the first.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may leave what we sent unread before its connection is cut.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection.
pub(super) struct Connection {
    stream: Stream,
    pace: Rc<Pace>,
    alarm: Option<Pin<Box<Sleep>>>,
}

enum Stream {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// Takes a connection, and agrees on encryption with its client if it is to be encrypted.
    ///
    /// # Errors
    /// If that fails or takes too long.
    pub(super) async fn accept(
        stream: TcpStream,
        tls: Option<TlsAcceptor>,
    ) -> io::Result<(Self, Option<SocketAddr>)> {
        tune(&stream);
        let peer = stream.peer_addr().ok();
        let stream = match tls {
            None => Stream::Plain(stream),
            Some(tls) => {
                let encrypted = tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream)).await??;
                Stream::Encrypted(Box::new(encrypted))
            }
        };
        Ok((Self { stream, pace: Rc::default(), alarm: None }, peer))
    }

    /// The pace of its requests.
    pub(super) fn pace(&self) -> Rc<Pace> {
        Rc::clone(&self.pace)
    }

    /// Whether the next request is late. One alarm serves many requests: it is set anew only if it would ring too late,
    /// or when it rings too early.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(next_by) = self.pace.next_by.get() else { return Poll::Pending };
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(next_by)));
            if alarm.deadline() > next_by {
                alarm.as_mut().reset(next_by);
            }
            ready!(alarm.as_mut().poll(context));
            if alarm.deadline() >= next_by {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(next_by);
        }
    }
}

/// Small frames leave at once, and a peer that reads nothing is cut by the kernel: it cannot hold memory.
fn tune(stream: &TcpStream) {
    // Both only fail on a connection that is gone already.
    stream.set_nodelay(true).ok();
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_TIMEOUT)).ok();
}

/// The requests of a connection: those that run, or else by when the next must have begun.
#[derive(Debug, Default)]
pub(super) struct Pace {
    under_way: Cell<u32>,
    head_began: Cell<bool>,
    next_by: Cell<Option<Instant>>,
}

impl Pace {
    /// Bytes have come. What comes while a request runs belongs to it.
    fn has_read(&self) {
        if self.under_way.get() == 0 && !self.head_began.replace(true) {
            self.next_by.set(Some(Instant::now() + HEAD_TIMEOUT));
        }
    }
}

/// A request whose answer is not sent yet.
#[derive(Debug)]
pub(super) struct UnderWay(Rc<Pace>);

impl UnderWay {
    /// The head of a request has come.
    pub(super) fn begin(pace: &Rc<Pace>) -> Self {
        pace.under_way.set(pace.under_way.get() + 1);
        pace.head_began.set(false);
        pace.next_by.set(None);
        Self(Rc::clone(pace))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Self(pace) = self;
        pace.under_way.set(pace.under_way.get() - 1);
        if pace.under_way.get() == 0 {
            // Whatever of the next one came in the meantime.
            pace.next_by.set(Some(Instant::now() + KEEP_ALIVE + HEAD_TIMEOUT));
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Encrypted(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if read.is_pending() {
            ready!(this.poll_late(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if buffer.filled().len() > before {
            this.pace.has_read();
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Encrypted(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Encrypted(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Encrypted(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
