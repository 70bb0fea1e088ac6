//! Types and attributes that `Label` does not accept.

use measurand::Label;

#[derive(Label)]
struct Table {
    name: String,
}

#[derive(Label)]
union Bits {
    one: u32,
}

#[derive(Label)]
enum Empty {}

#[derive(Label)]
enum Fields {
    One(u32),
    Two { name: String },
    Three,
}

#[derive(Label)]
enum Twice {
    Events,
    #[label("events")]
    UserEvents,
}

#[derive(Label)]
enum Values {
    #[label("")]
    Empty,
    #[label("a\tb")]
    Control,
    #[label(5)]
    Number,
    #[label(patterns)]
    Word,
    #[label(nested)]
    Nested,
    #[label]
    Nothing,
    #[label = "text"]
    Assigned,
    #[label("one", "two")]
    Two,
    #[label("one")]
    #[label("two")]
    TwoAttributes,
    #[label(rename = "other")]
    Key,
}

#[derive(Label)]
#[label("events")]
enum OnTheEnum {
    One,
}

#[derive(Label)]
#[label(crate = "measurand")]
enum Path {
    One,
}

fn main() {
    let _ = (Twice::Events, OnTheEnum::One, Path::One, Fields::Three, Values::Empty);
    let _ = (Table { name: String::new() }, Bits { one: 1 });
}
