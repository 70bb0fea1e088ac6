//! `family!`: reads the declaration of a family, reports every mistake in it, and writes the family.
//!
//! The compiler checks the rules for names, kinds and numbers, in a `const` at the token that breaks the rule: a bucket
//! may be any constant expression.

use crate::diag::{Diag, did_you_mean};
use measurand_catalog::{Condition, Label, Role, SIGNALS, Severity, SignalSpec};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use std::fmt::Display;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitInt, LitStr, Meta, Token, Visibility, braced, bracketed, token};

const FAMILY: &str = "measurand::family! { #[doc = \"Payments.\"] pub Payment = \"payment\", \"Payments\" { labels { \
                      provider; } metrics { calls \"payments_total\": \"Payments that ended.\"; } } }";
const LABEL: &str = "labels { provider; currency: \"eur\", \"usd\"; }";
const METRIC: &str = "calls \"payments_total\": \"Payments that ended.\";";
const BUCKETS: &str = "duration \"payment_duration_seconds\": \"Time of a payment.\", [0.25, 1.0, 5.0];";
const ALERT: &str = "PaymentErrors P1: error_ratio > 0.02, for 120 s, \"Payments fail.\", \"Customers cannot pay.\";";

/// The parts of a family, in the required order.
const PARTS: [&str; 3] = ["labels", "metrics", "alerts"];

/// A declaration, as far as it is readable.
struct Declaration {
    docs: Vec<LitStr>,
    visibility: Visibility,
    /// The name of the Rust type.
    ident: Ident,
    name: LitStr,
    title: LitStr,
    labels: Vec<DeclaredLabel>,
    metrics: Vec<DeclaredMetric>,
    alerts: Vec<DeclaredAlert>,
}

struct DeclaredLabel {
    name: Ident,
    values: Vec<LitStr>,
    from_result: bool,
}

struct DeclaredMetric {
    role: Role,
    name: LitStr,
    help: LitStr,
    buckets: Punctuated<Expr, Token![,]>,
}

struct DeclaredAlert {
    name: Ident,
    severity: Severity,
    /// The arguments of [`Condition::declared`].
    condition: TokenStream,
    for_seconds: u32,
    summary: LitStr,
    impact: LitStr,
}

