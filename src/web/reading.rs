//! How much of a request's body is read, and for how long.
//!
//! Heads are limited by the server itself, in size (128 KiB, 96 lines) and in time; their bodies here,
//! before any extractor, so that a route cannot forget it.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::header,
    middleware::Next,
    web::{Bytes, Data},
};
use futures_util::Stream;
use tokio::time::Sleep;

use super::AppError;

/// The largest body that a route takes unless it says otherwise, in bytes.
pub const MOST_BODY: usize = 64 * 1024;

/// How bodies are read.
#[derive(Clone, Copy, Debug)]
pub struct ReadingRules {
    /// The largest body of a path, in bytes.
    pub most: fn(&str) -> usize,
    /// How long a whole body may take.
    pub within: Duration,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Excess {
    Size,
    Time,
}

/// Refuses bodies that are too large or come too slowly, by what they say and by what they do.
pub async fn limit_reading(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let Some(rules) = request.app_data::<Data<ReadingRules>>().map(|rules| *rules.get_ref()) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let most = (rules.most)(request.path());
    if announced(&request).is_some_and(|length| length > most) {
        return Ok(request.error_response(AppError::TooLarge { most }));
    }
    let excess = Rc::new(Cell::new(None));
    match request.take_payload() {
        Payload::None => request.set_payload(Payload::None),
        inner => {
            let deadline = Box::pin(tokio::time::sleep(rules.within));
            let body = BoundedBody { inner, left: most, deadline, excess: Rc::clone(&excess) };
            request.set_payload(payload(body));
        }
    }
    let response = next.call(request).await?.map_into_boxed_body();
    // Whatever the extractor made of it, this is why it failed.
    let failed = response.status().is_client_error() || response.status().is_server_error();
    Ok(match excess.get().filter(|_| failed) {
        Some(Excess::Size) => response.error_response(AppError::TooLarge { most }),
        Some(Excess::Time) => response.error_response(AppError::TooSlow),
        None => response,
    })
}

fn payload(body: impl Stream<Item = Result<Bytes, PayloadError>> + 'static) -> Payload {
    let body: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(body);
    Payload::from(body)
}

fn announced(request: &ServiceRequest) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body that ends with an error once it is too large or too late.
struct BoundedBody {
    inner: Payload,
    left: usize,
    deadline: Pin<Box<Sleep>>,
    excess: Rc<Cell<Option<Excess>>>,
}

impl BoundedBody {
    fn fail(&self, why: Excess) -> PayloadError {
        self.excess.set(Some(why));
        match why {
            Excess::Size => PayloadError::Overflow,
            Excess::Time => PayloadError::Io(std::io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Stream for BoundedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(self.fail(Excess::Time))));
        }
        let Poll::Ready(part) = Pin::new(&mut self.inner).poll_next(context) else {
            return Poll::Pending;
        };
        let Some(Ok(bytes)) = part else { return Poll::Ready(part) };
        match self.left.checked_sub(bytes.len()) {
            Some(left) => {
                self.left = left;
                Poll::Ready(Some(Ok(bytes)))
            }
            None => Poll::Ready(Some(Err(self.fail(Excess::Size)))),
        }
    }
}

/// The body of a request as the server has it.
#[derive(Clone)]
struct Source(Rc<RefCell<Payload>>);

impl Stream for Source {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// Has the server close a connection on which a body is left that nobody has read.
///
/// Of a body in chunks that has been let go, actix-http reads on for as long as it comes, without any
/// limit, to use the connection again. It closes where the body is still held when the answer has
/// been sent; so the answer holds it.
pub async fn close_unread(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let source = match request.take_payload() {
        Payload::None => return Ok(next.call(request).await?.map_into_boxed_body()),
        body => Source(Rc::new(RefCell::new(body))),
    };
    request.set_payload(payload(source.clone()));
    let response = next.call(request).await?.map_into_boxed_body();
    Ok(response.map_body(|_, body| BoxBody::new(Answer { body, _source: source })))
}

/// An answer that holds the body of its request until it has been sent.
struct Answer {
    body: BoxBody,
    _source: Source,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
