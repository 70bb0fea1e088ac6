//! The storage of values: a bounded number of atomics, recorded without locks or allocations.

mod counter;
mod exemplars;
mod gauge;
mod histogram;
mod in_flight;
#[cfg(feature = "native-histograms")]
mod native_histogram;
mod scrape_fence;
mod shards;
mod slots;
mod sync;

pub(crate) use counter::CounterCells;
pub(crate) use exemplars::{Exemplar, TraceIds, ask as ask_for_traces, current as current_trace};
pub(crate) use gauge::GaugeCells;
pub(crate) use histogram::{Bounds, HistogramCells, Snapshot, bounds};
pub(crate) use in_flight::InFlightCells;
#[cfg(feature = "native-histograms")]
pub(crate) use native_histogram::{NativeSnapshot, SCHEMA, ZERO, enable as enable_native, is_enabled as is_native};
pub(crate) use scrape_fence::ScrapeFence;
pub(crate) use shards::Slot;
