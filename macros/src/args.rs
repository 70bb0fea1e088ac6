//! Parses the arguments of an attribute against its table row; knows no attribute by name.
//!
//! The parser reads on after a mistake and reports every mistake: a wrong argument does not hide the next one.

use crate::diag::{Diag, did_you_mean};
use crate::objective::{self, Objective};
use measurand_catalog::attribute::{ALL, COMMON, DECLARED};
use measurand_catalog::{Absent, Argument, ArgumentKind, Attribute, record};
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Expr, ExprClosure, ExprLit, Ident, Lit, LitInt, LitStr, Path, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _, discouraged::Speculative as _},
    spanned::Spanned as _,
    token,
};

/// One argument as the user wrote it.
pub(crate) struct Arg {
    /// The argument with this key, or the one that the user probably meant.
    pub(crate) spec: &'static Argument,
    /// The key of the argument; for a label of a declared family, the name of the label.
    pub(crate) key: String,
    /// The span of the key if there is one, otherwise of the value.
    pub(crate) span: Span,
    /// `None` if the value is missing or malformed; the mistake has been reported.
    pub(crate) value: Option<Value>,
}

/// An argument's value in the form that its kind requires.
pub(crate) enum Value {
    Text(LitStr),
    Share(f64),
    Expression(Box<Expr>),
    /// A closure that computes the label from the result of the call.
    FromResult(Box<ExprClosure>),
    Path(Path),
    Flag,
    Objective(Objective),
    /// `N` of `1 in N`: one call in `N` is timed.
    Sample(u32),
}

/// The argument for any unknown key if the attribute records a declared family: a label of that family.
static OPEN_LABEL: Argument =
    Argument { key: "label", kind: ArgumentKind::Label, absent: Absent::Required, help: "The value of a label." };

/// The argument for an unknown key that resembles no argument.
static UNKNOWN: Argument =
    Argument { key: "", kind: ArgumentKind::Text, absent: Absent::Optional, help: "An unknown argument." };

/// Whether the key is unknown and resembles no argument of the attribute.
pub(crate) fn is_unknown(arg: &Arg) -> bool {
    arg.spec.key.is_empty()
}

/// The hint for a misplaced `skip`.
pub(crate) const SKIP: &str = "; to exclude a function of an annotated block, write only `#[measured(skip)]` on it";

