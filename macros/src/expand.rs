//! Turns a [`Model`] into tokens; `stream` and `tail` help with streams and `async` blocks.
//!
//! Generated code is small: one static, and calls into `measurand::__private`. It refers to no other names, so it
//! compiles in any scope.

use crate::docs;
use crate::error;
use crate::fn_kind::{FnKind, bare, future_output, is_result, returns_never, stream_item};
use crate::label::LabelValue;
use crate::model::{Model, OutcomeSource, Use};
use crate::{stream, tail};
use measurand_catalog::{Role, UNKNOWN_KINDS, definition};
use std::sync::atomic::{AtomicU32, Ordering};

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Path, ReturnType, Type, spanned::Spanned as _, visit_mut::VisitMut};

pub(crate) fn expand(model: &Model) -> TokenStream {
    let func = &model.func;
    let (attrs, vis, sig) = (&func.attrs, &func.vis, &func.sig);
    let (site, series, body) = (site(model), series(model), body(model));
    let docs = docs::about(model);
    let docs = docs.map(|it| quote! { #[doc = #it] });
    let tracked = func.attrs.iter().any(|it| it.path().is_ident("track_caller"));
    let caller = model.given().any(|it| matches!(it, LabelValue::Caller)) && !tracked;
    let caller = caller.then(|| quote! { #[track_caller] });
    let mut out = quote! { #(#attrs)* #docs #caller #vis #sig };
    func.brace.surround(&mut out, |out| out.extend(quote! { #site #series #body }));
    out
}

/// The static that describes this function, and its registration. It is inside the body because an attribute on a
/// method cannot add items beside the method.
fn site(model: &Model) -> TokenStream {
    let private = private(model);
    let name = &model.func.label;
    let labels = model.labels.iter().filter_map(|(key, value)| match value {
        LabelValue::Literal(value) => Some(quote! { #key = #value }),
        LabelValue::ModulePath => Some(quote! { #key = ::core::module_path!() }),
        LabelValue::Given(_) | LabelValue::FromResult(_) | LabelValue::Caller => None,
    });
    let facts = facts(model);
    let kinds = error_kinds(model).map(|it| quote! { , #it });
    let Some(declared) = &model.declared else {
        let family = Ident::new(model.attribute.constant, Span::call_site());
        return quote! {
            static __SITE: #private::Site = #private::site! { __SITE, #family, #name, [#(#labels),*], #facts #kinds };
        };
    };
    let check = check_uses(model, declared);
    quote! {
        #check
        static __SITE: #private::Site = #private::declared_site! {
            __SITE, *<#declared as #private::DeclaredFamily>::FAMILY, #name, [#(#labels),*], #facts #kinds
        };
    }
}

/// Checks on a declared family that only the compiler can make. It reports each mistake at the token that causes it.
fn check_uses(model: &Model, declared: &Path) -> TokenStream {
    let rust_name = declared.segments.last().map(|it| it.ident.to_string()).unwrap_or_default();
    let check = |span: Span, call: TokenStream| {
        let span = span.resolved_at(Span::mixed_site());
        let private = private_at(model, span);
        quote_spanned! { span=> const _: () = <#declared as #private::DeclaredFamily>::FAMILY.#call; }
    };
    let mut given = Vec::new();
    let checks: TokenStream = model
        .uses
        .iter()
        .map(|item| match item {
            Use::Label { name, span } => {
                given.push(name);
                check(*span, quote_spanned! { *span=> check_given(#rust_name, #name) })
            }
            Use::Value { name, value } => {
                let (span, value) = (value.span(), value.value());
                check(span, quote_spanned! { span=> check_value(#rust_name, #name, #value) })
            }
            Use::Promise { success, latency, span } => {
                check(*span, quote_spanned! { *span=> check_promise(#rust_name, #success, #latency) })
            }
        })
        .collect();
    let span = declared.span();
    let all = check(span, quote_spanned! { span=> check_all_given(#rust_name, &[#(#given),*]) });
    quote! { #checks #all }
}

/// The part of the record that the macro knows, ready to be concatenated with the part that only the compiler knows.
fn facts(model: &Model) -> String {
    let mut fields = vec![("attribute".to_owned(), model.attribute.name.to_owned())];
    if model.declared.is_none() {
        fields.push(("family".to_owned(), model.attribute.family.name.to_owned()));
    }
    let expressions = model.labels.iter().filter_map(|(key, it)| Some((format!("from:{key}"), it.expression()?)));
    fields.extend(expressions);
    fields.extend(model.facts.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    if result_with_kinds(model).is_some() && error_kinds(model).is_none() {
        fields.push((UNKNOWN_KINDS.to_owned(), String::new()));
    }
    fields.extend(expansion(model));
    fields.into_iter().flat_map(|(key, value)| ["\u{1f}".to_owned(), key, "\u{1f}".to_owned(), value]).collect()
}

/// A number that distinguishes functions that a macro writes at one source position. It is stable, since the compiler
/// expands a crate in the order of its source.
pub(crate) fn expansion(model: &Model) -> Option<(String, String)> {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let number = || COUNT.fetch_add(1, Ordering::Relaxed).to_string();
    model.func.place.in_macro.then(|| (definition::EXPANSION.to_owned(), number()))
}

/// The kinds of the function's errors as a constant expression, if the signature names a type that may have kinds.
///
/// A static in a function cannot use the generic parameters around it, and the macro does not see those of an `impl`
/// block. So the expression looks the type's name up in the module. If the module does not define the name, it means a
/// type without kinds. The expression thus never reaches a generic parameter of this name.
fn error_kinds(model: &Model) -> Option<TokenStream> {
    let (func, mut parameters) = (&model.func, model.func.place.parameters.clone());
    parameters.extend(func.sig.generics.type_params().map(|it| it.ident.to_string()));
    let result = result_with_kinds(model).filter(|_| !func.place.in_function)?;
    let (result, names) = error::nameable(result, &parameters)?;
    let private = private(model);
    // Imports instead of definitions: with a second type of this name, the compiler's messages would print full paths.
    let fallbacks = names.iter().map(|name| quote! { use #private::NoError as #name; });
    Some(quote! {{
        #[allow(warnings)]
        {
            #(#fallbacks)*
            {
                use self::*;
                #private::kinds_of!(#result)
            }
        }
    }})
}

/// The `Result` type of the call, if its errors are counted and may have kinds.
fn result_with_kinds(model: &Model) -> Option<&Type> {
    let counted = matches!(model.outcome_source, OutcomeSource::ByType | OutcomeSource::Declared { .. });
    let errors = model.declared.is_some() || model.attribute.family.metric(Role::Errors).is_some();
    returned(model).map(bare).filter(|ty| counted && errors && error::is_named_result(ty))
}

/// The type of the call's result: the output of a future, the item of a stream.
fn returned(model: &Model) -> Option<&Type> {
    match model.kind {
        FnKind::ImplFuture | FnKind::BoxedFuture => future_output(&model.func),
        FnKind::ImplStream | FnKind::BoxedStream => stream_item(&model.func),
        _ => match &model.func.sig.output {
            ReturnType::Type(_, ty) => Some(ty),
            ReturnType::Default => None,
        },
    }
}

/// Finds the series of the call before the body runs, since the body may consume the values that the labels use.
fn series(model: &Model) -> Option<TokenStream> {
    if !model.has_dynamic_labels() {
        return None;
    }
    let (private, series) = (private(model), local("__series"));
    let (mut known, mut labels) = (TokenStream::new(), Vec::new());
    for (label, value) in &model.labels {
        let expression = match value {
            LabelValue::Given(expression) => expression,
            LabelValue::Caller => {
                labels.push(quote! { #private::label_ref(&#private::caller()) });
                continue;
            }
            LabelValue::Literal(_) | LabelValue::ModulePath | LabelValue::FromResult(_) => continue,
        };
        // A type that is not a label is reported at the expression.
        let span = expression.span().resolved_at(Span::mixed_site());
        let private = private_at(model, span);
        let checked = known_label(model, label, labels.len());
        let label_ref = if let Some((_, name)) = &checked {
            quote_spanned! { span=> #private::known_label_ref::<#name, _> }
        } else {
            quote_spanned! { span=> #private::label_ref }
        };
        known.extend(checked.map(|it| it.0));
        // An operand that binds less tightly than `&` needs parentheses. Around others, parentheses cause a warning.
        labels.push(if binds_tightly(expression) {
            quote_spanned! { span=> #label_ref(&#expression) }
        } else {
            quote_spanned! { span=> #label_ref(&(#expression)) }
        });
    }
    Some(quote! { #known let #series = #private::Site::series_of(&__SITE, &[#(#labels),*]); })
}

/// A type that stands for a label with known values, and the name of that type. It lets the compiler compare the values
/// of the expression's type with those of the label. Only the compiler knows the values of a declared family.
fn known_label(model: &Model, label: &str, number: usize) -> Option<(TokenStream, Ident)> {
    let private = private(model);
    let family = if let Some(declared) = &model.declared {
        quote! { *<#declared as #private::DeclaredFamily>::FAMILY }
    } else {
        let labels = model.attribute.family.labels;
        labels.iter().find(|known| known.name == label && !known.values.is_empty())?;
        let family = Ident::new(model.attribute.constant, Span::call_site());
        quote! { #private::families::#family }
    };
    let name = Ident::new(&format!("__Label{number}"), Span::call_site());
    Some((quote! { #private::known_label! { #name, #family, #label } }, name))
}

fn binds_tightly(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Path(_)
            | Expr::Field(_)
            | Expr::MethodCall(_)
            | Expr::Call(_)
            | Expr::Macro(_)
            | Expr::Index(_)
            | Expr::Paren(_)
    )
}

/// The series in which the call starts.
fn place(model: &Model) -> TokenStream {
    if model.has_dynamic_labels() {
        return local("__series").to_token_stream();
    }
    let private = private(model);
    quote! { #private::Site::series(&__SITE) }
}

/// The series in which the call starts, with the sampling that `time` configures.
pub(crate) fn start(model: &Model) -> TokenStream {
    let (private, series) = (private(model), place(model));
    match model.one_in {
        Some(one_in) if is_watched(model) => quote! { #private::SampleTiming::<#one_in, true>(#series) },
        Some(one_in) => quote! { #private::SampleTiming::<#one_in, false>(#series) },
        None => series,
    }
}

/// Whether the family has, or may have, a gauge of calls in flight.
fn is_watched(model: &Model) -> bool {
    model.declared.is_some() || model.attribute.family.metric(Role::InFlight).is_some()
}

/// Whether the family records only returned values: nothing for a panicked or cancelled call, and no duration.
fn counts_only(model: &Model) -> bool {
    const FOUND: &[Role] =
        &[Role::Successes, Role::Score, Role::LastScore, Role::Level, Role::Hits, Role::Misses, Role::HitRate];
    model.declared.is_none() && model.attribute.family.metrics.iter().all(|it| FOUND.contains(&it.role))
}

fn body(model: &Model) -> TokenStream {
    let (private, body, call) = (private(model), &model.func.body, local("__call"));
    let start = start(model);
    let asks = model.closures().next().is_some();
    match model.kind {
        FnKind::Opaque if matches!(model.outcome_source, OutcomeSource::ByType) && !asks => quote! {
            let #call = #private::watch(#start);
            #body
        },
        FnKind::Sync | FnKind::Opaque => {
            let (classifier, closure) = (classifier(model), closure(model));
            let Some(rollback) = rollback(model) else {
                if counts_only(model) && model.one_in.is_none() {
                    let series = place(model);
                    return quote! { #private::count(#series, #closure, #classifier) };
                }
                return quote! { #private::run(#start, #closure, #classifier) };
            };
            let (result, failed) = (local("__result"), local("__failed"));
            quote! {
                let mut #call = #private::enter(#start);
                let #result = #private::call(#closure);
                let #failed = #private::leave(&mut #call, &#result, #classifier);
                #rollback
                #result
            }
        }
        FnKind::Never => quote! {
            let #call = #private::enter(#start);
            #body
        },
        FnKind::Async => {
            let (edge, movement) = (return_edge(model), movement(model));
            measured(model, &quote! { ::core::pin::pin!(async #movement { #edge #body }) }, Span::call_site())
        }
        FnKind::ImplStream | FnKind::BoxedStream => stream::body(model),
        FnKind::ImplFuture | FnKind::BoxedFuture => {
            // Measures the block in place. Moving a large future twice more can overflow the stack, and another
            // attribute
            // may read the arguments inside the block.
            if let Some(tail) = tail::of(model) {
                let edge = future_output(&model.func).map(|ty| edge(model, &erased(ty)));
                let block = tail.block(edge.as_ref());
                return tail.around(&measured(model, &quote! { ::core::pin::pin!(#block) }, Span::call_site()));
            }
            let (future, closure) = (local("__future"), closure(model));
            // A type that is not a future is reported at the return type.
            let span = span_of_output(model);
            let measured = measured(model, &quote_spanned! { span=> ::core::pin::pin!(#future) }, span);
            let measured = quote! { async move { #measured } };
            let measured = match model.kind {
                FnKind::BoxedFuture => quote! { #private::Box::pin(#measured) },
                _ => measured,
            };
            // Only the signature determines the type that `?` converts errors into, and the type that `collect` builds.
            let made = quote! { #private::call(#closure) };
            let made = match future_output(&model.func).map(bare) {
                Some(ty) if !matches!(ty, Type::Never(_)) => {
                    let (ty, private) = (erased(ty), private_at(model, span));
                    quote_spanned! { span=> #private::future_of::<#ty, _>(#made) }
                }
                _ => made,
            };
            quote! { let #future = #made; #measured }
        }
    }
}

/// The body as a closure, so `return` and `?` in it keep their meaning.
pub(crate) fn closure(model: &Model) -> TokenStream {
    let (movement, output, body) = (movement(model), output(model), &model.func.body);
    quote! { #movement || -> #output { #body } }
}

/// A local variable of generated code, which user code can neither refer to nor shadow.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Awaits `future` under measurement; errors in its type are reported at `span`.
fn measured(model: &Model, future: &TokenStream, span: Span) -> TokenStream {
    let (private, start, classifier, rollback) =
        (private_at(model, span), start(model), classifier(model), rollback(model));
    let (result, failed) = (local("__result"), if rollback.is_some() { local("__failed") } else { local("_failed") });
    let measured =
        quote_spanned! { span=> let (#result, #failed) = #private::measure(#start, #future, #classifier).await; };
    quote! { #measured #rollback #result }
}

/// A closure that maps a reference to the result to its outcome. A type without a score is reported at the return type,
/// an unsuitable predicate at the predicate.
pub(crate) fn classifier(model: &Model) -> TokenStream {
    let binding = local("__result");
    let span = match &model.outcome_source {
        OutcomeSource::Predicate { predicate, .. } => predicate.span().resolved_at(Span::mixed_site()),
        _ => span_of_output(model),
    };
    let (private, result) = (private_at(model, span), Ident::new("__result", span));
    let outcome = match &model.outcome_source {
        // `!` coerces to every type, so the outcome of `!` is ambiguous.
        OutcomeSource::ByType if returns_never(&model.func) => {
            quote_spanned! { span=> #private::outcome_if(#result, |_| true, true) }
        }
        OutcomeSource::ByType => by_type(model, &private, &result, span),
        OutcomeSource::Predicate { predicate, holds_when_ok } => {
            quote_spanned! { span=> #private::outcome_if(#result, #predicate, #holds_when_ok) }
        }
        OutcomeSource::Score { threshold, .. } => {
            let threshold = Literal::f64_suffixed(*threshold);
            quote_spanned! { span=> #private::outcome_of_score(#result, #threshold) }
        }
        OutcomeSource::Level => quote_spanned! { span=> #private::outcome_of_gauge(#result) },
        OutcomeSource::Lookup => quote_spanned! { span=> #private::outcome_of_lookup(#result) },
        OutcomeSource::Declared { threshold, .. } => {
            let (declared, threshold) = (&model.declared, Literal::f64_suffixed(*threshold));
            let by_type = if returns_never(&model.func) {
                quote_spanned! { span=> #private::outcome_if(#result, |_| true, true) }
            } else {
                by_type(model, &private, &result, span)
            };
            let classifier = quote_spanned! { span=> <#declared as #private::DeclaredFamily>::Classifier };
            quote_spanned! { span=> #private::outcome_by::<#classifier, _>(#result, #by_type, #threshold) }
        }
    };
    // With this annotation, the compiler reports a wrong result as a mismatched type. Without it, the compiler fails
    // earlier, when it looks for the kind of an error whose type it does not know.
    let declared = match &model.func.sig.output {
        ReturnType::Type(_, ty) if is_result(ty) => {
            let ty = erased(ty);
            Some(quote! { : &#ty })
        }
        _ => None,
    };
    if model.closures().next().is_none() {
        return quote! { |#binding #declared| #outcome };
    }
    let private = self::private(model);
    let names: Vec<Ident> = (0..model.closures().count()).map(|it| local(&format!("__label{it}"))).collect();
    let labels = model.closures().zip(&names).map(|(closure, name)| {
        let span = closure.span().resolved_at(Span::mixed_site());
        let (private, result) = (private_at(model, span), Ident::new("__result", span));
        let ask = quote_spanned! { span=> #private::ask(#result, #closure) };
        // Clippy suggests the path of the function instead of the closure, but a path is an expression over the
        // arguments.
        quote! {
            #[allow(clippy::redundant_closure, clippy::redundant_closure_for_method_calls)]
            let #name = #ask;
        }
    });
    let mut known = TokenStream::new();
    let from_result = model.labels.iter().filter_map(|(label, value)| match value {
        LabelValue::FromResult(closure) => Some((label, closure)),
        _ => None,
    });
    let mut label_refs = Vec::new();
    for ((label, closure), name) in from_result.zip(&names) {
        // A type that is not a label is reported at the closure.
        let span = closure.span().resolved_at(Span::mixed_site());
        let (private, name) = (private_at(model, span), Ident::new(&name.to_string(), span));
        let checked = known_label(model, label, label_refs.len());
        label_refs.push(if let Some((_, label)) = &checked {
            quote_spanned! { span=> #private::known_result_label_ref::<#label, _>(&#name) }
        } else {
            quote_spanned! { span=> #private::result_label_ref(&#name) }
        });
        known.extend(checked.map(|it| it.0));
    }
    let series = place(model);
    quote! { |#binding #declared| { #known #(#labels)* #private::outcome_in(#outcome, #series, &[#(#label_refs),*]) } }
}

/// The outcome that follows from the type of the result.
fn by_type(model: &Model, private: &TokenStream, result: &Ident, span: Span) -> TokenStream {
    // An import by the user's path counts as the user's import, and the compiler warns that it is unused. So a macro of
    // the runtime imports the trait.
    if model.krate.is_some() {
        return quote_spanned! { span=> #private::by_type!(#result) };
    }
    quote_spanned! { span=> { use #private::ErrorProbe as _; #private::Probe(#result).error().outcome() } }
}

/// The code to run after a failed verification. It may use the arguments and, in an `async fn`, `.await`.
///
/// It is a statement instead of `let _ =`, so the compiler warns about a future that is not awaited or a function that
/// is not called.
fn rollback(model: &Model) -> Option<TokenStream> {
    let rollback = model.outcome_source.rollback()?;
    let (private, failed, series) = (private(model), local("__failed"), local("__series"));
    let statement = quote_spanned! { rollback.span()=> #rollback; };
    Some(quote! {
        if let ::core::option::Option::Some(#series) = #failed {
            #private::count_rollback(#series);
            #statement
        }
    })
}

/// `move`, so the body can return values borrowed from its arguments. Empty if a rollback uses the arguments later.
fn movement(model: &Model) -> TokenStream {
    if model.outcome_source.rollback().is_some() {
        TokenStream::new()
    } else {
        quote! { move }
    }
}

/// Tells the compiler the type of an `async` block, which has no syntax for it. A mistake in the body is then reported
/// on the user's line. `#[instrument]` of `tracing` uses the same idea.
fn return_edge(model: &Model) -> TokenStream {
    if returns_never(&model.func) { TokenStream::new() } else { edge(model, &output(model)) }
}

fn edge(model: &Model, output: &TokenStream) -> TokenStream {
    let span = span_of_output(model);
    let private = private_at(model, span);
    quote_spanned! { span=>
        if false {
            return #private::returned::<#output>();
        }
    }
}

/// The span of the return type. It resolves as generated code, so lints do not report the code to the user.
pub(crate) fn span_of_output(model: &Model) -> Span {
    let span = match &model.func.sig.output {
        ReturnType::Default => model.func.sig.ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    span.resolved_at(Span::mixed_site())
}

/// The declared type of the result.
fn output(model: &Model) -> TokenStream {
    match &model.func.sig.output {
        ReturnType::Default => quote! { () },
        _ if returns_never(&model.func) => quote! { _ },
        ReturnType::Type(_, ty) => erased(ty),
    }
}

/// The type with `_` for every `impl Trait`, which cannot be written inside a function.
pub(crate) fn erased(ty: &Type) -> TokenStream {
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
    let mut ty = ty.clone();
    Eraser.visit_type_mut(&mut ty);
    ty.to_token_stream()
}

fn private(model: &Model) -> TokenStream {
    private_at(model, Span::call_site())
}

/// The path of the hidden module for generated code; no other function spells it.
pub(crate) fn private_at(model: &Model, span: Span) -> TokenStream {
    let krate = model.krate.as_ref().map_or_else(|| quote_spanned! { span=> ::measurand }, ToTokens::to_token_stream);
    quote_spanned! { span=> #krate::__private }
}
