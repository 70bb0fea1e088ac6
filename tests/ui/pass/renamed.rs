//! `measurand` under another name: re-exported by a module, by another crate's name, and in a macro.

extern crate measurand as other;

mod facade {
    pub mod deep {
        pub use measurand;
    }

    /// A framework re-exports `measurand` like this, so its users need not depend on it.
    macro_rules! endpoint {
        ($name:ident) => {
            #[$crate::facade::deep::measurand::measured(crate = $crate::facade::deep::measurand)]
            fn $name() -> Result<(), ()> {
                Ok(())
            }
        };
    }
    pub(crate) use endpoint;
}

use facade::deep::measurand as local;

mod measurand {}

#[local::measured(crate = crate::facade::deep::measurand)]
fn by_module() {}

#[other::timed_query("select", table = "patterns", crate = other)]
async fn by_crate() -> Result<(), ()> {
    Ok(())
}

#[local::verified("coder", crate = local, rollback = by_module())]
fn by_use() -> f64 {
    0.1
}

facade::endpoint!(by_macro);

fn main() {
    by_module();
    drop(by_crate());
    by_use();
    by_macro().unwrap();
}