/// The attribute that these arguments select: `family` selects another one.
pub(crate) fn attribute_of(attribute: &'static Attribute, tokens: &TokenStream) -> &'static Attribute {
    let mut words = tokens.clone().into_iter().peekable();
    let mut start = true;
    while let Some(word) = words.next() {
        let names = matches!(&word, TokenTree::Ident(it) if it == "family");
        let assigns = matches!(words.peek(), Some(TokenTree::Punct(it)) if it.as_char() == '=');
        if start && names && assigns && attribute.arguments.iter().any(|it| it.kind == ArgumentKind::Family) {
            return &DECLARED;
        }
        start = matches!(&word, TokenTree::Punct(it) if it.as_char() == ',');
    }
    attribute
}

/// Whether the attribute records a declared family, whose labels the macros do not know.
pub(crate) fn is_declared(attribute: &'static Attribute) -> bool {
    std::ptr::eq(attribute.arguments, DECLARED.arguments)
}

/// All arguments of `attribute`; those that only this attribute has come first.
pub(crate) fn specs(attribute: &'static Attribute) -> impl Iterator<Item = &'static Argument> {
    attribute.arguments.iter().chain(COMMON)
}

/// Reads all arguments and reports every mistake; the result is complete only if `diag` has no error.
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
            // The tokens after a mistake are part of that mistake.
            if !skip_past_comma(input) && whole {
                let message = "expected a `,` or the end of the arguments after the value";
                diag.error(rest, format_args!("{message}\nexample: {}", attribute.example));
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
    let open = is_declared(attribute) && keys().all(|it| key != it);
    let meant = keys().find(|it| key == it).or_else(|| {
        if open {
            return Some(OPEN_LABEL.key);
        }
        let meant = did_you_mean(&key.to_string(), keys());
        let hint = if key == "skip" {
            SKIP.to_owned()
        } else {
            meant.map_or_else(
                || format!("; it takes {}{}", ticked(keys()), own_label(&key)),
                |it| format!("; did you mean `{it}`?"),
            )
        };
        let spec = meant.and_then(|it| specs(attribute).find(|spec| spec.key == it));
        let example = spec.map_or_else(|| attribute.example.to_owned(), |it| example(attribute, it));
        let name = attribute.name;
        diag.error(key.span(), format_args!("`#[{name}]` has no argument `{key}`{hint}\nexample: {example}"));
        meant
    });
    let known = specs(attribute).find(|it| Some(it.key) == meant);
    let spec = if open { &OPEN_LABEL } else { known.unwrap_or(&UNKNOWN) };
    if known.is_none() && !open {
        return Some(Arg { spec, key: key.to_string(), span, value: None });
    }
    let name = if open { key.unraw().to_string() } else { spec.key.to_owned() };
    if before.iter().any(|it| it.key == name) {
        if key == name.as_str() {
            let example = example(attribute, spec);
            diag.error(key.span(), format_args!("`{key}` is given twice; remove one\nexample: {example}"));
        }
        return None;
    }
    let value = match spec.kind {
        ArgumentKind::Flag if !input.peek(Token![=]) => Some(Value::Flag),
        ArgumentKind::Flag => {
            let example = example(attribute, spec);
            diag.error(
                input.span(),
                format_args!("`{key}` takes no value; remove `=` and the value\nexample: {example}"),
            );
            None
        }
        ArgumentKind::Objective => objective::parse(diag, attribute, &key, input).map(Value::Objective),
        _ => {
            let assigned = input.parse::<Token![=]>().is_ok();
            if input.is_empty() || input.peek(Token![,]) {
                let example = example(attribute, spec);
                diag.error(key.span(), format_args!("`{key}` has no value; add one after `=`\nexample: {example}"));
                None
            } else if !assigned {
                let example = example(attribute, spec);
                diag.error(input.span(), format_args!("expected `=` after `{key}`\nexample: {example}"));
                None
            } else {
                value(diag, attribute, spec, &name, input)
            }
        }
    };
    Some(Arg { spec, key: name, span, value })
}

/// The key of the argument: a word before `=`, or a key of the attribute.
fn key(attribute: &'static Attribute, input: ParseStream<'_>) -> Option<Ident> {
    let key = input.fork().call(Ident::parse_any).ok()?;
    let known = specs(attribute).any(|it| key == it.key);
    if known || input.peek2(Token![=]) { input.call(Ident::parse_any).ok() } else { None }
}

/// Assigns a value without a key to the next label that has no value yet.
fn positional(diag: &mut Diag, attribute: &'static Attribute, before: &[Arg], input: ParseStream<'_>) -> Option<Arg> {
    let span = input.span();
    if input.peek(Token![,]) {
        diag.error(span, format_args!("expected an argument before this\nexample: {}", attribute.example));
        return None;
    }
    let free = |spec: &&Argument| spec.kind == ArgumentKind::Label && before.iter().all(|it| it.key != spec.key);
    let Some(spec) = attribute.arguments.iter().find(free) else {
        let (name, keys) = (attribute.name, ticked(specs(attribute).map(|it| it.key)));
        let skip = input.fork().parse::<Ident>().is_ok_and(|it| it == "skip");
        let hint = if skip { SKIP.to_owned() } else { format!("; it takes {keys}") };
        let message = format_args!("`#[{name}]` takes no more values without a key{hint}");
        diag.error(span, format_args!("{message}\nexample: {}", attribute.example));
        return None;
    };
    let value = value(diag, attribute, spec, spec.key, input);
    Some(Arg { spec, key: spec.key.to_owned(), span, value })
}

fn value(
    diag: &mut Diag,
    attribute: &'static Attribute,
    spec: &'static Argument,
    key: &str,
    input: ParseStream<'_>,
) -> Option<Value> {
    let span = input.span();
    let parsed = match spec.kind {
        ArgumentKind::Label => label(input),
        ArgumentKind::Text | ArgumentKind::OneOf(_) => input.parse().map(Value::Text),
        ArgumentKind::Share => share(input).map(Value::Share),
        ArgumentKind::Predicate | ArgumentKind::Expression => input.parse().map(|it| Value::Expression(Box::new(it))),
        ArgumentKind::Path | ArgumentKind::Family => input.call(Path::parse_mod_style).map(Value::Path),
        ArgumentKind::Sample => sample(input).map(Value::Sample),
        // They have no value.
        ArgumentKind::Flag | ArgumentKind::Objective => return None,
    };
    let Ok(value) = parsed else {
        let what = form(spec);
        diag.error(span, format_args!("`{key}` takes {what}\nexample: {}", example(attribute, spec)));
        return None;
    };
    let broken = broken(attribute, spec, key, &value);
    if let Some(what) = &broken {
        diag.error(span, format_args!("{what}\nexample: {}", example(attribute, spec)));
    }
    broken.is_none().then_some(value)
}

/// The rule that a value of the right form breaks, as a message.
fn broken(attribute: &Attribute, spec: &Argument, key: &str, value: &Value) -> Option<String> {
    match (spec.kind, value) {
        (ArgumentKind::Label, Value::Text(text)) => {
            let label = attribute.family.labels.iter().find(|it| it.name == key);
            let typed = text.value();
            if typed.is_empty() {
                Some(format!("the label `{key}` is empty; give it a value"))
            } else if typed.chars().any(|it| !record::is_text(it)) {
                Some(format!("the label `{key}` contains a control character; remove it"))
            } else {
                let broken = one_of(key, label.map_or(&[], |it| it.values), &typed);
                broken.map(|mut message| {
                    if !message.ends_with('?') {
                        message.push_str(OTHER_VALUES);
                    }
                    message
                })
            }
        }
        (ArgumentKind::OneOf(values), Value::Text(text)) => one_of(key, values, &text.value()),
        (ArgumentKind::Share, Value::Share(share)) if !(0.0..=1.0).contains(share) => {
            Some(format!("`{key}` must be a number from 0 to 1"))
        }
        _ => None,
    }
}

/// Parses a string literal, a closure that gets the result, or any other expression except another literal. A wrong
/// expression is read to its end, so a comma inside it does not start another argument.
fn label(input: ParseStream<'_>) -> syn::Result<Value> {
    let ahead = input.fork();
    let expression: Expr = ahead.parse()?;
    input.advance_to(&ahead);
    // A macro by example wraps what it matched in an invisible group.
    let value = match ungrouped(expression) {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Value::Text(text),
        Expr::Lit(other) => return Err(syn::Error::new(other.span(), "another literal")),
        Expr::Closure(closure) if closure.inputs.len() == 1 => Value::FromResult(Box::new(closure)),
        other @ (Expr::Closure(_) | Expr::Assign(_)) => return Err(syn::Error::new(other.span(), "no value")),
        other => Value::Expression(Box::new(other)),
    };
    Ok(value)
}

fn ungrouped(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) => ungrouped(*group.expr),
        other => other,
    }
}

