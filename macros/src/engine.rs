//! The pipeline shared by every attribute: parse, check, build the model, expand. Nothing here knows an attribute by
//! name.

use crate::{args, diag::Diag, expand, func::Func, model::Model};
use measurand_catalog::Attribute;
use proc_macro2::{Span, TokenStream};
use quote::quote;

/// Expands one use of the attribute.
///
/// A mistake never swallows the annotated function: it is emitted unchanged beside the errors, so that the rest of the
/// user's crate still resolves and the editor keeps working.
#[expect(clippy::needless_pass_by_value, reason = "the signature of a macro entry point")]
pub(crate) fn run(attribute: &'static Attribute, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let args = args::parse(&mut diag, attribute, args);
    let Ok(func) = syn::parse2::<Func>(item.clone()) else {
        // The parser's own message ("expected `fn`") says less.
        let span = item.clone().into_iter().next().map_or_else(Span::call_site, |it| it.span());
        let example = attribute.example;
        diag.error(
            span,
            format_args!(
                "`#[{}]` goes on a function or a method with a body\nexample: {example} fn name() {{ .. }}",
                attribute.name
            ),
        );
        let errors = diag.finish();
        return quote! { #item #errors };
    };
    let model = Model::build(&mut diag, attribute, args, func);
    match diag.finish() {
        None => expand::expand(&model),
        Some(errors) => quote! { #item #errors },
    }
}
