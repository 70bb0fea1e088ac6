//! What the signature says of the body: when it runs, and what it returns.

use crate::func::Func;
use syn::punctuated::Punctuated;
use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Token, Type, TypeParamBound};

/// When the body runs, which decides where the measurement goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// While the function runs.
    Sync,
    /// While the function runs, which returns an `impl Trait`. Its body stays where it is if that can be, since what the
    /// compiler infers from the traits (the types of a closure's arguments) does not reach into another closure.
    Opaque,
    /// While the function runs, which never returns a value.
    Never,
    /// While the future of an `async fn` is polled.
    Async,
    /// While the returned `impl Future` is polled.
    ImplFuture,
    /// While the returned `Pin<Box<dyn Future>>` is polled; this is what `async_trait` makes of an `async fn`.
    BoxedFuture,
}

/// Whether the return type is `!`, of an `async fn` too.
pub(crate) fn returns_never(func: &Func) -> bool {
    matches!(&func.sig.output, ReturnType::Type(_, ty) if matches!(bare(ty), Type::Never(_)))
}

/// Types do not exist yet, only tokens, so the shape goes by names. What they do not tell (a future behind an alias of
/// another name or behind an associated type) counts as `Sync`.
pub(crate) fn shape(func: &Func) -> Shape {
    if func.sig.asyncness.is_some() {
        return Shape::Async;
    }
    let ReturnType::Type(_, ty) = &func.sig.output else { return Shape::Sync };
    let ty = bare(ty);
    let boxed = || inside(inside(ty, "Pin")?, "Box");
    match ty {
        Type::Never(_) => return Shape::Never,
        Type::ImplTrait(_) if !names(ty, "Future") => return Shape::Opaque,
        // The future that measures borrows from itself; only a box can be moved after the first poll.
        Type::ImplTrait(_) if names(ty, "Unpin") => return Shape::BoxedFuture,
        Type::ImplTrait(_) => return Shape::ImplFuture,
        _ => {}
    }
    if is_named(ty, "BoxFuture") || is_named(ty, "LocalBoxFuture") || boxed().is_some_and(|it| names(it, "Future")) {
        return Shape::BoxedFuture;
    }
    Shape::Sync
}

/// The type without the parentheses, or the invisible group that a macro by example puts around it.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(it) => bare(&it.elem),
        Type::Paren(it) => bare(&it.elem),
        _ => ty,
    }
}

/// Whether the last name in the path of the type is this one.
fn is_named(ty: &Type, name: &str) -> bool {
    last(ty).is_some_and(|it| it.ident == name)
}

fn last(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(ty) => ty.path.segments.last(),
        _ => None,
    }
}

/// `T` of `name<T>`.
fn inside<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let PathArguments::AngleBracketed(arguments) = &last(ty).filter(|it| it.ident == name)?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|it| match it {
        GenericArgument::Type(ty) => Some(bare(ty)),
        _ => None,
    })
}

/// Whether it is a `Result`, by its name.
pub(crate) fn is_result(ty: &Type) -> bool {
    is_named(bare(ty), "Result")
}

/// `T` of `impl Future<Output = T>`.
pub(crate) fn future_output(func: &Func) -> Option<&Type> {
    let ReturnType::Type(_, ty) = &func.sig.output else { return None };
    if let Type::ImplTrait(ty) = bare(ty) { output_of(&ty.bounds) } else { None }
}

/// `T` of `Pin<Box<dyn Future<Output = T>>>` and of `BoxFuture<'_, T>`.
pub(crate) fn boxed_output(func: &Func) -> Option<&Type> {
    let ReturnType::Type(_, ty) = &func.sig.output else { return None };
    let ty = bare(ty);
    match inside(ty, "Pin").and_then(|it| inside(it, "Box")) {
        Some(Type::TraitObject(ty)) => output_of(&ty.bounds),
        Some(_) => None,
        None => inside(ty, "BoxFuture").or_else(|| inside(ty, "LocalBoxFuture")),
    }
}

/// `T` of the bound `Future<Output = T>`.
fn output_of(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<&Type> {
    let arguments = bounds.iter().filter_map(|it| match it {
        TypeParamBound::Trait(it) => match &it.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
            _ => None,
        },
        _ => None,
    });
    arguments.flatten().find_map(|it| match it {
        GenericArgument::AssocType(it) if it.ident == "Output" => Some(&it.ty),
        _ => None,
    })
}

/// Whether `impl A + B` or `dyn A + B` names this trait.
fn names(ty: &Type, name: &str) -> bool {
    let bounds = match ty {
        Type::ImplTrait(ty) => &ty.bounds,
        Type::TraitObject(ty) => &ty.bounds,
        _ => return false,
    };
    bounds.iter().any(|it| match it {
        TypeParamBound::Trait(it) => it.path.segments.last().is_some_and(|it| it.ident == name),
        _ => false,
    })
}
