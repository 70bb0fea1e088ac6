//! Parses the arguments of an attribute against its row; knows no attribute by name.
//!
//! Everything that can be read is read, and every mistake is reported: a wrong argument does not hide the next one.

use crate::diag::{Diag, did_you_mean};
use measurand_catalog::{Absent, Argument, ArgumentKind, Attribute, attribute::COMMON, record};
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Expr, Ident, Lit, LitStr, Path, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
};

/// One argument as the user wrote it.
pub(crate) struct Arg {
    /// The argument that it names, or was probably meant to name.
    pub(crate) spec: &'static Argument,
    /// The key where one was written, else the value.
    pub(crate) span: Span,
    /// `None` when the value was missing or malformed, which has been reported.
    pub(crate) value: Option<Value>,
}

/// An argument's value, in the form that its kind asks for.
pub(crate) enum Value {
    Text(LitStr),
    Share(f64),
    Expression(Box<Expr>),
    Path(Path),
}

/// All arguments of `attribute`, its own ones first.
pub(crate) fn specs(attribute: &'static Attribute) -> impl Iterator<Item = &'static Argument> {
    attribute.arguments.iter().chain(COMMON)
}

/// Reads what it can and reports the rest; complete only if `diag` got no error.
pub(crate) fn parse(diag: &mut Diag, attribute: &'static Attribute, tokens: TokenStream) -> Vec<Arg> {
    let mut args: Vec<Arg> = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let arg = argument(diag, attribute, &args, input);
            let whole = arg.as_ref().is_some_and(|it| it.value.is_some());
            args.extend(arg);
            let rest = input.span();
            if whole && next_begins(input) {
                diag.error(rest, format_args!("expected a `,` before this\nexample: {}", attribute.example));
                continue;
            }
            // What follows a mistake is part of that mistake.
            if !skip_past_comma(input) && whole {
                diag.error(rest, format_args!("unexpected after the value\nexample: {}", attribute.example));
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        diag.push(error);
    }
    args
}

fn argument(diag: &mut Diag, attribute: &'static Attribute, before: &[Arg], input: ParseStream<'_>) -> Option<Arg> {
    let span = input.span();
    let Some(key) = key(attribute, input) else { return positional(diag, attribute, before, input) };
    let keys = || specs(attribute).map(|it| it.key);
    let meant = keys().find(|it| key == it).or_else(|| {
        let meant = did_you_mean(&key.to_string(), keys());
        let hint =
            meant.map_or_else(|| format!("; it takes {}", ticked(keys())), |it| format!("; did you mean `{it}`?"));
        let (name, example) = (attribute.name, attribute.example);
        diag.error(key.span(), format_args!("`#[{name}]` has no argument `{key}`{hint}\nexample: {example}"));
        meant
    });
    let spec = specs(attribute).find(|it| Some(it.key) == meant)?;
    if before.iter().any(|it| it.spec.key == spec.key) {
        if key == spec.key {
            let example = example(attribute, spec);
            diag.error(key.span(), format_args!("`{key}` is given twice; remove one\nexample: {example}"));
        }
        return None;
    }
    let assigned = input.parse::<Token![=]>().is_ok();
    let value = if input.is_empty() || input.peek(Token![,]) {
        diag.error(key.span(), format_args!("`{key}` has no value\nexample: {}", example(attribute, spec)));
        None
    } else if !assigned {
        diag.error(input.span(), format_args!("expected `=` after `{key}`\nexample: {}", example(attribute, spec)));
        None
    } else {
        value(diag, attribute, spec, input)
    };
    Some(Arg { spec, span, value })
}

/// A word with `=` behind it, or one that is a key of the attribute.
fn key(attribute: &'static Attribute, input: ParseStream<'_>) -> Option<Ident> {
    let key = input.fork().call(Ident::parse_any).ok()?;
    let known = specs(attribute).any(|it| key == it.key);
    if known || input.peek2(Token![=]) { input.call(Ident::parse_any).ok() } else { None }
}

/// A value without a key belongs to the next label that has none yet.
fn positional(diag: &mut Diag, attribute: &'static Attribute, before: &[Arg], input: ParseStream<'_>) -> Option<Arg> {
    let span = input.span();
    if input.peek(Token![,]) {
        diag.error(span, format_args!("expected an argument before this\nexample: {}", attribute.example));
        return None;
    }
    let free = |spec: &&Argument| spec.kind == ArgumentKind::Label && before.iter().all(|it| it.spec.key != spec.key);
    let Some(spec) = attribute.arguments.iter().find(free) else {
        let (name, keys) = (attribute.name, ticked(specs(attribute).map(|it| it.key)));
        let message = format_args!("`#[{name}]` takes no further value without a key; it takes {keys}");
        diag.error(span, format_args!("{message}\nexample: {}", attribute.example));
        return None;
    };
    let value = value(diag, attribute, spec, input);
    Some(Arg { spec, span, value })
}

fn value(
    diag: &mut Diag,
    attribute: &'static Attribute,
    spec: &'static Argument,
    input: ParseStream<'_>,
) -> Option<Value> {
    let span = input.span();
    let parsed = match spec.kind {
        ArgumentKind::Label | ArgumentKind::Text | ArgumentKind::OneOf(_) => input.parse().map(Value::Text),
        ArgumentKind::Share => share(input).map(Value::Share),
        ArgumentKind::Predicate | ArgumentKind::Expression => input.parse().map(|it| Value::Expression(Box::new(it))),
        ArgumentKind::Path => input.call(Path::parse_mod_style).map(Value::Path),
    };
    let Ok(value) = parsed else {
        let (key, what) = (spec.key, form(spec));
        diag.error(span, format_args!("`{key}` takes {what}\nexample: {}", example(attribute, spec)));
        return None;
    };
    check(diag, attribute, spec, span, &value);
    Some(value)
}

/// The rules that a value of the right form can still break.
fn check(diag: &mut Diag, attribute: &'static Attribute, spec: &'static Argument, span: Span, value: &Value) {
    let key = spec.key;
    let broken = match (spec.kind, value) {
        (ArgumentKind::Label, Value::Text(text)) => {
            let label = attribute.family.labels.iter().find(|it| it.name == key);
            let typed = text.value();
            if typed.is_empty() {
                Some(format!("the label `{key}` is empty"))
            } else if typed.chars().any(|it| !record::is_text(it)) {
                Some(format!("the label `{key}` contains a control character"))
            } else {
                one_of(key, label.map_or(&[], |it| it.values), &typed)
            }
        }
        (ArgumentKind::OneOf(values), Value::Text(text)) => one_of(key, values, &text.value()),
        (ArgumentKind::Share, Value::Share(share)) if !(0.0..=1.0).contains(share) => {
            Some(format!("`{key}` is a share from 0 to 1"))
        }
        _ => None,
    };
    if let Some(what) = broken {
        diag.error(span, format_args!("{what}\nexample: {}", example(attribute, spec)));
    }
}

fn one_of(key: &str, values: &[&str], typed: &str) -> Option<String> {
    if values.is_empty() || values.contains(&typed) {
        return None;
    }
    let meant = did_you_mean(typed, values.iter().copied());
    let hint = meant.map(|it| format!("; did you mean \"{it}\"?")).unwrap_or_default();
    Some(format!("`{key}` must be one of {}{hint}", quoted(values)))
}

fn share(input: ParseStream<'_>) -> syn::Result<f64> {
    match input.parse()? {
        Lit::Float(it) => it.base10_parse(),
        Lit::Int(it) => it.base10_parse(),
        other => Err(syn::Error::new(other.span(), "not a number")),
    }
}

/// What the argument's value has to be, for messages.
fn form(spec: &Argument) -> String {
    match spec.kind {
        ArgumentKind::Label | ArgumentKind::Text => "a string literal".to_owned(),
        ArgumentKind::OneOf(values) => format!("one of {}", quoted(values)),
        ArgumentKind::Share => "a number literal from 0 to 1".to_owned(),
        ArgumentKind::Predicate => {
            "a closure or the path of a function, called with a reference to the result".to_owned()
        }
        ArgumentKind::Expression => "an expression".to_owned(),
        ArgumentKind::Path => "the path of `measurand`".to_owned(),
    }
}

/// A whole, correct use of the attribute with this argument in it.
pub(crate) fn example(attribute: &Attribute, spec: &Argument) -> String {
    let value = match spec.kind {
        // They are in the attribute's own example, or need none.
        ArgumentKind::Label if spec.absent == Absent::Required => return attribute.example.to_owned(),
        ArgumentKind::Label | ArgumentKind::Text => "\"name\"".to_owned(),
        ArgumentKind::OneOf(values) => format!("\"{}\"", values.first().unwrap_or(&"..")),
        ArgumentKind::Share => "0.9".to_owned(),
        ArgumentKind::Predicate => "|it| it.is_some()".to_owned(),
        ArgumentKind::Expression => "undo()".to_owned(),
        ArgumentKind::Path => "::facade::measurand".to_owned(),
    };
    let own = attribute.example.trim_end_matches(']');
    match own.strip_suffix(')') {
        Some(own) => format!("{own}, {} = {value})]", spec.key),
        None => format!("{own}({} = {value})]", spec.key),
    }
}

fn quoted(values: &[&str]) -> String {
    values.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", ")
}

fn ticked<'a>(keys: impl Iterator<Item = &'a str>) -> String {
    keys.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
}

/// Whether another argument begins here, where a comma should stand.
fn next_begins(input: ParseStream<'_>) -> bool {
    input.peek(LitStr) || (input.peek(Ident::peek_any) && input.peek2(Token![=]))
}

/// Skips what is left of this argument and the comma; says whether nothing but the comma was left.
fn skip_past_comma(input: ParseStream<'_>) -> bool {
    let mut clean = true;
    while !input.is_empty() {
        if input.parse::<Option<Token![,]>>().is_ok_and(|it| it.is_some()) {
            return clean;
        }
        clean = false;
        let _skipped: syn::Result<TokenTree> = input.parse();
    }
    clean
}
