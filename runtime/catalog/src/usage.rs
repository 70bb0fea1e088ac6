//! Checks of a declared family and its uses that only the compiler can make: `const` functions whose panics are errors
//! at the user's token. Their messages say what the family has; they do not know the position of the token.

use crate::family::{Family, OTHER, Role};
use crate::names::{contains, same};

impl Family {
    /// Checks one label of a declaration; call it in a `const`.
    ///
    /// # Panics
    /// If the family has a label of this name that breaks a rule.
    #[track_caller]
    pub const fn check_label_named(&self, name: &str) {
        let mut i = 0;
        while i < self.labels.len() {
            if same(self.labels[i].name, name) {
                self.check_label(i);
            }
            i += 1;
        }
    }

    /// Checks one metric of a declaration; call it in a `const`.
    ///
    /// # Panics
    /// If the family has a metric of this name that breaks a rule.
    #[track_caller]
    pub const fn check_metric_named(&self, name: &str) {
        let mut i = 0;
        while i < self.metrics.len() {
            if same(self.metrics[i].name, name) {
                self.check_metric(i);
            }
            i += 1;
        }
    }

    /// Checks one alert of a declaration; call it in a `const`.
    ///
    /// # Panics
    /// If the family lacks a metric or a bucket that the alert needs.
    #[track_caller]
    pub const fn check_alert_named(&self, name: &str) {
        let mut i = 0;
        while i < self.alerts.len() {
            if same(self.alerts[i].name, name) {
                self.check_condition(&self.alerts[i].condition);
            }
            i += 1;
        }
    }

    /// Checks that the family has the label that an annotation sets; call it in a `const`. `rust_name` is the family's
    /// name in code.
    ///
    /// # Panics
    /// If the family has no label of this name.
    #[track_caller]
    pub const fn check_given(&self, rust_name: &str, name: &str) {
        if !self.has_label(name) {
            let text = Text::new().push("`").push(rust_name).push("` has no label `").push(name).push("`; it has ");
            panic!("{}", text.push_labels(self).push_example(rust_name, self).as_str());
        }
    }

    /// Checks a literal value of a label; call it in a `const`. `rust_name` is the family's name in code.
    ///
    /// # Panics
    /// If the label has a set of values and this value is not in it.
    #[track_caller]
    pub const fn check_value(&self, rust_name: &str, name: &str, value: &str) {
        let mut i = 0;
        while i < self.labels.len() {
            let values = self.labels[i].values;
            if same(self.labels[i].name, name) && !values.is_empty() && !contains(values, value) {
                let text = Text::new().push("`").push(name).push("` must be one of ").push_list(values, "\"");
                panic!("{}", text.push_example(rust_name, self).as_str());
            }
            i += 1;
        }
    }

    /// Checks that an annotation sets every label; call it in a `const`. `rust_name` is the family's name in code.
    ///
    /// # Panics
    /// If a label is missing. An unknown label suppresses this error, because it has an error of its own.
    #[track_caller]
    pub const fn check_all_given(&self, rust_name: &str, given: &[&str]) {
        let mut i = 0;
        while i < given.len() {
            if !self.has_label(given[i]) {
                return;
            }
            i += 1;
        }
        let mut i = 0;
        while i < self.labels.len() {
            if !contains(given, self.labels[i].name) {
                let text = Text::new().push("missing argument `").push(self.labels[i].name).push("`, a label of `");
                panic!("{}", text.push(rust_name).push("`").push_example(rust_name, self).as_str());
            }
            i += 1;
        }
    }

    /// Checks that the family records what the objective needs; call it in a `const`. `rust_name` is the family's name
    /// in code.
    ///
    /// # Panics
    /// If `success` is set and the family counts no errors, or if `latency` is set and it measures no duration.
    #[track_caller]
    pub const fn check_promise(&self, rust_name: &str, success: bool, latency: bool) {
        let lack = if success && self.metric(Role::Errors).is_none() {
            "counts no errors, so its success cannot be measured; remove `success` or declare the metric `errors`"
        } else if latency && self.metric(Role::Duration).is_none() {
            "measures no duration, so its latency cannot be measured; remove `latency` or declare the metric `duration`"
        } else {
            return;
        };
        let text = Text::new().push("`").push(rust_name).push("` ").push(lack);
        panic!("{}", text.push_example(rust_name, self).as_str());
    }

