//! An attribute on a module that contains modules, blocks and other items.

use crate::{block_on, check_ok, record};
use measurand::measured;

#[measured]
mod annotated {
    use std::fmt::{self, Display};

    pub(super) const SIZES: [usize; 2] = [{ 1 }, 2];
    pub(super) static TWICE: fn(u32) -> u32 = |it| it * 2;

    pub(super) struct Item {
        pub(super) value: u32,
    }

    pub(super) enum Kind {
        Some(Item),
    }

    macro_rules! value {
        ($it:expr) => {
            $it.value
        };
    }

    pub(super) fn free(kind: &Kind) -> u32 {
        let Kind::Some(item) = kind;
        value!(item)
    }

    pub(super) async fn later() -> usize {
        SIZES.len()
    }

    pub(super) const fn constant() -> u32 {
        1
    }

    #[measured(skip)]
    pub(super) fn quiet() {}

    impl Item {
        pub(super) fn double(&self) -> u32 {
            TWICE(self.value)
        }

        #[measured(skip)]
        pub(super) fn quiet(&self) -> u32 {
            self.value
        }
    }

    impl Display for Item {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.value)
        }
    }

    pub(super) trait Shout {
        fn word(&self) -> String;

        fn shout(&self) -> String {
            self.word().to_uppercase()
        }
    }

    impl Shout for str {
        fn word(&self) -> String {
            self.to_owned()
        }
    }

    pub(super) mod inside {
        //! Inner attributes stay first.
        #![deny(unused)]

        pub(in super::super) fn below() -> u32 {
            deeper::deepest()
        }

        mod deeper {
            pub(super) fn deepest() -> u32 {
                3
            }
        }
    }

    #[measured(skip)]
    pub(super) mod silent {
        pub(in super::super) fn below() {}

        pub(in super::super) struct Silent;

        impl Silent {
            pub(in super::super) fn method(&self) -> &Self {
                self
            }
        }
    }

    #[measured(skip)]
    impl Kind {
        pub(super) fn silent(&self) -> bool {
            matches!(self, Self::Some(_))
        }
    }

    #[measurand::measured(owner = "others")]
    impl Kind {
        pub(super) fn own(&self) -> bool {
            matches!(self, Self::Some(_))
        }
    }

    #[measurand::neural_op("learning")]
    pub(super) mod own {
        pub(in super::super) fn learn() {}
    }
}

use annotated::{Item, Kind, Shout as _};

#[test]
fn functions_of_a_module() {
    check_ok("free", || assert_eq!(annotated::free(&Kind::Some(Item { value: 1 })), 1));
    check_ok("later", || assert_eq!(block_on(annotated::later()), 2));
    assert_eq!(record(|| assert_eq!(annotated::constant(), 1)), [""; 0]);
    assert_eq!(record(annotated::quiet), [""; 0]);
}

#[test]
fn blocks_of_a_module() {
    let item = Item { value: 2 };
    check_ok("Item::double", || assert_eq!(item.double(), 4));
    check_ok("<Item as Display>::fmt", || assert_eq!(item.to_string(), "2"));
    assert_eq!(record(|| assert_eq!(item.quiet(), 2)), [""; 0]);
}

#[test]
fn traits_of_a_module() {
    let lines = record(|| assert_eq!("a".shout(), "A"));
    let expected = [
        "function_calls_total{function=<str as Shout>::word} 1",
        "function_calls_total{function=Shout::shout} 1",
        "function_duration_seconds{function=<str as Shout>::word} 1",
        "function_duration_seconds{function=Shout::shout} 1",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn modules_of_a_module() {
    let lines = record(|| assert_eq!(annotated::inside::below(), 3));
    let expected = [
        "function_calls_total{function=below} 1",
        "function_calls_total{function=deepest} 1",
        "function_duration_seconds{function=below} 1",
        "function_duration_seconds{function=deepest} 1",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn skipped_blocks_and_modules() {
    let kind = Kind::Some(Item { value: 1 });
    let lines = record(|| {
        annotated::silent::below();
        annotated::silent::Silent.method();
        assert!(kind.silent());
    });
    assert_eq!(lines, [""; 0]);
}

#[test]
fn own_attributes_of_blocks_and_modules() {
    check_ok("Kind::own", || assert!(Kind::Some(Item { value: 1 }).own()));
    let lines = record(annotated::own::learn);
    let neural = ["neural_operation_duration_seconds", "neural_operations_total"];
    assert_eq!(lines, neural.map(|it| format!("{it}{{operation_type=learning}} 1")));
}

/// `skip` outside an annotated block has no effect. It also applies if the block's attribute is disabled.
#[measured(skip)]
fn alone() -> u32 {
    1
}

#[test]
fn skip_alone() {
    assert_eq!(record(|| assert_eq!(alone(), 1)), [""; 0]);
}