/// Parses `1 in 16`.
fn sample(input: ParseStream<'_>) -> syn::Result<u32> {
    let one: LitInt = input.parse()?;
    input.parse::<Token![in]>()?;
    let many: LitInt = input.parse()?;
    let many_calls: u32 = many.base10_parse()?;
    if one.base10_parse::<u32>()? != 1 || many_calls < 2 {
        return Err(syn::Error::new(one.span(), "not one in several"));
    }
    Ok(many_calls)
}

fn one_of(key: &str, values: &[&str], typed: &str) -> Option<String> {
    if values.is_empty() || values.contains(&typed) {
        return None;
    }
    let meant = did_you_mean(typed, values.iter().copied());
    let hint = meant.map(|it| format!("; did you mean \"{it}\"?")).unwrap_or_default();
    Some(format!("`{key}` must be one of {}{hint}", quoted(values)))
}

/// The hint for a label that the attribute lacks; empty if the key belongs to another attribute and is not a label.
fn own_label(key: &Ident) -> String {
    let mut others = ALL.iter().flat_map(|attribute| attribute.arguments);
    if others.any(|argument| key == argument.key && argument.kind != ArgumentKind::Label) {
        return String::new();
    }
    format!(
        "; for a label `{key}` of your own, declare a family with this label in `measurand::family!` and write \
         `#[measured(family = Name, {key} = ..)]`"
    )
}

