//! The answer to a scrape, rendered while it is sent.
//!
//! A hundred thousand series are a hundred megabytes of text, which is never in memory at once. The next piece is
//! rendered when the client has taken the previous one. Between two pieces a slow client holds neither a thread nor a
//! lock.

use crate::http::app::{App, SCRAPE_DURATION};
use crate::recorder_state::RecorderState;
use crate::render::gzip::{self, Encoder};
use crate::render::negotiation;
use crate::render::syntax::Format;
use crate::render::{PIECE, Rendering};
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use hyper::body::Frame;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// A scrape in progress.
struct Scrape {
    recorder: Arc<RecorderState>,
    format: Format,
    rendering: Option<Rendering>,
    encoder: Option<Encoder>,
    /// The time spent on rendering so far, without compressing and sending.
    spent: Duration,
}

/// A piece, and the scrape if more pieces follow.
type Piece = io::Result<(Bytes, Option<Box<Scrape>>)>;

/// Answers a scrape; a small one in one piece.
pub(crate) async fn answer(app: Arc<App>, state: &Arc<RecorderState>, headers: &HeaderMap) -> Response {
    #[cfg(feature = "native-histograms")]
    if crate::storage::cells::is_native() && negotiation::takes_protobuf(headers) {
        return protobuf(&app, state, headers).await;
    }
    let (format, compressed) = (negotiation::format(headers), gzip::is_accepted(headers));
    let fixed = [(CONTENT_TYPE, format.content_type()), (CACHE_CONTROL, "no-store"), (VARY, "accept, accept-encoding")];
    let scrape = Box::new(Scrape {
        recorder: Arc::clone(state),
        format,
        rendering: None,
        encoder: compressed.then(Encoder::new),
        spent: Duration::ZERO,
    });
    match piece(Arc::clone(&app), scrape).await {
        Ok((first, more)) => {
            let body = match more {
                None => Body::from(first),
                Some(rest) => Body::new(Pieces { app, state: PieceState::Made(first, rest) }),
            };
            (fixed, compressed.then_some(AppendHeaders([(CONTENT_ENCODING, "gzip")])), body).into_response()
        }
        Err(error) => failed(&error),
    }
}

/// Answers a scrape with protocol buffers, in one piece.
#[cfg(feature = "native-histograms")]
async fn protobuf(app: &App, state: &Arc<RecorderState>, headers: &HeaderMap) -> Response {
    let (compressed, state) = (gzip::is_accepted(headers), Arc::clone(state));
    // The semaphore is never closed.
    let _turn = app.scrapes.acquire().await;
    let make = move || -> io::Result<Vec<u8>> {
        let (begin, mut bytes) = (Instant::now(), Vec::new());
        crate::render::protobuf::encode(&state, &mut bytes);
        if let Some(histogram) = state.store.histogram(&SCRAPE_DURATION) {
            histogram.record(begin.elapsed());
        }
        if !compressed {
            return Ok(bytes);
        }
        let mut encoder = Encoder::new();
        let mut packed = encoder.push(&bytes)?;
        packed.extend(encoder.finish()?);
        Ok(packed)
    };
    let answer = match Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(make).await.unwrap_or_else(|error| Err(io::Error::other(error))),
        Err(_) => make(),
    };
    let fixed = [
        (CONTENT_TYPE, crate::render::protobuf::messages::CONTENT_TYPE),
        (CACHE_CONTROL, "no-store"),
        (VARY, "accept, accept-encoding"),
    ];
    match answer {
        Ok(bytes) => (fixed, compressed.then_some(AppendHeaders([(CONTENT_ENCODING, "gzip")])), bytes).into_response(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &io::Error) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("cannot render the metrics: {error}\n")).into_response()
}

/// Renders the next piece. The list of all series, and a compressed piece, take a millisecond, which would block a
/// worker of the runtime. A piece of text takes a tenth of that: less than a switch to another thread and back costs
/// when all processors are busy.
async fn piece(app: Arc<App>, mut scrape: Box<Scrape>) -> Piece {
    // The semaphore is never closed.
    let _turn = app.scrapes.acquire().await;
    let is_quick = scrape.rendering.is_some() && scrape.encoder.is_none();
    let make = move || {
        let (bytes, more) = scrape.next()?;
        Ok((bytes.into(), more.then_some(scrape)))
    };
    if is_quick {
        // A fast client must not occupy the worker for the whole scrape.
        tokio::task::yield_now().await;
        return make();
    }
    match Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(make).await.unwrap_or_else(|error| Err(io::Error::other(error))),
        Err(_) => make(),
    }
}

impl Scrape {
    /// Returns the next piece, which is empty only if it is the last one, and whether more pieces follow.
    fn next(&mut self) -> io::Result<(Vec<u8>, bool)> {
        let mut text = String::with_capacity(PIECE + PIECE / 8);
        loop {
            let begin = Instant::now();
            let rendering = self.rendering.get_or_insert_with(|| Rendering::new(&self.recorder, self.format));
            let more = rendering.push(&mut text, PIECE);
            self.spent += begin.elapsed();
            if !more && let Some(histogram) = self.recorder.store.histogram(&SCRAPE_DURATION) {
                histogram.record(self.spent);
            }
            let Some(encoder) = &mut self.encoder else { return Ok((text.into_bytes(), more)) };
            let mut bytes = encoder.push(text.as_bytes())?;
            if let Some(encoder) = self.encoder.take_if(|_| !more) {
                bytes.extend(encoder.finish()?);
            }
            if !more || !bytes.is_empty() {
                return Ok((bytes, more));
            }
            text.clear();
        }
    }
}

/// The body of an answer in pieces.
struct Pieces {
    app: Arc<App>,
    state: PieceState,
}

enum PieceState {
    /// The next piece is ready; the scrape continues after it.
    Made(Bytes, Box<Scrape>),
    /// The next piece is being rendered.
    Making(Pin<Box<dyn Future<Output = Piece> + Send>>),
    /// The last piece was sent.
    Ended,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let (result, state) = match mem::replace(&mut self.state, PieceState::Ended) {
            PieceState::Ended => return Poll::Ready(None),
            PieceState::Made(bytes, scrape) => {
                let app = Arc::clone(&self.app);
                (Ok(bytes), PieceState::Making(Box::pin(piece(app, scrape))))
            }
            PieceState::Making(mut making) => match making.as_mut().poll(context) {
                Poll::Pending => {
                    self.state = PieceState::Making(making);
                    return Poll::Pending;
                }
                Poll::Ready(Ok((bytes, Some(scrape)))) => {
                    let app = Arc::clone(&self.app);
                    (Ok(bytes), PieceState::Making(Box::pin(piece(app, scrape))))
                }
                Poll::Ready(Ok((bytes, None))) => (Ok(bytes), PieceState::Ended),
                Poll::Ready(Err(error)) => (Err(error), PieceState::Ended),
            },
        };
        self.state = state;
        Poll::Ready(Some(result.map(Frame::data)))
    }
}
