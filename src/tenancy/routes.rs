//! Routes, each with who may use it; the only way to register a handler.
//!
//! A handler of an organisation's data has a [`Scope`] as its first argument, or it does not
//! compile; one that writes answers [`Saved`]. What needs no organisation says so by name.

use std::collections::BTreeMap;

use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Responder, Route,
    dev::Payload,
    guard,
    http::{Method, header},
    web,
};

use futures_util::future::LocalBoxFuture;

use super::{
    permission::{Permission, Role},
    scope::{Arriving, Confirmed, Scope, SignedIn},
    tx::Saved,
};
use crate::web::{AppError, Result};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Members of the organisation with at least this role.
    Permission { name: &'static str, minimum: Role },
    /// Whoever is signed in, about their own account.
    SignedIn,
    /// Everybody.
    Anyone,
}

/// One line of the table of routes.
#[derive(Clone, Debug)]
pub struct RouteEntry {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
}

/// A module's routes.
#[derive(Default)]
pub struct Routes {
    entries: Vec<RouteEntry>,
    routes: BTreeMap<&'static str, Vec<(Method, Route)>>,
}

/// Arguments that begin with a proof of who may call.
///
/// They are extracted one after the other, the proof first: whoever may not call learns nothing of
/// what the rest of the request would have been answered.
pub trait Guarded: Sized + 'static {
    const ACCESS: Access;

    fn extract(
        request: HttpRequest,
        payload: Payload,
    ) -> LocalBoxFuture<'static, actix_web::Result<Self>>;
}

macro_rules! guarded {
    ($($rest:ident)*) => {
        guarded!(@ [P: Permission] Scope<P>, Access::Permission { name: P::NAME, minimum: P::MINIMUM }, $($rest)*);
        guarded!(@ [] SignedIn, Access::SignedIn, $($rest)*);
        guarded!(@ [] Arriving, Access::SignedIn, $($rest)*);
        guarded!(@ [] Confirmed, Access::SignedIn, $($rest)*);
    };
    (@ [$($bound:tt)*] $proof:ty, $access:expr, $($rest:ident)*) => {
        impl<$($rest: FromRequest + 'static,)* $($bound)*> Guarded for ($proof, $($rest,)*) {
            const ACCESS: Access = $access;

            fn extract(request: HttpRequest, mut payload: Payload) -> LocalBoxFuture<'static, actix_web::Result<Self>> {
                Box::pin(async move {
                    let proof = <$proof>::from_request(&request, &mut payload).await?;
                    Ok((proof, $($rest::from_request(&request, &mut payload).await.map_err(Into::into)?,)*))
                })
            }
        }
    };
}

guarded!();
guarded!(A);
guarded!(A B);
guarded!(A B C);
guarded!(A B C D);

/// HEAD is answered as GET is, without the body, which actix leaves out.
fn get_or_head() -> Route {
    Route::new().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn allow(method: &Method) -> &str {
    if *method == Method::GET { "GET, HEAD" } else { method.as_str() }
}

/// Calls the handler once its arguments are there, in their order.
fn guarded_route<F, Args, R>(route: Route, handler: F) -> Route
where
    F: Handler<Args, Output = Result<R>>,
    Args: Guarded,
    R: Responder + 'static,
{
    route.to(move |request: HttpRequest, payload: web::Payload| {
        let handler = handler.clone();
        async move {
            let arguments = Args::extract(request.clone(), payload.into_inner()).await?;
            let answer = handler.call(arguments).await?;
            Ok::<_, actix_web::Error>(answer.respond_to(&request).map_into_boxed_body())
        }
    })
}

impl Routes {
    /// A GET that shows what the caller may see.
    #[must_use]
    pub fn read<F, Args, R>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output = Result<R>>,
        Args: Guarded,
        R: Responder + 'static,
    {
        self.add(Method::GET, path, Args::ACCESS, guarded_route(get_or_head(), handler))
    }

    /// A POST that changes something and answers from its commit.
    #[must_use]
    pub fn post<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output = Result<Saved>>,
        Args: Guarded,
    {
        self.add(Method::POST, path, Args::ACCESS, guarded_route(web::post(), handler))
    }

    /// A PATCH that changes a part of something and answers from its commit.
    #[must_use]
    pub fn patch<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output = Result<Saved>>,
        Args: Guarded,
    {
        self.add(Method::PATCH, path, Args::ACCESS, guarded_route(web::patch(), handler))
    }

    /// A DELETE that changes something and answers from its commit.
    #[must_use]
    pub fn delete<F, Args>(self, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output = Result<Saved>>,
        Args: Guarded,
    {
        self.add(Method::DELETE, path, Args::ACCESS, guarded_route(web::delete(), handler))
    }

    /// A route that anybody may use, signed in or not: sign-in itself, health, assets.
    #[must_use]
    pub fn open_to_anyone<F, Args, R>(self, method: Method, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args, Output = R>,
        Args: FromRequest + 'static,
        R: Responder + 'static,
    {
        let route = if method == Method::GET { get_or_head() } else { web::method(method.clone()) };
        let route = route.to(handler);
        self.add(method, path, Access::Anyone, route)
    }

    fn add(mut self, method: Method, path: &'static str, access: Access, route: Route) -> Self {
        self.entries.push(RouteEntry { method: method.clone(), path, access });
        self.routes.entry(path).or_default().push((method, route));
        self
    }

    /// Puts another module's routes behind these.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        for (path, routes) in other.routes {
            self.routes.entry(path).or_default().extend(routes);
        }
        self
    }

    /// The table of routes, for the documents and for the tests that walk all of them.
    pub fn entries(&self) -> &[RouteEntry] {
        &self.entries
    }

    /// Registers the routes: fixed paths before those with parameters, 405 for other methods.
    pub fn configure(self, config: &mut web::ServiceConfig) {
        let mut paths: Vec<_> = self.routes.into_iter().collect();
        paths.sort_by_key(|(path, _)| specificity(path));
        for (path, routes) in paths {
            let allowed =
                routes.iter().map(|(method, _)| allow(method)).collect::<Vec<_>>().join(", ");
            let resource = routes
                .into_iter()
                .fold(web::resource(path), |resource, (_, route)| resource.route(route));
            config.service(resource.default_service(web::to(move |request: HttpRequest| {
                let allowed = allowed.clone();
                async move { wrong_method(&request, &allowed) }
            })));
        }
    }
}

/// A fixed segment is more particular than a parameter, from left to right.
fn specificity(path: &str) -> Vec<u8> {
    path.split('/').map(|segment| u8::from(segment.starts_with('{'))).collect()
}

fn wrong_method(request: &HttpRequest, allowed: &str) -> HttpResponse {
    let mut response = actix_web::ResponseError::error_response(&AppError::MethodNotAllowed);
    tracing::debug!("{} has no {}", request.path(), request.method());
    if let Ok(value) = header::HeaderValue::from_str(allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
