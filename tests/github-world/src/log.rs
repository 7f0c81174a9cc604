//! The requests that came in, for tests to read.

/// One request and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// 0 where nothing was answered.
    pub status: u16,
    /// What was sent and what was answered, where [`crate::World::keep_bodies`] says so.
    pub body: String,
    pub answer: String,
}

impl Logged {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `GET /user 200`.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.status)
    }
}
