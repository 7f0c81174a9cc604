//! The stream of changes that open pages listen to.

use actix_web::{HttpRequest, Responder, web::Data};
use actix_web_lab::sse::Event;
use futures_util::{Stream, StreamExt, stream};

use crate::{
    platform::tasks::Tasks,
    tenancy::{ChangeStream, News, Routes, Scope, ViewWork},
    web::{Result, events},
};

pub(super) fn routes() -> Routes {
    Routes::default().read("/{organization}/events", listen)
}

/// Sends an event named after each topic that changes (`scans`, `repositories`), or `refresh` where
/// the page was away for too long to be told what it missed.
async fn listen(
    scope: Scope<ViewWork>,
    request: HttpRequest,
    tasks: Data<Tasks>,
) -> Result<impl Responder> {
    let (changes, missed) = scope.changes(events::last_event_id(&request)).await?;
    let first = missed.map_or("ready", |_| "refresh");
    let first = stream::iter([events::event(first, changes.position())]);
    Ok(events::stream(first.chain(follow(changes)), tasks.stopping().clone()))
}

/// The changes as events; the stream ends where the database is gone, and the page tries again.
fn follow(changes: ChangeStream) -> impl Stream<Item = Event> {
    let news = stream::unfold(changes, |mut changes| async move {
        match changes.next().await {
            Ok(news) => Some((to_events(news, changes.position()), changes)),
            Err(error) => {
                tracing::warn!(%error, "A stream of changes ended");
                None
            }
        }
    });
    news.flat_map(stream::iter)
}

fn to_events(news: News, position: i64) -> Vec<Event> {
    match news {
        News::Changes(changes) => {
            changes.iter().map(|change| events::event(&change.topic, change.id)).collect()
        }
        News::Refetch => vec![events::event("refresh", position)],
    }
}
