//! Snapshots of expansions, one for each kind of function. `UPDATE_EXPECT=1` updates them.

mod arguments;
mod blocks;
mod families;
mod futures;
mod names;
mod streams;

use crate::engine::run;
use expect_test::{Expect, expect};
use measurand_catalog::attribute::{ALL, named};
use measurand_catalog::{ArgumentKind, Attribute, Role};
use proc_macro2::TokenStream;

const MEASURED: &Attribute = named("measured");
const NEURAL_OP: &Attribute = named("neural_op");
const PATTERN_LEARNED: &Attribute = named("pattern_learned");
const TIMED_QUERY: &Attribute = named("timed_query");
const VERIFIED: &Attribute = named("verified");

/// Compares the formatted expansion with `expected`; the record's separators become visible.
#[expect(clippy::needless_pass_by_value, reason = "snapshots are written in place")]
fn check(attribute: &'static Attribute, args: &str, item: &str, expected: Expect) {
    let output = expand(attribute, args, item);
    let file = syn::parse2(output).expect("the expansion is a file");
    expected.assert_eq(&prettyplease::unparse(&file).replace("\\u{1f}", "|").replace('\u{1f}', "|"));
}

fn expand(attribute: &'static Attribute, args: &str, item: &str) -> TokenStream {
    run(attribute, tokens(args), tokens(item), true)
}

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("tokens")
}

#[test]
fn sync() {
    check(
        MEASURED,
        "",
        "/// Doc.\n#[inline] pub fn f<T>(mut x: T) -> Result<T, E> where T: Clone { x }",
        expect![[r#"
            /// Doc.
            #[inline]
            /**

            # Metrics

            Measured by `#[measured]`.

            ```promql
            sum(rate(function_calls_total{function="f"}[5m]))
            sum(rate(function_errors_total{function="f"}[5m]))
            histogram_quantile(0.95, sum by (le) (rate(function_duration_seconds_bucket{function="f"}[5m])))
            sum(function_calls_in_flight{function="f"})
            ```
            */
            pub fn f<T>(mut x: T) -> Result<T, E>
            where
                T: Clone,
            {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function|summary|Doc.",
                    { #[allow(warnings)] { use ::measurand::__private::NoError as E; { use self:: *;
                    ::measurand::__private::kinds_of!(Result < (), E >) } } }
                };
                ::measurand::__private::run(
                    ::measurand::__private::Site::series(&__SITE),
                    move || -> Result<T, E> { x },
                    |__result: &Result<T, E>| {
                        use ::measurand::__private::ErrorProbe as _;
                        ::measurand::__private::Probe(__result).error().outcome()
                    },
                )
            }
        "#]],
    );
}

