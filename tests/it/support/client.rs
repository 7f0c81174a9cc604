//! A browser or program that talks to the server.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::{Method, StatusCode, header::HeaderMap, redirect::Policy};
use serde_json::Value;

/// Sends requests in somebody's name.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    credentials: Option<(&'static str, String)>,
    /// As a browser keeps them; shared by its tabs.
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// What the server answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Client {
    pub fn new(base: &str, credentials: Option<(&'static str, String)>) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { http, base: base.to_owned(), credentials, cookies: Arc::default() }
    }

    /// The same at another server of the site.
    pub fn at(&self, base: &str) -> Self {
        let other = Self::new(base, self.credentials.clone());
        other.cookies.lock().unwrap().clone_from(&self.cookies.lock().unwrap());
        other
    }

    /// A browser that has a cookie.
    pub fn browser(base: &str, cookie: &str) -> Self {
        let client = Self::new(base, None);
        client.keep(cookie);
        client
    }

    /// The value of a cookie that the browser has.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Keeps what a `Set-Cookie` header says; an empty value is none.
    pub fn keep(&self, cookie: &str) {
        let pair = cookie.split(';').next().unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap();
        let mut cookies = self.cookies.lock().unwrap();
        if value.is_empty() {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = Answer::of(request).await;
        for cookie in answer.headers.get_all("set-cookie") {
            self.keep(cookie.to_str().unwrap());
        }
        answer
    }

    /// The same person, with another header on every request.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let cookies = self.cookies.lock().unwrap();
        let cookies: Vec<_> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) };
        match &self.credentials {
            Some((name, value)) => request.header(*name, value),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.answer(self.request(Method::GET, path)).await
    }

    /// Posts a form, as a page of this site does.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.request(Method::POST, path).header("sec-fetch-site", "same-origin");
        self.answer(request.header("content-type", "application/x-www-form-urlencoded").body(body))
            .await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.answer(
            self.request(Method::POST, path)
                .header("content-type", "application/json")
                .body(body.to_string()),
        )
        .await
    }

    pub async fn patch_json(&self, path: &str, body: &Value) -> Answer {
        self.answer(
            self.request(Method::PATCH, path)
                .header("content-type", "application/json")
                .body(body.to_string()),
        )
        .await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.answer(self.request(Method::DELETE, path)).await
    }

    /// The status alone, without reading a body that may not end.
    pub async fn status(&self, method: Method, path: &str) -> StatusCode {
        let request = self.request(method, path).header("sec-fetch-site", "same-origin");
        request.send().await.unwrap().status()
    }
}

/// A stream of server-sent events.
pub struct Events {
    response: reqwest::Response,
    buffer: String,
}

impl Client {
    pub async fn events(&self, path: &str) -> Events {
        let response = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Events { response, buffer: String::new() }
    }
}

impl Events {
    /// The name of the next event; fails where none comes for ten seconds.
    pub async fn next_event(&mut self) -> String {
        tokio::time::timeout(Duration::from_secs(10), self.read())
            .await
            .expect("an event")
            .expect("an open stream")
    }

    /// Whether nothing comes for a moment.
    pub async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(300), self.read()).await.is_err()
    }

    /// Waits until the server ends the stream.
    pub async fn ended(&mut self) {
        while self.read().await.is_some() {}
    }

    async fn read(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let name =
                    event.lines().find_map(|line| line.strip_prefix("event: ")).map(str::to_owned);
                let rest = rest.to_owned();
                self.buffer = rest;
                if name.is_some() {
                    return name;
                }
                continue;
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

impl Answer {
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Fails with the body where the status is another one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}
