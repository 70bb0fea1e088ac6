//! Parses rule files, dashboards and tests, and keeps the line of each value. `lint` and `check` use the result.

mod comments;
mod dashboard_format;
mod expression;
mod file;
pub(crate) mod folder;
mod labels;
mod node;

pub(crate) use comments::{Comment, IGNORE, comments};
pub(crate) use dashboard_format::EXPORT_IT;
pub(crate) use expression::{Expression, RATE_INTERVAL, Selection, Unparsed, VARIABLE, selections, subexpressions};
pub(crate) use file::{
    Content, Dashboard, Document, Located, Panel, Rule, RuleGroup, RuleKind, Target, format_of, load,
};
pub(crate) use labels::{Labels, labels_of};
pub(crate) use node::{Node, parse};
