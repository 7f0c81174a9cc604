//! The body of a delivery, as it comes in: nobody has proved yet who sends it.
//!
//! How large one may be and how long it may take is limited for every route; here all of them share so much
//! memory. What there is no room for is refused, and GitHub keeps it.

use std::{
    fmt::Display,
    sync::{Arc, LazyLock},
};

use actix_web::web::{self, Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::receive::Refused;

/// The largest payload that GitHub sends, in bytes.
pub const MOST_BODY: usize = 25 << 20;

/// How many bytes are received at once at most, of all bodies together, beyond what is free.
const MOST_RECEIVED: usize = 256 << 20;

/// How much of each body takes no room: most are smaller, and nobody who fills the room keeps these out.
const FREE: usize = 64 * 1024;

static ROOM: LazyLock<Room> = LazyLock::new(|| Room::new(MOST_RECEIVED, FREE));

/// A body that came to its end. It takes room until it is dropped.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

/// Reads a body to its end.
pub(super) async fn collect(payload: actix_web::Result<web::Payload>) -> Result<Body, Refused> {
    ROOM.read(payload.map_err(broken)?).await
}

fn broken(error: impl Display) -> Refused {
    Refused::Body(error.to_string())
}

/// What bodies may take of the memory.
struct Room {
    left: Arc<Semaphore>,
    free: usize,
}

impl Room {
    fn new(bytes: usize, free: usize) -> Self {
        Self { left: Arc::new(Semaphore::new(bytes)), free }
    }

    /// Takes room for what has come, not for what is said to come: that costs a sender nothing.
    async fn read(&self, mut payload: web::Payload) -> Result<Body, Refused> {
        let (mut bytes, mut room) = (BytesMut::new(), None);
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(broken)?;
            if bytes.len().saturating_add(chunk.len()) > MOST_BODY {
                return Err(Refused::Size);
            }
            let before = bytes.len().max(self.free);
            bytes.extend_from_slice(&chunk);
            let more = self.take(bytes.len().saturating_sub(before))?;
            match &mut room {
                None => room = Some(more),
                Some(room) => room.merge(more),
            }
        }
        Ok(Body { bytes: bytes.freeze(), _room: room })
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Refused> {
        let bytes = u32::try_from(bytes).or(Err(Refused::Size))?;
        Arc::clone(&self.left).try_acquire_many_owned(bytes).or(Err(Refused::Full))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{FromRequest, test::TestRequest};

    use super::*;

    async fn read(room: &Room, body: Vec<u8>) -> Result<Body, Refused> {
        let (request, mut payload) = TestRequest::post().set_payload(body).to_http_parts();
        room.read(web::Payload::from_request(&request, &mut payload).await.unwrap()).await
    }

    #[actix_web::test]
    async fn bodies_share_their_room_and_give_it_back() {
        let room = Room::new(10, 0);
        let first = read(&room, vec![b'a'; 8]).await.unwrap();
        assert_eq!(first.bytes.len(), 8);

        assert!(matches!(read(&room, vec![b'b'; 3]).await, Err(Refused::Full)));
        assert!(read(&room, vec![b'b'; 2]).await.is_ok(), "what was refused takes no room");

        drop(first);
        assert!(read(&room, vec![b'c'; 10]).await.is_ok());
    }

    #[actix_web::test]
    async fn a_small_body_has_its_place_where_the_room_is_full() {
        let room = Room::new(10, 4);
        let _large = read(&room, vec![b'a'; 14]).await.unwrap();

        assert!(read(&room, vec![b'b'; 4]).await.is_ok());
        assert!(matches!(read(&room, vec![b'b'; 5]).await, Err(Refused::Full)));
    }

    #[actix_web::test]
    async fn a_body_is_as_large_as_githubs_at_most() {
        let room = Room::new(MOST_BODY * 2, 0);

        assert!(read(&room, vec![0; MOST_BODY]).await.is_ok());
        assert!(matches!(read(&room, vec![0; MOST_BODY + 1]).await, Err(Refused::Size)));
    }
}
