//! `slo(success = 99.9, latency = "10ms" @ 99)`: the objective of a function.

use crate::args;
use crate::diag::{Diag, did_you_mean};
use measurand_catalog::{Attribute, Role, attribute::COMMON};
use proc_macro2::{Span, TokenTree};
use syn::{
    Ident, Lit, LitStr, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
    token,
};

/// The objective of a function, as the record stores it.
#[derive(Default)]
pub(crate) struct Objective {
    /// A percentage.
    pub(crate) success: Option<String>,
    /// Seconds, `@` and a percentage.
    pub(crate) latency: Option<String>,
}

impl Objective {
    /// The objective in words.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = String> {
        let success = self.success.as_ref().map(|it| format!("{it} % of the calls succeed"));
        let latency = self.latency.as_ref().and_then(|it| it.split_once('@'));
        let latency = latency.map(|(seconds, share)| format!("{share} % of the calls take at most {seconds} s"));
        success.into_iter().chain(latency)
    }
}

/// The lowest and the highest percentage that leave an error budget. `measurand-monitoring` leaves others out.
const LEAST: f64 = 0.0001;
const MOST: f64 = 99.999_999_9;

const KEYS: [&str; 2] = ["success", "latency"];

pub(crate) fn parse(
    diag: &mut Diag,
    attribute: &'static Attribute,
    key: &Ident,
    input: ParseStream<'_>,
) -> Option<Objective> {
    let example = COMMON.iter().find(|it| key == it.key).map(|it| args::example(attribute, it)).unwrap_or_default();
    if !input.peek(token::Paren) {
        let message = "needs an objective in parentheses";
        diag.error(key.span(), format_args!("`{key}` {message}\nexample: {example}"));
        return None;
    }
    let Ok(TokenTree::Group(group)) = input.parse() else { return None };
    let mut objective = Objective::default();
    let (mut complete, mut ended) = (true, false);
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let promise = promise(diag, attribute, &example, &mut objective, input);
            ended = input.is_empty();
            complete &= promise?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(group.stream()) {
        // The parser knows no position behind the last token.
        let span = if ended { group.span_close() } else { error.span() };
        let message = "expected `success = 99.9`, `latency = \"10ms\" @ 99`, or both with a comma between";
        diag.error(span, format_args!("{message}\nexample: {example}"));
        return None;
    }
    if complete && objective.success.is_none() && objective.latency.is_none() {
        diag.error(key.span(), format_args!("`{key}` is empty; add `success` or `latency`\nexample: {example}"));
    }
    Some(objective)
}

/// Parses one part of the objective; returns whether it is complete.
fn promise(
    diag: &mut Diag,
    attribute: &'static Attribute,
    example: &str,
    objective: &mut Objective,
    input: ParseStream<'_>,
) -> syn::Result<bool> {
    let key = input.call(Ident::parse_any)?;
    let name = key.to_string();
    if !KEYS.contains(&name.as_str()) {
        let meant = did_you_mean(&name, KEYS.into_iter());
        let hint = meant.map_or("it takes `success`, `latency`".to_owned(), |it| format!("did you mean `{it}`?"));
        diag.error(key.span(), format_args!("an objective has no `{key}`; {hint}\nexample: {example}"));
        // The value is part of the mistake.
        while !input.is_empty() && !input.peek(Token![,]) {
            input.parse::<TokenTree>()?;
        }
        return Ok(false);
    }
    input.parse::<Token![=]>()?;
    let success = name == "success";
    let (role, place) =
        if success { (Role::Errors, &mut objective.success) } else { (Role::Duration, &mut objective.latency) };
    if place.is_some() {
        diag.error(key.span(), format_args!("`{key}` is given twice; remove one\nexample: {example}"));
    } else if !args::is_declared(attribute) && attribute.family.metric(role).is_none() {
        let (name, own) = (attribute.name, attribute.example);
        let lack = if success { "counts no errors" } else { "measures no duration" };
        let message = format_args!("`#[{name}]` {lack}, so its {key} cannot be measured; remove `{key}`");
        diag.error(key.span(), format_args!("{message}\nexample: {own}"));
    }
    let seconds = if success { None } else { Some(latency(diag, example, input)?) };
    let (percent, span) = percentage(input)?;
    let percent = percent.filter(|it| (LEAST..=MOST).contains(it));
    if percent.is_none() {
        let message = format_args!("must be a percentage from {LEAST} to {MOST}: 100 is never met, and 0 never missed");
        diag.error(span, format_args!("the share of `{key}` {message}\nexample: {example}"));
    }
    *place = match (seconds, percent) {
        (None, Some(percent)) => Some(percent.to_string()),
        (Some(Some(seconds)), Some(percent)) => Some(format!("{seconds}@{percent}")),
        _ => None,
    };
    Ok(place.is_some())
}

/// Parses `"10ms" @`.
fn latency(diag: &mut Diag, example: &str, input: ParseStream<'_>) -> syn::Result<Option<f64>> {
    let text: LitStr = input.parse()?;
    let seconds = seconds(&text.value());
    if seconds.is_none() {
        let message = format_args!(
            "`{}` is not a duration; write a number and one of `ns`, `us`, `ms`, `s`, `min`",
            text.value()
        );
        diag.error(text.span(), format_args!("{message}\nexample: {example}"));
    }
    input.parse::<Token![@]>()?;
    Ok(seconds)
}

/// Parses a percentage; the number is `None` if the literal has another form.
fn percentage(input: ParseStream<'_>) -> syn::Result<(Option<f64>, Span)> {
    let literal: Lit = input.parse()?;
    let number = match &literal {
        Lit::Float(it) if it.suffix().is_empty() => it.base10_parse().ok(),
        Lit::Int(it) if it.suffix().is_empty() => it.base10_parse().ok(),
        _ => None,
    };
    Ok((number, literal.span()))
}

/// Parses a duration to seconds, with the same bits that the number has as a bucket's bound.
fn seconds(text: &str) -> Option<f64> {
    let digits = text.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    // Parsed as text, so `0.1ms` gives exactly the number `1e-4`.
    let (factor, exponent) = match unit.trim_start() {
        "ns" => (1.0, "e-9"),
        "us" | "µs" | "μs" => (1.0, "e-6"),
        "ms" => (1.0, "e-3"),
        "s" => (1.0, ""),
        "min" => (60.0, ""),
        _ => return None,
    };
    let seconds = factor * format!("{number}{exponent}").parse::<f64>().ok()?;
    (seconds > 0.0 && seconds.is_finite()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations() {
        let check = |text: &str, expected: Option<f64>| {
            assert_eq!(seconds(text).map(f64::to_bits), expected.map(f64::to_bits), "{text}");
        };
        check("10ms", Some(0.01));
        check("2.5 ms", Some(0.0025));
        check("250us", Some(0.00025));
        check("1s", Some(1.0));
        check("2min", Some(120.0));
        check("100ns", Some(1e-7));
        check("0.1ms", Some(1e-4));
        check("0.3 us", Some(3e-7));
        check("10", None);
        check("ms", None);
        check("-1s", None);
        check("0ms", None);
        check("1.2.3s", None);
        check("10 m", None);
    }
}
