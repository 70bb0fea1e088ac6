//! The derives `Label` and `ErrorKind`: label values and error kinds from the variants of an enum.

use crate::diag::Diag;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{
    Attribute, Fields, Generics, Item, ItemEnum, LitStr, Path, Token, Type, Variant, ext::IdentExt as _, parse_quote,
    spanned::Spanned as _,
};

/// One of the derives.
pub(crate) struct Derive {
    pub(crate) name: &'static str,
    /// The attribute that renames a variant.
    pub(crate) helper: &'static str,
    example: &'static str,
    expand: fn(&mut Diag, &Derive, &ItemEnum) -> TokenStream,
}

pub(crate) const LABEL: Derive = Derive {
    name: "Label",
    helper: "label",
    example: "#[derive(Label)] enum Table { Patterns, #[label(\"user_events\")] Events }",
    expand: label,
};

pub(crate) const ERROR_KIND: Derive = Derive {
    name: "ErrorKind",
    helper: "error_kind",
    example: "#[derive(ErrorKind)] enum StoreError { NotFound, #[error_kind(nested)] Network(NetworkError) }",
    expand: error_kind,
};

pub(crate) fn run(derive: &Derive, item: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let (name, example) = (derive.name, derive.example);
    let span = item.clone().into_iter().last().map_or_else(Span::call_site, |it| it.span());
    let expanded = match syn::parse2(item) {
        Ok(Item::Enum(input)) if !input.variants.is_empty() => (derive.expand)(&mut diag, derive, &input),
        Ok(other) => {
            let span = match &other {
                Item::Enum(it) => it.ident.span(),
                Item::Struct(it) => it.ident.span(),
                Item::Union(it) => it.ident.span(),
                _ => span,
            };
            let message = "needs an enum with at least one variant; each variant is a value";
            diag.error(span, format_args!("`#[derive({name})]` {message}\nexample: {example}"));
            TokenStream::new()
        }
        Err(error) => {
            diag.push(error);
            TokenStream::new()
        }
    };
    match diag.finish() {
        None => expanded,
        Some(errors) => errors,
    }
}

/// The content of the attribute on a variant.
#[derive(Default)]
struct Said {
    name: Option<LitStr>,
    nested: Option<Span>,
}

fn said(diag: &mut Diag, derive: &Derive, attrs: &[Attribute]) -> Said {
    let mut said = Said::default();
    let (helper, example) = (derive.helper, derive.example);
    let attrs = || attrs.iter().filter(|it| it.path().is_ident(helper));
    if let Some(second) = attrs().nth(1) {
        let span = second.path().span();
        diag.error(span, format_args!("`#[{helper}]` is given twice; remove one\nexample: {example}"));
    }
    for attr in attrs() {
        let parsed = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            if input.peek(LitStr) {
                said.name = Some(input.parse()?);
            } else {
                let word = input.call(Ident::parse_any)?;
                if word != "nested" || derive.helper != ERROR_KIND.helper {
                    return Err(syn::Error::new(word.span(), "another word"));
                }
                said.nested = Some(word.span());
            }
            input.parse::<Option<Token![,]>>().map(drop)
        });
        if let Err(error) = parsed {
            let nested = if helper == ERROR_KIND.helper { " or `nested`" } else { "" };
            diag.error(error.span(), format_args!("`#[{helper}]` takes a string literal{nested}\nexample: {example}"));
        }
    }
    said
}

/// Converts `UserEvents` to `user_events`, the case of Prometheus names.
fn snake_case(name: &str) -> String {
    let mut out = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|it| letters.get(it));
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() && *before != '_' || letters.get(index + 1).is_some_and(|it| it.is_lowercase())
            });
        if begins && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

fn value_of(diag: &mut Diag, derive: &Derive, variant: &Variant, said: &Said) -> String {
    let Some(name) = &said.name else { return snake_case(&variant.ident.unraw().to_string()) };
    let value = name.value();
    if value.is_empty() || !value.chars().all(measurand_catalog::record::is_text) {
        let example = derive.example;
        diag.error(
            name.span(),
            format_args!("the value is empty or contains a control character; write visible text\nexample: {example}"),
        );
    }
    value
}

