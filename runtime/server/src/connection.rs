//! The state of one connection, observed from its socket, its requests and its answers.

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use measurand_catalog::lock::lock;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// The state of a connection, for the registry that decides when it ends.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The network of the client.
    pub(crate) network: IpAddr,
    pub(crate) opened: Instant,
    progress: Mutex<Progress>,
    /// Ends the connection after its current answer.
    pub(crate) finish: Notify,
    /// Ends the connection at once.
    pub(crate) kill: Notify,
}

/// The current activity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    pub(crate) phase: Phase,
    /// Start of the phase.
    pub(crate) since: Instant,
    /// The time since which the client accepts no bytes.
    pub(crate) blocked: Option<Instant>,
    /// Whether more of its request may be unread.
    unread: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It has sent no request yet.
    New,
    /// It was answered, and may send another request.
    Idle,
    /// It was answered, and has started another request.
    Asking,
    /// It is being answered.
    Answering,
    /// The server sends nothing more, and the client may still be sending.
    Leaving,
}

impl Connection {
    pub(crate) fn new(network: IpAddr) -> Self {
        let now = Instant::now();
        let progress = Progress { phase: Phase::New, since: now, blocked: None, unread: false };
        Self { network, opened: now, progress: Mutex::new(progress), finish: Notify::new(), kill: Notify::new() }
    }

    pub(crate) fn progress(&self) -> Progress {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        lock(&self.progress)
    }

    fn has_read(&self) {
        let mut progress = self.lock();
        progress.unread = true;
        if progress.phase == Phase::Idle {
            (progress.phase, progress.since) = (Phase::Asking, Instant::now());
        }
    }

    fn has_written<T>(&self, poll: &Poll<T>) {
        let mut progress = self.lock();
        match poll {
            Poll::Pending => _ = progress.blocked.get_or_insert_with(Instant::now),
            Poll::Ready(_) => progress.blocked = None,
        }
    }

    /// Marks the connection as being answered until the returned value is dropped. A request with a body has more to
    /// read.
    pub(crate) fn answer(self: &Arc<Self>, has_body: bool) -> Answering {
        let mut progress = self.lock();
        (progress.phase, progress.since, progress.unread) = (Phase::Answering, Instant::now(), has_body);
        Answering(Arc::clone(self))
    }
}

impl Progress {
    /// Returns how long the client has accepted no bytes.
    pub(crate) fn blocked(&self, now: Instant) -> Duration {
        self.blocked.map_or(Duration::ZERO, |it| now.saturating_duration_since(it))
    }
}

/// Lives as long as an answer is produced and sent.
#[derive(Debug)]
pub(crate) struct Answering(Arc<Connection>);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut progress = self.0.lock();
        if progress.phase == Phase::Answering {
            (progress.phase, progress.since) = (Phase::Idle, Instant::now());
        }
    }
}

/// The body of an answer; dropped when it is sent, or when the client is gone.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Body,
    pub(crate) _answering: Answering,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Maximum number of bytes to read from a client after its answer.
const LEFTOVER: usize = 1 << 20;

/// The socket, which reports its activity to the connection.
#[derive(Debug)]
pub(crate) struct Watched {
    stream: TcpStream,
    connection: Arc<Connection>,
    /// Number of bytes that may still be read and discarded, set when the server has stopped writing.
    leftover: Option<usize>,
}

impl Watched {
    pub(crate) fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        Self { stream, connection, leftover: None }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.connection.has_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.connection.has_written(&poll);
        poll
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.connection.has_written(&poll);
        poll
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Closes the sending side, and then waits until the client is done. Closing a socket with unread bytes resets the
    /// connection, and the client may lose its answer (RFC 9112, section 9.6). The registry limits the wait.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let left = match &mut this.leftover {
            Some(left) => left,
            none => {
                ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
                let mut progress = this.connection.lock();
                (progress.phase, progress.since) = (Phase::Leaving, Instant::now());
                none.insert(LEFTOVER)
            }
        };
        loop {
            let mut bytes = [0; 4096];
            let mut bytes = ReadBuf::new(&mut bytes);
            match Pin::new(&mut this.stream).poll_read(context, &mut bytes) {
                Poll::Pending if this.connection.lock().unread => return Poll::Pending,
                Poll::Ready(Ok(())) if !bytes.filled().is_empty() && *left > 0 => {
                    *left = left.saturating_sub(bytes.filled().len());
                    this.connection.lock().unread = true;
                }
                // The client is done, is gone, sends too much, or its request was complete.
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}
