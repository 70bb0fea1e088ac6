//! Declarations of the wrong form.

measurand::family! {
    pub Undocumented = "undocumented", "Undocumented" {
        metrics {
            calls "undocumented_total": "Calls.";
        }
    }
}

measurand::family! {
    /// No title.
    pub Untitled = "untitled" {
        metrics {
            calls "untitled_total": "Calls.";
        }
    }
}

measurand::family! {
    /// No metrics.
    pub Empty = "empty", "Empty" {
        metrics {}
    }
}

measurand::family! {
    /// No semicolon.
    pub Joined = "joined", "Joined" {
        metrics {
            calls "joined_total": "Calls."
        }
    }
}

measurand::family! {
    /// Labels behind the metrics.
    pub Order = "order", "Order" {
        metrics {
            calls "order_total": "Calls.";
        }
        labels {
            region;
        }
    }
}

measurand::family! {
    #[derive(Debug)]
    pub Derived = "derived", "Derived" {
        metrics {
            calls "derived_total": "Calls.";
        }
    }
}

measurand::family! {
    /// A struct.
    pub struct Payment;
}

fn main() {}