/// Expands a declaration; the path of `measurand` precedes it in brackets.
pub(crate) fn run(tokens: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let parser = |input: ParseStream<'_>| {
        let krate;
        bracketed!(krate in input);
        let declaration = declaration(&mut diag, input);
        // The tokens after a mistake are part of that mistake.
        input.parse::<TokenStream>()?;
        Ok((krate.parse::<TokenStream>()?, declaration))
    };
    match parser.parse2(tokens) {
        Ok((krate, Ok(declaration))) => {
            let family = declaration.family(&krate);
            match diag.finish() {
                None => {
                    let (checks, record) = (declaration.checks(&krate), declaration.record(&krate));
                    quote! { #family #checks #record }
                }
                // The family is still emitted, so functions that use it cause no further errors.
                Some(errors) => quote! { #family #errors },
            }
        }
        Ok((_, Err(error))) | Err(error) => {
            diag.push(error);
            diag.finish().unwrap_or_default()
        }
    }
}

impl Declaration {
    /// The Rust type and its `DeclaredFamily` implementation.
    fn family(&self, krate: &TokenStream) -> TokenStream {
        let Self { docs, visibility, ident, name, title, labels, metrics, alerts } = self;
        let labels = labels.iter().map(|it| it.expand(krate));
        let classifier = self.classifier();
        let metrics = metrics.iter().map(|it| it.expand(krate));
        let alerts = alerts.iter().map(|it| it.expand(krate));
        quote! {
            #(#[doc = #docs])*
            #visibility struct #ident;

            impl #krate::DeclaredFamily for #ident {
                const FAMILY: &'static #krate::tables::Family = &#krate::tables::Family {
                    name: #name,
                    title: #title,
                    help: #krate::__private::format::first_line(&[#(#docs),*]),
                    labels: &[#(#labels),*],
                    metrics: &[#(#metrics),*],
                    alerts: &[#(#alerts),*],
                };
                type Classifier = #krate::__private::#classifier;
            }
        }
    }

    /// The type that derives the outcome of a call from its result.
    fn classifier(&self) -> Ident {
        let classifiers = self.metrics.iter().filter_map(|metric| match metric.role {
            Role::Score => Some("ByScore"),
            Role::Level => Some("ByGaugeValue"),
            Role::Hits => Some("ByCacheResult"),
            _ => None,
        });
        format_ident!("{}", classifiers.into_iter().next().unwrap_or("ByOutcome"))
    }

    /// The checks of names, kinds, buckets and thresholds, each at the token that may break the rule.
    fn checks(&self, krate: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        let check = |span: Span, check: &str, name: Option<String>| {
            // The code belongs to the macro, but errors point to the user's token.
            let span = Span::call_site().located_at(span);
            let check = Ident::new(check, span);
            let name = name.map(|it| LitStr::new(&it, span)).into_iter();
            quote_spanned! { span=> const _: () = <#ident as #krate::DeclaredFamily>::FAMILY.#check(#(#name)*); }
        };
        let name = check(self.name.span(), "check_name", None);
        let labels = self.labels.iter().map(|it| check(it.name.span(), "check_label_named", Some(it.name.to_string())));
        let metrics = self.metrics.iter().map(|it| check(it.name.span(), "check_metric_named", Some(it.name.value())));
        let alerts = self.alerts.iter().map(|it| check(it.name.span(), "check_alert_named", Some(it.name.to_string())));
        quote! { #name #(#labels)* #(#metrics)* #(#alerts)* }
    }

    fn record(&self, krate: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        quote! { #krate::__recorded_family! { <#ident as #krate::DeclaredFamily>::FAMILY } }
    }
}

impl DeclaredLabel {
    fn expand(&self, krate: &TokenStream) -> TokenStream {
        let (name, values) = (self.name.to_string(), &self.values);
        let word = self.from_result.then_some(Label::FROM_RESULT).into_iter();
        quote! { #krate::tables::Label::declared(&[#(#word,)* #name], &[#(#values),*]) }
    }
}

impl DeclaredMetric {
    fn expand(&self, krate: &TokenStream) -> TokenStream {
        let Self { role, name, help, buckets } = self;
        let role = format_ident!("{role:?}");
        quote! {
            #krate::tables::Metric {
                name: #name,
                role: #krate::tables::Role::#role,
                help: #help,
                buckets: &[#buckets],
            }
        }
    }
}

impl DeclaredAlert {
    fn expand(&self, krate: &TokenStream) -> TokenStream {
        let Self { name, severity, condition, for_seconds, summary, impact } = self;
        let (name, severity) = (name.to_string(), format_ident!("{severity:?}"));
        quote! {
            #krate::tables::Alert {
                name: #name,
                severity: #krate::tables::Severity::#severity,
                condition: #krate::tables::Condition::declared(#condition).expect("the macro checked it"),
                for_seconds: #for_seconds,
                summary: #summary,
                impact: #impact,
            }
        }
    }
}

fn error(span: Span, message: impl Display, example: &str) -> syn::Error {
    syn::Error::new(span, format_args!("{message}\nexample: {example}"))
}

/// Parses the next token, or reports what is expected there.
fn expect<T: Parse>(input: ParseStream<'_>, what: &str, example: &str) -> syn::Result<T> {
    input.parse().map_err(|_| error(input.span(), format_args!("expected {what}"), example))
}

fn word(input: ParseStream<'_>, what: &str, example: &str) -> syn::Result<Ident> {
    input.call(Ident::parse_any).map_err(|_| error(input.span(), format_args!("expected {what}"), example))
}

fn declaration(diag: &mut Diag, input: ParseStream<'_>) -> syn::Result<Declaration> {
    const SHAPE: &str = "a family: its documentation, its name, `=`, two string literals, and its parts in braces";
    let shape = |span| error(span, format_args!("expected {SHAPE}"), FAMILY);
    let docs = docs(diag, input.call(Attribute::parse_outer).map_err(|it| shape(it.span()))?);
    let visibility = input.parse()?;
    let ident: Ident = expect(input, SHAPE, FAMILY)?;
    // An attribute instead of documentation has been reported.
    if docs.is_empty() && diag.is_empty() {
        diag.push(error(ident.span(), "a family needs a doc comment: its help text", FAMILY));
    }
    expect::<Token![=]>(input, SHAPE, FAMILY)?;
    let texts = "a family needs two string literals: its identifier and the title of its dashboard row";
    let name: LitStr = input.parse().map_err(|_| error(input.span(), texts, FAMILY))?;
    let title = input.parse::<Token![,]>().and_then(|_| input.parse());
    let title = title.map_err(|_| error(name.span(), texts, FAMILY))?;
    let mut declaration =
        Declaration { docs, visibility, ident, name, title, labels: vec![], metrics: vec![], alerts: vec![] };
    if !input.peek(token::Brace) {
        return Err(error(input.span(), "expected the family's parts in braces", FAMILY));
    }
    let content;
    braced!(content in input);
    if let Err(error) = parts(diag, &mut declaration, &content) {
        diag.push(error);
        // The tokens after a mistake are part of that mistake.
        content.parse::<TokenStream>()?;
    }
    if !input.is_empty() {
        let message = "a `family!` declares one family; declare the next one in another `family!`";
        diag.push(error(input.span(), message, FAMILY));
    }
    Ok(declaration)
}

/// Returns the lines of documentation and reports other attributes.
fn docs(diag: &mut Diag, attributes: Vec<Attribute>) -> Vec<LitStr> {
    let mut docs = Vec::new();
    for attribute in attributes {
        match attribute.meta {
            Meta::NameValue(it) if it.path.is_ident("doc") => match it.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => docs.push(text),
                _ => diag.push(error(attribute.pound_token.span, "the documentation must be a string literal", FAMILY)),
            },
            _ => {
                let message = "a family takes no attributes except its documentation; remove this one";
                diag.push(error(attribute.pound_token.span, message, FAMILY));
            }
        }
    }
    docs
}

fn parts(diag: &mut Diag, declaration: &mut Declaration, input: ParseStream<'_>) -> syn::Result<()> {
    const PART: &str = "a family has `labels`, `metrics` and `alerts`, each in braces, in this order";
    let mut next = 0;
    let mut has_metrics = false;
    while !input.is_empty() {
        let part = input.call(Ident::parse_any).map_err(|_| error(input.span(), PART, FAMILY))?;
        let Some(place) = PARTS.iter().position(|it| part == it) else {
            let hint = hint(did_you_mean(&part.to_string(), PARTS.into_iter()));
            return Err(error(part.span(), format_args!("{PART}{hint}"), FAMILY));
        };
        if !input.peek(token::Brace) {
            return Err(error(input.span(), format_args!("expected the {part} in braces after `{part}`"), FAMILY));
        }
        let content;
        braced!(content in input);
        if place < next {
            diag.push(error(part.span(), PART, FAMILY));
        }
        next = next.max(place + 1);
        match place {
            0 => declaration.labels.extend(items(diag, &content, LABEL, label)?),
            1 => {
                has_metrics = !content.is_empty();
                declaration.metrics.extend(items(diag, &content, METRIC, metric)?);
            }
            _ => declaration.alerts.extend(items(diag, &content, ALERT, alert)?),
        }
    }
    if !has_metrics {
        diag.push(error(declaration.ident.span(), "a family needs a metric; add one in `metrics { .. }`", FAMILY));
    }
    Ok(())
}

/// Parses all items up to the end, each followed by `;`. A mistake in one item does not hide the next mistake.
fn items<T>(
    diag: &mut Diag,
    input: ParseStream<'_>,
    example: &str,
    item: fn(&mut Diag, ParseStream<'_>) -> syn::Result<Option<T>>,
) -> syn::Result<Vec<T>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        match item(diag, input) {
            Ok(it) if input.peek(Token![;]) => items.extend(it),
            Ok(_) => {
                diag.push(error(input.span(), "expected a `;` before this", example));
                if input.peek(Ident::peek_any) {
                    continue;
                }
            }
            Err(error) => diag.push(error),
        }
        // The tokens after a mistake are part of that mistake.
        while !input.is_empty() && input.parse::<Option<Token![;]>>()?.is_none() {
            input.parse::<proc_macro2::TokenTree>()?;
        }
    }
    Ok(items)
}

fn label(diag: &mut Diag, input: ParseStream<'_>) -> syn::Result<Option<DeclaredLabel>> {
    let first = word(input, "a label: its name, an optional `:` with its values, and `;`", LABEL)?;
    let second = if input.peek(Ident::peek_any) { Some(input.call(Ident::parse_any)?) } else { None };
    let from_result = second.is_some();
    if from_result && first != Label::FROM_RESULT {
        let message = format_args!(
            "unexpected `{first}` before the label; write `{}` there if the result determines the value",
            Label::FROM_RESULT
        );
        let example = "labels { provider; from_result status: \"accepted\", \"declined\"; }";
        diag.push(error(first.span(), message, example));
    }
    let mut values = Vec::new();
    if input.parse::<Option<Token![:]>>()?.is_some() {
        values.push(expect(input, "a value of the label: a string literal", LABEL)?);
        while input.parse::<Option<Token![,]>>()?.is_some() {
            values.push(expect(input, "another value of the label: a string literal", LABEL)?);
        }
    }
    Ok(Some(DeclaredLabel { name: second.unwrap_or(first), values, from_result }))
}

fn metric(diag: &mut Diag, input: ParseStream<'_>) -> syn::Result<Option<DeclaredMetric>> {
    const SHAPE: &str = "a metric: its role, its name, `:`, its help text, optional buckets, and `;`";
    let word = word(input, SHAPE, METRIC)?;
    let role = Role::named(&word.to_string());
    if role.is_none() {
        let words = Role::ALL.map(Role::as_str);
        let hint = did_you_mean(&word.to_string(), words.into_iter())
            .map_or_else(|| format!("the roles are {}", words.join(", ")), |it| format!("did you mean `{it}`?"));
        diag.push(error(word.span(), format_args!("no metric has the role `{word}`; {hint}"), METRIC));
    }
    let name = expect(input, "the name of the metric: a string literal", METRIC)?;
    expect::<Token![:]>(input, "a `:` and the help text of the metric", METRIC)?;
    let help = expect(input, "the help text of the metric", METRIC)?;
    let mut buckets = Punctuated::new();
    if input.parse::<Option<Token![,]>>()?.is_some() {
        if !input.peek(token::Bracket) {
            return Err(error(input.span(), "expected the buckets in brackets", BUCKETS));
        }
        let content;
        let brackets = bracketed!(content in input);
        buckets = Punctuated::parse_terminated(&content)
            .map_err(|it| error(it.span(), "expected a bucket: a number", BUCKETS))?;
        if buckets.is_empty() {
            diag.push(error(brackets.span.join(), "expected a bucket: a number", BUCKETS));
        }
    }
    Ok(role.map(|role| DeclaredMetric { role, name, help, buckets }))
}

fn alert(diag: &mut Diag, input: ParseStream<'_>) -> syn::Result<Option<DeclaredAlert>> {
    let name = word(input, "an alert: its name, its severity, `:` and its condition", ALERT)?;
    let severity_word = word(input, "the severity of the alert: P0, P1, P2 or P3", ALERT)?;
    let severity = Severity::named(&severity_word.to_string());
    if severity.is_none() {
        let message = format_args!("no alert has the severity `{severity_word}`; write P0, P1, P2 or P3");
        diag.push(error(severity_word.span(), message, ALERT));
    }
    expect::<Token![:]>(input, "a `:` and the condition of the alert", ALERT)?;
    let condition = condition(diag, input)?;
    expect::<Token![,]>(input, "`, for 120 s`: the time that the condition must hold before the alert fires", ALERT)?;
    expect::<Token![for]>(input, "`for 120 s`: the time that the condition must hold before the alert fires", ALERT)?;
    let hold: LitInt = expect(input, "a whole number of seconds", ALERT)?;
    let for_seconds =
        hold.base10_parse().map_err(|_| error(hold.span(), "expected a whole number of seconds", ALERT))?;
    match hold.suffix() {
        "" => seconds(input)?,
        "s" => {}
        _ => return Err(error(hold.span(), "expected seconds: `120 s` or `120s`", ALERT)),
    }
    expect::<Token![,]>(input, "`,` and the summary: a sentence that says what is wrong", ALERT)?;
    let summary = expect(input, "the summary: a sentence that says what is wrong", ALERT)?;
    expect::<Token![,]>(input, "`,` and the impact: a sentence that says what users notice", ALERT)?;
    let impact = expect(input, "the impact: a sentence that says what users notice", ALERT)?;
    let parts = severity.zip(condition);
    Ok(parts.map(|(severity, condition)| DeclaredAlert { name, severity, condition, for_seconds, summary, impact }))
}

/// The arguments of [`Condition::declared`]. `None` if no condition has this form, which has been reported.
fn condition(diag: &mut Diag, input: ParseStream<'_>) -> syn::Result<Option<TokenStream>> {
    let first = word(input, "a condition", ALERT)?;
    let mut words = first.to_string();
    if input.peek(Ident::peek_any) {
        let second = input.call(Ident::parse_any)?;
        words = format!("{words} {second}");
    }
    let number = if input.peek(Lit) { Some(number(input)?) } else { None };
    if input.peek(Ident::peek_any) {
        seconds(input)?;
    }
    let above = input.parse::<Option<Token![>]>>()?.map(|_| self::number(input)).transpose()?;
    let below = input.parse::<Option<Token![<]>>()?.map(|_| self::number(input)).transpose()?;
    if Condition::declared(&words, number, above, below).is_some() {
        let [number, above, below] = [number, above, below].map(optional);
        return Ok(Some(quote! { #words, #number, #above, #below }));
    }
    diag.push(error(first.span(), unknown_condition(&words), ALERT));
    Ok(None)
}

fn unknown_condition(words: &str) -> String {
    let forms = |known: &str| -> Vec<String> {
        let begins = |it: &&SignalSpec| it.words == known || it.words.split(' ').next() == Some(known);
        SIGNALS.iter().filter(begins).map(|it| format!("`{}`", it.form())).collect()
    };
    if let own @ [_, ..] = &forms(words)[..] {
        return format!("write this condition as {}", own.join(" or "));
    }
    let meant = did_you_mean(words, SIGNALS.iter().map(|it| it.words));
    let known = meant.map_or_else(|| SIGNALS.iter().map(|it| format!("`{}`", it.form())).collect(), forms);
    match (meant, known.split_last()) {
        (Some(_), _) => format!("no condition is called `{words}`; did you mean {}?", known.join(" or ")),
        (None, Some((last, others))) => {
            format!("no condition is called `{words}`; the conditions are {} and {last}", others.join(", "))
        }
        (None, None) => String::new(),
    }
}

/// Parses the `s` after a number of seconds.
fn seconds(input: ParseStream<'_>) -> syn::Result<()> {
    let unit = word(input, "`s`, for seconds", ALERT)?;
    if unit == "s" { Ok(()) } else { Err(error(unit.span(), "expected `s`, for seconds", ALERT)) }
}

fn number(input: ParseStream<'_>) -> syn::Result<f64> {
    let span = input.span();
    let sign = if input.parse::<Option<Token![-]>>()?.is_some() { -1.0 } else { 1.0 };
    let number = match input.parse() {
        Ok(Lit::Float(it)) => it.base10_parse::<f64>().ok(),
        Ok(Lit::Int(it)) => it.base10_parse::<f64>().ok(),
        _ => None,
    };
    let number = number.filter(|it| it.is_finite()).ok_or_else(|| error(span, "expected a number", ALERT))?;
    Ok(sign * number)
}

fn optional(number: Option<f64>) -> TokenStream {
    let Some(number) = number else { return quote! { ::core::option::Option::None } };
    let number = Literal::f64_unsuffixed(number);
    quote! { ::core::option::Option::Some(#number) }
}

fn hint(meant: Option<&str>) -> String {
    meant.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default()
}
