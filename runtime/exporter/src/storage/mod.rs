//! Where values live: atomics of bounded number, recorded without a lock or an allocation.

mod counter;
mod exemplars;
mod gauge;
mod histogram;
mod in_flight;
mod shards;
mod slots;
mod sync;
mod turns;

pub(crate) use counter::CounterCells;
pub(crate) use exemplars::{Exemplar, TraceIds, ask as ask_for_traces};
pub(crate) use gauge::GaugeCells;
pub(crate) use histogram::{Bounds, HistogramCells, Snapshot, bounds};
pub(crate) use in_flight::InFlightCells;
pub(crate) use turns::Turns;