    /// Checks that a function that returns a stream can record the family; call it in a `const`. `rust_name` is the
    /// family's name in code.
    ///
    /// # Panics
    /// If the family records the returned value: a stream returns many values.
    #[track_caller]
    pub const fn check_stream(&self, rust_name: &str) {
        let asks = self.metric(Role::Score).is_some()
            || self.metric(Role::LastScore).is_some()
            || self.metric(Role::Level).is_some()
            || self.metric(Role::Hits).is_some()
            || self.metric(Role::Misses).is_some()
            || self.metric(Role::HitRate).is_some();
        if asks {
            let text =
                Text::new().push("`").push(rust_name).push("` records the returned value, but a stream has many; ");
            let text = text.push("annotate the function that returns one item").push_example(rust_name, self);
            panic!("{}", text.push(" fn item() -> f64 { .. }").as_str());
        }
    }

    /// Checks the values of a type against those of the label; call it in a `const`. A type without values is free
    /// text.
    ///
    /// # Panics
    /// If the label has a set of values, and the type has a value outside of it.
    pub const fn check_values(&self, name: &str, values: &[&str]) {
        let mut i = 0;
        while i < self.labels.len() {
            let known = self.labels[i].values;
            if same(self.labels[i].name, name) && !known.is_empty() {
                let mut j = 0;
                while j < values.len() {
                    if !contains(known, values[j]) && !same(values[j], OTHER) {
                        let text = Text::new().push("the type has the value ").push_list(&[values[j]], "\"");
                        let text = text.push(", but the label `").push(name).push("` of the family `").push(self.name);
                        let text = text
                            .push("` allows only ")
                            .push_list(known, "\"")
                            .push("; rename the variant with `#[label]`");
                        let text = text.push(", or declare a family of your own with `measurand::family!`");
                        panic!("{}", text.push("\nexample: #[label(\"").push(known[0]).push("\")] Variant").as_str());
                    }
                    j += 1;
                }
            }
            i += 1;
        }
    }
}

/// A message that is built at compile time. A part that does not fit is left out completely.
struct Text {
    bytes: [u8; 2048],
    length: usize,
}

impl Text {
    const fn new() -> Self {
        Self { bytes: [0; 2048], length: 0 }
    }

    const fn push(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        if self.length + text.len() <= self.bytes.len() {
            self.bytes.split_at_mut(self.length).1.split_at_mut(text.len()).0.copy_from_slice(text);
            self.length += text.len();
        }
        self
    }

    const fn push_list(mut self, items: &[&str], quote: &str) -> Self {
        let mut i = 0;
        while i < items.len() {
            self = self.push(if i == 0 { "" } else { ", " }).push(quote).push(items[i]).push(quote);
            i += 1;
        }
        self
    }

    const fn push_labels(mut self, family: &Family) -> Self {
        if family.labels.is_empty() {
            return self.push("none");
        }
        let mut i = 0;
        while i < family.labels.len() {
            self = self.push(if i == 0 { "" } else { ", " }).push_list(&[family.labels[i].name], "`");
            i += 1;
        }
        self
    }

    /// A complete, correct use of the family.
    const fn push_example(mut self, rust_name: &str, family: &Family) -> Self {
        self = self.push("\nexample: #[measured(family = ").push(rust_name);
        let mut i = 0;
        while i < family.labels.len() {
            let label = &family.labels[i];
            let value = if label.values.is_empty() { "name" } else { label.values[0] };
            self = self.push(", ").push(label.name).push(" = ").push_list(&[value], "\"");
            i += 1;
        }
        self.push(")]")
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            // Only complete texts are pushed.
            Err(_) => "",
        }
    }
}
