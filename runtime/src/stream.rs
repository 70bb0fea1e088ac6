//! Streams under measurement: a call starts with the first poll and ends when the stream ends or is dropped.

/// Measures the stream that a function returns; generated code calls it.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "stream")]
macro_rules! __measured_stream {
    ($start:expr, $items:ident, [], $stream:expr, $outcome_of:expr) => {
        $crate::__private::measure_stream($start, $crate::__private::Site::series(&$items), $stream, $outcome_of)
    };
    ($start:expr, $items:ident, [$item:ty], $stream:expr, $outcome_of:expr) => {
        $crate::__private::measured_stream! {
            $start, $items, [], $crate::__private::stream_of::<$item, _>($stream), $outcome_of
        }
    };
}

/// Reports the missing feature and leaves the stream unmeasured.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "stream"))]
macro_rules! __measured_stream {
    ($start:expr, $items:ident, [$($item:ty)?], $stream:expr, $outcome_of:expr) => {{
        ::core::compile_error!(
            "measuring a function that returns a stream needs the feature `stream` of `measurand`; enable it\nexample: \
             measurand = { version = \"0.1\", features = [\"stream\"] }"
        );
        $stream
    }};
}

#[cfg(feature = "stream")]
pub use measured::{measure_stream, stream_of};

#[cfg(feature = "stream")]
mod measured {
    use crate::call::{Call, TimingPolicy, enter};
    use crate::catch_panic::catch_panic;
    use crate::failure::Failure;
    use crate::handles::CLOCK;
    use crate::outcome::{Classified, Outcome};
    use crate::series::Series;
    use futures_core::{FusedStream, Stream};
    use measurand_catalog::Role;
    use metrics::Counter;
    use pin_project_lite::pin_project;
    use std::mem;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// Number of items after which they are counted, even if the stream is always ready.
    const BATCH: u64 = 1024;

    /// Measures a stream. The call ends with the stream, as an error if one of the items is an error. Items count in a
    /// series of their own.
    #[inline]
    pub fn measure_stream<P: TimingPolicy, T: Stream, C: Classified, J: FnMut(&T::Item) -> C>(
        policy: P,
        items: &'static Series,
        stream: T,
        classify: J,
    ) -> MeasuredStream<P, T, J> {
        let items = Items { series: items, counter: None, uncounted: 0, first: None };
        MeasuredStream {
            stream,
            classify,
            progress: Progress { policy, items, call: None, failed: None, state: State::New },
        }
    }

    /// The stream itself; only the compiler needs this function, to infer types.
    #[inline]
    pub fn stream_of<I, T: Stream<Item = I>>(stream: T) -> T {
        stream
    }

    pin_project! {
        /// See [`measure_stream`].
        #[derive(Debug)]
        #[must_use = "streams do nothing unless polled"]
        pub struct MeasuredStream<P, T, J> {
            #[pin]
            stream: T,
            classify: J,
            progress: Progress<P>,
        }
    }

    impl<P: TimingPolicy, T: Stream, C: Classified, J: FnMut(&T::Item) -> C> Stream for MeasuredStream<P, T, J> {
        type Item = T::Item;

        #[inline]
        fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T::Item>> {
            let this = self.project();
            let progress = this.progress;
            if matches!(progress.state, State::Ended) {
                return this.stream.poll_next(context);
            }
            progress.enter();
            let polled = this.stream.poll_next(context);
            match &polled {
                Poll::Pending => progress.items.flush(),
                Poll::Ready(Some(item)) => {
                    progress.items.add();
                    // The first error decides.
                    if progress.failed.is_none() {
                        let outcome = (this.classify)(item).outcome();
                        progress.failed = (!outcome.is_success()).then_some(outcome);
                    }
                }
                Poll::Ready(None) => {
                    progress.end();
                    return polled;
                }
            }
            progress.leave();
            polled
        }

        #[inline]
        fn size_hint(&self) -> (usize, Option<usize>) {
            self.stream.size_hint()
        }
    }

    impl<P: TimingPolicy, T: FusedStream, C: Classified, J: FnMut(&T::Item) -> C> FusedStream for MeasuredStream<P, T, J> {
        #[inline]
        fn is_terminated(&self) -> bool {
            self.stream.is_terminated()
        }
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum State {
        /// No item has been requested yet.
        New,
        /// During a poll; a drop now is a panic.
        Polled,
        /// Between two polls; a drop now is a cancellation.
        Waiting,
        Ended,
    }

    /// The call of a stream, and its items.
    #[derive(Debug)]
    struct Progress<P> {
        policy: P,
        items: Items,
        call: Option<Call>,
        /// The first item that was an error.
        failed: Option<Outcome>,
        state: State,
    }

    impl<P: TimingPolicy> Progress<P> {
        #[inline]
        fn enter(&mut self) {
            let new = matches!(self.state, State::New);
            self.state = State::Polled;
            if new {
                self.items.start();
                self.call = Some(enter(self.policy));
            } else if let Some(call) = &mut self.call {
                call.if_dropped(Failure::Panic);
            }
        }
    }

    impl<P> Progress<P> {
        #[inline]
        fn leave(&mut self) {
            self.state = State::Waiting;
            if let Some(call) = &mut self.call {
                call.if_dropped(Failure::Cancelled);
            }
        }

        fn end(&mut self) {
            self.state = State::Ended;
            self.items.flush();
            if let Some(mut call) = self.call.take() {
                call.end(&self.failed.unwrap_or(Outcome::OK));
            }
        }
    }

    impl<P> Drop for Progress<P> {
        fn drop(&mut self) {
            // A caller that stops at the first error drops the rest of the stream. Then the error is the outcome of the
            // call.
            if self.state == State::Waiting && self.failed.is_some() {
                self.end();
            } else {
                self.items.flush();
            }
        }
    }

    /// Counts items. A field of the stream counts each item; the metric is updated when the stream waits.
    #[derive(Debug)]
    struct Items {
        series: &'static Series,
        counter: Option<Counter>,
        uncounted: u64,
        /// The time at which the first item was requested; `None` once it is there.
        first: Option<u64>,
    }

    impl Items {
        #[cold]
        fn start(&mut self) {
            self.first = Some(CLOCK.raw());
        }

        #[inline]
        fn add(&mut self) {
            if let Some(started) = self.first.take() {
                self.observe_first(started);
            }
            self.uncounted += 1;
            if self.uncounted >= BATCH {
                self.flush();
            }
        }

        #[cold]
        fn observe_first(&self, started: u64) {
            let taken = CLOCK.delta(started, CLOCK.raw()).as_secs_f64();
            // A recorder may come from any crate, and it may panic.
            catch_panic(|| self.series.with_sink(|sink| sink.observe(Role::Duration, taken)));
        }

        #[inline]
        fn flush(&mut self) {
            if self.uncounted > 0 {
                self.flush_some();
            }
        }

        fn flush_some(&mut self) {
            let number = mem::take(&mut self.uncounted);
            let (series, counter) = (self.series, &mut self.counter);
            catch_panic(|| {
                let find = || series.with_sink(|sink| sink.successes());
                counter.get_or_insert_with(find).increment(number);
            });
        }
    }
}
