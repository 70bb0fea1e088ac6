//! Snapshots of attributes on blocks, of blocks without recording, and of half-typed code in blocks.

use super::{MEASURED, TIMED_QUERY, check, expand, tokens};
use crate::engine::run;
use expect_test::expect;
use measurand_catalog::attribute::ALL;
use proc_macro2::TokenStream;

#[test]
fn impl_block() {
    check(
        MEASURED,
        r#"owner = "sales""#,
        "
            impl<T: Clone> Shop<T> where T: Copy {
                const SIZE: u32 = { 1 };
                const fn new() -> Self { Self }
                fn sell(&mut self) -> u32 { 1 }
                #[measured(skip)]
                #[inline]
                fn quiet(&self) {}
                #[timed_query(\"select\", table = \"t\")]
                fn own(&self) {}
            }
        ",
        expect![[r#"
            impl<T: Clone> Shop<T>
            where
                T: Copy,
            {
                const SIZE: u32 = { 1 };
                const fn new() -> Self {
                    Self
                }
                fn sell(&mut self) -> u32 {
                    static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                        __SITE, FUNCTION, "Shop::sell", ["function" = "Shop::sell", "module" =
                        ::core::module_path!()],
                        "|attribute|measured|family|function|owner|sales"
                    };
                    ::measurand::__private::run(
                        ::measurand::__private::Site::series(&__SITE),
                        move || -> u32 { 1 },
                        |__result| {
                            use ::measurand::__private::ErrorProbe as _;
                            ::measurand::__private::Probe(__result).error().outcome()
                        },
                    )
                }
                #[inline]
                fn quiet(&self) {}
                #[timed_query("select", table = "t")]
                fn own(&self) {}
            }
        "#]],
    );
}

#[test]
fn module() {
    check(
        MEASURED,
        "",
        "
            mod outer {
                #![allow(unused)]
                use std::{fmt, io};
                struct S { x: u32 }
                mod inner { fn f() {} }
                #[measured(skip)]
                mod silent { fn f() {} }
                #[neural_op(\"learning\")]
                impl S { fn own(&self) {} }
                macro_rules! m { () => { fn f() {} } }
            }
        ",
        expect![[r#"
            mod outer {
                #![allow(unused)]
                use std::{fmt, io};
                struct S {
                    x: u32,
                }
                mod inner {
                    fn f() {
                        static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                            __SITE, FUNCTION, "f", ["function" = "f", "module" =
                            ::core::module_path!()],
                            "|attribute|measured|family|function"
                        };
                        ::measurand::__private::run(
                            ::measurand::__private::Site::series(&__SITE),
                            move || -> () {},
                            |__result| {
                                use ::measurand::__private::ErrorProbe as _;
                                ::measurand::__private::Probe(__result).error().outcome()
                            },
                        )
                    }
                }
                mod silent {
                    fn f() {}
                }
                #[neural_op("learning")]
                impl S {
                    fn own(&self) {}
                }
                macro_rules! m {
                    () => {
                        fn f() {}
                    };
                }
            }
        "#]],
    );
}

/// Without recording, the expansion is the item, token by token.
#[test]
fn off() {
    let items = [
        "fn f() {}",
        "/// Doc.\n#[inline] pub(crate) unsafe extern \"C\" fn f<'a, T: ?Sized>(&'a self, (a, _): (u8, T)) -> &'a T where T: X { a? }",
        "async fn f(self) -> Result<impl Fn(&str) -> &str, E> { #![allow(unused)] g().await }",
        "fn f() -> Pin<Box<dyn Future<Output = u32> + '_>> { half typed. }",
        "impl<T, const N: usize> Trait<{ N + 1 }> for [T; N] { const X: u32 = { 1 }; fn f(&self); async fn g() { x. } }",
        "impl S { #[measured(skip)] fn f() {} #[timed_query(\"select\", table = \"t\")] fn g() {} }",
        "pub trait T: Sized { type X; fn f(&self) -> u32 { 1 } }",
        "mod m { #![allow(unused)] mod n { fn f() {} } macro_rules! x { ($($t:tt)*) => { $($t)* } } use a::{b, c}; }",
    ];
    let unchanged = |attribute, args: &str, item: &str| {
        let output = run(attribute, tokens(args), tokens(item), false);
        assert_eq!(output.to_string(), tokens(item).to_string(), "{args}");
    };
    for item in items {
        unchanged(MEASURED, "", item);
        // The caller of these functions is known.
        let tracked = item.replace("async ", "").replace("extern \"C\" ", "");
        unchanged(MEASURED, r#"caller, time = 1 in 16, owner = "o", slo(success = 99.0)"#, &tracked);
        unchanged(TIMED_QUERY, r#""select", table = "t", ok_if = |_| true"#, item);
        unchanged(MEASURED, "family = Payment, provider = x()", item);
    }
    // An explicit `skip` also leaves the item unchanged.
    for attribute in ALL {
        for item in items {
            let output = run(attribute, tokens("skip"), tokens(item), true);
            assert_eq!(output.to_string(), tokens(item).to_string());
        }
    }
}

/// Without recording, a mistake is still reported and leaves the item unchanged.
#[test]
fn off_with_a_mistake() {
    let item = "impl S { fn f(&self) {} }";
    let output = run(MEASURED, tokens("ownr = \"o\""), tokens(item), false).to_string();
    assert!(output.starts_with(&tokens(item).to_string()), "{output}");
    assert!(output.contains("compile_error") && output.contains("did you mean `owner`?"), "{output}");
}

/// While the user types in one function of a block, the other functions are measured, and every token is kept.
#[test]
fn half_typed() {
    let bodies =
        ["if 1", "x.", "let x =", "match x {}", "foo()", "let y: Vec< = 1;", "fn", "#", "return ?", "impl X for"];
    let blocks = ["impl S", "trait T", "mod m", "impl<const N: usize> A<{ N }> for B"];
    for body in bodies {
        for block in blocks {
            let item = format!("{block} {{ fn before() {{}} fn typed() {{ {body} }} async fn after() {{}} }}");
            let output = expand(MEASURED, "", &item).to_string();
            assert_eq!(output.matches("__SITE ,").count(), 3, "{output}");
            assert!(output.contains(&tokens(body).to_string()) && !output.contains("compile_error"), "{output}");
        }
    }
}

/// An incomplete item stays in place, with everything that follows.
#[test]
fn half_typed_items() {
    let items =
        ["fn", "fn f", "fn f(", "pub", "#[", "impl", "impl X", "struct S {", "use a::", "let x = 1;", "x.y()", "mod"];
    for item in items {
        let mut close = item.chars().filter_map(|it| match it {
            '(' => Some(')'),
            '[' => Some(']'),
            '{' => Some('}'),
            _ => None,
        });
        let closed: String = item.chars().chain(if item.contains("()") { None } else { close.next_back() }).collect();
        let block = format!("mod m {{ fn before() {{}} {closed} }}");
        let output = expand(MEASURED, "", &block).to_string();
        assert!(output.contains(&tokens(&closed).to_string()) && !output.contains("compile_error"), "{output}");
        assert_eq!(output.matches("__SITE ,").count(), 1, "{output}");
    }
}

/// No token in a block is lost.
#[test]
fn nothing_is_lost() {
    let items = "
        #[cfg(test)] mod tests { use super::*; #[test] fn t() {} }
        pub struct Unit; pub struct Tuple(u32, [u8; 2]); union U { a: u32 }
        static X: fn() = || {}; const Y: S = S { x: 1 }; type Z = [u8; { 1 + 1 }];
        extern \"C\" { fn foreign(x: u32); } extern crate alloc;
        macro_rules! m { () => { 1 } } m!(); m! { fn x() {} } thread_local! { static T: u32 = 1; }
        enum E { A = { 1 }, B { x: u32 } } unsafe impl Send for E {} impl !Sync for E {}
        pub(crate) unsafe trait Q { fn q(); }
    ";
    let block = format!("mod m {{ {items} }}");
    let words = |tokens: TokenStream| tokens.to_string().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let output = words(expand(MEASURED, "", &block));
    let mut rest = output.iter();
    for word in words(tokens(&block)) {
        assert!(rest.any(|it| *it == word), "`{word}` is lost in {}", output.join(" "));
    }
}
