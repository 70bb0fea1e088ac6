//! A function whose body is kept as raw tokens, so that a half-typed body still expands and costs nothing to parse.

use crate::name::{self, Surrounding};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    AttrStyle, Attribute, Signature, Visibility,
    parse::{Parse, ParseStream},
    token::Brace,
};

/// The annotated function.
pub(crate) struct Func {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) brace: Brace,
    pub(crate) body: TokenStream,
    /// The name for people: with those in front of what surrounds the function.
    pub(crate) label: String,
    /// What surrounds it.
    pub(crate) place: Surrounding,
}

impl Parse for Func {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig: Signature = input.parse()?;
        let content;
        let brace = syn::braced!(content in input);
        // All attributes are printed before the function, where `#![…]` may not stand.
        let inner = content.call(Attribute::parse_inner)?;
        attrs.extend(inner.into_iter().map(|it| Attribute { style: AttrStyle::Outer, ..it }));
        let body = content.parse()?;
        let label = name::unraw(&sig.ident.to_string()).to_owned();
        Ok(Self { attrs, vis, sig, brace, body, label, place: Surrounding::default() })
    }
}

impl Func {
    /// The function in the place where it stands.
    pub(crate) fn inside(mut self, place: Surrounding) -> Self {
        self.label.insert_str(0, &place.prefix);
        self.place = place;
        self
    }

    /// The function as it was written, with the attributes that it has now.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let Self { attrs, vis, sig, brace, body, .. } = self;
        let mut out = quote! { #(#attrs)* #vis #sig };
        brace.surround(&mut out, |out| out.extend(body));
        out
    }
}
