//! Invitations by mail: sent where there is a server, and said at once where they were not.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use quarterdeck::platform::mail::Mailer;

use crate::{
    invitations::link,
    support::{DatabaseLogin, World},
};

const INVITATION: [(&str, &str); 2] = [("email", "grace@example.com"), ("role", "member")];

/// A mail server that takes one message, or refuses its recipient.
fn mail_server(takes: bool) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (sender, messages) = mpsc::channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        serve(&stream, takes, &sender);
    });
    (url, messages)
}

fn serve(mut stream: &TcpStream, takes: bool, messages: &mpsc::Sender<String>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    stream.write_all(b"220 mail.example.com\r\n").unwrap();
    while let Some(Ok(line)) = lines.next() {
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "RCPT" if !takes => "550 no such person here",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").unwrap();
                let text = lines.by_ref().map(Result::unwrap).take_while(|line| line != ".");
                messages.send(text.collect::<Vec<_>>().join("\n")).unwrap();
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 mail.example.com",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).unwrap();
    }
}

async fn world(url: String) -> World {
    let from = "Quarterdeck <quarterdeck@example.com>";
    World::with_parts(DatabaseLogin::MayMakeRoles, |parts, _| {
        parts.mailer = Mailer::new(&url.into(), from).unwrap();
    })
    .await
}

#[actix_web::test]
async fn an_invitation_is_sent_to_its_address_with_a_link_that_works() {
    let (url, messages) = mail_server(true);
    let world = world(url).await;

    let page = world.owner().await.post("/acme/invitations", &INVITATION).await.expect(200);

    assert!(page.text.contains("It was sent to grace@example.com."), "{}", page.text);
    // Lines of quoted-printable text end in an equals sign where they go on.
    let message = messages.recv().unwrap().replace("=\n", "").replace("=3D", "=");
    assert!(message.contains("To: grace@example.com"), "{message}");
    assert!(message.contains("Subject: The owner invites you to acme on Quarterdeck"), "{message}");
    assert!(message.contains(&link(&page)), "{message}");
    let stranger = world.stranger().await;
    assert_eq!(stranger.post(&link(&page), &[]).await.expect(303).header("location"), "/acme");
}

#[actix_web::test]
async fn one_that_was_not_sent_says_so_and_shows_its_link() {
    let (url, _messages) = mail_server(false);
    let world = world(url).await;

    let page = world.owner().await.post("/acme/invitations", &INVITATION).await.expect(200);

    assert!(page.text.contains("It was not sent to grace@example.com"), "{}", page.text);
    assert!(page.text.contains("no such person here"), "{}", page.text);
    world.nobody().get(&link(&page)).await.expect(200);
}

#[actix_web::test]
async fn without_a_server_the_link_is_there_to_copy() {
    let world = World::new().await;

    let page = world.owner().await.post("/acme/invitations", &INVITATION).await.expect(200);

    assert!(!page.text.contains("sent to grace"), "{}", page.text);
    assert!(page.text.contains("This server sends no mail"), "{}", page.text);
    world.nobody().get(&link(&page)).await.expect(200);
}