#[test]
fn nothing_returned() {
    check(
        NEURAL_OP,
        r#""learning""#,
        "unsafe extern \"C\" fn f() { #![allow(unused)] g() }",
        expect![[r#"
            #[allow(unused)]
            unsafe extern "C" fn f() {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, NEURAL, "f", ["operation_type" = "learning"],
                    "|attribute|neural_op|family|neural"
                };
                ::measurand::__private::run(
                    ::measurand::__private::Site::series(&__SITE),
                    move || -> () { g() },
                    |__result| {
                        use ::measurand::__private::ErrorProbe as _;
                        ::measurand::__private::Probe(__result).error().outcome()
                    },
                )
            }
        "#]],
    );
}

#[test]
fn opaque() {
    check(
        MEASURED,
        "",
        "fn f(x: &u32) -> impl Iterator<Item = u32> { g(x) }",
        expect![[r#"
            fn f(x: &u32) -> impl Iterator<Item = u32> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function"
                };
                let __call = ::measurand::__private::watch(
                    ::measurand::__private::Site::series(&__SITE),
                );
                g(x)
            }
        "#]],
    );
}

#[test]
fn opaque_inside() {
    check(
        MEASURED,
        "",
        "fn f() -> Result<impl Fn(), Box<dyn Error>> { g() }",
        expect![[r#"
            fn f() -> Result<impl Fn(), Box<dyn Error>> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function|error_kinds_open|"
                };
                ::measurand::__private::run(
                    ::measurand::__private::Site::series(&__SITE),
                    move || -> Result<_, Box<dyn Error>> { g() },
                    |__result: &Result<_, Box<dyn Error>>| {
                        use ::measurand::__private::ErrorProbe as _;
                        ::measurand::__private::Probe(__result).error().outcome()
                    },
                )
            }
        "#]],
    );
}

#[test]
fn never() {
    check(
        MEASURED,
        "",
        "fn f() -> ! { loop {} }",
        expect![[r#"
            fn f() -> ! {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function"
                };
                let __call = ::measurand::__private::enter(
                    ::measurand::__private::Site::series(&__SITE),
                );
                loop {}
            }
        "#]],
    );
}

#[test]
fn verified() {
    check(
        VERIFIED,
        r#""coder", threshold = 0.5"#,
        "fn f() -> f64 { 1.0 }",
        expect![[r#"
            fn f() -> f64 {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, VERIFICATION, "f", ["agent_id" = "coder"],
                    "|attribute|verified|family|verification|threshold|0.5"
                };
                ::measurand::__private::run(
                    ::measurand::__private::Site::series(&__SITE),
                    move || -> f64 { 1.0 },
                    |__result| ::measurand::__private::outcome_of_score(__result, 0.5f64),
                )
            }
        "#]],
    );
}

#[test]
fn rollback() {
    check(
        VERIFIED,
        r#""coder", rollback = undo(x)"#,
        "fn f(x: &u32) -> Option<f64> { None }",
        expect![[r#"
            fn f(x: &u32) -> Option<f64> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, VERIFICATION, "f", ["agent_id" = "coder"],
                    "|attribute|verified|family|verification|threshold|0.95"
                };
                let mut __call = ::measurand::__private::enter(
                    ::measurand::__private::Site::series(&__SITE),
                );
                let __result = ::measurand::__private::call(|| -> Option<f64> { None });
                let __failed = ::measurand::__private::leave(
                    &mut __call,
                    &__result,
                    |__result| ::measurand::__private::outcome_of_score(__result, 0.95f64),
                );
                if let ::core::option::Option::Some(__series) = __failed {
                    ::measurand::__private::count_rollback(__series);
                    undo(x);
                }
                __result
            }
        "#]],
    );
}

#[test]
fn rollback_later() {
    check(
        VERIFIED,
        r#""coder", rollback = undo().await"#,
        "async fn f() -> f64 { 1.0 }",
        expect![[r#"
            async fn f() -> f64 {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, VERIFICATION, "f", ["agent_id" = "coder"],
                    "|attribute|verified|family|verification|threshold|0.95"
                };
                let (__result, __failed) = ::measurand::__private::measure(
                        ::measurand::__private::Site::series(&__SITE),
                        ::core::pin::pin!(
                            async { if false { return ::measurand::__private::returned:: < f64 > ();
                            } 1.0 }
                        ),
                        |__result| ::measurand::__private::outcome_of_score(__result, 0.95f64),
                    )
                    .await;
                if let ::core::option::Option::Some(__series) = __failed {
                    ::measurand::__private::count_rollback(__series);
                    undo().await;
                }
                __result
            }
        "#]],
    );
}

#[test]
fn predicate() {
    check(
        MEASURED,
        "error_if = Option::is_none",
        "fn f() -> Option<u32> { None }",
        expect![[r#"
            fn f() -> Option<u32> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function|outcome|error_if"
                };
                ::measurand::__private::run(
                    ::measurand::__private::Site::series(&__SITE),
                    move || -> Option<u32> { None },
                    |__result| ::measurand::__private::outcome_if(__result, Option::is_none, false),
                )
            }
        "#]],
    );
}

#[test]
fn crate_path() {
    check(
        MEASURED,
        "crate = crate::facade::measurand",
        "fn f() {}",
        expect![[r#"
            fn f() {
                static __SITE: crate::facade::measurand::__private::Site = crate::facade::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function"
                };
                crate::facade::measurand::__private::run(
                    crate::facade::measurand::__private::Site::series(&__SITE),
                    move || -> () {},
                    |__result| crate::facade::measurand::__private::by_type!(__result),
                )
            }
        "#]],
    );
}

#[test]
fn facts() {
    let args = r#""other", owner = "search", severity = "P1", runbook = "https://example.com""#;
    check(
        MEASURED,
        args,
        "/// First\n/// paragraph.\n///\n/// # Runbook\n/// Restart.\nfn r#match() {}",
        expect![[r#"
            /// First
            /// paragraph.
            ///
            /// # Runbook
            /// Restart.
            /**

            # Metrics

            Measured by `#[measured]`.

            ```promql
            sum(rate(function_calls_total{function="other"}[5m]))
            sum(rate(function_errors_total{function="other"}[5m]))
            histogram_quantile(0.95, sum by (le) (rate(function_duration_seconds_bucket{function="other"}[5m])))
            sum(function_calls_in_flight{function="other"})
            ```
            */
            fn r#match() {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "match", ["function" = "other", "module" =
                    ::core::module_path!()],
                    "|attribute|measured|family|function|owner|search|severity|P1|runbook|https://example.com|summary|First paragraph.|steps|Restart."
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
        "#]],
    );
}

/// A mistake leaves the function unchanged and adds an error.
#[test]
fn mistake() {
    check(
        TIMED_QUERY,
        r#""select", tabel = "t""#,
        "#[inline] fn f() -> u32 { 1 }",
        expect![[r#"
        #[inline]
        fn f() -> u32 {
            1
        }
        ::core::compile_error! {
            "`#[timed_query]` has no argument `tabel`; did you mean `table`?\nexample: #[timed_query(\"select\", table = \"patterns\")]"
        }
    "#]],
    );
}

/// While the user types, the body is not valid Rust yet. An editor completes it only if the expansion contains all of
/// it.
#[test]
fn half_typed() {
    let bodies = ["if 1", "x.", "let x =", "match x {", "foo(", "x.await", "let y: Vec< = 1;", "fn", "#", "return ?"];
    let signatures =
        ["fn f()", "async fn f() -> u32", "fn f() -> impl Future<Output = u32>", "fn f() -> impl Fn()", "fn f() -> !"];
    for body in bodies {
        // A token stream has only complete delimiters; editors close them.
        let body =
            body.to_owned() + if body.ends_with('{') { "}" } else { "" } + if body.ends_with('(') { ")" } else { "" };
        for signature in signatures {
            let item = format!("{signature} {{ {body} }}");
            let output = expand(MEASURED, "", &item).to_string();
            let (body, signature) = (tokens(&body).to_string(), tokens(signature).to_string());
            assert!(
                output.contains(&body) && output.contains(&signature) && !output.contains("compile_error"),
                "{output}"
            );
        }
    }
}

/// For any arguments and any item, there is an expansion that contains the item's tokens.
#[test]
fn half_typed_arguments() {
    let args = [
        "",
        ",",
        "=",
        "\"",
        "\"select\"",
        "table",
        "table =",
        "table = ,",
        "table = \"",
        "=,=",
        "ok_if = |",
        "rollback = ",
    ];
    let items =
        ["", "fn", "fn f", "fn f()", "fn f();", "fn f() {}", "pub", "struct S;", "impl S { fn f() {} }", "let x = 1;"];
    for attribute in ALL {
        for args in args.iter().filter_map(|it| it.parse::<TokenStream>().ok()) {
            for item in items.map(tokens) {
                let output = run(attribute, args.clone(), item.clone(), true).to_string();
                assert!(output.contains("compile_error") || output.contains("__SITE"), "{output}");
                assert!(output.contains(&item.to_string()) || output.contains("__SITE"), "{output}");
            }
        }
    }
}

/// The example in every message is a correct use of the attribute, and each documented argument is accepted.
#[test]
fn examples() {
    for attribute in ALL {
        let args = |line: &str| {
            let inner = line.trim_start_matches("#[").trim_end_matches(']').trim_start_matches(attribute.name);
            inner.strip_prefix('(').and_then(|it| it.strip_suffix(')')).unwrap_or(inner).to_owned()
        };
        let correct = |line: &str| {
            let output = expand(attribute, &args(line), "fn f() -> f64 { 1.0 }").to_string();
            assert!(!output.contains("compile_error"), "{line}: {output}");
        };
        correct(attribute.example);
        for spec in crate::args::specs(attribute) {
            let has = |role| attribute.family.metric(role).is_some();
            let fits = match spec.kind {
                ArgumentKind::Predicate => attribute.family.tells_outcome(),
                ArgumentKind::Objective => has(Role::Errors) && has(Role::Duration),
                ArgumentKind::Sample => has(Role::Duration),
                _ => true,
            };
            if fits {
                correct(&crate::args::example(attribute, spec));
            }
        }
    }
}
