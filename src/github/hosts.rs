//! Where GitHub is: its pages and its API, on github.com or on an Enterprise Server.

use thiserror::Error;
use url::{Host, Url};

use super::Login;

/// The addresses of one GitHub, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// Of the pages, without a slash at its end.
    web: Url,
    /// Of the API, without a slash at its end.
    api: Url,
}

/// Why an address is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidHost {
    #[error("`{0}` is not an address like https://github.com")]
    NotAnAddress(String),
    #[error(
        "{0} is not https: tokens would travel in the clear. http is taken for this machine only"
    )]
    InTheClear(Url),
    #[error(
        "{0} has a name and password, a query or a fragment, which the address of GitHub has not"
    )]
    TooMuch(Url),
    #[error("{0} has a path: the address of GitHub's pages is that of its host")]
    Path(Url),
}

impl Hosts {
    /// From the address of the pages, and of the API where it is not at the usual place.
    ///
    /// The usual place is `api.github.com` for github.com, `api.NAME.ghe.com` for a company's own
    /// part of it, and `/api/v3` of the same host for an Enterprise Server.
    pub fn new(web: &str, api: Option<&str>) -> Result<Self, InvalidHost> {
        let web = parse(web)?;
        if web.path() != "/" {
            return Err(InvalidHost::Path(web));
        }
        let api = match api {
            Some(api) => parse(api)?,
            None => usual_api(&web)?,
        };
        Ok(Self { web, api })
    }

    pub fn web(&self) -> &Url {
        &self.web
    }

    pub fn api(&self) -> &Url {
        &self.api
    }

    pub(super) fn authorize_url(&self) -> String {
        self.page("login/oauth/authorize")
    }

    pub(super) fn token_url(&self) -> String {
        self.page("login/oauth/access_token")
    }

    /// Where owners of an organisation approve OAuth Apps.
    pub(super) fn approval_url(&self, organization: &Login) -> String {
        self.page(&format!("organizations/{organization}/settings/oauth_application_policy"))
    }

    /// Where members of an organisation sign in at its identity provider.
    pub(super) fn sso_url(&self, organization: &Login) -> String {
        self.page(&format!("orgs/{organization}/sso"))
    }

    /// Where one accepts an invitation to an organisation.
    pub(super) fn invitation_url(&self, organization: &Login) -> String {
        self.page(&format!("orgs/{organization}/invitation"))
    }

    /// Whether an address that GitHub sent is one of its pages: only those are shown as links.
    pub(super) fn is_page(&self, url: &Url) -> bool {
        url.origin() == self.web.origin()
    }

    /// What of an address comes after that of the API, if it is one of the API's.
    pub(super) fn path_within_api(&self, address: &str) -> Option<String> {
        let url = Url::parse(address).ok()?;
        let base = self.api.path().trim_end_matches('/');
        let path = url.path().strip_prefix(base).filter(|path| path.starts_with('/'))?;
        let is_ours = url.origin() == self.api.origin() && url.username().is_empty();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        is_ours.then(|| format!("{path}{query}"))
    }

    fn page(&self, path: &str) -> String {
        format!("{}/{path}", self.web.as_str().trim_end_matches('/'))
    }
}

fn parse(text: &str) -> Result<Url, InvalidHost> {
    let Ok(url) = Url::parse(text) else {
        return Err(InvalidHost::NotAnAddress(text.to_owned()));
    };
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(InvalidHost::NotAnAddress(text.to_owned())),
    };
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(InvalidHost::TooMuch(without_credentials(url)));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback => Ok(url),
        "http" => Err(InvalidHost::InTheClear(url)),
        _ => Err(InvalidHost::NotAnAddress(text.to_owned())),
    }
}

fn usual_api(web: &Url) -> Result<Url, InvalidHost> {
    let host = web.host_str().unwrap_or_default();
    let address = if host == "github.com" || host.ends_with(".ghe.com") {
        format!("https://api.{host}")
    } else {
        format!("{}api/v3", web.as_str())
    };
    parse(&address)
}

/// What is left may be shown.
fn without_credentials(mut url: Url) -> Url {
    // Refused only for addresses that have no host.
    url.set_username("").ok();
    url.set_password(None).ok();
    url.set_query(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(web: &str) -> String {
        Hosts::new(web, None).unwrap().api().to_string()
    }

    #[test]
    fn the_api_is_where_each_kind_of_github_has_it() {
        assert_eq!(api("https://github.com"), "https://api.github.com/");
        assert_eq!(api("https://acme.ghe.com/"), "https://api.acme.ghe.com/");
        assert_eq!(api("https://git.acme.example"), "https://git.acme.example/api/v3");
        assert_eq!(api("http://127.0.0.1:4000"), "http://127.0.0.1:4000/api/v3");
    }

    #[test]
    fn the_api_can_be_elsewhere() {
        let hosts = Hosts::new("http://localhost:4000", Some("http://localhost:4000")).unwrap();

        assert_eq!(hosts.api().as_str(), "http://localhost:4000/");
        assert_eq!(hosts.token_url(), "http://localhost:4000/login/oauth/access_token");
    }

    #[test]
    fn only_addresses_of_the_api_are_followed() {
        let enterprise = Hosts::new("https://git.acme.example", None).unwrap();
        let within = |address| enterprise.path_within_api(address);

        let next = "https://git.acme.example/api/v3/repositories/7/issues?page=2";
        assert_eq!(within(next).as_deref(), Some("/repositories/7/issues?page=2"));
        for other in [
            "https://evil.example/api/v3/x",
            "http://git.acme.example/api/v3/x",
            "https://git.acme.example/x",
            "https://git.acme.example/api/v3x",
            "https://ada@git.acme.example/api/v3/x",
            "/api/v3/x",
        ] {
            assert_eq!(within(other), None, "{other}");
        }
    }

    #[test]
    fn tokens_do_not_travel_in_the_clear() {
        for web in ["http://git.acme.example", "http://10.0.0.1", "http://127.0.0.1.example.com"] {
            assert!(matches!(Hosts::new(web, None), Err(InvalidHost::InTheClear(_))), "{web}");
        }
        let api = Some("http://api.github.com");
        assert!(matches!(Hosts::new("https://github.com", api), Err(InvalidHost::InTheClear(_))));
    }

    #[test]
    fn an_address_is_that_of_a_host() {
        for web in ["github.com", "ftp://github.com", "https://", "file:///etc/passwd"] {
            assert!(matches!(Hosts::new(web, None), Err(InvalidHost::NotAnAddress(_))), "{web}");
        }
        assert!(matches!(Hosts::new("https://github.com/acme", None), Err(InvalidHost::Path(_))));
        let refused = Hosts::new("https://ada:secret@github.com", None).unwrap_err();
        assert!(matches!(refused, InvalidHost::TooMuch(_)));
        assert!(!refused.to_string().contains("secret"));
    }
}
