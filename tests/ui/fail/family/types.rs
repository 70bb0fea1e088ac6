//! Types that are not families, and results that do not fit the family.

use measurand::measured;

struct Payment;

measurand::family! {
    /// Reviews by reviewer.
    pub Review = "review", "Reviews" {
        metrics {
            score "review_score": "What the review says.", [0.5, 0.9, 1.0];
        }
    }
}

measurand::family! {
    /// The stock.
    pub Stock = "stock", "Stock" {
        metrics {
            level "stock_items": "Items in stock.";
        }
    }
}

measurand::family! {
    /// The index.
    pub Index = "index", "Index" {
        metrics {
            hits "index_hits_total": "Found.";
            misses "index_misses_total": "Not found.";
        }
    }
}

#[measured(family = Payment)]
fn no_family() {}

#[measured(family = Review)]
fn review() -> u32 {
    1
}

#[measured(family = Stock)]
fn stock() -> String {
    String::new()
}

#[measured(family = Index)]
async fn look_up() -> bool {
    true
}

fn main() {
    no_family();
    review();
    stock();
    let _ = look_up();
}
