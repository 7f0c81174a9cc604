//! Something for hooks to deliver to: it checks signatures as the product does, and notes what came.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use quarterdeck::github::{BadSignature, Event, Signature, payload};
use secrecy::SecretString;
use url::Url;

/// One delivery that came in.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) guid: String,
    pub(crate) signed: Result<(), BadSignature>,
    pub(crate) event: Event,
    pub(crate) target: String,
}

#[derive(Default)]
struct Notes {
    came: Vec<Received>,
    secrets: Vec<SecretString>,
    status: u16,
}

type Shared = Arc<Mutex<Notes>>;

/// A running receiver; it ends when it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: Url,
    notes: Shared,
    server: ServerHandle,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let notes = Shared::default();
        notes.lock().unwrap().status = 202;
        let (tell, told) = std::sync::mpsc::channel();
        let shared = notes.clone();
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let make = move || {
                    let app = App::new().app_data(web::Data::new(shared.clone()));
                    app.route("/hook", web::post().to(receive))
                };
                let server = HttpServer::new(make).workers(1).disable_signals();
                let server = server.listen(listener).unwrap().run();
                tell.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self { url: Url::parse(&url).unwrap(), notes, server: told.recv().unwrap() }
    }

    pub(crate) fn accept_secrets(&self, secrets: &[&str]) {
        self.notes.lock().unwrap().secrets = secrets.iter().map(|&secret| secret.into()).collect();
    }

    pub(crate) fn answer(&self, status: u16) {
        self.notes.lock().unwrap().status = status;
    }

    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.notes.lock().unwrap().came)
    }
}

async fn receive(notes: web::Data<Shared>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap());
    let mut notes = notes.lock().unwrap();
    let json = payload(header("content-type"), &body).unwrap();
    let received = Received {
        guid: header("x-github-delivery").unwrap().to_owned(),
        signed: Signature::parse(header("x-hub-signature-256"))
            .and_then(|signature| signature.check(&notes.secrets, &body)),
        event: Event::parse(header("x-github-event").unwrap(), &json).unwrap(),
        target: header("x-github-hook-installation-target-type").unwrap().to_owned(),
    };
    notes.came.push(received);
    HttpResponse::build(notes.status.try_into().unwrap()).finish()
}
