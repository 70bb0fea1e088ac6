//! Snapshots of the parts that arguments add to an expansion: labels, families, objectives, sampling.

use super::{MEASURED, PATTERN_LEARNED, TIMED_QUERY, VERIFIED, check};
use expect_test::expect;

#[test]
fn label_expression() {
    check(
        TIMED_QUERY,
        "kind, table = self.names[0]",
        "fn f(&self, kind: Kind) -> u32 { 1 }",
        expect![[r#"
            fn f(&self, kind: Kind) -> u32 {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, DATABASE, "f", [],
                    "|attribute|timed_query|family|database|from:query_type|kind|from:table|self.names[0]"
                };
                ::measurand::__private::known_label! {
                    __Label0, ::measurand::__private::families::DATABASE, "query_type"
                }
                let __series = ::measurand::__private::Site::series_of(
                    &__SITE,
                    &[
                        ::measurand::__private::known_label_ref::<__Label0, _>(&kind),
                        ::measurand::__private::label_ref(&self.names[0]),
                    ],
                );
                ::measurand::__private::run(
                    __series,
                    move || -> u32 { 1 },
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
fn label_expression_that_binds_loosely() {
    check(
        TIMED_QUERY,
        r#""select", table = if x > 0 { "some" } else { "none" }"#,
        "async fn f(x: u32) { g().await }",
        expect![[r#"
            async fn f(x: u32) {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, DATABASE, "f", ["query_type" = "select"],
                    "|attribute|timed_query|family|database|from:table|if x > 0 { \"some\" } else { \"none\" }"
                };
                let __series = ::measurand::__private::Site::series_of(
                    &__SITE,
                    &[::measurand::__private::label_ref(&(if x > 0 { "some" } else { "none" }))],
                );
                let (__result, _failed) = ::measurand::__private::measure(
                        __series,
                        ::core::pin::pin!(
                            async move { if false { return ::measurand::__private::returned:: < () >
                            (); } g(). await }
                        ),
                        |__result| {
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
fn label_from_result() {
    check(
        TIMED_QUERY,
        r#""select", table = |it| it.table"#,
        "fn f() -> Result<Answer, E> { g() }",
        expect![[r#"
            fn f() -> Result<Answer, E> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, DATABASE, "f", ["query_type" = "select"],
                    "|attribute|timed_query|family|database|from:table||it| it.table",
                    { #[allow(warnings)] { use ::measurand::__private::NoError as E; { use self:: *;
                    ::measurand::__private::kinds_of!(Result < (), E >) } } }
                };
                ::measurand::__private::run(
                    ::measurand::__private::Site::series(&__SITE),
                    move || -> Result<Answer, E> { g() },
                    |__result: &Result<Answer, E>| {
                        #[allow(
                            clippy::redundant_closure,
                            clippy::redundant_closure_for_method_calls
                        )]
                        let __label0 = ::measurand::__private::ask(__result, |it| it.table);
                        ::measurand::__private::outcome_in(
                            {
                                use ::measurand::__private::ErrorProbe as _;
                                ::measurand::__private::Probe(__result).error().outcome()
                            },
                            ::measurand::__private::Site::series(&__SITE),
                            &[::measurand::__private::result_label_ref(&__label0)],
                        )
                    },
                )
            }
        "#]],
    );
}

#[test]
fn labels_from_arguments_and_from_the_result_of_a_future() {
    check(
        TIMED_QUERY,
        "kind, table = |it: &Answer| &it.table",
        "fn f(kind: Kind) -> impl Future<Output = Answer> { g(kind) }",
        expect![[r#"
            fn f(kind: Kind) -> impl Future<Output = Answer> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, DATABASE, "f", [],
                    "|attribute|timed_query|family|database|from:query_type|kind|from:table||it : &Answer| &it.table"
                };
                ::measurand::__private::known_label! {
                    __Label0, ::measurand::__private::families::DATABASE, "query_type"
                }
                let __series = ::measurand::__private::Site::series_of(
                    &__SITE,
                    &[::measurand::__private::known_label_ref::<__Label0, _>(&kind)],
                );
                let __future = ::measurand::__private::future_of::<
                    Answer,
                    _,
                >(::measurand::__private::call(move || -> _ { g(kind) }));
                async move {
                    let (__result, _failed) = ::measurand::__private::measure(
                            __series,
                            ::core::pin::pin!(__future),
                            |__result| {
                                #[allow(
                                    clippy::redundant_closure,
                                    clippy::redundant_closure_for_method_calls
                                )]
                                let __label0 = ::measurand::__private::ask(
                                    __result,
                                    |it: &Answer| &it.table,
                                );
                                ::measurand::__private::outcome_in(
                                    {
                                        use ::measurand::__private::ErrorProbe as _;
                                        ::measurand::__private::Probe(__result).error().outcome()
                                    },
                                    __series,
                                    &[::measurand::__private::result_label_ref(&__label0)],
                                )
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
fn label_from_an_opaque_result() {
    check(
        TIMED_QUERY,
        r#""select", table = |it| name(it)"#,
        "fn f() -> impl Iterator<Item = u32> { g() }",
        expect![[r#"
            fn f() -> impl Iterator<Item = u32> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, DATABASE, "f", ["query_type" = "select"],
                    "|attribute|timed_query|family|database|from:table||it| name(it)"
                };
                ::measurand::__private::run(
                    ::measurand::__private::Site::series(&__SITE),
                    move || -> _ { g() },
                    |__result| {
                        #[allow(
                            clippy::redundant_closure,
                            clippy::redundant_closure_for_method_calls
                        )]
                        let __label0 = ::measurand::__private::ask(__result, |it| name(it));
                        ::measurand::__private::outcome_in(
                            {
                                use ::measurand::__private::ErrorProbe as _;
                                ::measurand::__private::Probe(__result).error().outcome()
                            },
                            ::measurand::__private::Site::series(&__SITE),
                            &[::measurand::__private::result_label_ref(&__label0)],
                        )
                    },
                )
            }
        "#]],
    );
}

#[test]
fn label_from_the_result_with_rollback() {
    check(
        VERIFIED,
        "|it| it.agent, rollback = undo()",
        "fn f() -> Review { g() }",
        expect![[r#"
            fn f() -> Review {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, VERIFICATION, "f", [],
                    "|attribute|verified|family|verification|from:agent_id||it| it.agent|threshold|0.95"
                };
                let mut __call = ::measurand::__private::enter(
                    ::measurand::__private::Site::series(&__SITE),
                );
                let __result = ::measurand::__private::call(|| -> Review { g() });
                let __failed = ::measurand::__private::leave(
                    &mut __call,
                    &__result,
                    |__result| {
                        #[allow(
                            clippy::redundant_closure,
                            clippy::redundant_closure_for_method_calls
                        )]
                        let __label0 = ::measurand::__private::ask(__result, |it| it.agent);
                        ::measurand::__private::outcome_in(
                            ::measurand::__private::outcome_of_score(__result, 0.95f64),
                            ::measurand::__private::Site::series(&__SITE),
                            &[::measurand::__private::result_label_ref(&__label0)],
                        )
                    },
                );
                if let ::core::option::Option::Some(__series) = __failed {
                    ::measurand::__private::count_rollback(__series);
                    undo();
                }
                __result
            }
        "#]],
    );
}

#[test]
fn caller() {
    check(
        MEASURED,
        "caller",
        "fn f() {}",
        expect![[r#"
            #[track_caller]
            fn f() {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function|from:caller|the file and line of the call"
                };
                let __series = ::measurand::__private::Site::series_of(
                    &__SITE,
                    &[::measurand::__private::label_ref(&::measurand::__private::caller())],
                );
                ::measurand::__private::run(
                    __series,
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

#[test]
fn caller_of_a_function_with_track_caller() {
    check(
        MEASURED,
        "caller",
        "#[track_caller] fn f() -> impl Iterator<Item = u32> { g() }",
        expect![[r#"
            #[track_caller]
            fn f() -> impl Iterator<Item = u32> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function|from:caller|the file and line of the call"
                };
                let __series = ::measurand::__private::Site::series_of(
                    &__SITE,
                    &[::measurand::__private::label_ref(&::measurand::__private::caller())],
                );
                let __call = ::measurand::__private::watch(__series);
                g()
            }
        "#]],
    );
}

/// A call that does not return records nothing.
#[test]
fn counting() {
    check(
        PATTERN_LEARNED,
        "",
        "fn f() -> u32 { 1 }",
        expect![[r#"
        fn f() -> u32 {
            static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                __SITE, PATTERN_LEARNING, "f", [],
                "|attribute|pattern_learned|family|pattern_learning"
            };
            ::measurand::__private::count(
                ::measurand::__private::Site::series(&__SITE),
                move || -> u32 { 1 },
                |__result| {
                    use ::measurand::__private::ErrorProbe as _;
                    ::measurand::__private::Probe(__result).error().outcome()
                },
            )
        }
    "#]],
    );
}

/// The family has no gauge of calls in flight, so the start of an untimed call records nothing.
#[test]
fn sampling_without_calls_in_flight() {
    check(
        TIMED_QUERY,
        r#""select", table = "t", time = 1 in 16"#,
        "fn f() -> u32 { 1 }",
        expect![[r#"
            fn f() -> u32 {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, DATABASE, "f", ["query_type" = "select", "table" = "t"],
                    "|attribute|timed_query|family|database|timed|1 in 16"
                };
                ::measurand::__private::run(
                    ::measurand::__private::SampleTiming::<
                        16u32,
                        false,
                    >(::measurand::__private::Site::series(&__SITE)),
                    move || -> u32 { 1 },
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
fn sampling() {
    check(
        MEASURED,
        "time = 1 in 16",
        "fn f() -> u32 { 1 }",
        expect![[r#"
            fn f() -> u32 {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, FUNCTION, "f", ["function" = "f", "module" = ::core::module_path!()],
                    "|attribute|measured|family|function|timed|1 in 16"
                };
                ::measurand::__private::run(
                    ::measurand::__private::SampleTiming::<
                        16u32,
                        true,
                    >(::measurand::__private::Site::series(&__SITE)),
                    move || -> u32 { 1 },
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
fn sampling_with_a_label() {
    check(
        TIMED_QUERY,
        r#""select", table = name, time = 1 in 8"#,
        "async fn f(name: &str) {}",
        expect![[r#"
            async fn f(name: &str) {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, DATABASE, "f", ["query_type" = "select"],
                    "|attribute|timed_query|family|database|from:table|name|timed|1 in 8"
                };
                let __series = ::measurand::__private::Site::series_of(
                    &__SITE,
                    &[::measurand::__private::label_ref(&name)],
                );
                let (__result, _failed) = ::measurand::__private::measure(
                        ::measurand::__private::SampleTiming::<8u32, false>(__series),
                        ::core::pin::pin!(
                            async move { if false { return ::measurand::__private::returned:: < () >
                            (); } }
                        ),
                        |__result| {
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
fn declared_family() {
    check(
        MEASURED,
        r#"family = shop::Payment, provider = "stripe", currency = currency, slo(success = 99.9)"#,
        "/// Pays.\nfn f(currency: Currency) -> Result<u64, E> { g() }",
        expect![[r#"
            /// Pays.
            /**

            # Metrics

            Measured by `#[measured]`. Objective: 99.9 % of the calls succeed.
            */
            fn f(currency: Currency) -> Result<u64, E> {
                const _: () = <shop::Payment as ::measurand::__private::DeclaredFamily>::FAMILY
                    .check_given("Payment", "provider");
                const _: () = <shop::Payment as ::measurand::__private::DeclaredFamily>::FAMILY
                    .check_value("Payment", "provider", "stripe");
                const _: () = <shop::Payment as ::measurand::__private::DeclaredFamily>::FAMILY
                    .check_given("Payment", "currency");
                const _: () = <shop::Payment as ::measurand::__private::DeclaredFamily>::FAMILY
                    .check_promise("Payment", true, false);
                const _: () = <shop::Payment as ::measurand::__private::DeclaredFamily>::FAMILY
                    .check_all_given("Payment", &["provider", "currency"]);
                static __SITE: ::measurand::__private::Site = ::measurand::__private::declared_site! {
                    __SITE, * < shop::Payment as ::measurand::__private::DeclaredFamily > ::FAMILY,
                    "f", ["provider" = "stripe", "function" = "f", "module" =
                    ::core::module_path!()],
                    "|attribute|measured|from:currency|currency|slo:success|99.9|summary|Pays.",
                    { #[allow(warnings)] { use ::measurand::__private::NoError as E; { use self:: *;
                    ::measurand::__private::kinds_of!(Result < (), E >) } } }
                };
                ::measurand::__private::known_label! {
                    __Label0, * < shop::Payment as ::measurand::__private::DeclaredFamily > ::FAMILY,
                    "currency"
                }
                let __series = ::measurand::__private::Site::series_of(
                    &__SITE,
                    &[::measurand::__private::known_label_ref::<__Label0, _>(&currency)],
                );
                ::measurand::__private::run(
                    __series,
                    move || -> Result<u64, E> { g() },
                    |__result: &Result<u64, E>| ::measurand::__private::outcome_by::<
                        <shop::Payment as ::measurand::__private::DeclaredFamily>::Classifier,
                        _,
                    >(
                        __result,
                        {
                            use ::measurand::__private::ErrorProbe as _;
                            ::measurand::__private::Probe(__result).error().outcome()
                        },
                        0.95f64,
                    ),
                )
            }
        "#]],
    );
}

#[test]
fn documentation_with_an_objective() {
    check(
        TIMED_QUERY,
        r#""select", table = "a\"b", slo(success = 99.9, latency = "10ms" @ 99)"#,
        "/// Loads.\nasync fn f() -> Result<u32, E> { g().await }",
        expect![[r#"
            /// Loads.
            /**

            # Metrics

            Measured by `#[timed_query]`. Objective: 99.9 % of the calls succeed and 99 % of the calls take at most 0.01 s.

            ```promql
            sum(rate(db_query_errors_total{query_type="select",table="a\"b",function="f"}[5m]))
            histogram_quantile(0.95, sum by (le) (rate(db_query_duration_seconds_bucket{query_type="select",table="a\"b",function="f"}[5m])))
            ```
            */
            async fn f() -> Result<u32, E> {
                static __SITE: ::measurand::__private::Site = ::measurand::__private::site! {
                    __SITE, DATABASE, "f", ["query_type" = "select", "table" = "a\"b", "function" =
                    "f", "module" = ::core::module_path!()],
                    "|attribute|timed_query|family|database|slo:success|99.9|slo:latency|0.01@99|summary|Loads.",
                    { #[allow(warnings)] { use ::measurand::__private::NoError as E; { use self:: *;
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
