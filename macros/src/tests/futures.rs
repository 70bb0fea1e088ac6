//! Snapshots of functions that are asynchronous or return a future.

use super::{MEASURED, TIMED_QUERY, check};
use expect_test::expect;

#[test]
fn asynchronous() {
    check(
        TIMED_QUERY,
        r#""select", table = "t""#,
        "async fn f(&self) -> Result<u32, E> { g().await }",
        expect![[r#"
            async fn f(&self) -> Result<u32, E> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, DATABASE, "f", ["query_type" = "select", "table" = "t"],
                    "|attribute|timed_query|family|database", {
                    #[allow(warnings)] { use ::measurand::__private::NoError as E; { use self:: *;
                    ::measurand::__private::kinds_of!(Result < (), E >) } } }
                };
                let (__result, _failed) = ::measurand::__private::measure(
                        ::measurand::__private::Site::series(&__SITE),
                        ::core::pin::pin!(
                            async move { if false { return ::measurand::__private::returned:: <
                            Result < u32, E > > (); } g(). await }
                        ),
                        |__result: &Result<u32, E>| {
                            use ::measurand::__private::ErrorProbe as _;
                            ::measurand::__private::Probe(__result).error().outcome()
                        },
                    )
                    .await;
                __result
            }
        "#]],
    );
}

#[test]
fn asynchronous_never() {
    check(
        MEASURED,
        "",
        "async fn f() -> ! { loop { g().await } }",
        expect![[r#"
            async fn f() -> ! {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function"
                };
                let (__result, _failed) = ::measurand::__private::measure(
                        ::measurand::__private::Site::series(&__SITE),
                        ::core::pin::pin!(async move { loop { g(). await } }),
                        |__result| ::measurand::__private::outcome_if(__result, |_| true, true),
                    )
                    .await;
                __result
            }
        "#]],
    );
}

#[test]
fn returned_future() {
    check(
        MEASURED,
        "",
        "fn f() -> impl Future<Output = u32> { g() }",
        expect![[r#"
            fn f() -> impl Future<Output = u32> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function"
                };
                let __future = ::measurand::__private::future_of::<
                    u32,
                    _,
                >(::measurand::__private::call(move || -> _ { g() }));
                async move {
                    let (__result, _failed) = ::measurand::__private::measure(
                            ::measurand::__private::Site::series(&__SITE),
                            ::core::pin::pin!(__future),
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

#[test]
fn boxed_future() {
    check(
        MEASURED,
        "",
        "fn f(&self) -> Pin<Box<dyn Future<Output = u32> + Send + '_>> { g() }",
        expect![[r#"
            fn f(&self) -> Pin<Box<dyn Future<Output = u32> + Send + '_>> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function"
                };
                let __future = ::measurand::__private::future_of::<
                    u32,
                    _,
                >(
                    ::measurand::__private::call(move || -> Pin<
                        Box<dyn Future<Output = u32> + Send + '_>,
                    > { g() }),
                );
                ::measurand::__private::Box::pin(async move {
                    let (__result, _failed) = ::measurand::__private::measure(
                            ::measurand::__private::Site::series(&__SITE),
                            ::core::pin::pin!(__future),
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
