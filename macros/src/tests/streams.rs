//! Snapshots of functions that return a stream, and of `async` blocks at the end of a body.

use super::{MEASURED, TIMED_QUERY, check, expand};
use crate::engine::run;
use expect_test::expect;

#[test]
fn returned_stream() {
    check(
        MEASURED,
        "",
        "fn f() -> impl Stream<Item = u32> { g() }",
        expect![[r#"
            fn f() -> impl Stream<Item = u32> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function"
                };
                static __STREAM: ::measurand::__private::Site = ::measurand::__private::site! {
                    __STREAM, STREAM, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|stream|family|stream"
                };
                ::measurand::__private::measured_stream! {
                    ::measurand::__private::Site::series(& __SITE), __STREAM, [u32],
                    ::measurand::__private::call(move || -> _ { g() }), move | __result | { use
                    ::measurand::__private::ErrorProbe as _; ::measurand::__private::Probe(__result)
                    .error().outcome() }
                }
            }
        "#]],
    );
}

#[test]
fn boxed_stream_of_results() {
    check(
        TIMED_QUERY,
        r#""select", table = table"#,
        "fn f<'a>(&'a self, table: &str) -> BoxStream<'a, Result<u32, E>> { g() }",
        expect![[r#"
            fn f<'a>(&'a self, table: &str) -> BoxStream<'a, Result<u32, E>> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, DATABASE, "f", ["query_type" = "select"],
                    "|attribute|timed_query|family|database|from:table|table",
                    { #[allow(warnings)] { use ::measurand::__private::NoError as E; { use self:: *;
                    ::measurand::__private::kinds_of!(Result < (), E >) } } }
                };
                let __series = ::measurand::__private::Site::series_of(
                    &__SITE,
                    &[::measurand::__private::label_ref(&table)],
                );
                static __STREAM: ::measurand::__private::Site = ::measurand::__private::site! {
                    __STREAM, STREAM, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|stream|family|stream"
                };
                ::measurand::__private::Box::pin(
                    ::measurand::__private::measured_stream! {
                        __series, __STREAM, [Result < u32, E >], ::measurand::__private::call(move ||
                        -> BoxStream < 'a, Result < u32, E > > { g() }), move | __result | { use
                        ::measurand::__private::ErrorProbe as _;
                        ::measurand::__private::Probe(__result).error().outcome() }
                    },
                )
            }
        "#]],
    );
}

/// The form that `async_trait` gives a method, above another attribute that reads `self` inside the block.
#[test]
fn boxed_block() {
    check(
        MEASURED,
        "",
        "fn f<'a>(&'a mut self) -> Pin<Box<dyn Future<Output = Result<u32, E>> + Send + 'a>> { Box::pin(async move { g() }) }",
        expect![[r#"
            fn f<'a>(&'a mut self) -> Pin<Box<dyn Future<Output = Result<u32, E>> + Send + 'a>> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function", { #[allow(warnings)] {
                    use ::measurand::__private::NoError as E; { use self:: *;
                    ::measurand::__private::kinds_of!(Result < (), E >) } } }
                };
                Box::pin(async move {
                    let (__result, _failed) = ::measurand::__private::measure(
                            ::measurand::__private::Site::series(&__SITE),
                            ::core::pin::pin!(
                                async move { if false { return ::measurand::__private::returned:: <
                                Result < u32, E > > (); } g() }
                            ),
                            |__result| {
                                use ::measurand::__private::ErrorProbe as _;
                                ::measurand::__private::Probe(__result).error().outcome()
                            },
                        )
                        .await;
                    __result
                })
            }
        "#]],
    );
}

#[test]
fn prepared_block() {
    check(
        MEASURED,
        "",
        "fn f(x: X) -> impl Future<Output = u32> { let y = x.y(); async move { g(x, y) } }",
        expect![[r#"
        fn f(x: X) -> impl Future<Output = u32> {
            static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                "|attribute|measured|family|function"
            };
            let y = x.y();
            async move {
                let (__result, _failed) = ::measurand::__private::measure(
                        ::measurand::__private::Site::series(&__SITE),
                        ::core::pin::pin!(
                            async move { if false { return ::measurand::__private::returned:: <
                            u32 > (); } g(x, y) }
                        ),
                        |__result| {
                            use ::measurand::__private::ErrorProbe as _;
                            ::measurand::__private::Probe(__result).error().outcome()
                        },
                    )
                    .await;
                __result
            }
        }
    "#]],
    );
}

/// If a body may return a future other than the one at its end, the whole body is measured.
#[test]
fn bodies_with_other_exits() {
    for before in ["if x { return g(); }", "let y = x?;", "early!();", "let y = !x;"] {
        for (output, tail) in
            [("impl Future<Output = u32>", "async move { 1 }"), ("BoxFuture<'a, u32>", "Box::pin(async { 1 })")]
        {
            let output = expand(MEASURED, "", &format!("fn f(x: X) -> {output} {{ {before} {tail} }}")).to_string();
            assert!(output.contains("__future"), "{output}");
        }
    }
    for body in
        ["g(async { 1 })", "pin(async { 1 })", "Other::pin(async { 1 })", "Box::pin(g())", "x = Box::pin(async { 1 })"]
    {
        let output = expand(MEASURED, "", &format!("fn f(x: X) -> BoxFuture<'a, u32> {{ {body} }}")).to_string();
        assert!(output.contains("__future"), "{output}");
    }
    for body in
        ["let y = x != 1; std::boxed::Box::pin(async { 1 })", "if x { g(); } ::std::boxed::Box::pin(async { 1 })"]
    {
        let output = expand(MEASURED, "", &format!("fn f(x: X) -> BoxFuture<'a, u32> {{ {body} }}")).to_string();
        assert!(!output.contains("__future"), "{output}");
    }
}

/// Without the feature `record`, the function stays unchanged.
#[test]
fn switched_off() {
    let item: proc_macro2::TokenStream = "fn f() -> impl Stream<Item = u32> { g() }".parse().expect("tokens");
    let output = run(MEASURED, proc_macro2::TokenStream::new(), item.clone(), false);
    assert_eq!(output.to_string(), item.to_string());
}