fn krate(diag: &mut Diag, derive: &Derive, attrs: &[Attribute]) -> TokenStream {
    let helper = derive.helper;
    let mut krate = None;
    for attr in attrs.iter().filter(|it| it.path().is_ident(helper)) {
        let parsed = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            input.call(Path::parse_mod_style)
        });
        match parsed {
            Ok(path) => krate = Some(path),
            Err(error) => {
                let message = format_args!("`#[{helper}]` on an enum takes only `crate = path`; names go on variants");
                let example = format_args!(
                    "#[derive({})] #[{helper}(crate = ::facade::measurand)] enum Name {{ One, Two }}",
                    derive.name
                );
                diag.error(error.span(), format_args!("{message}\nexample: {example}"));
            }
        }
    }
    krate.map_or_else(|| quote! { ::measurand }, |it| quote! { #it })
}

fn label(diag: &mut Diag, derive: &Derive, input: &ItemEnum) -> TokenStream {
    let mut values: Vec<String> = Vec::new();
    let example = derive.example;
    for variant in &input.variants {
        if !matches!(variant.fields, Fields::Unit) {
            let message =
                format_args!("`{}` has fields, but a label value cannot have any; remove them", variant.ident);
            diag.error(variant.fields.span(), format_args!("{message}\nexample: {example}"));
        }
        let said = said(diag, derive, &variant.attrs);
        let value = value_of(diag, derive, variant, &said);
        if values.contains(&value) {
            let span = said.name.map_or_else(|| variant.ident.span(), |it| it.span());
            diag.error(span, format_args!("two variants have the value \"{value}\"; rename one\nexample: {example}"));
        }
        values.push(value);
    }
    let (krate, name) = (krate(diag, derive, &input.attrs), &input.ident);
    let (impls, types, bounds) = input.generics.split_for_impl();
    let names = input.variants.iter().map(|it| &it.ident);
    let indices = 0..values.len();
    quote! {
        #[automatically_derived]
        impl #impls #krate::Label for #name #types #bounds {
            const VALUES: &'static [&'static ::core::primitive::str] = &[#(#values),*];

            #[inline]
            fn index(&self) -> ::core::primitive::usize {
                match self { #(Self::#names => #indices,)* }
            }

            #[inline]
            fn value(&self) -> &::core::primitive::str {
                <Self as #krate::Label>::VALUES[<Self as #krate::Label>::index(self)]
            }
        }
    }
}

fn error_kind(diag: &mut Diag, derive: &Derive, input: &ItemEnum) -> TokenStream {
    let krate = krate(diag, derive, &input.attrs);
    let arms = input.variants.iter().map(|variant| {
        let said = said(diag, derive, &variant.attrs);
        let name = &variant.ident;
        let Some(span) = said.nested else {
            let value = value_of(diag, derive, variant, &said);
            return quote! { Self::#name { .. } => #value, };
        };
        let mut fields = variant.fields.iter();
        if let (Some(field), None) = (fields.next(), fields.next()) {
            let member = field.ident.as_ref().map_or_else(|| quote! { 0 }, |it| quote! { #it });
            let inner = quote_spanned! { field.ty.span()=> #krate::ErrorKind::kind(inner) };
            return quote! { Self::#name { #member: inner } => #inner, };
        }
        let count = variant.fields.len();
        let message =
            format_args!("`nested` takes the kind of a variant's only field, but `{name}` has {count} fields");
        diag.error(span, format_args!("{message}\nexample: {}", derive.example));
        TokenStream::new()
    });
    let arms: Vec<TokenStream> = arms.collect();
    let (name, generics) = (&input.ident, with_bounds(input, &krate));
    let (impls, types, bounds) = generics.split_for_impl();
    let (own, nested) = kinds(input);
    quote! {
        #[automatically_derived]
        impl #impls #krate::ErrorKinds for #name #types #bounds {
            const KINDS: #krate::Kinds = #krate::Kinds::new(&[#(#own),*]).with(&[
                #(#krate::__private::kinds_of!(::core::result::Result<(), #nested>)),*
            ]);
        }

        #[automatically_derived]
        impl #impls #krate::ErrorKind for #name #types #bounds {
            #[inline]
            fn kind(&self) -> &'static ::core::primitive::str {
                match self { #(#arms)* }
            }
        }
    }
}

/// The kinds of the variants, and the types of nested errors that have kinds of their own.
fn kinds(input: &ItemEnum) -> (Vec<String>, Vec<&Type>) {
    let (mut own, mut nested) = (Vec::new(), Vec::new());
    for variant in &input.variants {
        // Mistakes in the attributes have been reported.
        let diag = &mut Diag::default();
        let said = said(diag, &ERROR_KIND, &variant.attrs);
        if said.nested.is_none() {
            own.push(value_of(diag, &ERROR_KIND, variant, &said));
        } else if let Some(field) = variant.fields.iter().next() {
            nested.push(&field.ty);
        }
    }
    // A recursive enum adds no kinds to its own, and its constant cannot refer to itself.
    let this = [&input.ident, &Ident::new("Self", Span::call_site())];
    nested.retain(|ty| !names_any(ty.to_token_stream(), &this));
    (own, nested)
}

/// The generics of the enum, with bounds for nested fields whose types depend on generic parameters.
fn with_bounds(input: &ItemEnum, krate: &TokenStream) -> Generics {
    let mut generics = input.generics.clone();
    let parameters: Vec<&Ident> = input.generics.type_params().map(|it| &it.ident).collect();
    for variant in &input.variants {
        // Mistakes in the attributes have been reported.
        let said = said(&mut Diag::default(), &ERROR_KIND, &variant.attrs);
        for ty in variant.fields.iter().map(|it| &it.ty).filter(|_| said.nested.is_some()) {
            if names_any(ty.to_token_stream(), &parameters) {
                generics.make_where_clause().predicates.push(parse_quote! { #ty: #krate::ErrorKind });
            }
        }
    }
    generics
}

fn names_any(tokens: TokenStream, names: &[&Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(it) => names.contains(&&it),
        TokenTree::Group(it) => names_any(it.stream(), names),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn names() {
        let check = |name: &str, expected: &str| assert_eq!(snake_case(name), expected);
        check("Patterns", "patterns");
        check("UserEvents", "user_events");
        check("HTTPError", "http_error");
        check("IoError2", "io_error2");
        check("A", "a");
        check("already_snake", "already_snake");
        check("ABTest", "ab_test");
    }
}
