//! The recorded data: metrics, their series by label values, and the cells of each series.

pub(crate) mod by_kind;
pub(crate) mod call_counts;
pub(crate) mod cells;
pub(crate) mod described;
pub(crate) mod facade_limit;
pub(crate) mod labels;
pub(crate) mod metric;
pub(crate) mod metric_store;
pub(crate) mod series;
pub(crate) mod series_map;
pub(crate) mod undescribed;
