//! A snapshot of the code for a declared family.

use super::tokens;
use crate::family::run;
use expect_test::expect;

#[test]
fn declaration() {
    let output = run(tokens(
        r#"[::measurand]
        /// Payments.
        ///
        /// By provider.
        pub Payment = "payment", "Payments" {
            labels {
                provider;
                from_result status: "accepted", "declined";
            }
            metrics {
                calls "payments_total": "Payments that ended.";
                duration "payment_duration_seconds": "Time of a payment.", [0.25, LIMIT];
            }
            alerts {
                PaymentsSlow P1: duration quantile 0.95 > 0.25, for 600 s, "Payments are slow.", "Customers wait.";
                PaymentsStalled P0: stalled 300 s, for 60 s, "No payment ends.", "Customers wait.";
            }
        }"#,
    ));
    let file = syn::parse2(output).expect("the expansion is a file");
    expect![[r#"
        /// Payments.
        ///
        /// By provider.
        pub struct Payment;
        impl ::measurand::DeclaredFamily for Payment {
            const FAMILY: &'static ::measurand::tables::Family = &::measurand::tables::Family {
                name: "payment",
                title: "Payments",
                help: ::measurand::__private::format::first_line(
                    &[" Payments.", "", " By provider."],
                ),
                labels: &[
                    ::measurand::tables::Label::declared(&["provider"], &[]),
                    ::measurand::tables::Label::declared(
                        &["from_result", "status"],
                        &["accepted", "declined"],
                    ),
                ],
                metrics: &[
                    ::measurand::tables::Metric {
                        name: "payments_total",
                        role: ::measurand::tables::Role::Calls,
                        help: "Payments that ended.",
                        buckets: &[],
                    },
                    ::measurand::tables::Metric {
                        name: "payment_duration_seconds",
                        role: ::measurand::tables::Role::Duration,
                        help: "Time of a payment.",
                        buckets: &[0.25, LIMIT],
                    },
                ],
                alerts: &[
                    ::measurand::tables::Alert {
                        name: "PaymentsSlow",
                        severity: ::measurand::tables::Severity::P1,
                        condition: ::measurand::tables::Condition::declared(
                                "duration quantile",
                                ::core::option::Option::Some(0.95),
                                ::core::option::Option::Some(0.25),
                                ::core::option::Option::None,
                            )
                            .expect("the macro checked it"),
                        for_seconds: 600u32,
                        summary: "Payments are slow.",
                        impact: "Customers wait.",
                    },
                    ::measurand::tables::Alert {
                        name: "PaymentsStalled",
                        severity: ::measurand::tables::Severity::P0,
                        condition: ::measurand::tables::Condition::declared(
                                "stalled",
                                ::core::option::Option::Some(300.0),
                                ::core::option::Option::None,
                                ::core::option::Option::None,
                            )
                            .expect("the macro checked it"),
                        for_seconds: 60u32,
                        summary: "No payment ends.",
                        impact: "Customers wait.",
                    },
                ],
            };
            type Classifier = ::measurand::__private::ByOutcome;
        }
        const _: () = <Payment as ::measurand::DeclaredFamily>::FAMILY.check_name();
        const _: () = <Payment as ::measurand::DeclaredFamily>::FAMILY
            .check_label_named("provider");
        const _: () = <Payment as ::measurand::DeclaredFamily>::FAMILY
            .check_label_named("status");
        const _: () = <Payment as ::measurand::DeclaredFamily>::FAMILY
            .check_metric_named("payments_total");
        const _: () = <Payment as ::measurand::DeclaredFamily>::FAMILY
            .check_metric_named("payment_duration_seconds");
        const _: () = <Payment as ::measurand::DeclaredFamily>::FAMILY
            .check_alert_named("PaymentsSlow");
        const _: () = <Payment as ::measurand::DeclaredFamily>::FAMILY
            .check_alert_named("PaymentsStalled");
        ::measurand::__recorded_family! {
            < Payment as ::measurand::DeclaredFamily > ::FAMILY
        }
    "#]]
    .assert_eq(&prettyplease::unparse(&file));
}
