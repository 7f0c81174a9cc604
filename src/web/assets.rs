//! The files under `static/`: embedded, named by a hash of their content, cached for a year.
//!
//! [`asset`] gives a file's address for templates. A debug build reads the files from disk each
//! time, so that a change shows on reload; other builds carry them and compress each one once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use actix_web::http::header::{self, EntityTag, HeaderValue, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rust_embed::{Embed, EmbeddedFile};

const ROOT: &str = "/static/";
/// A name holds the hash of its content, so what a name stands for never changes.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/static"]
struct Files;

/// A constant of the build: the files do not change while the program runs.
static EMBEDDED: LazyLock<BTreeMap<String, Arc<Asset>>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|name| Asset::load(&name).map(|asset| (name.into_owned(), Arc::new(asset))))
        .collect()
});

/// Gives the address of the file `name` under `static/`, with the hash of its content in it.
///
/// A name that does not exist gives an address that answers 404.
pub fn asset(name: &str) -> String {
    address(name, find(name).as_deref())
}

fn address(name: &str, asset: Option<&Asset>) -> String {
    let hash = asset.map_or("missing", |asset| &asset.hash);
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{ROOT}{stem}.{hash}.{extension}"),
        None => format!("{ROOT}{name}.{hash}"),
    }
}

/// Mounts the files at `/static/`.
pub fn configure(config: &mut web::ServiceConfig) {
    let files = web::resource(format!("{ROOT}{{path:.*}}"))
        .route(web::get().to(serve))
        .route(web::head().to(serve));
    config.service(files);
}

async fn serve(path: web::Path<String>, request: HttpRequest) -> HttpResponse {
    let Some(asset) =
        split(&path).and_then(|(name, hash)| find(&name).filter(|asset| asset.hash == hash))
    else {
        return HttpResponse::NotFound().finish();
    };
    asset.respond(&request)
}

/// Takes `app.1f2e3d.css` apart into the file's name and the hash.
fn split(path: &str) -> Option<(String, String)> {
    let (rest, extension) = path.rsplit_once('.')?;
    let (stem, hash) = rest.rsplit_once('.')?;
    Some((format!("{stem}.{extension}"), hash.to_owned()))
}

fn find(name: &str) -> Option<Arc<Asset>> {
    if cfg!(debug_assertions) {
        Asset::load(name).map(Arc::new)
    } else {
        EMBEDDED.get(name).cloned()
    }
}

/// One file, ready to be sent.
struct Asset {
    content: Cow<'static, [u8]>,
    kind: String,
    hash: String,
    brotli: OnceLock<Vec<u8>>,
    gzip: OnceLock<Vec<u8>>,
}

impl Asset {
    fn load(name: &str) -> Option<Self> {
        let EmbeddedFile { data, metadata } = Files::get(name)?;
        let is_style = metadata.mimetype() == "text/css";
        let content = if is_style {
            Cow::Owned(link_fonts(&String::from_utf8_lossy(&data)).into_bytes())
        } else {
            data
        };
        let digest = ring::digest::digest(&ring::digest::SHA256, &content);
        let hash =
            URL_SAFE_NO_PAD.encode(digest.as_ref().iter().take(9).copied().collect::<Vec<u8>>());
        let kind = media_type(metadata.mimetype());
        Some(Self { content, kind, hash, brotli: OnceLock::new(), gzip: OnceLock::new() })
    }

    fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let tag = EntityTag::new_strong(self.hash.clone());
        if is_known(request, &tag) {
            return HttpResponse::NotModified()
                .insert_header((header::ETAG, tag.to_string()))
                .finish();
        }
        let (encoding, body) = self.encode(request);
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, self.kind.as_str()))
            .insert_header((header::CONTENT_ENCODING, encoding))
            .insert_header((header::CACHE_CONTROL, FOREVER))
            .insert_header((header::VARY, "Accept-Encoding"))
            .insert_header((header::ETAG, tag.to_string()))
            .body(body)
    }

    /// Chooses what the browser takes. Fonts are compressed already; a debug build would spend
    /// seconds on a file that may change with the next reload, so it takes the cheaper gzip.
    fn encode(&self, request: &HttpRequest) -> (&'static str, Vec<u8>) {
        let accepted =
            request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
        let takes = |name: &str| {
            accepted.is_some_and(|list| {
                list.split(',').any(|item| item.split(';').next().map(str::trim) == Some(name))
            })
        };
        if !is_text(&self.kind) {
            ("identity", self.content.to_vec())
        } else if takes("br") && !cfg!(debug_assertions) {
            ("br", self.brotli.get_or_init(|| brotli(&self.content)).clone())
        } else if takes("gzip") {
            ("gzip", self.gzip.get_or_init(|| gzip(&self.content)).clone())
        } else {
            ("identity", self.content.to_vec())
        }
    }
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    use actix_web::HttpMessage;
    match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        None => false,
    }
}