/// The hint for a value that a label of a built-in family does not allow.
const OTHER_VALUES: &str = "; for other values, declare a family of your own with `measurand::family!` and write \
                            `#[measured(family = Name, ..)]`";

fn share(input: ParseStream<'_>) -> syn::Result<f64> {
    match input.parse()? {
        Lit::Float(it) => it.base10_parse(),
        Lit::Int(it) => it.base10_parse(),
        other => Err(syn::Error::new(other.span(), "not a number")),
    }
}

/// The form that the argument's value must have, for messages.
fn form(spec: &Argument) -> String {
    match spec.kind {
        ArgumentKind::Label => {
            "a string literal, an expression whose value is text or an enum with `#[derive(measurand::Label)]`, or a \
             closure with one argument: a reference to the result"
                .to_owned()
        }
        ArgumentKind::Text => "a string literal".to_owned(),
        ArgumentKind::OneOf(values) => format!("one of {}", quoted(values)),
        ArgumentKind::Share => "a number literal from 0 to 1".to_owned(),
        ArgumentKind::Predicate => {
            "a closure or the path of a function that takes a reference to the result".to_owned()
        }
        ArgumentKind::Expression => "an expression".to_owned(),
        ArgumentKind::Path => "the path of the crate `measurand`".to_owned(),
        ArgumentKind::Family => "the name of a family that `measurand::family!` declares".to_owned(),
        ArgumentKind::Flag => "no value".to_owned(),
        ArgumentKind::Objective => "percentages in parentheses".to_owned(),
        ArgumentKind::Sample => "`1 in N` with N of at least 2: one call in N is timed".to_owned(),
    }
}

/// A complete, correct use of the attribute with this argument.
pub(crate) fn example(attribute: &Attribute, spec: &Argument) -> String {
    let value = match spec.kind {
        // The attribute's own example contains them, or the argument needs none.
        ArgumentKind::Label if spec.absent == Absent::Required => return attribute.example.to_owned(),
        ArgumentKind::Label | ArgumentKind::Text => "\"name\"".to_owned(),
        ArgumentKind::OneOf(values) => format!("\"{}\"", values.first().unwrap_or(&"..")),
        ArgumentKind::Share => "0.9".to_owned(),
        ArgumentKind::Predicate => "|it| it.is_some()".to_owned(),
        ArgumentKind::Expression => "undo()".to_owned(),
        ArgumentKind::Path => "::facade::measurand".to_owned(),
        // The example of a declared family contains it.
        ArgumentKind::Family => return DECLARED.example.to_owned(),
        ArgumentKind::Sample => "1 in 16".to_owned(),
        ArgumentKind::Flag | ArgumentKind::Objective => return with(attribute, &spec.usage()),
    };
    with(attribute, &format!("{} = {value}", spec.key))
}

/// The attribute's example with one more argument.
fn with(attribute: &Attribute, argument: &str) -> String {
    let own = attribute.example.trim_end_matches(']');
    match own.strip_suffix(')') {
        Some(own) => format!("{own}, {argument})]"),
        None => format!("{own}({argument})]"),
    }
}

fn quoted(values: &[&str]) -> String {
    values.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", ")
}

fn ticked<'a>(keys: impl Iterator<Item = &'a str>) -> String {
    keys.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
}

/// Whether another argument starts here, although a comma is missing.
fn next_begins(input: ParseStream<'_>) -> bool {
    input.peek(LitStr) || (input.peek(Ident::peek_any) && (input.peek2(Token![=]) || input.peek2(token::Paren)))
}

/// Skips the rest of this argument and the comma; returns whether only the comma was left.
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
