//! Server-sent events: the frame that keeps a stream alive and ends it.

use std::{convert::Infallible, time::Duration};

use actix_web::{HttpRequest, Responder};
use actix_web_lab::sse::{Data, Event, Sse};
use futures_util::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;

/// How long a stream lives before its page opens the next one, with its rights looked up anew.
const LIFETIME: Duration = Duration::from_mins(10);

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a page waits before it opens its stream again.
const RETRY: Duration = Duration::from_secs(2);

/// The id of the last event that the page has seen, where it had a stream before.
pub fn last_event_id(request: &HttpRequest) -> Option<i64> {
    request.headers().get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// An event that a page listens for by its name.
pub fn event(name: &str, id: i64) -> Event {
    Event::Data(Data::new(id.to_string()).event(name).id(id.to_string()))
}

/// Sends the events until the server stops or the stream is old.
pub fn stream(
    events: impl Stream<Item = Event> + 'static,
    stop: CancellationToken,
) -> impl Responder {
    let end = async move {
        tokio::select! {
            () = stop.cancelled_owned() => {}
            () = tokio::time::sleep(LIFETIME) => {}
        }
    };
    let events = events.take_until(Box::pin(end)).map(Ok::<_, Infallible>);
    Sse::from_stream(events).with_keep_alive(KEEP_ALIVE).with_retry_duration(RETRY)
}
