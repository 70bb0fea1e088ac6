//! Attributes with arbitrary arguments on arbitrary items. The macros never panic, never drop the item, write valid
//! Rust and report errors with a message.

use crate::{derive, engine, family};
use measurand_catalog::attribute::ALL;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Maximum nesting; the compiler's own limit is lower.
const DEPTH: usize = 100;

/// Reads the name of an attribute and its arguments from the first line, and the item from the rest.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (head, item) = text.split_once('\n').unwrap_or((text, ""));
    let (name, args) = head.split_once(' ').unwrap_or((head, ""));
    if deep(text.as_bytes()) {
        return;
    }
    let (Some(args), Some(item)) = (tokens(args), tokens(item)) else { return };
    match name {
        "Label" | "ErrorKind" => {
            let derive = if name == "Label" { &derive::LABEL } else { &derive::ERROR_KIND };
            let output = derive::run(derive, item.clone());
            check(&output, &item, false);
        }
        "family" => {
            let output = family::run(quote::quote! { [::measurand] #item });
            let parsed = syn::parse2::<syn::File>(output.clone());
            assert!(parsed.is_ok(), "{}: {output}", parsed.err().map(|it| it.to_string()).unwrap_or_default());
        }
        _ => {
            let first = usize::from(name.bytes().next().unwrap_or_default());
            let attribute = ALL.iter().find(|it| it.name == name).unwrap_or(&ALL[first % ALL.len()]);
            let output = engine::run(attribute, args.clone(), item.clone(), true);
            check(&output, &item, true);
            let quiet = engine::run(attribute, args, item.clone(), false);
            assert!(
                has_errors(&quiet) || quiet.to_string() == item.to_string(),
                "recording is off, but the item was changed"
            );
        }
    }
}

fn tokens(text: &str) -> Option<TokenStream> {
    text.parse().ok()
}

/// Whether the text has more brackets and prefix operators than [`DEPTH`].
fn deep(text: &[u8]) -> bool {
    text.iter().filter(|it| b"([{<&*!-|".contains(it)).count() > DEPTH
}

fn check(output: &TokenStream, item: &TokenStream, keeps: bool) {
    let mut messages = Vec::new();
    errors(output.clone(), &mut messages);
    let mut given = Vec::new();
    errors(item.clone(), &mut given);
    for message in messages.iter().skip(given.len()) {
        assert!(message.len() > 5, "an error without a message: {message:?}");
    }
    if messages.len() > given.len() && keeps {
        assert!(output.to_string().starts_with(&item.to_string()), "an error dropped the item: {output}");
    }
    if syn::parse2::<syn::File>(item.clone()).is_ok() {
        let parsed = syn::parse2::<syn::File>(output.clone());
        assert!(parsed.is_ok(), "{}: {output}", parsed.err().map(|it| it.to_string()).unwrap_or_default());
    }
}

fn has_errors(output: &TokenStream) -> bool {
    let mut messages = Vec::new();
    errors(output.clone(), &mut messages);
    !messages.is_empty()
}

/// Collects the message of each `compile_error! { "…" }`.
fn errors(tokens: TokenStream, messages: &mut Vec<String>) {
    let mut name = String::new();
    for token in tokens {
        match token {
            TokenTree::Ident(it) => name = it.to_string(),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && name == "compile_error" => {
                messages.push(group.stream().to_string());
            }
            TokenTree::Group(group) => errors(group.stream(), messages),
            TokenTree::Punct(_) => {}
            TokenTree::Literal(_) => name.clear(),
        }
    }
}
