//! A function whose body stays raw tokens. So a half-typed body still expands, and parsing the body costs nothing.

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
    /// The displayed name: the function's own name after the names of its surroundings.
    pub(crate) label: String,
    /// The blocks and functions around it.
    pub(crate) place: Surrounding,
}

impl Parse for Func {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig: Signature = input.parse()?;
        let content;
        let brace = syn::braced!(content in input);
        // All attributes are printed before the function, where `#![…]` is not allowed.
        let inner = content.call(Attribute::parse_inner)?;
        attrs.extend(inner.into_iter().map(|it| Attribute { style: AttrStyle::Outer, ..it }));
        let body = content.parse()?;
        let label = name::unraw(&sig.ident.to_string()).to_owned();
        Ok(Self { attrs, vis, sig, brace, body, label, place: Surrounding::default() })
    }
}

impl Func {
    /// Adds the surroundings of the function, and their names to its displayed name.
    pub(crate) fn inside(mut self, place: Surrounding) -> Self {
        self.label.insert_str(0, &place.prefix);
        self.place = place;
        self
    }

    /// The function as written, with its current attributes.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let Self { attrs, vis, sig, brace, body, .. } = self;
        let mut out = quote! { #(#attrs)* #vis #sig };
        brace.surround(&mut out, |out| out.extend(body));
        out
    }
}