/// Writes the addresses with hashes into a style sheet in place of `url("fonts/…")`.
///
/// It loads the fonts by itself: [`EMBEDDED`] is being made while this runs, and would wait for itself.
fn link_fonts(style: &str) -> String {
    Files::iter().filter(|name| name.starts_with("fonts/")).fold(style.to_owned(), |style, name| {
        let font = address(&name, Asset::load(&name).as_ref());
        style.replace(&format!("url(\"{name}\")"), &format!("url(\"{font}\")"))
    })
}

fn media_type(mime: &str) -> String {
    if is_text(mime) { format!("{mime}; charset=utf-8") } else { mime.to_owned() }
}

fn is_text(mime: &str) -> bool {
    mime.starts_with("text/") || mime.contains("javascript") || mime.contains("svg")
}

fn brotli(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 10, ..Default::default() };
    match brotli::BrotliCompress(&mut &*content, &mut out, &parameters) {
        Ok(_) => out,
        Err(error) => fall_back("brotli", &error),
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut out = Vec::new();
    match flate2::read::GzEncoder::new(content, flate2::Compression::best()).read_to_end(&mut out) {
        Ok(_) => out,
        Err(error) => fall_back("gzip", &error),
    }
}

/// Compressing from memory to memory has no way to fail; an empty file is still no panic.
fn fall_back(method: &str, error: &std::io::Error) -> Vec<u8> {
    tracing::error!(%error, "A static file could not be compressed with {method}");
    Vec::new()
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::{App, test};

    use super::*;

    async fn get(path: &str, accept: &str) -> actix_web::dev::ServiceResponse {
        let app = test::init_service(App::new().configure(configure)).await;
        let request = test::TestRequest::get()
            .uri(path)
            .insert_header((header::ACCEPT_ENCODING, accept))
            .to_request();
        test::call_service(&app, request).await
    }

    #[actix_web::test]
    async fn a_file_is_served_at_its_hashed_address_for_a_year() {
        let response = get(&asset("app.css"), "gzip, br").await;

        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), FOREVER);
        assert_ne!(response.headers().get(header::CONTENT_ENCODING).unwrap(), "identity");
    }

    #[actix_web::test]
    async fn another_hash_is_not_found() {
        assert_eq!(get("/static/app.000000000000.css", "").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(get("/static/app.css", "").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(
            get("/static/..%2fCargo.000000000000.toml", "").await.status(),
            StatusCode::NOT_FOUND
        );
    }

    #[actix_web::test]
    async fn the_fonts_a_style_sheet_names_are_served() {
        let style = get(&asset("tokens.css"), "").await;
        let text = String::from_utf8(test::read_body(style).await.to_vec()).unwrap();

        let fonts: Vec<&str> =
            text.split("url(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();

        assert!(!fonts.is_empty());
        for font in fonts {
            assert_eq!(get(font, "br").await.status(), StatusCode::OK, "{font}");
        }
    }

    #[actix_web::test]
    async fn a_known_file_is_not_sent_again() {
        let address = asset("app.js");
        let app = test::init_service(App::new().configure(configure)).await;
        let tag = get(&address, "").await.headers().get(header::ETAG).unwrap().clone();

        let request = test::TestRequest::get()
            .uri(&address)
            .insert_header((header::IF_NONE_MATCH, tag))
            .to_request();

        assert_eq!(test::call_service(&app, request).await.status(), StatusCode::NOT_MODIFIED);
    }
}
