//! Turns a [`Model`] into tokens; the only file that writes code.
//!
//! Generated code is small: one static, and calls into `measurand::__private`. It names nothing else, so that it
//! compiles whatever the user's crate has in scope.

use crate::model::{Judgement, LabelValue, Model, Shape, name_of, returns_never};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ReturnType, Type, spanned::Spanned as _, visit_mut::VisitMut};

pub(crate) fn expand(model: &Model) -> TokenStream {
    let func = &model.func;
    let (attrs, vis, sig) = (&func.attrs, &func.vis, &func.sig);
    let (site, body) = (site(model), body(model));
    let mut out = quote! { #(#attrs)* #vis #sig };
    func.brace.surround(&mut out, |out| out.extend(quote! { #site #body }));
    out
}

/// The static that describes this function, and its registration. It stands inside the body, since an attribute on a
/// method can emit no item beside it.
fn site(model: &Model) -> TokenStream {
    let private = private(model);
    let family = Ident::new(model.attribute.constant, Span::call_site());
    let name = name_of(&model.func);
    let labels = model.labels.iter().map(|(key, value)| match value {
        LabelValue::Literal(value) => quote! { #key = #value },
        LabelValue::ModulePath => quote! { #key = ::core::module_path!() },
    });
    let facts = facts(model);
    quote! { #private::site! { __SITE, #family, #name, [#(#labels),*], #facts } }
}

/// The part of the record that is known here, ready to be joined with what only the compiler knows.
fn facts(model: &Model) -> String {
    let fixed = [("attribute", model.attribute.name), ("family", model.attribute.family.name)];
    let fixed = fixed.into_iter().map(|(key, value)| (key, value.to_owned()));
    let facts = model.facts.iter().map(|(key, value)| (*key, value.clone()));
    fixed
        .chain(facts)
        .flat_map(|(key, value)| ["\u{1f}".to_owned(), key.to_owned(), "\u{1f}".to_owned(), value])
        .collect()
}

fn body(model: &Model) -> TokenStream {
    let (private, body, call) = (private(model), &model.func.body, local("__call"));
    match model.shape {
        Shape::Opaque if matches!(model.judgement, Judgement::ByType) => quote! {
            let #call = #private::Site::watch(&__SITE);
            #body
        },
        Shape::Sync | Shape::Opaque => {
            let (judge, closure) = (judge(model), closure(model));
            let Some(rollback) = rollback(model) else {
                return quote! { #private::Site::run(&__SITE, #closure, #judge) };
            };
            let (result, ok) = (local("__result"), local("__ok"));
            quote! {
                let mut #call = #private::enter(&__SITE);
                let #result = #private::call(#closure);
                let #ok = #private::leave(&mut #call, &#result, #judge);
                #rollback
                #result
            }
        }
        Shape::Never => quote! {
            let #call = #private::enter(&__SITE);
            #body
        },
        Shape::Async => {
            let (edge, movement) = (return_edge(model), movement(model));
            measured(model, &quote! { ::core::pin::pin!(async #movement { #edge #body }) })
        }
        Shape::ImplFuture | Shape::BoxedFuture => {
            let (future, closure) = (local("__future"), closure(model));
            let measured = measured(model, &quote! { ::core::pin::pin!(#future) });
            let measured = quote! { async move { #measured } };
            let measured = match model.shape {
                Shape::BoxedFuture => quote! { #private::Box::pin(#measured) },
                _ => measured,
            };
            quote! { let #future = #private::call(#closure); #measured }
        }
    }
}

/// The body as a closure, which keeps its `return` and its `?`.
fn closure(model: &Model) -> TokenStream {
    let (movement, output, body) = (movement(model), output(model), &model.func.body);
    quote! { #movement || -> #output { #body } }
}

/// A variable of ours, which no name of the user's can mean or hide.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Awaits `future` under measurement.
fn measured(model: &Model, future: &TokenStream) -> TokenStream {
    let (private, judge, rollback) = (private(model), judge(model), rollback(model));
    let (result, ok) = (local("__result"), if rollback.is_some() { local("__ok") } else { local("_ok") });
    quote! {
        let (#result, #ok) = #private::measure(&__SITE, #future, #judge).await;
        #rollback
        #result
    }
}

/// A closure from a reference to the result to its verdict. A type without a score is reported at the return type, a
/// predicate that does not fit at the predicate.
fn judge(model: &Model) -> TokenStream {
    let binding = local("__result");
    let span = match &model.judgement {
        Judgement::Predicate { predicate, .. } => predicate.span().resolved_at(Span::mixed_site()),
        _ => span_of_output(model),
    };
    let (private, result) = (private_at(model, span), Ident::new("__result", span));
    let verdict = match &model.judgement {
        // `!` becomes every type, so that asking for the outcome of one is ambiguous.
        Judgement::ByType if returns_never(&model.func) => {
            quote_spanned! { span=> #private::verdict_if(#result, |_| true, true) }
        }
        Judgement::ByType => quote_spanned! { span=> #private::Probe(#result).verdict() },
        Judgement::Predicate { predicate, holds_when_ok } => {
            quote_spanned! { span=> #private::verdict_if(#result, #predicate, #holds_when_ok) }
        }
        Judgement::Score { threshold, .. } => {
            let threshold = Literal::f64_suffixed(*threshold);
            quote_spanned! { span=> #private::verdict_of_score(#result, #threshold) }
        }
        Judgement::Level => quote_spanned! { span=> #private::verdict_of_level(#result) },
        Judgement::Lookup => quote_spanned! { span=> #private::verdict_of_lookup(#result) },
    };
    quote! { |#binding| #verdict }
}

/// What follows a failed verification; it may use the arguments and, in an `async fn`, await.
///
/// A statement, not `let _ =`, so that the compiler warns of a future nobody awaits and of a function nobody calls.
fn rollback(model: &Model) -> Option<TokenStream> {
    let Judgement::Score { rollback: Some(rollback), .. } = &model.judgement else { return None };
    let (private, ok) = (private(model), local("__ok"));
    let statement = quote_spanned! { rollback.span()=> #rollback; };
    Some(quote! {
        if !#ok {
            #private::count_rollback(&__SITE);
            #statement
        }
    })
}

/// `move`, so that the body may return what it borrows from its arguments; not where a rollback needs them afterwards.
fn movement(model: &Model) -> TokenStream {
    let used_later = matches!(&model.judgement, Judgement::Score { rollback: Some(_), .. });
    if used_later {
        TokenStream::new()
    } else {
        quote! { move }
    }
}

/// Tells the compiler the type of an `async` block, which has no place to write it: a mistake in the body is then
/// reported on the user's line. The same idea as in `tracing`'s `#[instrument]`.
fn return_edge(model: &Model) -> TokenStream {
    if returns_never(&model.func) {
        return TokenStream::new();
    }
    let (output, span) = (output(model), span_of_output(model));
    let private = private_at(model, span);
    quote_spanned! { span=>
        if false {
            return #private::Site::returned::<#output>();
        }
    }
}

/// Where the user says what the function returns. Still code of ours: no lint asks the user to mend it.
fn span_of_output(model: &Model) -> Span {
    let span = match &model.func.sig.output {
        ReturnType::Default => model.func.sig.ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    span.resolved_at(Span::mixed_site())
}

/// The declared type, with `_` for what cannot be written inside a function: every `impl Trait`, and `!`.
fn output(model: &Model) -> TokenStream {
    struct Eraser;
    impl VisitMut for Eraser {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::ImplTrait(_)) {
                *ty = syn::parse_quote! { _ };
            } else {
                syn::visit_mut::visit_type_mut(self, ty);
            }
        }
    }
    match &model.func.sig.output {
        ReturnType::Default => quote! { () },
        _ if returns_never(&model.func) => quote! { _ },
        ReturnType::Type(_, ty) => {
            let mut ty = ty.clone();
            Eraser.visit_type_mut(&mut ty);
            ty.to_token_stream()
        }
    }
}

fn private(model: &Model) -> TokenStream {
    private_at(model, Span::call_site())
}

/// The hidden module that generated code may use; the only place that spells it.
fn private_at(model: &Model, span: Span) -> TokenStream {
    let krate = model.krate.as_ref().map_or_else(|| quote_spanned! { span=> ::measurand }, ToTokens::to_token_stream);
    quote_spanned! { span=> #krate::__private }
}
