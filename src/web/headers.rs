//! The security headers of every answer, made once from the site's address.

use actix_web::{
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};

use super::middleware::{Site, request_id};

/// The same for every site. Beside `frame-ancestors`, `X-Frame-Options` adds nothing: each browser
/// that runs the pages' scripts knows the former, and lets it go over the latter.
const FIXED: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-permitted-cross-domain-policies", "none"),
    ("permissions-policy", PERMISSIONS),
];

/// Everything that browsers ask a policy for, switched off: no page needs any of it.
const PERMISSIONS: &str = "accelerometer=(), ambient-light-sensor=(), attribution-reporting=(), autoplay=(), \
     battery=(), bluetooth=(), browsing-topics=(), camera=(), compute-pressure=(), cross-origin-isolated=(), \
     deferred-fetch=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), \
     gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), interest-cohort=(), \
     keyboard-map=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), otp-credentials=(), payment=(), \
     picture-in-picture=(), publickey-credentials-create=(), publickey-credentials-get=(), \
     screen-wake-lock=(), serial=(), speaker-selection=(), storage-access=(), usb=(), web-share=(), \
     window-management=(), xr-spatial-tracking=()";

/// A year, for the hosts below this one too; without `preload`, which cannot be taken back.
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// What every answer of this site says to browsers.
#[derive(Clone, Debug)]
pub struct SecurityHeaders {
    policy: HeaderValue,
    is_https: bool,
    /// Where forms may lead to, as the policy has it.
    targets: String,
}

/// An origin that the forms of one answer may lead to as well; put among the answer's extensions.
#[derive(Clone, Debug)]
pub struct FormTarget(pub String);

impl SecurityHeaders {
    /// `form_targets` are origins (`https://github.com`) that a form's answer may lead to beside this
    /// site: those of sign-in.
    pub fn new(site: &Site, form_targets: &[String]) -> anyhow::Result<Self> {
        let own = std::iter::once("'self'");
        let targets: Vec<&str> = own.chain(form_targets.iter().map(String::as_str)).collect();
        let targets = targets.join(" ");
        Ok(Self { policy: policy(&targets)?, is_https: site.is_https(), targets })
    }

    /// The policy of an answer.
    fn policy(&self, more: Option<&FormTarget>) -> HeaderValue {
        let wider = more.map(|FormTarget(origin)| policy(&format!("{} {origin}", self.targets)));
        // What cannot stand in a policy widens none.
        wider.and_then(Result::ok).unwrap_or_else(|| self.policy.clone())
    }
}

fn policy(targets: &str) -> anyhow::Result<HeaderValue> {
    anyhow::ensure!(
        !targets.contains([';', ',']),
        "`{targets}` cannot stand in a Content-Security-Policy"
    );
    // Scripts and styles come from files of this server; none stands in a page, so none needs a nonce.
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; form-action {targets}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    Ok(HeaderValue::from_str(&policy)?)
}

/// Adds the security headers, the request id, and what caches may keep.
pub async fn add_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let id = request_id(request.request());
    let own = request.app_data::<Data<SecurityHeaders>>().cloned();
    let mut response = next.call(request).await?;
    let target = response.response().extensions().get::<FormTarget>().cloned();
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(own) = own {
        headers.insert(header::CONTENT_SECURITY_POLICY, own.policy(target.as_ref()));
        if own.is_https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, TRANSPORT);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: &str, targets: &[&str]) -> anyhow::Result<SecurityHeaders> {
        let targets: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
        SecurityHeaders::new(&Site { origin: origin.to_owned() }, &targets)
    }

    #[test]
    fn forms_may_lead_to_the_named_hosts_alone() {
        let policy =
            headers("https://q.example", &["https://github.com", "https://id.example:8443"]);

        let policy = policy.unwrap().policy.to_str().unwrap().to_owned();
        assert!(
            policy.contains(
                "form-action 'self' https://github.com https://id.example:8443; base-uri"
            ),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
    }

    #[test]
    fn one_answer_may_lead_elsewhere_as_well() {
        let headers = headers("https://q.example", &[]).unwrap();
        let of = |origin: &str| {
            let policy = headers.policy(Some(&FormTarget(origin.to_owned())));
            policy.to_str().unwrap().to_owned()
        };

        assert!(of("https://github.com").contains("form-action 'self' https://github.com; base"));
        assert!(of("https://a.example; script-src *").contains("form-action 'self'; base"));
    }

    #[test]
    fn a_target_cannot_bring_a_directive_along() {
        assert!(headers("https://q.example", &["https://a.example; script-src *"]).is_err());
        assert!(headers("https://q.example", &["https://a.example, x"]).is_err());
        assert!(headers("https://q.example", &["https://a.example\r\nx: y"]).is_err());
    }
}
